package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.StatusRuntimeException;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CreateNamespaceRequest;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.DeleteNamespaceRequest;
import io.ipamer.proto.v1.DeletePrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.Prefix;
import io.ipamer.proto.v1.ReleaseIpRequest;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.store.sql.TableInvariants;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several server processes on one database: what one gives away no other gives, and no caller is told of their race. */
class SharedDatabaseIT {
    private static final int CALLERS = 32;
    private static final long LOAD_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final String SHARED = "10.0.0.0/22";
    private static final String PARENT = "10.128.0.0/14";

    private final List<ServerProcess> servers = new ArrayList<>();
    private TestPostgres.Database database;

    @BeforeEach
    void create() {
        database = TestPostgres.database();
    }

    @AfterEach
    void stop() {
        servers.forEach(ServerProcess::close);
    }

    private void start(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            servers.add(ServerProcess.start(Servers.url(database)));
        }
    }

    private IpamerServiceBlockingStub server(int index) {
        return servers.get(index).stub();
    }

    private static void load(IntConsumer step) throws Exception {
        long end = System.nanoTime() + LOAD_NANOS;
        try (Callers callers = Callers.start(CALLERS, caller -> {
            while (System.nanoTime() < end) {
                step.accept(caller);
            }
        })) {
            callers.join();
        }
    }

    @ParameterizedTest(name = "{0} servers")
    @ValueSource(ints = {2, 3})
    void allOnOnePrefixGetItsLowestAddressesOnceEach(int count) throws Exception {
        start(count);
        server(0)
                .createPrefix(
                        CreatePrefixRequest.newBuilder().setCidr("10.0.0.0/8").build());
        Set<String> given = ConcurrentHashMap.newKeySet();
        load(caller -> {
            String address = server(caller % count)
                    .acquireIp(AcquireIpRequest.newBuilder()
                            .setPrefixCidr("10.0.0.0/8")
                            .build())
                    .getAllocation()
                    .getAddress();
            assertThat(given.add(address)).as("%s is given once", address).isTrue();
        });
        assertThat(given)
                .hasSizeGreaterThan(CALLERS)
                .isEqualTo(new HashSet<>(IntStream.rangeClosed(1, given.size())
                        .mapToObj(i -> "10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255))
                        .toList()));
        try (Connection connection = database.connect()) {
            assertThat(TableInvariants.violations(connection)).isEmpty();
        }
        assertThat(database.column("SELECT count(*) FROM ip_addr")).containsExactly("" + given.size());
    }

    @ParameterizedTest(name = "{0} servers")
    @ValueSource(ints = {2, 3})
    void whateverTheyDoTheTablesHoldWhatTheyHold(int count) throws Exception {
        start(count);
        Set<String> prefixes = ConcurrentHashMap.newKeySet();
        for (String cidr : List.of(SHARED, PARENT)) {
            prefixes.add(server(0)
                    .createPrefix(CreatePrefixRequest.newBuilder().setCidr(cidr).build())
                    .getPrefix()
                    .getId());
        }
        Map<String, Integer> holders = new ConcurrentHashMap<>();
        List<AnyServerCaller> callers = IntStream.range(0, CALLERS)
                .mapToObj(number -> new AnyServerCaller(number, count, holders))
                .toList();
        load(caller -> callers.get(caller).step());
        Set<String> allocations = new HashSet<>();
        Set<String> namespaces = new HashSet<>(Set.of("root"));
        for (AnyServerCaller caller : callers) {
            caller.held.forEach(one -> allocations.add(one.allocation().getAllocationId()));
            caller.children.forEach(child -> prefixes.add(child.getId()));
            caller.tops.forEach(top -> prefixes.add(top.getId()));
            namespaces.addAll(caller.namespaces);
        }
        try (Connection connection = database.connect()) {
            assertThat(TableInvariants.violations(connection)).isEmpty();
        }
        assertThat(database.column("SELECT allocation_id FROM ip_addr"))
                .containsExactlyInAnyOrderElementsOf(allocations);
        assertThat(database.column("SELECT prefix_id FROM prefix")).containsExactlyInAnyOrderElementsOf(prefixes);
        assertThat(database.column("SELECT name FROM namespace")).containsExactlyInAnyOrderElementsOf(namespaces);
        assertThat(callers.stream().mapToInt(caller -> caller.refusals).sum())
                .as("races that one lost")
                .isPositive();
    }

    /** Calls any server, and hears of nothing but races that it lost for good. */
    private final class AnyServerCaller extends Caller {
        private final int count;
        private final List<Prefix> tops = new ArrayList<>();
        private final List<String> namespaces = new ArrayList<>();
        private int refusals;

        AnyServerCaller(int number, int count, Map<String, Integer> holders) {
            super(number, new Random(number), holders);
            this.count = count;
        }

        void step() {
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> acquire("");
                case 3 -> acquire("10.0." + random.nextInt(4) + "." + random.nextInt(256));
                case 4, 5, 6 -> release(requestId());
                case 7 -> acquireChild(PARENT, 22 + random.nextInt(5), requestId());
                case 8 -> releaseChild(requestId());
                case 9 -> createPrefix();
                case 10 -> deletePrefix();
                default -> namespace();
            }
        }

        private IpamerServiceBlockingStub any() {
            return server(random.nextInt(count));
        }

        private String requestId() {
            return random.nextBoolean() ? "" : newRequestId();
        }

        @Override
        <T> Optional<T> take(String requestId, Function<IpamerServiceBlockingStub, T> call, String... mayBeRefusedFor) {
            try {
                return Optional.of(call.apply(any()));
            } catch (StatusRuntimeException refusal) {
                assertThat(reason(refusal)).as("%s", refusal.getStatus()).isIn((Object[]) mayBeRefusedFor);
                refusals++;
                return Optional.empty();
            }
        }

        @Override
        <T> Optional<T> giveBack(
                String requestId, Function<IpamerServiceBlockingStub, T> call, String... refusalsOnceGone) {
            return Optional.of(call.apply(any()));
        }

        private void acquire(String address) {
            String requestId = requestId();
            if (acquire(SHARED, address, requestId).isPresent() && !requestId.isEmpty() && random.nextBoolean()) {
                acquireAgain(held.get(held.size() - 1));
            }
        }

        private void createPrefix() {
            CreatePrefixRequest request = CreatePrefixRequest.newBuilder()
                    .setCidr("172.16." + 2 * random.nextInt(16) + ".0/" + (23 + random.nextInt(2)))
                    .setRequestId(requestId())
                    .build();
            take(request.getRequestId(), stub -> stub.createPrefix(request), "PREFIX_OVERLAPS")
                    .ifPresent(answer -> tops.add(answer.getPrefix()));
        }

        private void deletePrefix() {
            if (!tops.isEmpty()) {
                Prefix top = tops.remove(random.nextInt(tops.size()));
                assertThat(any().deletePrefix(DeletePrefixRequest.newBuilder()
                                        .setCidr(top.getCidr())
                                        .setRequestId(requestId())
                                        .build())
                                .getPrefix())
                        .isEqualTo(top);
            }
        }

        /** One of a few names: made, used through any server, and gone again. */
        private void namespace() {
            if (!namespaces.isEmpty()) {
                String gone = namespaces.remove(0);
                any().deleteNamespace(DeleteNamespaceRequest.newBuilder()
                        .setName(gone)
                        .build());
                return;
            }
            String name = "n" + random.nextInt(8);
            CreateNamespaceRequest request = CreateNamespaceRequest.newBuilder()
                    .setName(name)
                    .setRequestId(requestId())
                    .build();
            take(request.getRequestId(), stub -> stub.createNamespace(request), "NAMESPACE_EXISTS")
                    .ifPresent(answer -> {
                        namespaces.add(name);
                        any().createPrefix(CreatePrefixRequest.newBuilder()
                                .setNamespace(name)
                                .setCidr(SHARED)
                                .build());
                        Allocation first = any().acquireIp(AcquireIpRequest.newBuilder()
                                        .setNamespace(name)
                                        .setPrefixCidr(SHARED)
                                        .build())
                                .getAllocation();
                        assertThat(first.getAddress()).isEqualTo("10.0.0.1");
                        any().releaseIp(ReleaseIpRequest.newBuilder()
                                .setNamespace(name)
                                .setPrefixCidr(SHARED)
                                .setAddress(first.getAddress())
                                .build());
                        any().deletePrefix(DeletePrefixRequest.newBuilder()
                                .setNamespace(name)
                                .setCidr(SHARED)
                                .build());
                    });
        }
    }
}
