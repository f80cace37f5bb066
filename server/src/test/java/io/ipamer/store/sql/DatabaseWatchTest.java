package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What the watch does when those whom it tells of the database fail. */
class DatabaseWatchTest {
    private static Database database() {
        return new Database(TestDatabases.bundled()::dataSource, Schema.ofProgram(), true);
    }

    @Test
    void aTurnThatFailsIsTakenAgain() throws Exception {
        AtomicInteger turns = new AtomicInteger();
        try (DatabaseWatch watch = new DatabaseWatch(database(), standing -> {
            if (turns.incrementAndGet() == 1) {
                throw new IllegalStateException("the first turn");
            }
            return true;
        })) {
            watch.start();

            assertThat(watch.decided().get(30, TimeUnit.SECONDS).isFit()).isTrue();
            assertThat(turns).hasValue(2);
        }
    }

    @Test
    void aListenerThatFailsIsToldAgain() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        BlockingQueue<Boolean> told = new LinkedBlockingQueue<>();
        try (DatabaseWatch watch = new DatabaseWatch(database(), standing -> true)) {
            watch.tell(fit -> {
                if (calls.incrementAndGet() == 2) {
                    throw new IllegalStateException("the first change");
                }
                told.add(fit);
            });
            watch.start();

            assertThat(told.poll(30, TimeUnit.SECONDS)).isFalse();
            assertThat(told.poll(30, TimeUnit.SECONDS)).isTrue();
        }
    }
}
