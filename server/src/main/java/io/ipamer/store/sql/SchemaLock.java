package io.ipamer.store.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to change the schema: a row lock in a transaction that is left open. It ends with the process, at once when
 * that is killed, and after ten seconds when it stands still or its machine is gone. Neither engine has a kind of lock that
 * is both there on the other and free of clocks.
 */
final class SchemaLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SchemaLock.class);

    /** The level is for CockroachDB, which keeps row locks through everything at this one alone. */
    static final String OPTIONS = "-c default_transaction_isolation=read\\ committed -c lock_timeout=1000"
            + " -c idle_in_transaction_session_timeout=10000";

    private static final long PULSE_MILLIS = 1_000;

    /** Whoever holds it must know that it is lost before the database gives it to another. */
    private static final int ANSWER_MILLIS = 3_000;

    private static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Connection connection;
    private final ScheduledExecutorService pulse;
    private final Runnable whenLost;

    /** When the last beat began that was answered. */
    private volatile long lastBeat = System.nanoTime();

    private volatile @Nullable SQLException lost;

    private SchemaLock(Connection connection, Runnable whenLost) {
        this.connection = connection;
        this.whenLost = whenLost;
        this.pulse = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "ipamer-schema-lock");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Waits for it, a second at the most.
     *
     * @param driver with {@link #OPTIONS}
     * @param whenLost what to do at once when it is lost, on a thread of its own
     * @return null when another server has it
     */
    @SuppressWarnings("FutureReturnValueIgnored") // it tells of its failures itself
    static @Nullable SchemaLock take(DataSource driver, Runnable whenLost) throws SQLException {
        SchemaLock lock = new SchemaLock(driver.getConnection(), whenLost);
        boolean taken = false;
        try {
            lock.connection.setNetworkTimeout(Runnable::run, ANSWER_MILLIS);
            lock.connection.setAutoCommit(false);
            lock.hold();
            lock.pulse.scheduleWithFixedDelay(lock::beat, PULSE_MILLIS, PULSE_MILLIS, TimeUnit.MILLISECONDS);
            taken = true;
            return lock;
        } catch (SQLException failure) {
            if (Dialect.isLocked(failure)) {
                return null;
            }
            throw failure;
        } finally {
            if (!taken) {
                lock.close();
            }
        }
    }

    /** Throws when it was lost, so that another server may have it by now. */
    void check() throws SQLException {
        if (lost != null) {
            throw new SQLException("the lock on the schema was lost", Dialect.CONNECTION_FAILURE, lost);
        }
        if (System.nanoTime() - lastBeat > STALE_NANOS) {
            throw new SQLException(
                    "the lock on the schema may be lost: this process stood still", Dialect.CONNECTION_FAILURE);
        }
    }

    private void beat() {
        try {
            hold();
        } catch (SQLException failure) {
            if (!pulse.isShutdown()) {
                LOG.warn("the lock on the schema was lost: {}", Dialect.describe(failure));
                lost = failure;
                pulse.shutdown();
                whenLost.run();
            }
        }
    }

    private void hold() throws SQLException {
        long began = System.nanoTime();
        try (Statement statement = connection.createStatement()) {
            statement.execute(Sql.LOCK_SCHEMA);
        }
        lastBeat = began;
    }

    @Override
    public void close() {
        pulse.shutdownNow();
        try {
            connection.close(); // and with it the transaction
        } catch (SQLException failure) {
            LOG.debug("closing the connection that held the lock on the schema failed", failure);
        }
    }
}
