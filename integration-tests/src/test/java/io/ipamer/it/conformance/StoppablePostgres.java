package io.ipamer.it.conformance;

import io.ipamer.it.Servers;
import io.ipamer.store.embedded.EmbeddedPostgres;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.store.sql.Wire;
import java.io.IOException;
import java.nio.file.Path;

/** PostgreSQL processes on one folder, one after the other, at the end of a wire: each has another port. */
final class StoppablePostgres implements GoIpamConformance.Database, AutoCloseable {
    private final Path home;
    private EmbeddedPostgres postgres;
    private final Wire wire;

    StoppablePostgres(Path home) {
        this.home = home;
        postgres = TestPostgres.startIn(home);
        wire = new Wire("127.0.0.1", postgres.port());
    }

    String url() {
        return Servers.url(new TestPostgres.Database(
                "jdbc:postgresql://127.0.0.1:" + wire.port() + "/postgres", postgres.user(), postgres.password()));
    }

    @Override
    public void stop() {
        postgres.close();
    }

    @Override
    public void startAgain() {
        postgres = TestPostgres.startIn(home);
        wire.leadTo(postgres.port());
    }

    @Override
    public void close() throws IOException {
        try (wire) {
            postgres.close();
        }
    }
}
