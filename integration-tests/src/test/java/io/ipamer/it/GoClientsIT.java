package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.IpamServiceGrpc.IpamServiceBlockingStub;
import io.ipamer.proto.goipam.ListPrefixesRequest;
import io.ipamer.proto.goipam.Prefix;
import io.ipamer.proto.goipam.PrefixUsageRequest;
import io.ipamer.proto.goipam.PrefixUsageResponse;
import io.ipamer.store.embedded.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The programs that call go-ipam's server call this one instead, with nothing changed but the address: rows E23, F13, G10
 * and G19 with go-ipam's own code for a client. What the client expects is held against go-ipam's server, too.
 */
class GoClientsIT {
    @TempDir
    Path folder;

    @BeforeEach
    void buildTheClients() {
        GoProgram.build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc", "grpc-web", "connect", "connect-json"})
    void metalApiAndMetalApiserverAreServed(String protocol) throws IOException {
        try (ServerProcess server = inMemory()) {
            isServedAsMetalStackNeedsIt(server.httpUrl(), protocol);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc", "grpc-web", "connect", "connect-json"})
    void goIpamServesMetalApiAndMetalApiserverAlike(String protocol) throws IOException {
        try (GoIpamServer theirs = GoIpamServer.inMemory(GoProgram.GO_IPAM.path())) {
            isServedAsMetalStackNeedsIt(theirs.url(), protocol);
        }
    }

    private static void isServedAsMetalStackNeedsIt(String url, String protocol) {
        for (String pattern : List.of("metal-api", "metal-apiserver")) {
            assertThat(GoProgram.CLIENTS.run("-url", url, "-protocol", protocol, pattern))
                    .isEqualTo(new Ran(0, pattern + " is served as it needs to be\n"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 64})
    void of64GoroutinesNoTwoGetOneAddressAndNoneFails(int idleConnections) throws IOException {
        try (ServerProcess server = inMemory()) {
            storms(server, idleConnections);
        }
    }

    @Test
    void of64GoroutinesNoTwoGetOneAddressAndNoneFailsOnPostgres() throws IOException {
        try (ServerProcess server = ServerProcess.startWithHttp("--db-url", Servers.url(TestPostgres.database()))) {
            storms(server, 0);
        }
    }

    /** Goroutines on few kept connections are what metal-api's own client, http.DefaultClient, makes of them. */
    private static void storms(ServerProcess server, int idleConnections) {
        Ran storm = GoProgram.CLIENTS.run(
                "-url", server.httpUrl(), "-duration", "2s", "-idle-connections", "" + idleConnections, "storm");
        assertThat(storm.exitCode()).as(storm.output()).isZero();
        assertThat(storm.output()).contains("\"callers\":64", "\"errors\":0", "\"duplicates\":0");
    }

    @Test
    void theCommandLineSaysHereWhatItSaysThere() throws IOException {
        List<String> here;
        List<String> there;
        try (ServerProcess ours = inMemory()) {
            here = session(ours.httpUrl(), folder.resolve("here.json"));
        }
        try (GoIpamServer theirs = GoIpamServer.inMemory(GoProgram.GO_IPAM.path())) {
            there = session(theirs.url(), folder.resolve("there.json"));
        }
        assertThat(here)
                .containsExactly(
                        "0 prefix:\"10.0.0.0/16\" created",
                        "0 prefix:\"2001:db8::/64\" created",
                        "0 child prefix:\"10.0.0.0/24\" from \"10.0.0.0/16\" created",
                        "0 child prefix:\"10.0.1.0/24\" from \"10.0.0.0/16\" created",
                        "0 ip:\"10.0.1.1\" acquired",
                        "0 ip:\"10.0.1.2\" acquired",
                        "0 ip:\"2001:db8::1\" acquired",
                        "0 ip:\"10.0.1.1\" released",
                        "0 child prefix:\"10.0.0.0/24\" from \"10.0.0.0/16\" released",
                        "0 Prefix:\"10.0.0.0/16\" parent:\"\" Prefix:\"10.0.1.0/24\" parent:\"10.0.0.0/16\""
                                + " Prefix:\"2001:db8::/64\" parent:\"\"",
                        "1 invalid_argument: prefix 10.0.1.0/24 has ips, delete prefix not possible",
                        "1 invalid_argument: prefixes exist, please drop existing data before loading",
                        "0 ip:\"10.0.1.2\" released",
                        "0 ip:\"2001:db8::1\" released",
                        "0 prefix:\"10.0.1.0/24\" deleted",
                        "0 prefix:\"10.0.0.0/16\" deleted",
                        "0 prefix:\"2001:db8::/64\" deleted",
                        "0 ",
                        "0 database restored",
                        "0 Prefix:\"10.0.0.0/16\" parent:\"\" Prefix:\"10.0.1.0/24\" parent:\"10.0.0.0/16\""
                                + " Prefix:\"2001:db8::/64\" parent:\"\"",
                        "0 ip:\"10.0.1.1\" acquired",
                        "0 ip:\"2001:db8::2\" acquired")
                .isEqualTo(there);
    }

    /** Everything that the command line can do, each with its exit code and what it said, lists in one line. */
    private static List<String> session(String url, Path backup) throws IOException {
        Cli cli = new Cli(url);
        List<String> said = new ArrayList<>();
        said.add(cli.says("prefix", "create", "--cidr", "10.0.0.0/16"));
        said.add(cli.says("prefix", "create", "--cidr", "2001:db8::/64"));
        said.add(cli.says("prefix", "acquire", "--parent", "10.0.0.0/16", "--length", "24"));
        said.add(cli.says("prefix", "acquire", "--parent", "10.0.0.0/16", "--length", "24"));
        said.add(cli.says("ip", "acquire", "--prefix", "10.0.1.0/24"));
        said.add(cli.says("ip", "acquire", "--prefix", "10.0.1.0/24"));
        said.add(cli.says("ip", "acquire", "--prefix", "2001:db8::/64"));
        said.add(cli.says("ip", "release", "--ip", "10.0.1.1", "--prefix", "10.0.1.0/24"));
        said.add(cli.says("prefix", "release", "--cidr", "10.0.0.0/24"));
        said.add(cli.says("prefix", "list"));
        said.add(cli.says("prefix", "delete", "--cidr", "10.0.1.0/24"));
        cli.backUp(backup);
        said.add(cli.says("backup", "restore", "--file", backup.toString()));
        said.add(cli.says("ip", "release", "--ip", "10.0.1.2", "--prefix", "10.0.1.0/24"));
        said.add(cli.says("ip", "release", "--ip", "2001:db8::1", "--prefix", "2001:db8::/64"));
        said.add(cli.says("prefix", "delete", "--cidr", "10.0.1.0/24"));
        said.add(cli.says("prefix", "delete", "--cidr", "10.0.0.0/16"));
        said.add(cli.says("prefix", "delete", "--cidr", "2001:db8::/64"));
        said.add(cli.says("prefix", "list"));
        said.add(cli.says("backup", "restore", "--file", backup.toString()));
        said.add(cli.says("prefix", "list"));
        said.add(cli.says("ip", "acquire", "--prefix", "10.0.1.0/24"));
        said.add(cli.says("ip", "acquire", "--prefix", "2001:db8::/64"));
        return said;
    }

    @Test
    void aBackupOfGoIpamIsRestoredHere() throws IOException {
        try (GoIpamServer theirs = GoIpamServer.inMemory(GoProgram.GO_IPAM.path());
                ServerProcess ours = inMemory()) {
            movesFrom(theirs.url(), theirs.channel(), ours.httpUrl(), ours.channel());
        }
    }

    @Test
    void aBackupFromHereIsRestoredInGoIpam() throws IOException {
        try (GoIpamServer theirs = GoIpamServer.inMemory(GoProgram.GO_IPAM.path());
                ServerProcess ours = inMemory()) {
            movesFrom(ours.httpUrl(), ours.channel(), theirs.url(), theirs.channel());
        }
    }

    private void movesFrom(String fromUrl, Channel from, String toUrl, Channel to) throws IOException {
        Cli source = new Cli(fromUrl);
        for (String[] call : new String[][] {
            {"prefix", "create", "--cidr", "10.0.0.0/16"},
            {"prefix", "acquire", "--parent", "10.0.0.0/16", "--length", "24"},
            {"prefix", "acquire", "--parent", "10.0.0.0/16", "--length", "24"},
            {"prefix", "acquire", "--parent", "10.0.0.0/16", "--length", "20"},
            {"ip", "acquire", "--prefix", "10.0.1.0/24"},
            {"ip", "acquire", "--prefix", "10.0.1.0/24"},
            {"ip", "release", "--prefix", "10.0.1.0/24", "--ip", "10.0.1.1"},
            {"ip", "release", "--prefix", "10.0.1.0/24", "--ip", "10.0.1.255"}, // the reserved last one
            {"prefix", "release", "--cidr", "10.0.0.0/24"},
            {"prefix", "create", "--cidr", "192.168.0.0/31"},
            {"prefix", "create", "--cidr", "2001:db8::/48"},
            {"prefix", "acquire", "--parent", "2001:db8::/48", "--length", "64"},
            {"ip", "acquire", "--prefix", "2001:db8::/64"},
        }) {
            assertThat(source.says(call)).as(String.join(" ", call)).startsWith("0 ");
        }
        Path backup = folder.resolve("backup.json");
        source.backUp(backup);

        assertThat(new Cli(toUrl).says("backup", "restore", "--file", backup.toString()))
                .isEqualTo("0 database restored");

        assertThat(usage(to)).isEqualTo(usage(from)).hasSize(6);
        for (String[] next : new String[][] {
            {"ip", "acquire", "--prefix", "10.0.1.0/24"},
            {"prefix", "acquire", "--parent", "10.0.0.0/16", "--length", "24"},
            {"ip", "acquire", "--prefix", "2001:db8::/64"},
        }) {
            assertThat(new Cli(toUrl).says(next)).isEqualTo(source.says(next)).startsWith("0 ");
        }
    }

    private static Map<Prefix, PrefixUsageResponse> usage(Channel channel) {
        IpamServiceBlockingStub ipam = IpamServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
        Map<Prefix, PrefixUsageResponse> usage = new LinkedHashMap<>();
        for (Prefix prefix :
                ipam.listPrefixes(ListPrefixesRequest.getDefaultInstance()).getPrefixesList()) {
            usage.put(
                    prefix,
                    ipam.prefixUsage(PrefixUsageRequest.newBuilder()
                            .setCidr(prefix.getCidr())
                            .build()));
        }
        return usage;
    }

    @Test
    void theHealthProbeFindsBothDoorsServing() throws IOException {
        try (ServerProcess server = inMemory()) {
            for (String door : List.of(server.grpcAddress(), server.httpAddress())) {
                for (String service : List.of("", "api.v1.IpamService")) {
                    Ran probe = GoProgram.HEALTH_PROBE.run("-addr", door, "-service", service);
                    assertThat(probe.exitCode()).as(probe.output()).isZero();
                    assertThat(probe.output()).contains("SERVING");
                }
                Ran probe = GoProgram.HEALTH_PROBE.run("-addr", door, "-service", "no.such.Service");
                assertThat(probe.exitCode()).as("the call failed").isEqualTo(3);
                assertThat(probe.output()).contains("NotFound");
            }
        }
    }

    private static ServerProcess inMemory() throws IOException {
        return ServerProcess.startWithHttp("--store", "memory");
    }

    /** go-ipam's command line against a server. */
    private record Cli(String url) {
        Ran run(String... call) {
            List<String> arguments = new ArrayList<>(List.of("--grpc-server-endpoint", url));
            arguments.addAll(List.of(call));
            return GoProgram.GO_IPAM_CLI.run(arguments.toArray(String[]::new));
        }

        /** Its exit code and its lines, which come in no order of their own. */
        String says(String... call) {
            Ran ran = run(call);
            return ran.exitCode() + " "
                    + String.join(" ", ran.output().lines().sorted().toList());
        }

        void backUp(Path file) throws IOException {
            Ran backup = run("backup", "create");
            assertThat(backup.exitCode()).as(backup.output()).isZero();
            Files.writeString(file, backup.output());
        }
    }
}
