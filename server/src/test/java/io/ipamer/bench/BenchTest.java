package io.ipamer.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.goipam.AcquireIPRequest;
import io.ipamer.proto.goipam.AcquireIPResponse;
import io.ipamer.proto.goipam.CreateNamespaceRequest;
import io.ipamer.proto.goipam.CreateNamespaceResponse;
import io.ipamer.proto.goipam.CreatePrefixRequest;
import io.ipamer.proto.goipam.CreatePrefixResponse;
import io.ipamer.proto.goipam.IP;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.ListNamespacesRequest;
import io.ipamer.proto.goipam.ListNamespacesResponse;
import io.ipamer.proto.goipam.Prefix;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The load generator against a real server in memory, and against one that answers wrongly. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BenchTest {
    private IpamerServer server;

    @BeforeAll
    void start() {
        server = IpamerServer.inMemory();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    /** Short runs: what is held is that they work, not how fast. */
    private static BenchSettings settings(int port, ContractKind contract, Scenario scenario) {
        boolean one = scenario == Scenario.FILL || scenario == Scenario.CREATE_PREFIX;
        return new BenchSettings(
                "127.0.0.1:" + port,
                contract,
                scenario,
                one ? 1 : 3,
                8,
                2,
                Duration.ofMillis(150),
                Duration.ofMillis(20),
                0,
                contract == ContractKind.IPAMER_V1,
                100,
                false,
                false,
                1);
    }

    private static BenchSettings atRate(BenchSettings as, double rate, boolean keep) {
        return new BenchSettings(
                as.target(),
                as.contract(),
                as.scenario(),
                as.prefixes(),
                as.callers(),
                as.channels(),
                as.duration(),
                as.warmUp(),
                rate,
                as.requestIds(),
                as.fillTo(),
                as.tolerateErrors(),
                keep,
                as.seed());
    }

    private static Report run(BenchSettings settings) throws BenchException, InterruptedException {
        return Bench.run(settings, new Progress(new PrintWriter(new StringWriter()), false));
    }

    private static JsonObject json(Report report) {
        return JsonParser.parseString(report.toJson()).getAsJsonObject();
    }

    private List<String> namespaces() {
        var channel = Bench.channel("127.0.0.1:" + server.grpcPort());
        try {
            ListNamespacesResponse answer =
                    IpamServiceGrpc.newBlockingStub(channel).listNamespaces(ListNamespacesRequest.getDefaultInstance());
            return answer.getNamespaceList();
        } finally {
            channel.shutdownNow();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "IPAMER_V1, ACQUIRE, acquire",
        "IPAMER_V1, ACQUIRE_RELEASE, acquire release",
        "IPAMER_V1, CHILD, child",
        "IPAMER_V1, CREATE_PREFIX, create-prefix",
        "IPAMER_V1, READ, read",
        "IPAMER_V1, FILL, acquire release acquire release",
        "API_V1, ACQUIRE, acquire",
        "API_V1, ACQUIRE_RELEASE, acquire release",
        "API_V1, CHILD, child",
        "API_V1, CREATE_PREFIX, create-prefix",
        "API_V1, READ, read",
        "API_V1, FILL, acquire release acquire release"
    })
    void everyScenarioMeasuresItsCallsAndLeavesNothingBehind(
            ContractKind contract, Scenario scenario, String operations) throws Exception {
        List<String> before = namespaces();
        Report report = run(settings(server.grpcPort(), contract, scenario));
        assertThat(report.failure()).isNull();
        JsonObject json = json(report);
        JsonArray results = json.getAsJsonArray("results");
        assertThat(results)
                .extracting(result -> result.getAsJsonObject().get("operation").getAsString())
                .containsExactly(operations.split(" "));
        assertThat(results).allSatisfy(BenchTest::hasLatenciesInOrder);
        assertThat(json.getAsJsonObject("errors").size()).isZero();
        assertThat(json.get("leftBehind").isJsonNull()).isTrue();
        assertThat(json.get("distinct").getAsLong() > 0).isEqualTo(scenario != Scenario.READ);
        assertThat(report.toText())
                .startsWith(scenario + ": " + contract + " at ")
                .contains("errors: none");
        assertThat(namespaces()).containsExactlyInAnyOrderElementsOf(before);
    }

    private static void hasLatenciesInOrder(JsonElement result) {
        JsonObject json = result.getAsJsonObject();
        assertThat(json.get("calls").getAsLong()).isPositive();
        assertThat(json.get("callsPerSecond").getAsDouble()).isPositive();
        assertThat(List.of("p50Micros", "p90Micros", "p99Micros", "p999Micros", "maxMicros"))
                .extracting(name -> json.get(name).getAsDouble())
                .isSorted()
                .allSatisfy(micros -> assertThat(micros).isPositive());
    }

    @Test
    void fillTellsWhatIsAcquiredAtEachLevel() throws Exception {
        Report report = run(settings(server.grpcPort(), ContractKind.IPAMER_V1, Scenario.FILL));
        assertThat(json(report).getAsJsonArray("results"))
                .extracting(result -> result.getAsJsonObject().get("acquired").getAsInt())
                .containsExactly(10, 10, 100, 100);
    }

    @Test
    void anOpenLoopSendsNoMoreThanItsRate() throws Exception {
        BenchSettings settings = settings(server.grpcPort(), ContractKind.IPAMER_V1, Scenario.ACQUIRE);
        Report report = run(atRate(settings, 200, false));
        // 200/s for 150 ms
        assertThat(json(report)
                        .getAsJsonArray("results")
                        .get(0)
                        .getAsJsonObject()
                        .get("calls")
                        .getAsLong())
                .isBetween(1L, 31L);
        assertThat(report.toText()).contains("200/s due");
    }

    @Test
    void whatIsToBeKeptIsThereAndNamed() throws Exception {
        BenchSettings settings = settings(server.grpcPort(), ContractKind.IPAMER_V1, Scenario.ACQUIRE);
        Report report = run(atRate(settings, 0, true));
        String left = json(report).get("leftBehind").getAsString();
        assertThat(namespaces()).anyMatch(name -> left.equals("namespace " + name + ", as wanted"));
    }

    /** Speaks api.v1, and answers the n-th acquire with what it is told to. */
    private static BindableService answering(IntFunction<String> address) {
        AtomicInteger calls = new AtomicInteger();
        return new IpamServiceGrpc.IpamServiceImplBase() {
            @Override
            public void createNamespace(CreateNamespaceRequest request, StreamObserver<CreateNamespaceResponse> to) {
                to.onNext(CreateNamespaceResponse.getDefaultInstance());
                to.onCompleted();
            }

            @Override
            public void createPrefix(CreatePrefixRequest request, StreamObserver<CreatePrefixResponse> to) {
                Prefix prefix = Prefix.newBuilder().setCidr(request.getCidr()).build();
                to.onNext(CreatePrefixResponse.newBuilder().setPrefix(prefix).build());
                to.onCompleted();
            }

            @Override
            public void acquireIP(AcquireIPRequest request, StreamObserver<AcquireIPResponse> to) {
                try {
                    IP ip = IP.newBuilder()
                            .setIp(address.apply(calls.incrementAndGet()))
                            .build();
                    to.onNext(AcquireIPResponse.newBuilder().setIp(ip).build());
                    to.onCompleted();
                } catch (IllegalStateException refused) {
                    to.onError(Status.INTERNAL
                            .withDescription(refused.getMessage())
                            .asException());
                }
            }
        };
    }

    private static Report runAgainst(BindableService service) throws Exception {
        return runAgainst(service, false);
    }

    private static Report runAgainst(BindableService service, boolean tolerateErrors) throws Exception {
        Server fake = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0))
                .directExecutor()
                .addService(service)
                .build()
                .start();
        try {
            BenchSettings all = settings(fake.getPort(), ContractKind.API_V1, Scenario.ACQUIRE);
            return run(new BenchSettings(
                    all.target(),
                    all.contract(),
                    all.scenario(),
                    1,
                    4,
                    1,
                    all.duration(),
                    all.warmUp(),
                    0,
                    false,
                    10,
                    tolerateErrors,
                    false,
                    1));
        } finally {
            fake.shutdownNow();
        }
    }

    @Test
    void anAddressThatIsGivenTwiceFailsTheRunAndIsNamed() throws Exception {
        Report report = runAgainst(answering(call -> "fd00::" + Integer.toHexString(call == 100 ? 50 : call)));
        assertThat(report.failure()).isEqualTo("duplicate: fd00::/64 gave fd00::32 while it was held already");
        assertThat(json(report).get("failure").getAsString()).isEqualTo(report.failure());
        assertThat(json(report).get("distinct").isJsonNull()).isTrue();
    }

    @Test
    void anAddressOfAnotherPrefixFailsTheRun() throws Exception {
        Report report = runAgainst(answering(call -> "fd01::1"));
        assertThat(report.failure()).isEqualTo("fd00::/64 gave fd01::1, which is not in it");
    }

    @Test
    void whatIsNoAddressFailsTheRun() throws Exception {
        Report report = runAgainst(answering(call -> "somewhere"));
        assertThat(report.failure()).isEqualTo("fd00::/64 gave \"somewhere\", which is no address");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void errorsAreCountedByCodeAndFailTheRunUnlessTheyAreTolerated(boolean tolerateErrors) throws Exception {
        Report report = runAgainst(
                answering(call -> {
                    if (call % 2 == 0) {
                        throw new IllegalStateException("not today");
                    }
                    return "fd00::" + Integer.toHexString(call);
                }),
                tolerateErrors);
        long errors = json(report).getAsJsonObject("errors").get("INTERNAL").getAsLong();
        assertThat(errors).isPositive();
        assertThat(report.toText()).contains("errors: {INTERNAL=" + errors + "}; the first was INTERNAL: not today");
        if (tolerateErrors) {
            assertThat(report.failure()).isNull();
        } else {
            assertThat(report.failure()).matches("[0-9,]+ calls? failed; the first error was INTERNAL: not today");
        }
    }

    @Test
    void aRunInWhichNoCallSucceedsHasFailed() throws Exception {
        Report report = runAgainst(answering(call -> {
            throw new IllegalStateException("never");
        }));
        assertThat(report.failure()).isEqualTo("no call succeeded; the first error was INTERNAL: never");
    }

    @Test
    void whatCannotBeRemovedIsNamed() throws Exception {
        Report report = runAgainst(answering(call -> "fd00::" + Integer.toHexString(call)));
        assertThat(json(report).get("leftBehind").getAsString())
                .startsWith("namespace bench-")
                .contains("UNIMPLEMENTED");
    }

    @Test
    void aServerThatDoesNotSpeakTheContractIsToldByTheOption() {
        assertThatThrownBy(() -> {
                    Server empty = NettyServerBuilder.forAddress(
                                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0))
                            .build()
                            .start();
                    try {
                        run(settings(empty.getPort(), ContractKind.IPAMER_V1, Scenario.READ));
                    } finally {
                        empty.shutdownNow();
                    }
                })
                .isInstanceOf(BenchException.class)
                .hasMessageMatching("--contract ipamer\\.v1 is not what --target 127\\.0\\.0\\.1:[0-9]+ speaks");
    }
}
