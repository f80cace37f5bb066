package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.StatusRuntimeException;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.DeletePrefixRequest;
import io.ipamer.proto.v1.DeletePrefixResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.ReleaseIpsByOwnerRequest;
import io.ipamer.proto.v1.ReleaseIpsByOwnerResponse;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.store.sql.TableInvariants;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server that is killed in the middle of a call of many steps leaves whole tables, and the next one goes on. */
class BulkKillIT {
    private static final String OUTER = "10.0.0.0/8";
    private static final int CHILDREN = 20;
    private static final int ADDRESSES_EACH = 4_000;
    private static final int ALL = CHILDREN * ADDRESSES_EACH;

    private TestPostgres.Database database;
    private ServerProcess server;

    @BeforeEach
    void fill() throws Exception {
        database = TestPostgres.database();
        server = ServerProcess.start(Servers.url(database));
        server.stub()
                .createPrefix(CreatePrefixRequest.newBuilder().setCidr(OUTER).build());
        for (int i = 0; i < CHILDREN; i++) {
            String child = server.stub()
                    .acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                            .setParentCidr(OUTER)
                            .setLength(16)
                            .build())
                    .getPrefix()
                    .getCidr();
            server.stub()
                    .acquireIps(AcquireIpsRequest.newBuilder()
                            .setPrefixCidr(child)
                            .setCount(ADDRESSES_EACH)
                            .setOwner("them")
                            .putLabels("env", "test")
                            .build());
        }
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** Kills the server once a part of the addresses is gone, and starts another. */
    private void killInTheMiddleOf(Function<IpamerServiceBlockingStub, ?> call) throws Exception {
        IpamerServiceBlockingStub stub = server.stub();
        CompletableFuture<?> running = CompletableFuture.supplyAsync(() -> call.apply(stub));
        while (addresses() > ALL * 9 / 10 && !running.isDone()) {
            Thread.onSpinWait();
        }
        server.handle().destroyForcibly();
        assertThat(catchThrowableOfType(ExecutionException.class, () -> running.get(30, TimeUnit.SECONDS)))
                .as("the call is cut off")
                .hasCauseInstanceOf(StatusRuntimeException.class);
        assertThat(addresses()).isBetween(1L, ALL - 1L);
        requireWhole();
        server = ServerProcess.start(Servers.url(database));
    }

    private long addresses() throws Exception {
        return Long.parseLong(database.column("SELECT count(*) FROM ip_addr").get(0));
    }

    private void requireWhole() throws Exception {
        try (Connection connection = database.connect()) {
            assertThat(TableInvariants.violations(connection)).isEmpty();
        }
    }

    @Test
    void aForcedDeleteGoesOnWhereTheKilledServerStopped() throws Exception {
        DeletePrefixRequest delete = DeletePrefixRequest.newBuilder()
                .setCidr(OUTER)
                .setForce(true)
                .setRequestId("once")
                .build();

        killInTheMiddleOf(stub -> stub.deletePrefix(delete));
        DeletePrefixResponse answer = server.stub().deletePrefix(delete);

        assertThat(answer.getInProgress()).isFalse();
        assertThat(answer.getReplayed()).isFalse();
        assertThat(server.stub().deletePrefix(delete).getReplayed()).isTrue();
        for (String table : List.of("prefix", "ip_addr", "ip_free", "block_free", "tag")) {
            assertThat(database.column("SELECT count(*) FROM " + table))
                    .as(table)
                    .containsExactly("0");
        }
        requireWhole();
    }

    @Test
    void aReleaseByOwnerGoesOnWhereTheKilledServerStopped() throws Exception {
        ReleaseIpsByOwnerRequest release = ReleaseIpsByOwnerRequest.newBuilder()
                .setOwner("them")
                .setRequestId("once")
                .build();

        killInTheMiddleOf(stub -> stub.releaseIpsByOwner(release));
        ReleaseIpsByOwnerResponse answer = server.stub().releaseIpsByOwner(release);

        assertThat(answer.getInProgress()).isFalse();
        assertThat(answer.getReleasedIps()).isBetween(1L, ALL - 1L);
        assertThat(addresses()).isZero();
        assertThat(database.column("SELECT count(*) FROM tag")).containsExactly("0");
        assertThat(server.stub().releaseIpsByOwner(release))
                .isEqualTo(answer.toBuilder().setReplayed(true).build());
        requireWhole();
    }
}
