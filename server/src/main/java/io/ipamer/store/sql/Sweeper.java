package io.ipamer.store.sql;

import io.ipamer.store.StoreException;
import io.ipamer.store.StoreException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes journal rows that are not kept any longer, and the request ids of their plans. Walks the journal page by page,
 * and leaves a scope at the first row that stays: a page shows many scopes with few rows, or one with many. Between pages
 * it rests, so that the walk takes a small part of one connection however many scopes there are. Replicas sweep side by
 * side; each row is gone once, whoever comes first.
 */
final class Sweeper {
    private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);
    private static final int PAGE = 500;
    private static final int MIN_PAGE = 2;

    /** Request ids that one statement should delete: with many more it keeps a core, and calls wait for that. */
    private static final int REQUESTS_AT_ONCE = 4_096;

    private static final long REST_AFTER_A_WALK_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Rests so many times as long as the last page took: where there is work it must outrun those who write. */
    private static final int REST_AT_WORK = 1;

    private static final int REST_IN_SEARCH = 20;

    private final Retention retention;
    private final int maxPage;
    private final SqlMeters meters;

    /** Smaller where plans have many request ids. Of whoever does the one walk. */
    private volatile int page;

    /** Since when the oldest row is there that the walk has passed; null when it passed none. Of the same. */
    private volatile @Nullable Long oldest;

    private record Row(UUID scope, long seq, long seconds) {}

    /** A row of the journal, there or not. */
    private record Position(UUID scope, long seq) {
        static final Position START = new Position(new UUID(0, 0), 0);

        static Position behind(UUID scope) {
            return new Position(scope, Long.MAX_VALUE);
        }
    }

    /** Where the walk has come to. {@code swept}: what it deleted on the way. */
    private record Place(Position after, long swept, boolean atEnd) {}

    private record Step(Place place, long nanos) {}

    Sweeper(Retention retention, SqlMeters meters) {
        this(retention, PAGE, meters);
    }

    /** {@code maxPage}: how many rows it reads at a time, 2 or more; fewer where that is much work. */
    Sweeper(Retention retention, int maxPage, SqlMeters meters) {
        this.retention = retention;
        this.maxPage = maxPage;
        this.page = maxPage;
        this.meters = meters;
    }

    /** Goes on until the timer is shut down, whenever those connections take work. */
    void start(ConnectionPool connections, ScheduledExecutorService timer) {
        goOn(connections, timer, Position.START);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // it tells of its failures itself
    private void goOn(ConnectionPool connections, ScheduledExecutorService timer, Position after) {
        connections
                .submit(handle -> timed(handle, after), failure -> {
                    throw Dialect.ofRead(failure);
                })
                .whenComplete((step, failure) -> {
                    Position next = Position.START;
                    long rest = REST_AFTER_A_WALK_NANOS;
                    if (failure instanceof StoreException told && told.kind() == Kind.ABORTED) {
                        next = after; // another server swept there at the same time
                    } else if (failure != null) {
                        LOG.warn("sweeping the journal failed, to be tried again: {}", failure.toString());
                    } else if (!step.place.atEnd) {
                        next = step.place.after;
                        rest = (step.place.swept > 0 ? REST_AT_WORK : REST_IN_SEARCH) * step.nanos;
                    }
                    Position from = next;
                    timer.schedule(() -> goOn(connections, timer, from), rest, TimeUnit.NANOSECONDS);
                });
    }

    private Step timed(Handle handle, Position after) {
        long began = System.nanoTime();
        Place place = step(handle, after);
        return new Step(place, System.nanoTime() - began);
    }

    /** One walk over everything, without a rest. Returns the number of journal rows that it deleted. */
    long sweep(Handle handle) {
        long swept = 0;
        Place place = new Place(Position.START, 0, false);
        while (!place.atEnd) {
            place = step(handle, place.after);
            swept += place.swept;
        }
        return swept;
    }

    private Place step(Handle handle, Position after) {
        if (after.equals(Position.START)) {
            oldest = null;
        }
        Place place = page(handle, after);
        if (place.atEnd) {
            Long since = oldest;
            if (since == null) {
                meters.journalIsEmpty();
            } else {
                meters.journalKeeps(since);
            }
        }
        return place;
    }

    private Place page(Handle handle, Position after) {
        RowMapper<Row> mapper =
                (row, context) -> new Row(Columns.id(row, "scope_id"), row.getLong("seq"), row.getLong("age_seconds"));
        int limit = page;
        List<Row> rows = handle.createQuery(Sql.JOURNAL_AFTER)
                .bind("after", after.scope)
                .bind("after_seq", after.seq)
                .bind("limit", limit)
                .map(mapper)
                .list();
        boolean atEnd = rows.size() < limit;
        if (rows.isEmpty()) {
            return new Place(after, 0, true);
        }
        UUID last = rows.get(rows.size() - 1).scope;
        if (!atEnd && rows.get(0).scope.equals(last)) {
            // None is left when another server has swept all of them meanwhile.
            long newest = handle.createQuery(Sql.NEWEST_OF_JOURNAL)
                    .bind("scope_id", last)
                    .mapTo(Long.class)
                    .findOne()
                    .orElse(0L);
            long swept = sweep(handle, List.of(rows), newest);
            boolean all = swept == rows.size();
            return new Place(
                    all ? new Position(last, rows.get(rows.size() - 1).seq) : Position.behind(last), swept, false);
        }
        // The last scope of a full page may go on after it: it comes first on the next one.
        List<List<Row>> scopes = byScope(rows);
        List<List<Row>> whole = atEnd ? scopes : scopes.subList(0, scopes.size() - 1);
        long swept = sweep(handle, whole, 0);
        return new Place(Position.behind(whole.get(whole.size() - 1).get(0).scope), swept, atEnd);
    }

    private static List<List<Row>> byScope(List<Row> rows) {
        List<List<Row>> scopes = new ArrayList<>();
        int from = 0;
        for (int i = 1; i <= rows.size(); i++) {
            if (i == rows.size() || !rows.get(i).scope.equals(rows.get(from).scope)) {
                scopes.add(rows.subList(from, i));
                from = i;
            }
        }
        return scopes;
    }

    /** Deletes what of these rows is not kept. {@code newest}: of the scope, where it is not among its rows. */
    private long sweep(Handle handle, List<List<Row>> scopes, long newest) {
        List<UUID> ids = new ArrayList<>();
        List<Long> firstSeqs = new ArrayList<>();
        List<Long> lastSeqs = new ArrayList<>();
        long swept = 0;
        for (List<Row> rows : scopes) {
            long kept = Math.max(newest, rows.get(rows.size() - 1).seq) - retention.revisions();
            List<Row> old = rows.stream()
                    .takeWhile(row -> row.seconds > retention.age().toSeconds() || row.seq <= kept)
                    .toList();
            if (!old.isEmpty()) {
                ids.add(old.get(0).scope);
                firstSeqs.add(old.get(0).seq);
                lastSeqs.add(old.get(old.size() - 1).seq);
                swept += old.size();
            }
            if (old.size() < rows.size()) {
                keep(rows.get(old.size()));
            }
        }
        int requests = 0;
        if (!ids.isEmpty()) {
            requests = handle.createUpdate(Sql.SWEEP)
                    .bind("scopes", Columns.array(ids.toArray(UUID[]::new)))
                    .bind("first_seqs", Columns.array(firstSeqs.toArray(Long[]::new)))
                    .bind("last_seqs", Columns.array(lastSeqs.toArray(Long[]::new)))
                    .execute();
        }
        page = nextPage(swept, requests);
        meters.swept(swept, requests);
        return swept;
    }

    private void keep(Row row) {
        long since = System.nanoTime() - TimeUnit.SECONDS.toNanos(row.seconds);
        Long before = oldest;
        oldest = before == null || since - before < 0 ? since : before;
    }

    /** As many rows as would have had so many request ids; at most twice as many as they were. */
    private int nextPage(long rows, int requests) {
        long fitting = requests == 0 ? maxPage : rows * REQUESTS_AT_ONCE / requests;
        return (int) Math.max(MIN_PAGE, Math.min(Math.min(fitting, 2L * page), maxPage));
    }
}
