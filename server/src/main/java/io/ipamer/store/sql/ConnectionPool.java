package io.ipamer.store.sql;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.ipamer.store.StoreException;
import io.ipamer.store.StoreException.Kind;
import java.sql.SQLException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jspecify.annotations.Nullable;

/**
 * Connections of one kind, and as many threads that work with them: no thread ever waits for a connection, and the
 * queue before the threads is the only one, first come first served.
 */
final class ConnectionPool implements AutoCloseable {
    private static final long CLOSE_PATIENCE_SECONDS = 10;
    private static final long CONNECT_PATIENCE_MILLIS = 1_000;
    private static final long AWAY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final int MAX_QUEUED = 10_000;

    /** Why a pool takes no work that was never opened. */
    static final String UNREACHED = "the database has not been reached since the server started";

    private final String name;
    private final int size;
    private final SqlMeters meters;
    private final ExecutorService threads;

    /** How much submitted work has not been begun. */
    private final AtomicInteger submitted = new AtomicInteger();

    /** Null until there is a database to connect to. */
    private volatile @Nullable Connections connections;

    /** Why no work is taken now; null while it is. */
    private volatile @Nullable StoreException closed = new StoreException(Kind.UNAVAILABLE, UNREACHED);

    /**
     * Since when no connection can be had; null when the last attempt went well. For a moment after it nobody else
     * tries: the callers of many prefixes would else wait in line, each for the full patience.
     */
    private volatile @Nullable Away away;

    private record Away(long since, StoreException why) {}

    private record Connections(HikariDataSource pool, Jdbi jdbi) {}

    /** What is done with a connection. */
    @FunctionalInterface
    interface Work<T> {
        T with(Handle handle) throws SQLException;
    }

    /** What a failure means for the work at hand: a result, or an exception. */
    @FunctionalInterface
    interface Verdict<T> {
        T on(SQLException failure) throws StoreException;
    }

