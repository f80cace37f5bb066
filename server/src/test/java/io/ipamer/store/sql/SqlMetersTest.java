package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.ipam.CallOptions;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.model.Reservation;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.UUID;
import org.assertj.core.data.Offset;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

/** That what operators are shown of the database is so. */
class SqlMetersTest {
    private static final Cidr NET = Cidr.parse("10.0.0.0/16");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration MINUTES = Duration.ofMinutes(30);

    private final MeterRegistry registry = new SimpleMeterRegistry();

    private static Ipam over(SqlStore store) {
        return new Ipam(
                store,
                new Surroundings(
                        System::nanoTime, (nanos, task) -> task.run(), Runnable::run, UUID::randomUUID, () -> 0));
    }

    private static void acquire(Ipam ipam) {
        ipam.addresses().acquire("root", NET, CallOptions.NONE).join();
    }

    private long flushes(String outcome) {
        return registry.get("ipamer.commit.flush")
                .tag("outcome", outcome)
                .timer()
                .count();
    }

    private double shown(String name) {
        return registry.get(name).gauge().value();
    }

    private double swept(String table) {
        return registry.get("ipamer.swept").tag("table", table).counter().count();
    }

    @Test
    void transactionsAreCountedByWhatCameOfThem() {
        DatabaseUrl url = TestDatabases.bundled();
        try (SqlStore other = SqlStore.open(url, Retention.DEFAULT);
                SqlStore store = SqlStore.connect(url, Retention.DEFAULT, true, registry)) {
            store.awaitFirstLook(PATIENCE);
            Ipam ipam = over(store);
            ipam.prefixes()
                    .create("root", NET, Reservation.NONE, CallOptions.NONE)
                    .join();
            acquire(ipam);
            assertThat(flushes("committed")).isEqualTo(2);
            assertThat(flushes("refused")).isZero();

            acquire(over(other));
            acquire(ipam); // on an old view first, and then in turn

            assertThat(flushes("committed")).isEqualTo(3);
            assertThat(flushes("refused")).isEqualTo(1);
            assertThat(flushes("failed")).isZero();
            DistributionSummary plans =
                    registry.get("ipamer.commit.flush.plans").summary();
            assertThat(plans.count()).isEqualTo(4);
            assertThat(plans.totalAmount()).isEqualTo(4);
        }
    }

    @Test
    void aDatabaseIsReachableAndReadyOnceItWasLookedAt() {
        try (SqlStore store = SqlStore.connect(TestDatabases.bundled(), Retention.DEFAULT, true, registry)) {
            store.awaitFirstLook(PATIENCE);

            assertThat(shown("ipamer.database.reachable")).isEqualTo(1);
            assertThat(shown("ipamer.database.ready")).isEqualTo(1);
            assertThat(registry.get("ipamer.database.waiting").gauges()).hasSize(2);
            assertThat(registry.get("hikaricp.connections.max").gauges()).hasSize(2);
        }
    }

    @Test
    void oneWhoseSchemaIsMissingIsReachableAndNotReady() {
        try (SqlStore store = SqlStore.connect(TestDatabases.bundled(), Retention.DEFAULT, false, registry)) {
            store.awaitFirstLook(PATIENCE);

            assertThat(shown("ipamer.database.reachable")).isEqualTo(1);
            assertThat(shown("ipamer.database.ready")).isZero();
        }
    }

    @Test
    void oneThatIsNotThereIsNeither() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            port = socket.getLocalPort();
        }
        DatabaseUrl nobody = DatabaseUrl.parse("jdbc:postgresql://127.0.0.1:" + port + "/ipamer?user=nobody");
        try (SqlStore store = SqlStore.connect(nobody, Retention.DEFAULT, true, registry)) {
            store.awaitFirstLook(PATIENCE);

            assertThat(shown("ipamer.database.reachable")).isZero();
            assertThat(shown("ipamer.database.ready")).isZero();
        }
    }

    private static void journal(Jdbi jdbi, long scope, int firstSeq, int lastSeq, String age) {
        jdbi.useHandle(handle -> handle.execute(
                "INSERT INTO journal (scope_id, seq, tx_id, space_id, request_ids, created_at) SELECT ?, seq, ?, ?,"
                        + " ARRAY['r' || seq], now() - ?::INTERVAL FROM generate_series(?, ?) AS seq",
                new UUID(7, scope),
                UUID.randomUUID(),
                new UUID(7, 0),
                age,
                firstSeq,
                lastSeq));
    }

    /** The ages of what the sweeper keeps, and the numbers of what it does not. */
    @Test
    void theJournalsAgeIsThatOfTheOldestRowThatIsKept() {
        DatabaseUrl url = TestDatabases.bundled();
        SqlStore.open(url, Retention.DEFAULT).close();
        Jdbi jdbi = Jdbi.create(url.dataSource(""));
        jdbi.useHandle(handle -> handle.execute("DELETE FROM journal"));
        Sweeper sweeper = new Sweeper(new Retention(Duration.ofHours(24), 1_000), 3, new SqlMeters(registry));
        assertThat(shown("ipamer.journal.oldest")).isNaN();

        jdbi.useHandle(sweeper::sweep);
        assertThat(shown("ipamer.journal.oldest")).isZero();

        journal(jdbi, 1, 1, 5, "25 hours");
        journal(jdbi, 1, 6, 6, "3 hours");
        journal(jdbi, 2, 1, 1, "20 hours");
        journal(jdbi, 2, 2, 9, "1 hour");
        journal(jdbi, 3, 1, 1, "2 hours");
        jdbi.useHandle(handle -> handle.execute(
                "INSERT INTO request (space_id, request_id, fingerprint, answer, revision, gives)"
                        + " VALUES (?, 'r2', 'f', '{}', 2, false)",
                new UUID(7, 0)));
        jdbi.useHandle(sweeper::sweep);

        Offset<Double> aFew = Offset.offset((double) MINUTES.toSeconds());
        assertThat(shown("ipamer.journal.oldest"))
                .isCloseTo((double) Duration.ofHours(20).toSeconds(), aFew);
        assertThat(swept("journal")).isEqualTo(5);
        assertThat(swept("request")).isEqualTo(1);

        jdbi.useHandle(handle -> handle.execute("DELETE FROM journal WHERE scope_id = ?", new UUID(7, 2)));
        jdbi.useHandle(sweeper::sweep);
        assertThat(shown("ipamer.journal.oldest"))
                .isCloseTo((double) Duration.ofHours(3).toSeconds(), aFew);
        assertThat(swept("journal")).isEqualTo(5);
    }
}
