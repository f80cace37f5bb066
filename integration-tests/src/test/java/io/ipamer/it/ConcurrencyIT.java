package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.goipam.AcquireChildPrefixRequest;
import io.ipamer.proto.goipam.AcquireChildPrefixResponse;
import io.ipamer.proto.goipam.AcquireIPRequest;
import io.ipamer.proto.goipam.CreatePrefixRequest;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.ReleaseChildPrefixRequest;
import io.ipamer.proto.goipam.ReleaseIPRequest;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.GetPrefixUsageRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.PrefixUsage;
import io.ipamer.proto.v1.ReleaseIpRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Many callers at once over several connections: nothing is given twice, nobody is turned away without need. */
class ConcurrencyIT {
    private static final int CONNECTIONS = 8;
    private static final int PATIENCE_SECONDS = 60;

    private final List<ManagedChannel> channels = new ArrayList<>();
    private IpamerServer server;

    /** What both contracts can do, as futures. */
    private enum Contract {
        API_V1 {
            @Override
            CompletableFuture<String> acquire(ManagedChannel channel, String prefix) {
                return future(IpamServiceGrpc.newFutureStub(channel)
                                .acquireIP(AcquireIPRequest.newBuilder()
                                        .setPrefixCidr(prefix)
                                        .build()))
                        .thenApply(response -> response.getIp().getIp());
            }

            @Override
            CompletableFuture<String> release(ManagedChannel channel, String prefix, String address) {
                return future(IpamServiceGrpc.newFutureStub(channel)
                                .releaseIP(ReleaseIPRequest.newBuilder()
                                        .setPrefixCidr(prefix)
                                        .setIp(address)
                                        .build()))
                        .thenApply(response -> response.getIp().getIp());
            }

            @Override
            CompletableFuture<String> child(ManagedChannel channel, String parent, int length) {
                ListenableFuture<AcquireChildPrefixResponse> response = IpamServiceGrpc.newFutureStub(channel)
                        .acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                                .setCidr(parent)
                                .setLength(length)
                                .build());
                return future(response).thenApply(child -> child.getPrefix().getCidr());
            }

            @Override
            CompletableFuture<String> releaseChild(ManagedChannel channel, String child) {
                return future(IpamServiceGrpc.newFutureStub(channel)
                                .releaseChildPrefix(ReleaseChildPrefixRequest.newBuilder()
                                        .setCidr(child)
                                        .build()))
                        .thenApply(response -> response.getPrefix().getCidr());
            }
        },
        IPAMER_V1 {
            @Override
            CompletableFuture<String> acquire(ManagedChannel channel, String prefix) {
                return future(IpamerServiceGrpc.newFutureStub(channel)
                                .acquireIp(AcquireIpRequest.newBuilder()
                                        .setPrefixCidr(prefix)
                                        .build()))
                        .thenApply(response -> response.getAllocation().getAddress());
            }

            @Override
            CompletableFuture<String> release(ManagedChannel channel, String prefix, String address) {
                return future(IpamerServiceGrpc.newFutureStub(channel)
                                .releaseIp(ReleaseIpRequest.newBuilder()
                                        .setPrefixCidr(prefix)
                                        .setAddress(address)
                                        .build()))
                        .thenApply(response -> response.getAllocation().getAddress());
            }

            @Override
            CompletableFuture<String> child(ManagedChannel channel, String parent, int length) {
                return future(IpamerServiceGrpc.newFutureStub(channel)
                                .acquireChildPrefix(io.ipamer.proto.v1.AcquireChildPrefixRequest.newBuilder()
                                        .setParentCidr(parent)
                                        .setLength(length)
                                        .build()))
                        .thenApply(response -> response.getPrefix().getCidr());
            }

            @Override
            CompletableFuture<String> releaseChild(ManagedChannel channel, String child) {
                return future(IpamerServiceGrpc.newFutureStub(channel)
                                .releaseChildPrefix(io.ipamer.proto.v1.ReleaseChildPrefixRequest.newBuilder()
                                        .setCidr(child)
                                        .build()))
                        .thenApply(response -> response.getPrefix().getCidr());
            }
        };

