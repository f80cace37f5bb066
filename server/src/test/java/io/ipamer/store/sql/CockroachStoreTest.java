package io.ipamer.store.sql;

import io.ipamer.store.Store;
import io.ipamer.store.StoreContract;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf(
        value = "io.ipamer.store.sql.TestDatabases#isCockroachThere",
        disabledReason = "no CockroachDB: IPAMER_TEST_COCKROACH_URL is not set and there is no Docker engine")
class CockroachStoreTest extends StoreContract {
    @Override
    protected Store open() {
        return SqlStore.open(TestDatabases.cockroach(), Retention.DEFAULT);
    }
}
