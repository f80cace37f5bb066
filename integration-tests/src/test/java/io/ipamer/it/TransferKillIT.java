package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.ipamer.proto.v1.ExportRequest;
import io.ipamer.proto.v1.ExportResponse;
import io.ipamer.proto.v1.ImportHeader;
import io.ipamer.proto.v1.ImportRequest;
import io.ipamer.proto.v1.ImportResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.ListNamespacesRequest;
import io.ipamer.proto.v1.Namespace;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.store.sql.TableInvariants;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server is killed in the middle of an import: nobody sees anything of it, and the next server removes what is left. */
class TransferKillIT {
    private static final int PREFIXES = 30;
    private static final int ADDRESSES = 2_000;

    private TestPostgres.Database database;
    private ServerProcess server;

    @BeforeEach
    void start() throws Exception {
        database = TestPostgres.database();
        server = ServerProcess.start(Servers.url(database));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** Sends all but the last line, and that when it is told to. */
    private static final class Sender implements ClientResponseObserver<ImportRequest, ImportResponse> {
        private final CompletableFuture<Boolean> end = new CompletableFuture<>();
        private ClientCallStreamObserver<ImportRequest> call;

        @Override
        public void beforeStart(ClientCallStreamObserver<ImportRequest> requests) {
            call = requests;
        }

        Sender sends() {
            call.onNext(ImportRequest.newBuilder()
                    .setHeader(ImportHeader.newBuilder().setNamespace("n"))
                    .build());
            data("{\"ipamer\":1}\n");
            for (int i = 0; i < PREFIXES; i++) {
                StringBuilder text = new StringBuilder("{\"cidr\":\"10.0." + i * 8 + ".0/21\",\"owner\":\"o\"}\n");
                for (int host = 1; host <= ADDRESSES; host++) {
                    text.append("{\"address\":\"10.0.")
                            .append(i * 8 + host / 256)
                            .append('.')
                            .append(host % 256)
                            .append("\",\"labels\":{\"k\":\"v\"}}\n");
                }
                data(text.toString());
            }
            return this;
        }

        CompletableFuture<Boolean> finishes() {
            data("{\"end\":{\"prefixes\":" + PREFIXES + ",\"leaked\":0,\"addresses\":" + PREFIXES * ADDRESSES + "}}");
            call.onCompleted();
            return end.orTimeout(60, TimeUnit.SECONDS);
        }

        private void data(String text) {
            call.onNext(ImportRequest.newBuilder()
                    .setData(ByteString.copyFromUtf8(text))
                    .build());
        }

        @Override
        public void onNext(ImportResponse answer) {
            // Only its end is looked at.
        }

        @Override
        public void onError(Throwable failure) {
            end.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {
            end.complete(true);
        }
    }

    private Sender sender() {
        Sender sender = new Sender();
        IpamerServiceGrpc.newStub(server.stub().getChannel()).import_(sender);
        return sender;
    }

    private void await(String sql, Predicate<List<String>> wanted) throws SQLException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!wanted.test(database.column(sql))) {
            assertThat(System.nanoTime()).as(sql + ": " + database.column(sql)).isLessThan(end);
            LockSupport.parkNanos(1_000_000);
        }
    }

    private List<String> namespaces() {
        return server.stub().listNamespaces(ListNamespacesRequest.getDefaultInstance()).getNamespacesList().stream()
                .map(Namespace::getName)
                .toList();
    }

    @Test
    void whatIsLeftIsRemovedByTheNext() throws Exception {
        Sender cut = sender().sends();
        await("SELECT count(*) FROM ip_addr", count -> Long.parseLong(count.get(0)) > 4 * ADDRESSES);
        server.close();
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> cut.end.orTimeout(60, TimeUnit.SECONDS).join());

        server = ServerProcess.start(Servers.url(database));
        assertThat(namespaces()).containsExactly("root");
        assertThat(sender().sends().finishes().join()).isTrue();
        assertThat(namespaces()).containsExactly("n", "root");
        assertThat(exported()).isEqualTo(PREFIXES * (ADDRESSES + 1) + 2);
        server.close();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            assertThat(
                            statement.executeUpdate( // as if ten minutes had passed
                                    "UPDATE namespace SET name = regexp_replace(name, ' \\d+ ', ' 1 ') WHERE name NOT IN ('n', 'root')"))
                    .isEqualTo(1);
        }

        server = ServerProcess.start(Servers.url(database));
        await("SELECT name FROM namespace WHERE name NOT IN ('n', 'root')", List::isEmpty);

        assertThat(database.column("SELECT count(*) FROM prefix")).containsExactly("" + PREFIXES);
        assertThat(database.column("SELECT count(*) FROM ip_addr")).containsExactly("" + PREFIXES * ADDRESSES);
        assertThat(database.column("SELECT count(*) FROM tag")).containsExactly("" + PREFIXES * (ADDRESSES + 1));
        try (Connection connection = database.connect()) {
            assertThat(TableInvariants.violations(connection)).isEmpty();
        }
    }

    private long exported() {
        ByteString text = ByteString.EMPTY;
        Iterator<ExportResponse> parts = server.stub()
                .export(ExportRequest.newBuilder().setNamespace("n").build());
        while (parts.hasNext()) {
            text = text.concat(parts.next().getData());
        }
        return text.toStringUtf8().lines().count();
    }
}