        abstract CompletableFuture<String> acquire(ManagedChannel channel, String prefix);

        abstract CompletableFuture<String> release(ManagedChannel channel, String prefix, String address);

        abstract CompletableFuture<String> child(ManagedChannel channel, String parent, int length);

        abstract CompletableFuture<String> releaseChild(ManagedChannel channel, String child);
    }

    IpamerServer serve() {
        return IpamerServer.inMemory();
    }

    @BeforeEach
    void start() {
        server = serve();
        for (int i = 0; i < CONNECTIONS; i++) {
            channels.add(NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                    .usePlaintext()
                    .build());
        }
    }

    @AfterEach
    void stop() {
        channels.forEach(ManagedChannel::shutdownNow);
        server.close();
    }

    @ParameterizedTest
    @EnumSource(Contract.class)
    void fiftyCallersOnASlash20GetItsLowestAddressesOnceEach(Contract contract) throws Exception {
        create("10.0.0.0/20");
        List<String> given = all(callers(50, 40, caller -> contract.acquire(channel(caller), "10.0.0.0/20")));
        assertThat(given).containsExactlyInAnyOrderElementsOf(lowest(2_000));
        assertThat(usage("10.0.0.0/20").getAcquired()).isEqualTo(2_000);
    }

    @ParameterizedTest
    @EnumSource(Contract.class)
    void aThousandCallersOnASlash16GetItsLowestAddressesOnceEach(Contract contract) throws Exception {
        create("10.0.0.0/16");
        List<String> given = all(callers(1_000, 5, caller -> contract.acquire(channel(caller), "10.0.0.0/16")));
        assertThat(given).containsExactlyInAnyOrderElementsOf(lowest(5_000));
        assertThat(usage("10.0.0.0/16").getAcquired()).isEqualTo(5_000);
    }

    @ParameterizedTest
    @EnumSource(Contract.class)
    void aHundredCallersGetDistinctChildrenAndTheParentIsWholeAgainAfterwards(Contract contract) throws Exception {
        create("10.0.0.0/12");
        List<String> children = all(callers(100, 10, caller -> contract.child(channel(caller), "10.0.0.0/12", 24)));
        assertThat(new HashSet<>(children)).hasSize(1_000);
        assertThat(usage("10.0.0.0/12").getChildren()).isEqualTo(1_000);
        assertThat(usage("10.0.0.0/12").getFree()).isEqualTo(String.valueOf((4_096 - 1_000) * 256));

        all(IntStream.range(0, children.size())
                .mapToObj(
                        i -> contract.releaseChild(channel(i), children.get(i)).thenApply(List::of))
                .toList());
        assertThat(usage("10.0.0.0/12").getChildren()).isZero();
        assertThat(usage("10.0.0.0/12").getLargestFreeBlock()).isEqualTo("10.0.0.0/12");
    }

    @ParameterizedTest
    @EnumSource(Contract.class)
    void ofMoreCallersThanAddressesSoManyGetNoneAsThereAreTooMany(Contract contract) throws Exception {
        create("10.0.0.0/24");
        List<String> answers = all(callers(
                300,
                1,
                caller -> contract.acquire(channel(caller), "10.0.0.0/24")
                        .exceptionally(failure -> code(failure).name())));
        Code none = contract == Contract.API_V1 ? Code.NOT_FOUND : Code.RESOURCE_EXHAUSTED;
        assertThat(answers).filteredOn(none.name()::equals).hasSize(300 - 254);
        assertThat(answers).containsAll(lowest(254));
    }

    /** Who holds an address says so until before it lets go: no second one may say so meanwhile. */
    @ParameterizedTest
    @EnumSource(Contract.class)
    void fiftyCallersThatComeAndGoNeverHoldTheSameAddress(Contract contract) throws Exception {
        create("10.0.0.0/26");
        Set<String> held = ConcurrentHashMap.newKeySet();
        List<String> given = all(callers(
                50,
                60,
                caller -> contract.acquire(channel(caller), "10.0.0.0/26").thenCompose(address -> {
                    assertThat(held.add(address))
                            .as("%s is held by one", address)
                            .isTrue();
                    held.remove(address);
                    return contract.release(channel(caller + 1), "10.0.0.0/26", address);
                })));
        assertThat(given).hasSize(3_000);
        assertThat(usage("10.0.0.0/26").getAcquired()).isZero();
    }

    @Test
    void ofAHundredCallersForOneAddressOneGetsIt() throws Exception {
        create("10.0.0.0/24");
        List<String> answers = all(callers(
                100,
                1,
                caller -> future(IpamServiceGrpc.newFutureStub(channel(caller))
                                .acquireIP(AcquireIPRequest.newBuilder()
                                        .setPrefixCidr("10.0.0.0/24")
                                        .setIp("10.0.0.77")
                                        .build()))
                        .thenApply(response -> response.getIp().getIp())
                        .exceptionally(failure -> code(failure).name())));
        assertThat(answers).containsOnlyOnce("10.0.0.77");
        assertThat(answers).filteredOn("ALREADY_EXISTS"::equals).hasSize(99);
    }

    /** Row G17 of the conformance table, as far as one server can show it. */
    @Test
    void ofOverlappingPrefixesCreatedAtOnceOneComesToBe() throws Exception {
        List<CompletableFuture<List<String>>> pairs = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            String net = "10." + i / 250 + "." + i % 250 + ".0/";
            pairs.add(createUnlessThere(channel(i), net + "24"));
            pairs.add(createUnlessThere(channel(i + 1), net + "25"));
        }
        List<String> created =
                all(pairs).stream().filter(answer -> !answer.equals("none")).toList();
        assertThat(created).hasSize(500);
        assertThat(created.stream()
                        .map(cidr -> cidr.substring(0, cidr.indexOf('/')))
                        .collect(Collectors.toSet()))
                .hasSize(500);
    }

    private static CompletableFuture<List<String>> createUnlessThere(ManagedChannel channel, String cidr) {
        return future(IpamServiceGrpc.newFutureStub(channel)
                        .createPrefix(
                                CreatePrefixRequest.newBuilder().setCidr(cidr).build()))
                .thenApply(response -> List.of(response.getPrefix().getCidr()))
                .exceptionally(failure -> {
                    assertThat(code(failure)).isEqualTo(Code.INVALID_ARGUMENT);
                    return List.of("none");
                });
    }

    @Test
    void threeSendingsOfARequestAtOnceAreDoneOnce() throws Exception {
        create("10.0.0.0/16");
        List<CompletableFuture<List<AcquireIpResponse>>> sendings = new ArrayList<>();
        for (int id = 0; id < 1_000; id++) {
            List<CompletableFuture<AcquireIpResponse>> same = new ArrayList<>();
            for (int sending = 0; sending < 3; sending++) {
                same.add(acquire(channel(id + sending), "request-" + id));
            }
            sendings.add(together(same));
        }
        Set<Allocation> distinct = new HashSet<>();
        for (CompletableFuture<List<AcquireIpResponse>> sending : sendings) {
            List<AcquireIpResponse> answers = sending.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(answers.stream().map(AcquireIpResponse::getAllocation).distinct())
                    .hasSize(1);
            assertThat(answers.stream().map(AcquireIpResponse::getRevision).distinct())
                    .hasSize(1);
            assertThat(answers).filteredOn(AcquireIpResponse::getReplayed).hasSize(2);
            distinct.add(answers.get(0).getAllocation());
        }
        assertThat(distinct).hasSize(1_000);
        assertThat(usage("10.0.0.0/16").getAcquired()).isEqualTo(1_000);
    }

    /** Whether it was done before the caller left or not: the second sending settles it. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void aCallerThatGaveUpAndSendsTheSameRequestAgainHoldsOneAddress(long seed) throws Exception {
        create("10.0.0.0/16");
        Random random = new Random(seed);
        List<CompletableFuture<List<String>>> answers = new ArrayList<>();
        for (int id = 0; id < 1_000; id++) {
            AcquireIpRequest request = request("request-" + id);
            ListenableFuture<AcquireIpResponse> first =
                    IpamerServiceGrpc.newFutureStub(channel(id)).acquireIp(request);
            for (int spin = random.nextInt(2_000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            if (random.nextBoolean()) {
                first.cancel(true);
            }
            answers.add(acquire(channel(id + 1), "request-" + id)
                    .thenApply(response -> List.of(response.getAllocation().getAddress())));
        }
        assertThat(new HashSet<>(all(answers))).hasSize(1_000);
        assertThat(usage("10.0.0.0/16").getAcquired()).isEqualTo(1_000);
    }

    private static AcquireIpRequest request(String id) {
        return AcquireIpRequest.newBuilder()
                .setPrefixCidr("10.0.0.0/16")
                .setRequestId(id)
                .build();
    }

    private static CompletableFuture<AcquireIpResponse> acquire(ManagedChannel channel, String id) {
        return future(IpamerServiceGrpc.newFutureStub(channel).acquireIp(request(id)));
    }

    private ManagedChannel channel(int caller) {
        return channels.get(caller % CONNECTIONS);
    }

    private void create(String cidr) {
        IpamServiceGrpc.newBlockingStub(channel(0))
                .createPrefix(CreatePrefixRequest.newBuilder().setCidr(cidr).build());
    }

    private PrefixUsage usage(String cidr) {
        return IpamerServiceGrpc.newBlockingStub(channel(0))
                .getPrefixUsage(GetPrefixUsageRequest.newBuilder().setCidr(cidr).build())
                .getUsage();
    }

    /** The first addresses of 10.0.0.0 that are not reserved. */
    private static List<String> lowest(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(i -> "10.0." + i / 256 + "." + i % 256)
                .toList();
    }

    /** Callers that run side by side, each making its calls one after the other. */
    private static <T> List<CompletableFuture<List<T>>> callers(
            int callers, int calls, IntFunction<CompletableFuture<T>> call) {
        return IntStream.range(0, callers)
                .mapToObj(caller -> oneAfterTheOther(calls, () -> call.apply(caller)))
                .toList();
    }

    private static <T> CompletableFuture<List<T>> oneAfterTheOther(int calls, Supplier<CompletableFuture<T>> call) {
        CompletableFuture<List<T>> answers = CompletableFuture.completedFuture(new ArrayList<>());
        for (int i = 0; i < calls; i++) {
            answers = answers.thenCompose(before -> call.get().thenApply(answer -> {
                before.add(answer);
                return before;
            }));
        }
        return answers;
    }

    private static <T> CompletableFuture<List<T>> together(List<CompletableFuture<T>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
                .thenApply(done -> futures.stream().map(CompletableFuture::join).toList());
    }

    private static <T> List<T> all(List<CompletableFuture<List<T>>> answers) throws Exception {
        return together(answers).get(PATIENCE_SECONDS, TimeUnit.SECONDS).stream()
                .flatMap(Collection::stream)
                .toList();
    }

    private static <T> CompletableFuture<T> future(ListenableFuture<T> answer) {
        CompletableFuture<T> future = new CompletableFuture<>();
        answer.addListener(
                () -> {
                    try {
                        future.complete(answer.get());
                    } catch (ExecutionException failure) {
                        future.completeExceptionally(failure.getCause());
                    } catch (InterruptedException interrupted) {
                        Thread.currentThread().interrupt();
                        future.completeExceptionally(interrupted);
                    }
                },
                Runnable::run);
        return future;
    }

    private static Code code(Throwable failure) {
        Throwable cause = failure instanceof StatusRuntimeException ? failure : failure.getCause();
        return ((StatusRuntimeException) cause).getStatus().getCode();
    }
}
