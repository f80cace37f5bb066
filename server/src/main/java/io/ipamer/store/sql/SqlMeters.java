package io.ipamer.store.sql;

import com.zaxxer.hikari.metrics.MetricsTrackerFactory;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.stream.LongStream;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;

/** What operators are shown of the database and of the work with it. */
final class SqlMeters {
    private static final Duration[] BUCKETS = LongStream.of(1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final MeterRegistry registry;
    private final Timer committed;
    private final Timer refused;
    private final Timer failed;
    private final DistributionSummary plans;
    private final Counter journalRows;
    private final Counter requestRows;

    /** Null until a walk over the journal has come to its end. */
    private volatile @Nullable Oldest oldest;

    /** Of the rows that are kept. {@code since}: on the clock of {@link System#nanoTime}. */
    private record Oldest(boolean any, long since) {
        double seconds() {
            return any ? Math.max(0, System.nanoTime() - since) / 1e9 : 0;
        }
    }

    SqlMeters(MeterRegistry registry) {
        this.registry = registry;
        committed = flush("committed");
        refused = flush("refused");
        failed = flush("failed");
        plans = DistributionSummary.builder("ipamer.commit.flush.plans")
                .description("Plans that were sent to the database in one transaction")
                .baseUnit("plans")
                .serviceLevelObjectives(1, 2, 4, 8, 16, 32)
                .register(registry);
        journalRows = swept("journal");
        requestRows = swept("request");
        Gauge.builder("ipamer.journal.oldest", this, SqlMeters::oldestSeconds)
                .description("Age of the oldest row that the journal keeps; not a number before it is known")
                .baseUnit("seconds")
                .strongReference(true)
                .register(registry);
    }

    private Timer flush(String outcome) {
        return Timer.builder("ipamer.commit.flush")
                .description("One transaction of plans, from sending it to the database's answer")
                .tag("outcome", outcome)
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    private Counter swept(String table) {
        return Counter.builder("ipamer.swept")
                .description("Rows deleted because they are not to be kept any longer")
                .baseUnit("rows")
                .tag("table", table)
                .register(registry);
    }

    private double oldestSeconds() {
        Oldest known = oldest;
        return known == null ? Double.NaN : known.seconds();
    }

    /** Sends a transaction of so many plans, and times it. */
    void flush(int count, Runnable sending) {
        plans.record(count);
        long began = System.nanoTime();
        Timer outcome = failed;
        try {
            sending.run();
            outcome = committed;
        } catch (UnableToExecuteStatementException failure) {
            // A guard, or a request id that is known.
            if (failure.getCause() instanceof SQLException told && Dialect.leavesConnectionSound(told)) {
                outcome = refused;
            }
            throw failure;
        } finally {
            outcome.record(System.nanoTime() - began, TimeUnit.NANOSECONDS);
        }
    }

    /** {@code waiting}: calls without a thread yet. */
    void pool(String name, IntSupplier waiting) {
        Gauge.builder("ipamer.database.waiting", waiting::getAsInt)
                .description("Calls that wait for a connection of the pool")
                .baseUnit("calls")
                .tag("pool", name)
                .register(registry);
    }

    /** For the meters of a pool's connections. */
    MetricsTrackerFactory ofConnections() {
        return new MicrometerMetricsTrackerFactory(registry);
    }

    /** How the database was found at the last look. */
    void database(BooleanSupplier reachable, BooleanSupplier ready) {
        Gauge.builder("ipamer.database.reachable", () -> reachable.getAsBoolean() ? 1 : 0)
                .description("Whether the database answered when it was last looked at")
                .register(registry);
        Gauge.builder("ipamer.database.ready", () -> ready.getAsBoolean() ? 1 : 0)
                .description("Whether the database can be worked with: it is there, and its schema is right")
                .register(registry);
    }

    void swept(long journal, int requests) {
        journalRows.increment((double) journal);
        requestRows.increment(requests);
    }

    /** The journal was walked over, and keeps rows since then, on the clock of {@link System#nanoTime}. */
    void journalKeeps(long since) {
        oldest = new Oldest(true, since);
    }

    void journalIsEmpty() {
        oldest = new Oldest(false, 0);
    }
}
