package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.ipam.Import;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.model.LoadItem;
import io.ipamer.model.Metadata;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reservation;
import io.ipamer.store.Store;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.transfer.Format;
import io.ipamer.transfer.Transfers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Readers of an export may be slow, as long as they are steady: the database, which gives up on idle ones, sees no idling. */
class SlowReaderTest {
    private static final TestPostgres.Database DATABASE = TestPostgres.database();
    private static final DatabaseUrl URL =
            DatabaseUrl.parse(DATABASE.jdbcUrl() + "?user=" + DATABASE.user() + "&password=" + DATABASE.password());
    private static final int PART = 1 << 16;
    private static final int ROWS = 700;

    /** Takes its time for each part, less than the database has patience for. */
    private static final class Slow extends OutputStream {
        private final ByteArrayOutputStream all = new ByteArrayOutputStream();

        @Override
        public void write(int one) {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            int parts = all.size() / PART;
            all.write(bytes, offset, length);
            if (all.size() / PART > parts) {
                long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(250);
                while (System.nanoTime() < end) {
                    LockSupport.parkNanos(end - System.nanoTime());
                }
            }
        }
    }

    @Test
    void aSlowReaderGetsAllOfIt() {
        String description = "d".repeat(1_024);
        try (Store store = SqlStore.open(
                options -> URL.dataSource(options.replace(
                        "idle_in_transaction_session_timeout=15000", "idle_in_transaction_session_timeout=2000")),
                Retention.DEFAULT)) {
            TestDatabases.empty(URL);
            Ipam ipam = new Ipam(
                    store,
                    new Surroundings(
                            System::nanoTime,
                            (nanos, task) -> CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS)
                                    .execute(task),
                            Runnable::run,
                            UUID::randomUUID,
                            () -> 0.5));
            Import target = ipam.imports().begin("n", true).join();
            Prefix prefix = target.create(Cidr.parse("10.0.0.0/16"), Reservation.NONE, Metadata.NONE)
                    .join();
            List<LoadItem> items = new ArrayList<>();
            for (int i = 0; i < ROWS; i++) {
                items.add(new LoadItem(null, prefix.cidr().first().plus(i), Metadata.of("", Map.of(), description)));
            }
            assertThat(target.load(prefix, items, List.of(), false).join().left())
                    .isEmpty();
            target.reveal().join();

            Slow text = new Slow();
            try (Transfers transfers = new Transfers(ipam, new SimpleMeterRegistry())) {
                transfers
                        .exportTo(text, "n", Format.IPAMER)
                        .orTimeout(60, TimeUnit.SECONDS)
                        .join();
            }

            assertThat(text.all.size()).isGreaterThan(10 * PART);
            assertThat(text.all.toString(StandardCharsets.UTF_8))
                    .endsWith("{\"end\":{\"prefixes\":1,\"leaked\":0,\"addresses\":" + ROWS + "}}\n");
        }
    }
}
