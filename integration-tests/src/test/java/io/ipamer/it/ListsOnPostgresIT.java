package io.ipamer.it;

import io.ipamer.app.IpamerServer;
import io.ipamer.store.embedded.TestPostgres;
import org.junit.jupiter.api.Test;

class ListsOnPostgresIT extends ListsIT {
    private final String database = Servers.url(TestPostgres.database());

    @Override
    IpamerServer serve() {
        return Servers.on(database);
    }

    @Test
    void tokensOutliveTheServerThatGaveThem() {
        assertTokensOutlive(this::restart);
    }
}
