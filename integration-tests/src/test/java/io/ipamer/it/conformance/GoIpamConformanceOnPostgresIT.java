package io.ipamer.it.conformance;

import io.ipamer.app.IpamerServer;
import io.ipamer.it.Servers;
import io.ipamer.store.embedded.TestPostgres;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class GoIpamConformanceOnPostgresIT extends GoIpamConformanceIT {
    @TempDir
    Path folder;

    @Override
    IpamerServer serve() {
        return Servers.onPostgres();
    }

    @Override
    void outageRow(String id, String what, OutageRow row) {
        test(id, what, () -> {
            try (StoppablePostgres database = new StoppablePostgres(folder.resolve(id));
                    IpamerServer server = Servers.on(database.url());
                    Transport own = connect(server)) {
                row.run(new Client(own.channel(), ""), database);
            }
        });
    }

    @Override
    void processRow(String id, String what, ProcessRow row) {
        test(id, what, () -> row.run(Servers.url(TestPostgres.database())));
    }
}
