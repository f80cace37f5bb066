package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CreateNamespaceRequest;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.DeleteNamespaceRequest;
import io.ipamer.proto.v1.DeletePrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.Prefix;
import io.ipamer.proto.v1.ReleaseChildPrefixRequest;
import io.ipamer.proto.v1.ReleaseIpRequest;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.store.sql.TableInvariants;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
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
        return IpamerServiceGrpc.newBlockingStub(servers.get(index).channel()).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    private interface Work {
        void until(int caller, long end) throws Exception;
    }

    private static void load(Work work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
        try {
            long end = System.nanoTime() + LOAD_NANOS;
            List<Future<?>> callers = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                int caller = i;
                callers.add(threads.submit(() -> {
                    work.until(caller, end);
                    return null;
                }));
            }
            for (Future<?> caller : callers) {
                caller.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
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
        load((caller, end) -> {
            while (System.nanoTime() < end) {
                String address = server(caller % count)
                        .acquireIp(AcquireIpRequest.newBuilder()
                                .setPrefixCidr("10.0.0.0/8")
                                .build())
                        .getAllocation()
                        .getAddress();
                assertThat(given.add(address)).as("%s is given once", address).isTrue();
            }
        });
        assertThat(given)
                .hasSizeGreaterThan(CALLERS)
                .isEqualTo(new HashSet<>(IntStream.rangeClosed(1, given.size())
                        .mapToObj(i -> "10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255))
                        .toList()));
        try (Connection connection = database.connect()) {
            assertThat(TableInvariants.violations(connection)).isEmpty();
            assertThat(column(connection, "SELECT count(*) FROM ip_addr")).containsExactly("" + given.size());
        }
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
        List<Caller> callers = IntStream.range(0, CALLERS)
                .mapToObj(number -> new Caller(number, count, holders))
                .toList();
        load((caller, end) -> {
            while (System.nanoTime() < end) {
                callers.get(caller).step();
            }
        });
        Set<String> allocations = new HashSet<>();
        Set<String> namespaces = new HashSet<>(Set.of("root"));
        for (Caller caller : callers) {
            caller.held.forEach(allocation -> allocations.add(allocation.getAllocationId()));
            caller.children.forEach(child -> prefixes.add(child.getId()));
            caller.tops.forEach(top -> prefixes.add(top.getId()));
            namespaces.addAll(caller.namespaces);
        }
        try (Connection connection = database.connect()) {
            assertThat(TableInvariants.violations(connection)).isEmpty();
            assertThat(column(connection, "SELECT allocation_id FROM ip_addr"))
                    .containsExactlyInAnyOrderElementsOf(allocations);
            assertThat(column(connection, "SELECT prefix_id FROM prefix"))
                    .containsExactlyInAnyOrderElementsOf(prefixes);
            assertThat(column(connection, "SELECT name FROM namespace"))
                    .containsExactlyInAnyOrderElementsOf(namespaces);
        }
        assertThat(callers.stream().mapToInt(caller -> caller.refusals).sum())
                .as("races that one lost")
                .isPositive();
    }

    private static List<String> column(Connection connection, String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                values.add(rows.getString(1));
            }
        }
        return values;
    }

    /** Calls any server, one call after the other, and knows what it holds. What is its own nobody else touches. */
    private final class Caller {
        private final int number;
        private final int count;
        private final Random random;
        private final Map<String, Integer> holders;
        private final List<Allocation> held = new ArrayList<>();
        private final List<Prefix> children = new ArrayList<>();
        private final List<Prefix> tops = new ArrayList<>();
        private final List<String> namespaces = new ArrayList<>();
        private int requests;
        private int refusals;

        Caller(int number, int count, Map<String, Integer> holders) {
            this.number = number;
            this.count = count;
            this.random = new Random(number);
            this.holders = holders;
        }

        void step() {
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> acquire("");
                case 3 -> acquire("10.0." + random.nextInt(4) + "." + random.nextInt(256));
                case 4, 5, 6 -> release();
                case 7 -> acquireChild();
                case 8 -> releaseChild();
                case 9 -> createPrefix();
                case 10 -> deletePrefix();
                default -> namespace();
            }
        }

        private IpamerServiceBlockingStub any() {
            return server(random.nextInt(count));
        }

        private String requestId() {
            return random.nextBoolean() ? "" : "caller-" + number + "-" + requests++;
        }

        private <T> Optional<T> call(Supplier<T> call, String... mayBeRefusedFor) {
            try {
                return Optional.of(call.get());
            } catch (StatusRuntimeException refusal) {
                assertThat(reason(refusal)).as("%s", refusal.getStatus()).isIn((Object[]) mayBeRefusedFor);
                refusals++;
                return Optional.empty();
            }
        }

        private void acquire(String address) {
            AcquireIpRequest request = AcquireIpRequest.newBuilder()
                    .setPrefixCidr(SHARED)
                    .setAddress(address)
                    .setRequestId(requestId())
                    .build();
            Optional<AcquireIpResponse> answer =
                    call(() -> any().acquireIp(request), "NO_FREE_ADDRESS", "ADDRESS_TAKEN", "ADDRESS_RESERVED");
            answer.ifPresent(first -> {
                Allocation allocation = first.getAllocation();
                assertThat(holders.putIfAbsent(allocation.getAddress(), number))
                        .as("another holder of %s", allocation)
                        .isNull();
                held.add(allocation);
                if (!request.getRequestId().isEmpty() && random.nextBoolean()) {
                    AcquireIpResponse again = any().acquireIp(request);
                    assertThat(again)
                            .isEqualTo(first.toBuilder().setReplayed(true).build());
                }
            });
        }

        private void release() {
            if (held.isEmpty()) {
                return;
            }
            Allocation allocation = held.remove(random.nextInt(held.size()));
            holders.remove(allocation.getAddress());
            ReleaseIpRequest request = ReleaseIpRequest.newBuilder()
                    .setPrefixCidr(SHARED)
                    .setAddress(allocation.getAddress())
                    .setAllocationId(allocation.getAllocationId())
                    .setRequestId(requestId())
                    .build();
            assertThat(any().releaseIp(request).getAllocation()).isEqualTo(allocation);
            if (!request.getRequestId().isEmpty() && random.nextBoolean()) {
                assertThat(any().releaseIp(request).getReplayed()).isTrue();
            }
        }

        private void acquireChild() {
            AcquireChildPrefixRequest request = AcquireChildPrefixRequest.newBuilder()
                    .setParentCidr(PARENT)
                    .setLength(22 + random.nextInt(5))
                    .setRequestId(requestId())
                    .build();
            call(() -> any().acquireChildPrefix(request), "NO_FREE_PREFIX")
                    .ifPresent(answer -> children.add(answer.getPrefix()));
        }

        private void releaseChild() {
            if (!children.isEmpty()) {
                Prefix child = children.remove(random.nextInt(children.size()));
                assertThat(any().releaseChildPrefix(ReleaseChildPrefixRequest.newBuilder()
                                        .setCidr(child.getCidr())
                                        .setPrefixId(child.getId())
                                        .setRequestId(requestId())
                                        .build())
                                .getPrefix())
                        .isEqualTo(child);
            }
        }

        private void createPrefix() {
            CreatePrefixRequest request = CreatePrefixRequest.newBuilder()
                    .setCidr("172.16." + 2 * random.nextInt(16) + ".0/" + (23 + random.nextInt(2)))
                    .setRequestId(requestId())
                    .build();
            call(() -> any().createPrefix(request), "PREFIX_OVERLAPS")
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
            call(
                            () -> any().createNamespace(CreateNamespaceRequest.newBuilder()
                                    .setName(name)
                                    .setRequestId(requestId())
                                    .build()),
                            "NAMESPACE_EXISTS")
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

    /** ipamer.v1's reason of a failure; its status where it has none. */
    static String reason(StatusRuntimeException failure) {
        com.google.rpc.Status status = StatusProto.fromThrowable(failure);
        if (status != null) {
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    try {
                        return detail.unpack(ErrorInfo.class).getReason();
                    } catch (InvalidProtocolBufferException malformed) {
                        throw new AssertionError(malformed);
                    }
                }
            }
        }
        return failure.getStatus().toString();
    }
}
