package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.store.Store;
import org.junit.jupiter.api.Test;

/** What the contract of all stores cannot say, since only a database outlives its store. */
class SqlStoreTest {
    @Test
    void theKeyOfPageTokensIsThatOfTheDatabase() {
        DatabaseUrl database = TestDatabases.bundled();
        byte[] key;
        try (Store store = SqlStore.open(database, Retention.DEFAULT)) {
            key = store.pageTokenKey().join();
        }

        try (Store again = SqlStore.open(database, Retention.DEFAULT);
                Store beside = SqlStore.open(database, Retention.DEFAULT)) {
            assertThat(again.pageTokenKey().join()).isEqualTo(key);
            assertThat(beside.pageTokenKey().join()).isEqualTo(key);
        }
    }
}