    /** One that takes no work until it is opened. */
    ConnectionPool(String name, int size, SqlMeters meters) {
        this.name = name;
        this.size = size;
        this.meters = meters;
        meters.pool(name, submitted::get);
        AtomicInteger count = new AtomicInteger();
        this.threads = Executors.newFixedThreadPool(size, task -> {
            Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Takes work from now on. Connections come from the driver of the first time; those from before are not trusted any
     * more.
     *
     * @return whether a connection was to be had at once; after an absence it can take some seconds
     */
    synchronized boolean open(DataSource driver) {
        if (threads.isShutdown()) {
            return false;
        }
        Connections before = connections;
        if (before == null) {
            connections = connect(driver);
        } else {
            before.pool.getHikariPoolMXBean().softEvictConnections();
            away = null;
        }
        closed = null;
        try {
            take().close();
            return true;
        } catch (StoreException | JdbiException notYet) {
            return false;
        }
    }

    /** Takes no more work until it is opened again. */
    void refuse(String why) {
        closed = new StoreException(Kind.UNAVAILABLE, why);
    }

    private Connections connect(DataSource driver) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setMetricsTrackerFactory(meters.ofConnections());
        config.setDataSource(driver);
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(size);
        config.setConnectionTimeout(CONNECT_PATIENCE_MILLIS);
        config.setValidationTimeout(CONNECT_PATIENCE_MILLIS);
        config.setMaxLifetime(TimeUnit.MINUTES.toMillis(5));
        config.setKeepaliveTime(TimeUnit.MINUTES.toMillis(2));
        config.setInitializationFailTimeout(
                -1); // whether it can be reached was seen before, and can change at any time
        HikariDataSource pool = new HikariDataSource(config);
        Jdbi jdbi = Jdbi.create(pool);
        jdbi.setTemplateEngine((template, context) -> template); // the texts are as they are to be sent
        jdbi.configure(SqlStatements.class, statements -> statements.setUnusedBindingAllowed(true));
        return new Connections(pool, jdbi);
    }

    /** Of a pool that was opened. */
    Jdbi jdbi() {
        return opened().jdbi;
    }

    private Connections opened() {
        return Objects.requireNonNull(connections, "only an open pool has handles");
    }

    /**
     * Does something that changes nothing on one of the threads; autocommit is on. What fails in passing, as with a
     * connection that has died since its last use, is done once more, so that nobody is told.
     */
    <T> CompletableFuture<T> read(Work<T> work) {
        Verdict<T> verdict = failure -> {
            throw Dialect.ofRead(failure);
        };
        return submit(() -> {
            try {
                return with(work, verdict);
            } catch (StoreException failure) {
                if (failure.kind() == Kind.DEFECT) {
                    throw failure;
                }
                return with(work, verdict);
            }
        });
    }

    /** Does something on one of the threads; autocommit is on. A connection that cannot be had changed nothing. */
    <T> CompletableFuture<T> submit(Work<T> work, Verdict<T> verdict) {
        return submit(() -> with(work, verdict));
    }

    private <T> CompletableFuture<T> submit(Supplier<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        if (submitted.incrementAndGet() > MAX_QUEUED) {
            submitted.decrementAndGet();
            return CompletableFuture.failedFuture(
                    new StoreException(Kind.UNAVAILABLE, "more than " + MAX_QUEUED + " calls wait for the database"));
        }
        execute(
                () -> {
                    submitted.decrementAndGet();
                    try {
                        result.complete(task.get());
                    } catch (Throwable failure) {
                        result.completeExceptionally(failure);
                    }
                },
                closed -> {
                    submitted.decrementAndGet();
                    result.completeExceptionally(closed);
                });
        return result;
    }

    /** Whether submitted work waits for a thread. */
    boolean isAwaited() {
        return submitted.get() > 0;
    }

    /** Runs a task on one of the threads, or says that the pool is closed. */
    void execute(Runnable task, Consumer<StoreException> refused) {
        try {
            threads.execute(task);
        } catch (RejectedExecutionException ended) {
            refused.accept(new StoreException(Kind.UNAVAILABLE, "the store is closed", ended));
        }
    }

    /** Does something at once, on a thread of the pool; autocommit is on. */
    <T> T with(Work<T> work, Verdict<T> verdict) {
        Handle handle = take();
        try {
            return work.with(handle);
        } catch (JdbiException | SQLException failure) {
            SQLException cause = cause(failure);
            if (Dialect.spoils(cause)) {
                discard(handle);
            }
            return verdict.on(cause);
        } catch (RuntimeException | Error unforeseen) {
            discard(handle); // nobody knows how far it came
            throw unforeseen;
        } finally {
            giveBack(handle);
        }
    }

    /** What became of the work is known by now, whatever becomes of the connection: a discarded one closes meanwhile. */
    private void giveBack(Handle handle) {
        try {
            handle.close();
        } catch (JdbiException notClosed) {
            discard(handle);
        }
    }

    private Handle take() {
        StoreException refusal = closed;
        if (refusal != null) {
            throw new StoreException(Kind.UNAVAILABLE, String.valueOf(refusal.getMessage()), refusal);
        }
        Away last = away;
        if (last != null && System.nanoTime() - last.since < AWAY_NANOS) {
            throw new StoreException(Kind.UNAVAILABLE, String.valueOf(last.why.getMessage()), last.why);
        }
        try {
            Handle handle = opened().jdbi.open();
            away = null;
            return handle;
        } catch (JdbiException unreachable) {
            StoreException told = Dialect.ofRead(cause(unreachable));
            StoreException why = new StoreException(Kind.UNAVAILABLE, String.valueOf(told.getMessage()), unreachable);
            away = new Away(System.nanoTime(), why);
            throw why;
        }
    }

    /** Never to be used again, whatever state it is in. */
    void discard(Handle handle) {
        opened().pool.evictConnection(handle.getConnection());
    }

    /** The database's own words; a failure of JDBI itself, such as a row that it cannot read, has none. */
    private static SQLException cause(Exception failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException told) {
                return told;
            }
        }
        throw new StoreException(Kind.DEFECT, String.valueOf(failure.getMessage()), failure);
    }

    @Override
    public void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(CLOSE_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            Connections last = connections;
            if (last != null) {
                last.pool.close();
            }
        }
    }
}
