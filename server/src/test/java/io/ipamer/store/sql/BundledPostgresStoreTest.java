package io.ipamer.store.sql;

import io.ipamer.store.Store;
import io.ipamer.store.StoreContract;

class BundledPostgresStoreTest extends StoreContract {
    @Override
    protected Store open() {
        return SqlStore.open(TestDatabases.bundled(), Retention.DEFAULT);
    }
}
