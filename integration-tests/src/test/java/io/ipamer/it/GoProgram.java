package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A program written in Go that is built from {@code src/test/go}, in the version that its go.mod pins. */
enum GoProgram {
    /** go-ipam's contract called as metal-api and metal-apiserver do; ours, on go-ipam's own module. */
    CLIENTS("goipam-clients"),
    /** The calls of {@link InteropScenario}, through our client. */
    INTEROP("interop"),
    /** go-ipam's command line; in its image it is {@code /cli}. */
    GO_IPAM_CLI("client"),
    /** go-ipam's server. */
    GO_IPAM("server"),
    /** What Kubernetes ran before it could ask gRPC servers for their health itself. */
    HEALTH_PROBE("grpc-health-probe"),
    /** What the pages show calls with. */
    GRPCURL("grpcurl");

    private static final Path SOURCES = Path.of("src", "test", "go");
    private static final Path BUILT = Path.of("target", "go").toAbsolutePath();
    private static final Map<String, String> ENVIRONMENT = Map.of("GOFLAGS", "-mod=readonly -buildvcs=false");
    private static final int MOST_SECONDS = 600;

    private final String file;

    GoProgram(String file) {
        this.file = file;
    }

    /** Builds them all once, or skips the test that asks. Whether they build is for {@code .ci/run} to say, too. */
    static void build() {
        assumeTrue(Ran.finds("go"), "there is no go to build what is in src/test/go with");
        assumeTrue(
                Build.MODULES.exitCode() == 0, "go does not get what src/test/go needs: " + Build.MODULES.lastLine());
        assertThat(Build.PROGRAMS.exitCode()).as(Build.PROGRAMS.output()).isZero();
    }

    /** Runs it to its end. */
    Ran run(String... arguments) {
        List<String> command = new ArrayList<>(List.of(path().toString()));
        command.addAll(List.of(arguments));
        return Ran.of(command.toArray(String[]::new));
    }

    Path path() {
        return BUILT.resolve(file);
    }

    /** The two halves: modules come from the network, and a machine may have none. */
    private static final class Build {
        private static final Ran MODULES = go("list", "-deps", "./...", "tool");
        private static final Ran PROGRAMS = go("build", "-o", BUILT + "/", "./...", "tool");

        private static Ran go(String... arguments) {
            List<String> command = new ArrayList<>(List.of("go"));
            command.addAll(List.of(arguments));
            return Ran.of(SOURCES, ENVIRONMENT, MOST_SECONDS, command.toArray(String[]::new));
        }
    }
}
