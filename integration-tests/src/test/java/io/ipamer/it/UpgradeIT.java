package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.store.sql.TableInvariants;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs of two schema versions on one database: the newer one has a migration more, which only this test has. */
class UpgradeIT {
    private static final String PREFIX = "10.0.0.0/16";

    /** What it adds the older program does not know, and need not. */
    private static final String COMPATIBLE = """
            -- serves-from: %d
            ALTER TABLE prefix ADD COLUMN IF NOT EXISTS note TEXT NULL;
            CREATE INDEX IF NOT EXISTS prefix_note_ix ON prefix (note);
            CREATE TABLE IF NOT EXISTS remark (
              name TEXT NOT NULL,
              CONSTRAINT remark_pk PRIMARY KEY (name)
            );
            """;

    private final List<ServerProcess> servers = new ArrayList<>();
    private TestPostgres.Database database;
    private int current;

    @TempDir
    private Path newer;

    @BeforeEach
    void create() {
        database = TestPostgres.database();
    }

    @AfterEach
    void stop() {
        servers.forEach(ServerProcess::close);
    }

    private ServerProcess start() throws Exception {
        ServerProcess server = ServerProcess.start(Servers.url(database));
        servers.add(server);
        return server;
    }

    /** With one migration more than the program has. {@code text}: with a place for the version that it serves from. */
    private ServerProcess startNewer(String text, int servesFrom) throws Exception {
        Path folder = Files.createDirectories(newer.resolve("io/ipamer/store/sql/schema"));
        Files.writeString(folder.resolve((current + 1) + ".sql"), text.formatted(servesFrom));
        ServerProcess server = ServerProcess.listening(Servers.url(database), newer);
        servers.add(server);
        return server;
    }

    /** Known once a first server made the schema. */
    private void readCurrentVersion() throws SQLException {
        current =
                Integer.parseInt(database.column("SELECT CAST(count(*) AS TEXT) FROM schema_version WHERE version > 0")
                        .get(0));
    }

    private List<String> whatTheMigrationAdds() throws SQLException {
        return database.column("SELECT column_name FROM information_schema.columns WHERE column_name IN ('note')"
                + " UNION ALL SELECT indexname FROM pg_indexes WHERE indexname = 'prefix_note_ix'"
                + " UNION ALL SELECT tablename FROM pg_tables WHERE tablename = 'remark'");
    }

    private static IpamerServiceBlockingStub stub(ServerProcess server) {
        return server.stub();
    }

    private static String acquire(ServerProcess server) {
        return stub(server)
                .acquireIp(AcquireIpRequest.newBuilder().setPrefixCidr(PREFIX).build())
                .getAllocation()
                .getAddress();
    }

    @Test
    void inARollingUpgradeTheOlderServerServesOnBesideTheNewerAndMayRestart() throws Exception {
        ServerProcess older = start();
        readCurrentVersion();
        stub(older)
                .createPrefix(CreatePrefixRequest.newBuilder().setCidr(PREFIX).build());
        Set<String> given = new HashSet<>();
        ExecutorService caller = Executors.newSingleThreadExecutor();
        try {
            Future<List<String>> meanwhile = caller.submit(() -> {
                List<String> acquired = new ArrayList<>();
                while (!Thread.currentThread().isInterrupted()
                        && whatTheMigrationAdds().size() < 3) {
                    acquired.add(acquire(older));
                }
                acquired.add(acquire(older));
                return acquired;
            });
            ServerProcess upgraded = startNewer(COMPATIBLE, current);
            given.addAll(meanwhile.get(60, TimeUnit.SECONDS));
            assertThat(given).hasSizeGreaterThan(1);
            upgraded.awaitServing();

            older.close();
            ServerProcess restarted = start();
            for (int i = 0; i < 10; i++) {
                assertThat(given.add(acquire(restarted))).isTrue();
                assertThat(given.add(acquire(upgraded))).isTrue();
            }
        } finally {
            caller.shutdownNow();
        }
        try (Connection connection = database.connect()) {
            assertThat(TableInvariants.violations(connection)).isEmpty();
        }
        assertThat(database.column("SELECT allocation_id FROM ip_addr")).hasSize(given.size());
    }

    @Test
    void anOlderServerThatTheNewSchemaDoesNotServeStopsServingAndDoesNotStartAgain() throws Exception {
        ServerProcess older = start();
        readCurrentVersion();
        Iterator<HealthCheckResponse> readiness = older.readiness();
        ServerProcess.await(readiness, ServingStatus.SERVING);

        ServerProcess upgraded = startNewer(COMPATIBLE, current + 1);

        ServerProcess.await(readiness, ServingStatus.NOT_SERVING);
        assertThat(whatTheMigrationAdds()).as("changed while it was served").isEmpty();
        upgraded.awaitServing();
        Process again = ServerProcess.command(Servers.url(database)).start();
        try {
            assertThat(new String(again.getErrorStream().readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            // Java 24 and newer warn of gRPC's native code.
                            .filter(line -> !line.isBlank() && !line.startsWith("WARNING: ")))
                    .singleElement()
                    .asString()
                    .startsWith("ipamer: cannot use the database ")
                    .endsWith("its schema has version " + (current + 1) + ", which serves programs from version "
                            + (current + 1) + " on, and this program has version " + current
                            + ": start a newer Ipamer");
            assertThat(again.waitFor()).isEqualTo(2);
        } finally {
            again.destroyForcibly();
        }
    }

    @Test
    void aServerThatIsKilledInTheMiddleOfAMigrationLeavesWhatTheNextOneFinishes() throws Exception {
        start().close();
        readCurrentVersion();
        ServerProcess killed;
        try (Connection blocker = database.connect();
                Statement statement = blocker.createStatement()) {
            blocker.setAutoCommit(false);
            statement.execute("LOCK TABLE prefix IN SHARE UPDATE EXCLUSIVE MODE");
            killed = startNewer(
                    COMPATIBLE.replace(
                            "ALTER TABLE", "CREATE TABLE IF NOT EXISTS early (\n  id UUID NOT NULL\n);\nALTER TABLE"),
                    current);
            String waiting = "SELECT query FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE%'";
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            List<String> waits = database.column(waiting);
            while (waits.isEmpty() && System.nanoTime() < end) {
                waits = database.column(waiting);
            }
            assertThat(waits).hasSize(1);
            ServerProcess.await(killed.readiness(), ServingStatus.NOT_SERVING);
            killed.close();
            blocker.rollback();
        }
        assertThat(database.column("SELECT tablename FROM pg_tables WHERE tablename = 'early'"))
                .hasSize(1);

        ServerProcess next = ServerProcess.listening(Servers.url(database), newer);
        servers.add(next);

        next.awaitServing();
        assertThat(whatTheMigrationAdds()).containsExactlyInAnyOrder("note", "prefix_note_ix", "remark");
        assertThat(database.column("SELECT CAST(count(*) AS TEXT) FROM schema_version WHERE version > 0"))
                .containsExactly("" + (current + 1));
    }
}
