package io.ipamer.store.sql;

import io.ipamer.store.Store;
import io.ipamer.store.StoreContract;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf(
        value = "io.ipamer.store.sql.TestDatabases#isPostgresInstalled",
        disabledReason = "no PostgreSQL is installed under /usr/lib/postgresql")
class InstalledPostgresStoreTest extends StoreContract {
    @Override
    protected Store open() {
        return SqlStore.open(TestDatabases.installed(), Retention.DEFAULT);
    }
}
