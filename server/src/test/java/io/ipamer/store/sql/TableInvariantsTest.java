package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.ipam.CallOptions;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.model.Metadata;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sound tables pass; each kind of damage is seen. */
class TableInvariantsTest {
    private static Connection connection;

    private static final CallOptions SAID = new CallOptions(
            null, CallOptions.NO_DEADLINE, Metadata.of("it", Map.of("tier", "gold", "a", ""), "what for"), false);

    /** Free ranges with a hole, free blocks around a child, at the end of IPv6, a request id, owners and labels. */
    @BeforeAll
    static void fill() throws SQLException {
        DatabaseUrl database = TestDatabases.bundled();
        try (SqlStore store = SqlStore.open(database, Retention.DEFAULT)) {
            Ipam ipam = new Ipam(
                    store,
                    new Surroundings(
                            System::nanoTime, (nanos, task) -> task.run(), Runnable::run, UUID::randomUUID, () -> 0.5));
            for (String cidr : List.of("10.0.0.0/24", "10.1.0.0/16", "::/1", "8000::/1")) {
                ipam.prefixes()
                        .create("root", Cidr.parse(cidr), Reservation.FIRST_AND_LAST, CallOptions.NONE)
                        .join();
            }
            Cidr slash24 = Cidr.parse("10.0.0.0/24");
            ipam.addresses()
                    .acquire("root", slash24, 3, true, CallOptions.withRequestId("three"))
                    .join();
            ipam.addresses()
                    .release(
                            "root",
                            slash24,
                            List.of(new Releases.Item(slash24.first().plus(2), null)),
                            false,
                            CallOptions.NONE)
                    .join();
            ipam.addresses()
                    .acquire(
                            "root",
                            Cidr.parse("8000::/1"),
                            Cidr.parse("8000::/1").last().previous(),
                            CallOptions.NONE)
                    .join();
            ipam.prefixes()
                    .acquireChild("root", Cidr.parse("10.1.0.0/16"), 24, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                    .join();
            ipam.prefixes()
                    .acquireChild("root", Cidr.parse("::/1"), 128, Reservation.NONE, CallOptions.NONE)
                    .join();
            ipam.prefixes()
                    .create("root", Cidr.parse("10.2.0.0/16"), Reservation.FIRST_AND_LAST, SAID)
                    .join();
            ipam.prefixes()
                    .acquireChild("root", Cidr.parse("10.2.0.0/16"), 24, Reservation.FIRST_AND_LAST, SAID)
                    .join();
            ipam.addresses()
                    .acquire("root", Cidr.parse("10.2.0.0/24"), 2, false, SAID)
                    .join();
            ipam.addresses()
                    .release(
                            "root",
                            Cidr.parse("10.2.0.0/24"),
                            List.of(new Releases.Item(IpAddress.parse("10.2.0.1"), null)),
                            false,
                            CallOptions.NONE)
                    .join();
        }
        connection = database.dataSource("").getConnection();
        connection.setAutoCommit(false);
    }

    @AfterAll
    static void close() throws SQLException {
        connection.close();
    }

    @Test
    void soundTablesPass() throws SQLException {
        assertThat(TableInvariants.violations(connection)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            DELETE FROM ip_free WHERE last_addr = '\\x0a000002' | whole prefix
            DELETE FROM ip_free WHERE last_addr = '\\x0a0000fe' | whole prefix
            UPDATE head SET last_reserved = FALSE WHERE acquired > 0 | whole prefix
            UPDATE ip_free SET first_addr = '\\x0a000003' WHERE last_addr = '\\x0a0000fe' | whole prefix
            DELETE FROM ip_addr WHERE addr = '\\xfffffffffffffffffffffffffffffffe' | a head counts
            DELETE FROM block_free WHERE block_key = '\\x080a010100' | whole prefix
            DELETE FROM block_free WHERE block_key = '\\x0000000000000000000000000000000001' | whole prefix
            UPDATE head SET acquired = 0 WHERE acquired > 0 | stores nothing
            DELETE FROM head WHERE acquired > 0 | have heads
            DELETE FROM namespace | and heads have them
            UPDATE head SET acquired = acquired + 1 WHERE acquired > 0 | a head counts
            UPDATE head SET children = children + 1 | a head counts
            UPDATE head SET covered = covered + 1 WHERE covered > 0 | a head counts
            INSERT INTO ip_free SELECT scope_id, '\\x0a000010', '\\x0a000004' FROM ip_free WHERE last_addr = '\\x0a000002'; UPDATE ip_free SET first_addr = '\\x0a000011' WHERE last_addr = '\\x0a0000fe' | neither adjacent
            INSERT INTO block_free SELECT scope_id, '\\x070a010180' FROM block_free WHERE block_key = '\\x080a010100'; UPDATE block_free SET block_key = '\\x070a010100' WHERE block_key = '\\x080a010100' | buddies are merged
            UPDATE block_free SET block_key = '\\x080a010101' WHERE block_key = '\\x080a010100' | aligned
            UPDATE prefix SET last_addr = '\\x0a01fffe' WHERE first_addr = '\\x0a000000' | siblings
            UPDATE prefix SET parent_plen = 17 WHERE parent_plen = 16 | inside its parent
            UPDATE ip_addr SET allocation_id = '00000000-0000-0000-0000-000000000009' | given once
            DELETE FROM journal WHERE seq = 2 | journal has no gap
            UPDATE head SET seq = seq + 1 | journal has no gap
            UPDATE journal SET tx_id = scope_id | another plan
            UPDATE journal SET request_ids = '{}' | request id
            DELETE FROM tag WHERE kind = 1 AND tag_key = '' | has its tag
            DELETE FROM tag WHERE kind = 2 AND tag_key = 'a' | has its tag
            UPDATE prefix SET owner = 'others' WHERE owner IS NULL | has its tag
            UPDATE ip_addr SET labels = '{"tier":"silver","a":""}' WHERE labels IS NOT NULL | has its tag
            UPDATE ip_addr SET owner = NULL WHERE owner IS NOT NULL | says of itself
            UPDATE prefix SET labels = NULL WHERE plen = 24 | says of itself
            UPDATE ip_addr SET allocation_id = '00000000-0000-0000-0000-000000000009' WHERE owner IS NOT NULL | says of itself
            UPDATE tag SET scope_id = thing_id | says of itself
            UPDATE tag SET ns_id = thing_id | says of itself
            UPDATE tag SET plen = 31 WHERE kind = 2 | says of itself
            INSERT INTO tag SELECT ns_id, tag_key, tag_value, kind, af, first_addr, plen, '00000000-0000-0000-0000-000000000009', scope_id FROM tag | ends with it
            UPDATE ip_addr SET owner = '' WHERE owner IS NULL | not said of a thing is null
            UPDATE prefix SET labels = '{}' WHERE labels IS NULL | not said of a thing is null
            """)
    void damageIsSeen(String damage, String told) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(damage);
            assertThat(TableInvariants.violations(connection))
                    .anySatisfy(violation -> assertThat(violation).contains(told));
        } finally {
            connection.rollback();
        }
    }
}
