package io.ipamer.benchmarks;

import io.grpc.ManagedChannel;
import io.ipamer.address.IpAddress;
import io.ipamer.bench.Bench;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.CreateNamespaceRequest;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.GetNamespaceRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.ListIpsRequest;
import io.ipamer.proto.v1.ListIpsResponse;
import io.ipamer.proto.v1.LookupRequest;
import io.ipamer.proto.v1.LookupResponse;
import io.ipamer.store.Store;
import io.ipamer.store.sql.DatabaseUrl;
import io.ipamer.store.sql.Retention;
import io.ipamer.store.sql.SqlStore;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * What it costs to find something among 1,000,000 addresses, over gRPC and beside a read by primary key of the same row
 * through the JDBC driver. One caller, medians.
 */
@Command(name = "Finding", description = "Pages and lookups.", mixinStandardHelpOptions = true)
public final class Finding implements Callable<Integer> {
    private static final int ADDRESSES = 1_000_000;
    private static final int BATCH = 4_000;
    private static final int OWNERS = 100;
    private static final int PAGE = 1_000;
    private static final int WARM_UP = 500;

    @Parameters(
            paramLabel = "JDBC_URL",
            description =
                    "The PostgreSQL database of the server, such as jdbc:postgresql://127.0.0.1:5432/figures?user=me.")
    private String url;

    @Option(names = "--target", required = true, description = "A server that works in it, such as 127.0.0.1:9090.")
    private String target;

    @Option(names = "--calls", defaultValue = "2000", description = "Of each kind. Default: ${DEFAULT-VALUE}.")
    private int calls;

    private final Random random = new Random(1);
    private final String namespace = "finding-" + UUID.randomUUID();

    private interface Step {
        void run() throws SQLException;
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new Finding()).execute(args));
    }

    @Override
    public Integer call() throws SQLException {
        ManagedChannel channel = Bench.channel(target);
        try (Connection connection = DriverManager.getConnection(url);
                Store store = SqlStore.open(DatabaseUrl.parse(url), Retention.DEFAULT)) {
            IpamerServiceBlockingStub server = IpamerServiceGrpc.newBlockingStub(channel);
            fill(server);
            pages(server);
            lookups(server, store, connection);
            return 0;
        } finally {
            channel.shutdownNow();
        }
    }

    private void fill(IpamerServiceBlockingStub server) {
        server.createNamespace(
                CreateNamespaceRequest.newBuilder().setName(namespace).build());
        server.createPrefix(CreatePrefixRequest.newBuilder()
                .setNamespace(namespace)
                .setCidr("10.0.0.0/8")
                .build());
        server.acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                .setNamespace(namespace)
                .setParentCidr("10.0.0.0/8")
                .setCidr("10.16.0.0/12")
                .build());
        for (int i = 0; i < ADDRESSES / BATCH; i++) {
            server.acquireIps(AcquireIpsRequest.newBuilder()
                    .setNamespace(namespace)
                    .setPrefixCidr("10.16.0.0/12")
                    .setCount(BATCH)
                    .setOwner("owner-" + i % OWNERS)
                    .putLabels("rack", "r" + i % 10)
                    .build());
        }
    }

    private void pages(IpamerServiceBlockingStub server) throws SQLException {
        String[] token = {""};
        ListIpsRequest.Builder all = ListIpsRequest.newBuilder()
                .setNamespace(namespace)
                .setPrefixCidr("10.16.0.0/12")
                .setPageSize(PAGE);
        print("a page of 1,000 of 1,000,000 addresses", millis(calls, () -> {
            ListIpsResponse page = server.listIps(all.setPageToken(token[0]).build());
            require(page.getAllocationsCount() == PAGE
                    || page.getNextPageToken().isEmpty());
            token[0] = page.getNextPageToken();
        }));
        token[0] = "";
        LookupRequest.Builder owned = LookupRequest.newBuilder()
                .setNamespace(namespace)
                .setOwner("owner-7")
                .setPageSize(PAGE);
        print("a page of 1,000 addresses of one owner of 100", millis(calls, () -> {
            LookupResponse page = server.lookup(owned.setPageToken(token[0]).build());
            require(page.getAllocationsCount() == PAGE
                    || page.getNextPageToken().isEmpty());
            token[0] = page.getNextPageToken();
        }));
    }

    private void lookups(IpamerServiceBlockingStub server, Store store, Connection connection) throws SQLException {
        print("a lookup by address, over gRPC", millis(calls, () -> {
            LookupResponse found = server.lookup(LookupRequest.newBuilder()
                    .setNamespace(namespace)
                    .setAddress(address().toString())
                    .build());
            require(found.getPrefixesCount() == 2 && found.getAllocationsCount() == 1);
        }));
        UUID scope = store.sight(namespace, address())
                .join()
                .orElseThrow()
                .prefixes()
                .get(1)
                .id();
        double sight = millis(
                calls,
                () -> require(store.sight(namespace, address())
                        .join()
                        .orElseThrow()
                        .allocation()
                        .isPresent()));
        print("the same, without gRPC", sight);
        double keyed =
                millis(calls, () -> require(store.journal(scope, 1).join().isPresent()));
        print("a read by primary key, as the store does it", keyed);
        try (PreparedStatement select =
                connection.prepareStatement("SELECT allocation_id FROM ip_addr WHERE scope_id = ? AND addr = ?")) {
            select.setObject(1, scope);
            print("a read by primary key on a connection held", millis(calls, () -> {
                select.setBytes(2, address().toBytes());
                try (ResultSet row = select.executeQuery()) {
                    require(row.next());
                }
            }));
        }
        print(
                "GetNamespace, over gRPC",
                millis(
                        calls,
                        () -> server.getNamespace(GetNamespaceRequest.newBuilder()
                                .setName(namespace)
                                .build())));
    }

    /** One that is acquired: the first is reserved. */
    private IpAddress address() {
        return IpAddress.parse("10.16.0.1").plus(random.nextInt(ADDRESSES));
    }

    private static double millis(int calls, Step step) throws SQLException {
        for (int i = 0; i < WARM_UP; i++) {
            step.run();
        }
        long[] nanos = new long[calls];
        for (int i = 0; i < calls; i++) {
            long began = System.nanoTime();
            step.run();
            nanos[i] = System.nanoTime() - began;
        }
        Arrays.sort(nanos);
        return nanos[calls / 2] / 1e6;
    }

    private static void print(String what, double millis) {
        System.out.printf(Locale.ROOT, "%-50s %8.3f ms%n", what, millis);
    }

    private static void require(boolean right) {
        if (!right) {
            throw new IllegalStateException("a wrong answer");
        }
    }
}
