package io.ipamer.store.sql;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.ipamer.store.StoreException;
import io.ipamer.store.StoreException.Kind;
import java.sql.SQLException;
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

    private final HikariDataSource connections;
    private final Jdbi jdbi;
    private final ExecutorService threads;

    /**
     * Since when no connection can be had; null when the last attempt went well. For a moment after it nobody else
     * tries: the callers of many prefixes would else wait in line, each for the full patience.
     */
    private volatile @Nullable Away away;

    private record Away(long since, StoreException why) {}

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

    ConnectionPool(String name, DataSource driver, int size) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setDataSource(driver);
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(size);
        config.setConnectionTimeout(CONNECT_PATIENCE_MILLIS);
        config.setValidationTimeout(CONNECT_PATIENCE_MILLIS);
        config.setMaxLifetime(TimeUnit.MINUTES.toMillis(5));
        config.setKeepaliveTime(TimeUnit.MINUTES.toMillis(2));
        config.setInitializationFailTimeout(
                -1); // whether it can be reached was seen before, and can change at any time
        this.connections = new HikariDataSource(config);
        this.jdbi = Jdbi.create(connections);
        jdbi.setTemplateEngine((template, context) -> template); // the texts are as they are to be sent
        jdbi.configure(SqlStatements.class, statements -> statements.setUnusedBindingAllowed(true));
        AtomicInteger count = new AtomicInteger();
        this.threads = Executors.newFixedThreadPool(size, task -> {
            Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    Jdbi jdbi() {
        return jdbi;
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
        execute(
                () -> {
                    try {
                        result.complete(task.get());
                    } catch (Throwable failure) {
                        result.completeExceptionally(failure);
                    }
                },
                result::completeExceptionally);
        return result;
    }

    /** Runs a task on one of the threads, or says that the pool is closed. */
    void execute(Runnable task, Consumer<StoreException> refused) {
        try {
            threads.execute(task);
        } catch (RejectedExecutionException closed) {
            refused.accept(new StoreException(Kind.UNAVAILABLE, "the store is closed", closed));
        }
    }

    /** Does something at once, on a thread of the pool; autocommit is on. */
    <T> T with(Work<T> work, Verdict<T> verdict) {
        Handle handle = open();
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

    private Handle open() {
        Away last = away;
        if (last != null && System.nanoTime() - last.since < AWAY_NANOS) {
            throw new StoreException(Kind.UNAVAILABLE, String.valueOf(last.why.getMessage()), last.why);
        }
        try {
            Handle handle = jdbi.open();
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
        connections.evictConnection(handle.getConnection());
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
        connections.close();
    }
}
