package io.ipamer.store.sql;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.mapper.RowMapper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes journal rows that are not kept any longer, and the request ids of their plans. Goes from scope to scope, in
 * each from the low end, so that it never reads what stays but the first row: two seeks a scope and round. Replicas
 * sweep side by side; each row is gone once, whoever comes first.
 */
final class Sweeper {
    private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);
    private static final UUID BEFORE_ALL = new UUID(0, 0);
    private static final int ROWS_AT_ONCE = 500;
    private static final long MIN_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** It rests so many times as long as its last round took. */
    private static final int REST = 5;

    private final Jdbi jdbi;
    private final Retention retention;

    private record Aged(long seq, long seconds) {}

    Sweeper(Jdbi jdbi, Retention retention) {
        this.jdbi = jdbi;
        this.retention = retention;
    }

    /** Goes on until the timer is shut down. */
    void start(ScheduledExecutorService timer) {
        Runnable round = new Runnable() {
            @Override
            @SuppressWarnings("FutureReturnValueIgnored") // it tells of its failures itself
            public void run() {
                long began = System.nanoTime();
                try {
                    sweep();
                } catch (JdbiException failure) {
                    LOG.warn("sweeping the journal failed, to be tried again: {}", failure.getMessage());
                }
                if (!timer.isShutdown()) {
                    long pause = Math.max(MIN_PAUSE_NANOS, REST * (System.nanoTime() - began));
                    timer.schedule(this, pause, TimeUnit.NANOSECONDS);
                }
            }
        };
        timer.execute(round);
    }

    /** One round over all scopes. Returns the number of journal rows that it deleted. */
    long sweep() {
        long swept = sweep(BEFORE_ALL);
        Optional<UUID> next = next(BEFORE_ALL);
        while (next.isPresent() && !Thread.currentThread().isInterrupted()) {
            swept += sweep(next.get());
            next = next(next.get());
        }
        return swept;
    }

    private Optional<UUID> next(UUID after) {
        return jdbi.withHandle(handle -> handle.createQuery(Sql.NEXT_JOURNAL)
                .bind("after", after)
                .map((row, context) -> Columns.id(row, "scope_id"))
                .findOne());
    }

    private long sweep(UUID scope) {
        long swept = 0;
        long now;
        do {
            now = jdbi.withHandle(handle -> sweepSome(handle, scope));
            swept += now;
        } while (now == ROWS_AT_ONCE);
        return swept;
    }

    private long sweepSome(Handle handle, UUID scope) {
        RowMapper<Aged> mapper = (row, context) -> new Aged(row.getLong("seq"), row.getLong("age_seconds"));
        List<Aged> oldest = handle.createQuery(Sql.OLDEST_OF_JOURNAL)
                .bind("scope_id", scope)
                .bind("limit", ROWS_AT_ONCE)
                .map(mapper)
                .list();
        if (oldest.isEmpty()) {
            return 0;
        }
        long newest = handle.createQuery(Sql.NEWEST_OF_JOURNAL)
                .bind("scope_id", scope)
                .mapTo(Long.class)
                .one();
        List<Aged> old = oldest.stream()
                .takeWhile(
                        row -> row.seconds > retention.age().toSeconds() || row.seq <= newest - retention.revisions())
                .toList();
        if (!old.isEmpty()) {
            handle.createUpdate(Sql.SWEEP)
                    .bind("scope_id", scope)
                    .bind("last_seq", old.get(old.size() - 1).seq)
                    .execute();
        }
        return old.size();
    }
}
