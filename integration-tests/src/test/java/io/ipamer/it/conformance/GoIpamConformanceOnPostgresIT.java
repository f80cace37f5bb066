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
    String store() {
        return "PostgreSQL";
    }

    @Override
    IpamerServer serve() {
        return Servers.onPostgres();
    }

    @Override
    void outageRow(String id, String what, OutageRow row) {
        test(id, what, Transport.GRPC, () -> {
            try (StoppablePostgres database = new StoppablePostgres(folder.resolve(id));
                    IpamerServer server = Servers.on(database.url());
                    Transport.Connection own = Transport.GRPC.to(server)) {
                row.run(new Client(own.channel(), ""), database);
            }
        });
    }

    @Override
    void processRow(String id, String what, ProcessRow row) {
        test(id, what, Transport.GRPC, () -> row.run(Servers.url(TestPostgres.database())));
    }
}
