package io.ipamer.benchmarks;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ipamer.bench.BenchException;
import io.ipamer.bench.BenchSettings;
import io.ipamer.bench.ContractKind;
import io.ipamer.bench.Scenario;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The table of the README: Ipamer and go-ipam on one PostgreSQL, and what that PostgreSQL and gRPC alone can do, in
 * interleaved rounds. Prints medians.
 */
@Command(name = "Figures", description = "The README's table of figures.", mixinStandardHelpOptions = true)
public final class Figures implements Callable<Integer> {
    private static final String COMMITS = "INSERTs of one row, best of 8, 16, 32 connections";
    private static final String COMMITS_OF_ONE = "INSERTs of one row, 1 connection";
    private static final String ADDRESS = "one hot prefix, 1 caller";
    private static final String PREFIX = "top-level prefixes, 1 caller";
    private static final String GO_IPAM = "go-ipam";
    private static final List<Integer> FLATNESS_CALLERS = List.of(1, 64);
    private static final int JOURNAL_REVISIONS = 10_000;
    private static final String EMPTY_CALLS = "empty gRPC calls, 64 callers";

    @Parameters(
            paramLabel = "JDBC_URL",
            description = "A PostgreSQL database to work in, such as jdbc:postgresql://127.0.0.1:5432/figures?user=me.")
    private String url;

    @Option(names = "--go-ipam", description = "go-ipam's server, to measure it too. Default: none.")
    private @Nullable Path goIpam;

    @Option(names = "--rounds", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "5", description = "Of each measurement. Default: ${DEFAULT-VALUE}.")
    private int seconds;

    @Option(
            names = "--jar",
            defaultValue = "../server/target/ipamer.jar",
            description = "The program. Default: ${DEFAULT-VALUE}.")
    private Path jar;

    private final Programs programs = new Programs();
    private final Rounds rows = new Rounds();

    /** One line of the table. {@code against}: the line that it is a ratio of. */
    private record Line(
            String name,
            String target,
            ContractKind contract,
            Scenario scenario,
            int prefixes,
            int callers,
            boolean requestIds,
            String against) {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Figures()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        try (programs) {
            List<Line> lines = lines();
            for (Line line : lines) {
                measure(line, 8); // compiles what the rounds will run
            }
            System.err.println("filling");
            try (Flatness flatness = new Flatness(lines.get(0).target, Measured.SILENT)) {
                for (int round = 1; round <= rounds; round++) {
                    System.err.println("round " + round + " of " + rounds);
                    ceilings();
                    for (Line line : lines) {
                        rows.add(line.name, measure(line, 2));
                    }
                    flatness(flatness);
                }
            }
            print(lines);
            printFlatness();
            System.out.printf(
                    Locale.ROOT,
                    "one caller, p50: a top-level prefix %.2f ms, an address %.2f ms%n",
                    rows.median(PREFIX, Measured::p50Millis),
                    rows.median(ADDRESS, Measured::p50Millis));
            System.out.println("journal rows of the longest scope at the end, of at most " + JOURNAL_REVISIONS
                    + " to be kept: " + longest());
            return 0;
        }
    }

    private List<Line> lines() throws IOException {
        String one = programs.ipamer(jar, "--db-url", url, "--journal-revisions", String.valueOf(JOURNAL_REVISIONS))
                .grpcAddress();
        String other = programs.ipamer(jar, "--db-url", url, "--journal-revisions", String.valueOf(JOURNAL_REVISIONS))
                .grpcAddress();
        String memory = programs.ipamer(jar, "--store", "memory").grpcAddress();
        ContractKind v1 = ContractKind.IPAMER_V1;
        ContractKind old = ContractKind.API_V1;
        Scenario acquire = Scenario.ACQUIRE;
        List<Line> lines = new ArrayList<>(List.of(
                new Line(ADDRESS, one, v1, acquire, 1, 1, false, COMMITS_OF_ONE),
                new Line("one hot prefix, 64 callers", one, v1, acquire, 1, 64, false, COMMITS),
                new Line("one hot prefix, 256 callers", one, v1, acquire, 1, 256, false, COMMITS),
                new Line("one hot prefix, 64 callers, request ids", one, v1, acquire, 1, 64, true, COMMITS),
                new Line("one hot prefix, 256 callers, request ids", one, v1, acquire, 1, 256, true, COMMITS),
                new Line("one hot prefix, 64 callers, api.v1", one, old, acquire, 1, 64, false, COMMITS),
                new Line("1,000 prefixes, 64 callers", one, v1, acquire, 1_000, 64, false, COMMITS),
                new Line(
                        "acquire and release, 64 callers",
                        one,
                        v1,
                        Scenario.ACQUIRE_RELEASE,
                        1,
                        64,
                        false,
                        "one hot prefix, 64 callers"),
                new Line("children of one parent, 64 callers", one, v1, Scenario.CHILD, 1, 64, false, COMMITS),
                new Line("top-level prefixes, 64 callers", one, v1, Scenario.CREATE_PREFIX, 1, 64, false, COMMITS),
                new Line(PREFIX, one, v1, Scenario.CREATE_PREFIX, 1, 1, false, COMMITS_OF_ONE),
                new Line(
                        "two servers, one hot prefix, 64 callers",
                        one + "," + other,
                        v1,
                        acquire,
                        1,
                        64,
                        false,
                        "one hot prefix, 64 callers"),
                new Line("in memory, one hot prefix, 64 callers", memory, v1, acquire, 1, 64, false, EMPTY_CALLS)));
        if (goIpam != null) {
            String theirs = programs.goIpam(goIpam, url).address();
            lines.add(new Line(
                    GO_IPAM + ", one hot prefix, 1 caller", theirs, old, acquire, 1, 1, false, COMMITS_OF_ONE));
            lines.add(new Line(GO_IPAM + ", one hot prefix, 64 callers", theirs, old, acquire, 1, 64, false, COMMITS));
        }
        return lines;
    }

