package io.ipamer.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.store.Store;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.store.sql.DatabaseUrl;
import io.ipamer.store.sql.Retention;
import io.ipamer.store.sql.SqlStore;
import io.ipamer.store.sql.TableInvariants;
import io.ipamer.store.sql.TestDatabases;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

class TransfersOnPostgresTest extends TransfersTest {
    private static final TestPostgres.Database DATABASE = TestPostgres.database();
    private static final DatabaseUrl URL =
            DatabaseUrl.parse(DATABASE.jdbcUrl() + "?user=" + DATABASE.user() + "&password=" + DATABASE.password());

    @Override
    Store openStore() {
        Store store = SqlStore.open(URL, Retention.DEFAULT);
        TestDatabases.empty(URL);
        return store;
    }

    @Override
    void assertNothingElseIsLeft() {
        try (Connection connection = DATABASE.connect();
                Statement statement = connection.createStatement()) {
            assertThat(TableInvariants.violations(connection)).isEmpty();
            try (ResultSet strays = statement.executeQuery("""
                    SELECT count(*) FROM (
                      SELECT ns_id FROM prefix UNION ALL SELECT ns_id FROM tag
                    ) AS t LEFT JOIN namespace AS n ON n.ns_id = t.ns_id WHERE n.ns_id IS NULL""")) {
                assertThat(strays.next()).isTrue();
                assertThat(strays.getLong(1)).isZero();
            }
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
