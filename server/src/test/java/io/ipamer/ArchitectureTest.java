package io.ipamer;

import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds the table of packages: what each may use of ours. A new package fails here until it has a row.
 *
 * <p>Only production classes are looked at, and of a package only what exists: a row may wait for its package.
 */
@AnalyzeClasses(packages = "io.ipamer", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
    private static final String ROOT = "io.ipamer";

    /** Package, and the packages of ours that it may use, all below {@code io.ipamer}. */
    private static final Map<String, Set<String>> MAY_USE = table();

    private static Map<String, Set<String>> table() {
        Map<String, Set<String>> rows = new TreeMap<>();
        rows.put("address", Set.of());
        rows.put("model", Set.of("address"));
        rows.put("plan", Set.of("address", "model"));
        rows.put("store", Set.of("address", "model", "plan"));
        rows.put("store.sql", Set.of("address", "model", "plan", "store"));
        rows.put("store.memory", Set.of("address", "model", "plan", "store"));
        rows.put("store.embedded", Set.of());
        rows.put("ipam", Set.of("address", "model", "plan", "store"));
        rows.put("transfer", Set.of("address", "model", "ipam"));
        rows.put("api", Set.of("model"));
        rows.put("api.v1", Set.of("address", "model", "ipam", "transfer", "api", "proto.v1"));
        rows.put("api.goipam", Set.of("address", "model", "ipam", "transfer", "api", "proto.goipam"));
        rows.put("api.grpc", Set.of("api"));
        rows.put("api.http", Set.of("api", "api.http.pages"));
        rows.put("api.http.pages", Set.of("api"));
        rows.put("access", Set.of("model"));
        rows.put("cli", Set.of("app", "bench", "client", "address", "cli.remote", "cli.terminal"));
        // Another module, which comes along as the commands use it.
        rows.put("client", Set.of("proto.v1"));
        rows.put("cli.remote", Set.of("client", "address", "cli.terminal"));
        rows.put("cli.terminal", Set.of("address"));
        rows.put("bench", Set.of("address", "proto.v1", "proto.goipam"));
        // All of the server, which cli, bench and client are not. The messages are the adapters' own.
        rows.put(
                "app",
                rows.keySet().stream()
                        .filter(name -> !Set.of("bench", "cli", "client").contains(name) && !name.startsWith("cli."))
                        .collect(toSet()));
        return rows;
    }

    @ArchTest
    static final ArchRule packagesUseOnlyWhatTheTableAllows =
            classes().that().resideOutsideOfPackage("io.ipamer.proto..").should(useOnlyWhatTheTableAllows());

    @ArchTest
    static final ArchRule packagesFormNoCycles =
            slices().matching("io.ipamer.(**)").should().beFreeOfCycles().allowEmptyShould(true);

    @ArchTest
    static final ArchRule namesSayWhatAClassIs = classes()
            .that()
            .resideOutsideOfPackage("io.ipamer.proto..")
            .should()
            .haveNameNotMatching(".*(Util|Utils|Helper|Manager|Impl|Dto|DTO|Mapper)(\\$.*)?");

    /** Values and rules are computed: no I/O, no clock, no threads, no chance. */
    @ArchTest
    static final ArchRule theCoreIsPure = noClasses()
            .that()
            .resideInAnyPackage("io.ipamer.address", "io.ipamer.model", "io.ipamer.plan")
            .should()
            .dependOnClassesThat(are(impure()))
            .orShould()
            .callMethodWhere(asksForTimeOrChance())
            .allowEmptyShould(true);

    /** Who serves a connection, and how, is the doors' affair; app puts them together and the cli talks through them. */
    @ArchTest
    static final ArchRule onlyTheDoorsKnowTransports = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "io.ipamer.api.grpc", "io.ipamer.api.http..", "io.ipamer.app", "io.ipamer.cli..", "io.ipamer.bench")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.grpc.netty..", "io.grpc.inprocess..", "io.netty..", "com.linecorp.armeria..")
            .orShould()
            .dependOnClassesThat(are(type("io.grpc.Server")))
            .orShould()
            .dependOnClassesThat(are(type("io.grpc.ServerBuilder")))
            .allowEmptyShould(true);

    /** What gRPC is, only the api, the program, its commands and the client know. */
    @ArchTest
    static final ArchRule onlyTheApiKnowsGrpc = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "io.ipamer.api..",
                    "io.ipamer.access",
                    "io.ipamer.app",
                    "io.ipamer.cli..",
                    "io.ipamer.client",
                    "io.ipamer.bench",
                    "io.ipamer.proto..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.grpc..", "com.google.protobuf..", "com.google.rpc..")
            .allowEmptyShould(true);

    /** SQL is the SQL store's alone; starting the embedded database needs a connection too. */
    @ArchTest
    static final ArchRule onlyTheSqlStoreKnowsSql = noClasses()
            .that()
            .resideOutsideOfPackages("io.ipamer.store.sql", "io.ipamer.store.embedded", "io.ipamer.app")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.sql..", "javax.sql..")
            .allowEmptyShould(true);

    /** Meters are made where their numbers are; who reads them, and how, app alone knows. */
    @ArchTest
    static final ArchRule onlyTheProgramKnowsWhoReadsMeters = noClasses()
            .that()
            .resideOutsideOfPackage("io.ipamer.app")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.prometheus..", "io.micrometer.prometheusmetrics..")
            .allowEmptyShould(true);

    @ArchTest
    static void everyPackageHasARow(JavaClasses imported) {
        Set<String> without = imported.stream()
                .filter(type -> !type.getPackageName().startsWith(ROOT + ".proto"))
                .map(ArchitectureTest::packageOf)
                .filter(name -> !MAY_USE.containsKey(name))
                .collect(toCollection(TreeSet::new));
        assertThat(without)
                .as("packages without a row in the table of this test")
                .isEmpty();
    }

    /** A table that has a typing error in it would allow nothing, or forbid nothing, unseen. */
    @Test
    void everyNameInTheTableIsAPackageOfOurs() {
        Set<String> known = Stream.concat(MAY_USE.keySet().stream(), Stream.of("proto.v1", "proto.goipam"))
                .collect(toSet());
        assertThat(MAY_USE.values()).allSatisfy(uses -> assertThat(known).containsAll(uses));
    }

    private static ArchCondition<JavaClass> useOnlyWhatTheTableAllows() {
        return new ArchCondition<>("use only what the table of packages allows") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                String from = packageOf(type);
                Set<String> allowed = MAY_USE.getOrDefault(from, Set.of());
                type.getDirectDependenciesFromSelf().stream()
                        .filter(dependency -> isOurs(dependency.getTargetClass()))
                        .filter(dependency -> {
                            String to = packageOf(dependency.getTargetClass());
                            return !to.equals(from) && !allowed.contains(to);
                        })
                        .forEach(dependency ->
                                events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription())));
            }
        };
    }

    private static DescribedPredicate<JavaClass> impure() {
        List<String> packages = List.of(
                "java.io",
                "java.net",
                "java.nio.channels",
                "java.nio.file",
                "java.sql",
                "javax.sql",
                "java.util.concurrent",
                "java.util.random",
                "io.grpc",
                "com.google.protobuf",
                "org.slf4j",
                "io.micrometer");
        Set<String> types = Set.of(
                "java.lang.Runtime",
                "java.lang.Thread",
                "java.security.SecureRandom",
                "java.time.Clock",
                "java.util.Random",
                "java.util.Timer");
        return DescribedPredicate.describe("impure: I/O, clocks, threads, randomness, gRPC", type -> {
            String name = type.getName();
            return types.contains(name) || packages.stream().anyMatch(prefix -> name.startsWith(prefix + "."));
        });
    }

    private static DescribedPredicate<JavaMethodCall> asksForTimeOrChance() {
        Set<String> names = Set.of("now", "currentTimeMillis", "nanoTime", "random", "randomUUID");
        return DescribedPredicate.describe(
                "asks for the time or for a random value",
                call -> names.contains(call.getTarget().getName())
                        && call.getTargetOwner().getName().startsWith("java."));
    }

    private static DescribedPredicate<JavaClass> type(String name) {
        return DescribedPredicate.describe(name, type -> type.getName().equals(name));
    }

    private static boolean isOurs(JavaClass type) {
        String name = type.getBaseComponentType().getPackageName();
        return name.equals(ROOT) || name.startsWith(ROOT + ".");
    }

    /** The package below the root; empty for the root itself, which has no row. */
    private static String packageOf(JavaClass type) {
        String name = type.getBaseComponentType().getPackageName();
        return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
    }
}