    private Measured measure(Line line, int warmUpSeconds) throws BenchException, InterruptedException {
        BenchSettings settings = new BenchSettings(
                line.target,
                line.contract,
                line.scenario,
                line.prefixes,
                line.callers,
                1,
                Duration.ofSeconds(seconds),
                Duration.ofSeconds(warmUpSeconds),
                0,
                line.requestIds,
                10,
                line.name.startsWith(GO_IPAM), // which fails some calls when they are many
                false,
                1);
        return Measured.by(settings);
    }

    private void flatness(Flatness flatness) throws InterruptedException {
        for (Flatness.Kind kind : Flatness.Kind.values()) {
            for (int callers : FLATNESS_CALLERS) {
                for (boolean many : new boolean[] {false, true}) {
                    Histogram latencies =
                            flatness.measure(kind, many, callers, Duration.ofSeconds(2), Duration.ofSeconds(seconds));
                    Measured measured = new Measured(
                            latencies.getTotalCount() / (double) seconds,
                            latencies.getValueAtPercentile(50) / 1e6,
                            latencies.getValueAtPercentile(99) / 1e6);
                    rows.add(name(kind, many, callers), measured);
                }
            }
        }
    }

    private static String name(Flatness.Kind kind, boolean many, int callers) {
        return String.format(
                Locale.ROOT,
                "%s acquired beside %,d, %d caller%s",
                kind.name().toLowerCase(Locale.ROOT),
                many ? kind.many() : Flatness.FEW,
                callers,
                callers == 1 ? "" : "s");
    }

    private void ceilings() throws IOException {
        List<Measured> inserts = ceiling(4, "inserts", url, "--connections", "1,8,16,32");
        rows.add(COMMITS_OF_ONE, inserts.get(0));
        rows.add(
                COMMITS,
                inserts.stream().max(Comparator.comparing(Measured::perSecond)).orElseThrow());
        rows.add(EMPTY_CALLS, ceiling(8, "grpc").get(0));
    }

    private List<Measured> ceiling(int warmUpSeconds, String... arguments) throws IOException {
        List<String> command = Programs.java("-classpath", System.getProperty("java.class.path"));
        command.add(Ceilings.class.getName());
        command.addAll(List.of(arguments));
        command.addAll(List.of(
                "-o", "json", "--warm-up", String.valueOf(warmUpSeconds), "--duration", String.valueOf(seconds)));
        Process process = programs.start(command);
        List<Measured> measured = new ArrayList<>();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (JsonElement each : JsonParser.parseReader(output).getAsJsonArray()) {
                JsonObject row = each.getAsJsonObject();
                measured.add(new Measured(
                        row.get("callsPerSecond").getAsDouble(),
                        row.get("p50Micros").getAsDouble() / 1e3,
                        row.get("p99Micros").getAsDouble() / 1e3));
            }
        }
        return measured;
    }

    private long longest() throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                ResultSet row = connection
                        .createStatement()
                        .executeQuery(
                                "SELECT max(n) FROM (SELECT count(*) AS n FROM journal GROUP BY scope_id) AS s")) {
            row.next();
            return row.getLong(1);
        }
    }

    private void print(List<Line> lines) {
        rows.printHead();
        for (String ceiling : List.of(COMMITS_OF_ONE, COMMITS, EMPTY_CALLS)) {
            rows.print(ceiling, "");
        }
        for (Line line : lines) {
            rows.print(
                    line.name,
                    String.format(Locale.ROOT, "%.2f of %s", rows.ratio(line.name, line.against), line.against));
        }
    }

    /** What a call costs beside many as a ratio of what it costs beside few. */
    private void printFlatness() {
        for (Flatness.Kind kind : Flatness.Kind.values()) {
            for (int callers : FLATNESS_CALLERS) {
                String few = name(kind, false, callers);
                String many = name(kind, true, callers);
                rows.print(few, "");
                rows.print(
                        many,
                        String.format(Locale.ROOT, "%.2f of the cost beside %d", rows.ratio(few, many), Flatness.FEW));
            }
        }
    }
}
