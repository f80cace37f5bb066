package io.ipamer.store.sql;

import io.ipamer.store.sql.Standing.Kind;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the database once a second, from the start on, and tells when it becomes fit or is so no more. A database that
 * was never fit and refuses us is not asked again: what we were told to say to it is wrong.
 */
final class DatabaseWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseWatch.class);
    static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** An absence so short is not told: connections break, and a failover is none of it. */
    private static final long TOLERANCE_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final long REMINDER_NANOS = TimeUnit.MINUTES.toNanos(1);

    private static final Standing UNSEEN = Standing.away("it is looked at for the first time");

    private final Database database;
    private final Predicate<Standing> turns;
    private final CompletableFuture<Standing> first = new CompletableFuture<>();
    private final CompletableFuture<Standing> decided = new CompletableFuture<>();
    private final CountDownLatch stopped = new CountDownLatch(1);

    // Guarded by this.
    private Consumer<Boolean> listener = fit -> {};
    private Standing known = UNSEEN;
    private boolean closed;

    /** Written by the watch's thread alone, guarded by this for others. */
    private boolean fit;

    // The watch's thread's.
    private long lastFit;
    private long lastTold;

    /**
     * {@code turns}: is given the standing of a database that has become fit, and each one that is not; says whether calls
     * can be answered now.
     */
    DatabaseWatch(Database database, Predicate<Standing> turns) {
        this.database = database;
        this.turns = turns;
    }

    void start() {
        Thread thread = new Thread(this::watch, "ipamer-database-watch");
        thread.setDaemon(true);
        thread.start();
    }

    /** What the first look found. */
    CompletableFuture<Standing> first() {
        return first;
    }

    /** Comes when the database is fit for the first time, or is found to be none that ever will be. */
    CompletableFuture<Standing> decided() {
        return decided;
    }

    synchronized Standing known() {
        return known;
    }

    /** {@code listener}: is told now and after each change whether the database is fit; must be quick. */
    synchronized void tell(Consumer<Boolean> listener) {
        this.listener = listener;
        listener.accept(fit);
    }

    private void watch() {
        try (database) {
            do {
                Standing standing = look();
                try {
                    note(standing);
                } catch (RuntimeException | Error defect) {
                    LOG.error("what the database was found to be could not be told, to be tried again", defect);
                }
                first.complete(standing);
            } while (!(decided.isDone() && !decided.join().isFit())
                    && !stopped.await(PERIOD_NANOS, TimeUnit.NANOSECONDS));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt(); // nobody does
        }
    }

    private Standing look() {
        try {
            return database.look();
        } catch (RuntimeException | Error defect) {
            LOG.error("looking at the database failed in a way that nobody foresaw", defect);
            return Standing.away("looking at it failed: " + defect);
        }
    }

    private void note(Standing found) {
        long now = System.nanoTime();
        if (found.isFit()) {
            lastFit = now;
        } else if (fit && found.kind() != Kind.FOREIGN && now - lastFit < TOLERANCE_NANOS) {
            return;
        }
        boolean answers = (fit && found.isFit()) || turn(found);
        note(
                found.isFit() && !answers ? Standing.unready("it is there, but connections to it are not yet") : found,
                now);
    }

    private boolean turn(Standing found) {
        try {
            return turns.test(found);
        } catch (RuntimeException | Error defect) {
            LOG.error("connecting to the database failed in a way that nobody foresaw", defect);
            return false;
        }
    }

    private synchronized void note(Standing standing, long now) {
        if (closed) {
            return;
        }
        log(standing, now);
        known = standing;
        if (standing.isFit() != fit) {
            listener.accept(standing.isFit()); // one that fails is told again
            fit = standing.isFit();
        }
        if (standing.isFit() || standing.kind() == Kind.DENIED || standing.kind() == Kind.FOREIGN) {
            decided.complete(standing);
        }
    }

    private void log(Standing standing, long now) {
        if (standing.equals(known) && (standing.isFit() || now - lastTold < REMINDER_NANOS)) {
            return;
        }
        if (standing.isFit() && !known.equals(UNSEEN)) {
            LOG.info("the database can be worked with: {}", standing.engine());
        } else if (standing.mayBecomeFit() || decided.isDone()) {
            LOG.warn("the database cannot be worked with, to be looked at again: {}", standing.text());
        }
        lastTold = now;
        // What ends the server at its start is said by whoever ends it.
    }

    /** The listener is told nothing more. Does not wait for a look that is under way. */
    @Override
    public synchronized void close() {
        closed = true;
        stopped.countDown();
    }
}
