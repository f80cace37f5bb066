package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.VersionRequest;
import io.ipamer.proto.v1.GetVersionRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** The program as people start it: the one jar, as a process. */
class ProgramIT {
    private static final Pattern LISTENS = Pattern.compile("serves gRPC on 127\\.0\\.0\\.1:(\\d+)");

    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void stopAll() {
        processes.forEach(Process::destroyForcibly);
    }

    private Process ipamer(String... arguments) throws IOException {
        return ipamer(Map.of(), arguments);
    }

    private Process ipamer(Map<String, String> variables, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                System.getProperty("ipamer.jar")));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(variables);
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private static BufferedReader output(Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    private static String errors(Process process) throws IOException {
        return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static int port(BufferedReader output) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher listens = LISTENS.matcher(line);
            if (listens.find()) {
                return Integer.parseInt(listens.group(1));
            }
        }
        throw new AssertionError("the server ended without saying where it listens");
    }

    @Test
    void itServesUntilItIsToldToStopAndSaysSoToHealthWatchers() throws Exception {
        Process process =
                ipamer("serve", "--store", "memory", "--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0");
        BufferedReader output = output(process);
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port(output))
                .usePlaintext()
                .build();
        try {
            assertThat(IpamerServiceGrpc.newBlockingStub(channel)
                            .getVersion(GetVersionRequest.getDefaultInstance())
                            .getVcsRevision())
                    .isNotEmpty();
            Iterator<HealthCheckResponse> health = HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .watch(HealthCheckRequest.getDefaultInstance());
            assertThat(health.next().getStatus()).isEqualTo(ServingStatus.SERVING);

            // By its handle: the process would close its output with it.
            process.toHandle().destroy();

            assertThat(health.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
            channel.shutdownNow();
            assertThat(process.waitFor(40, TimeUnit.SECONDS)).isTrue();
            assertThat(output.lines()).contains("stopping: running calls finish first", "stopped");
            assertThat(process.exitValue()).as("128 + SIGTERM").isEqualTo(143);
        } finally {
            channel.shutdownNow();
        }
    }

    /** The time is reported; the bound only catches what is absurd, as the machine may have other things to do. */
    @Test
    void theFirstAnswerComesSoonAfterTheStart(TestReporter reporter) throws Exception {
        long start = System.nanoTime();
        Process process =
                ipamer("serve", "--store", "memory", "--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0");
        int port = port(output(process));
        long listening = System.nanoTime();
        ManagedChannel channel =
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
        try {
            assertThat(IpamServiceGrpc.newBlockingStub(channel)
                            .version(VersionRequest.getDefaultInstance())
                            .getRevision())
                    .isNotEmpty();
            long answered = System.nanoTime();
            HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(channel);
            for (String service : List.of("", "ipamer.v1.IpamerService", "api.v1.IpamService")) {
                HealthCheckRequest check =
                        HealthCheckRequest.newBuilder().setService(service).build();
                assertThat(health.check(check).getStatus()).as(service).isEqualTo(ServingStatus.SERVING);
            }
            reporter.publishEntry(Map.of(
                    "listening after ms", Long.toString(TimeUnit.NANOSECONDS.toMillis(listening - start)),
                    "first answer after ms", Long.toString(TimeUnit.NANOSECONDS.toMillis(answered - start))));
            assertThat(Duration.ofNanos(answered - start)).isLessThan(Duration.ofSeconds(5));
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void aFlagCountsBeforeAVariableBeforeTheFile(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("ipamer.properties"), "grpc-address=10.0.0.3:3\nstore=memory\n");
        Map<String, String> variables = Map.of("IPAMER_CONFIG", file.toString(), "IPAMER_GRPC_ADDRESS", "10.0.0.2:2");

        assertThat(output(ipamer(variables, "check-config", "--grpc-address", "10.0.0.1:1"))
                        .lines())
                .startsWith(
                        "grpc-address=10.0.0.1:1  (flag --grpc-address)",
                        "http-address=127.0.0.1:8080  (default)",
                        "http-origins=  (default)",
                        "store=memory  (file " + file + ")");
        assertThat(output(ipamer(variables, "check-config")).lines())
                .startsWith(
                        "grpc-address=10.0.0.2:2  (environment variable IPAMER_GRPC_ADDRESS)",
                        "http-address=127.0.0.1:8080  (default)",
                        "http-origins=  (default)",
                        "store=memory  (file " + file + ")");
        assertThat(output(ipamer(Map.of("IPAMER_CONFIG", file.toString()), "check-config"))
                        .lines())
                .startsWith(
                        "grpc-address=10.0.0.3:3  (file " + file + ")",
                        "http-address=127.0.0.1:8080  (default)",
                        "http-origins=  (default)",
                        "store=memory  (file " + file + ")");
    }

    @Test
    void aTakenPortIsOneLineAndExitCode2() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            Process process = ipamer("serve", "--grpc-address", "127.0.0.1:" + taken.getLocalPort());
            assertThat(errors(process).strip().lines())
                    .singleElement()
                    .asString()
                    .startsWith("ipamer: cannot listen on 127.0.0.1:" + taken.getLocalPort());
            assertThat(process.waitFor()).isEqualTo(2);
        }
    }

    @Test
    void aWrongFlagIsOneLineAndExitCode2() throws Exception {
        Process process = ipamer("serve", "--nope");
        assertThat(errors(process).strip().lines())
                .singleElement()
                .asString()
                .isEqualTo("ipamer: Unknown option: '--nope'; see ipamer serve --help");
        assertThat(process.waitFor()).isEqualTo(2);
    }

    @Test
    void anUnknownKeyInTheConfigFileIsOneLineAndExitCode2(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("ipamer.properties"), "grpc-adress=127.0.0.1:9090\n");
        Process process = ipamer("check-config", "--config", file.toString());
        assertThat(errors(process).strip().lines())
                .singleElement()
                .asString()
                .isEqualTo(
                        "ipamer: config file " + file
                                + ": unknown key grpc-adress; there are grpc-address, http-address, http-origins, store, db-url, data-dir, migrate, journal-age, journal-revisions");
        assertThat(process.waitFor()).isEqualTo(2);
    }

    @Test
    void itSaysItsVersion() throws Exception {
        Process process = ipamer("--version");
        assertThat(output(process).readLine()).startsWith("ipamer ").contains("built", "Java");
        assertThat(process.waitFor()).isZero();
    }
}
