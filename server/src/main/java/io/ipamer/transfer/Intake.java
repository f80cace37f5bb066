package io.ipamer.transfer;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.ipam.Import;
import io.ipamer.model.IpamerException;
import io.ipamer.model.LoadItem;
import io.ipamer.model.Metadata;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import io.ipamer.model.Shortfall;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.IntToLongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Puts the rows of a text into an import, many side by side: what is under way is bounded, and whoever brings more waits.
 * One thread brings them. What a row is refused for goes to the report, what ends the import is thrown upon a later row.
 */
final class Intake {
    private static final int MOST_UNDER_WAY = 32_768;
    private static final int COST_OF_CALL = 8; // a lane takes 10,000 calls, and all of them may go to one
    private static final int MOST_AT_ONCE = 2_048;
    private static final int BYTES_OF_ONE = 256;

    /** What a row is refused for; other failures are not the row's. */
    private static final Set<Reason> REFUSALS = EnumSet.of(
            Reason.PREFIX_OVERLAPS,
            Reason.PREFIX_TAKEN,
            Reason.PREFIX_HAS_ADDRESSES,
            Reason.PREFIX_IS_PARENT,
            Reason.PREFIX_OUTSIDE_PARENT,
            Reason.LENGTH_OUT_OF_RANGE);

    private final Import target;
    private final Report report;
    private final Runnable check;
    private final Semaphore room = new Semaphore(MOST_UNDER_WAY);
    private final AtomicReference<@Nullable IpamerException> failure = new AtomicReference<>();
    private @Nullable Batch batch;

    /** Prefixes that are being made and then freed of reserved addresses: done when they are. */
    private final Map<Cidr, CompletableFuture<Boolean>> freeing = new ConcurrentHashMap<>();

    /**
     * A prefix as a text has it.
     *
     * @param firstReserved whether its first address still is
     * @param lastReserved whether its last address still is
     */
    record Row(
            long line,
            Cidr cidr,
            Reservation reservation,
            boolean firstReserved,
            boolean lastReserved,
            Metadata metadata) {
        /** Which addresses its reservation keeps and the text does not. */
        private List<IpAddress> free() {
            List<IpAddress> free = new ArrayList<>(2);
            if (reservation.reservesFirst() && !firstReserved) {
                free.add(cidr.first());
            }
            if (reservation.reservesLast(cidr) && !lastReserved) {
                free.add(cidr.last());
            }
            return free;
        }
    }

    /** {@code check}: throws when nobody wants the import any more. */
    Intake(Import target, Report report, Runnable check) {
        this.target = target;
        this.report = report;
        this.check = check;
    }

    /** A prefix that is being made, and what waits for it, in order. */
    static final class Place {
        private final Cidr cidr;
        private final Set<Cidr> leaked = new HashSet<>(0);

        // Guarded by this.
        private final Queue<Consumer<@Nullable Prefix>> steps = new ArrayDeque<>(0);
        private boolean decided;
        private boolean running;
        private @Nullable Prefix prefix;

        private Place(Cidr cidr) {
            this.cidr = cidr;
        }

        Cidr cidr() {
            return cidr;
        }

        /** Null when it was refused. */
        private void decide(@Nullable Prefix made) {
            synchronized (this) {
                decided = true;
                prefix = made;
                running = true;
            }
            run();
        }

        private void then(Consumer<@Nullable Prefix> step) {
            synchronized (this) {
                steps.add(step);
                if (running || !decided) {
                    return;
                }
                running = true;
            }
            run();
        }

        private void run() {
            while (true) {
                Consumer<@Nullable Prefix> step;
                synchronized (this) {
                    step = steps.poll();
                    if (step == null) {
                        running = false;
                        return;
                    }
                }
                step.accept(prefix);
            }
        }
    }

    /** Rows of one prefix that go together. */
    private static final class Batch {
        private final Place place;
        private final List<LoadItem> addresses = new ArrayList<>();
        private final List<Long> addressLines = new ArrayList<>();
        private final List<Cidr> leaked = new ArrayList<>(0);
        private final List<Long> leakedLines = new ArrayList<>(0);
        private int cost;

        Batch(Place place) {
            this.place = place;
        }

        long line(int index) {
            return index < addresses.size() ? addressLines.get(index) : leakedLines.get(index - addresses.size());
        }
    }

    /** A top-level prefix. */
    Place prefix(Row row) {
        Place place = begin(row);
        make(place, row, null, () -> target.create(row.cidr, row.reservation, row.metadata));
        return place;
    }

    /** A child. With a parent that was refused it is refused, too. */
    Place prefix(Row row, Place parent) {
        Place place = begin(row);
        parent.then(made -> {
            if (made == null) {
                report.refused(
                        row.line,
                        Reason.PREFIX_NOT_FOUND,
                        "prefix " + row.cidr + ": its parent " + parent.cidr + " was refused");
                room.release(COST_OF_CALL);
                place.decide(null);
            } else {
                make(place, row, made, () -> target.createIn(made, row.cidr, row.reservation, row.metadata));
            }
        });
        return place;
    }

    /** A child whose parent is nowhere: a top-level prefix, if nothing overlaps it. */
    Place orphan(Row row, Cidr parent) {
        report.mended(
                row.line,
                Reason.PREFIX_NOT_FOUND,
                "prefix " + row.cidr + ": its parent " + parent + " is missing; it becomes a top-level prefix");
        return prefix(row);
    }

    /** A prefix that was brought before; null when there is none. Waits for all that is under way. */
    @Nullable
    Place find(Cidr cidr) {
        finish();
        Prefix found = join(target.find(cidr)).orElse(null);
        if (found == null) {
            return null;
        }
        Place place = new Place(cidr);
        place.decide(found);
        return place;
    }

    /** {@code bytes}: of its text. */
    void address(Place place, long line, LoadItem item, int bytes) {
        if (batch != null && !batch.leaked.isEmpty()) {
            flush(); // what contradicts what came before is refused, and not the other way round
        }
        Batch into = batch(place, 1 + bytes / BYTES_OF_ONE);
        into.addresses.add(item);
        into.addressLines.add(line);
    }

    void leaked(Place place, long line, Cidr block) {
        if (!place.leaked.add(block)) {
            report.mended(line, Reason.PREFIX_TAKEN, "block " + block + " comes twice");
            return;
        }
        if (batch != null && !batch.addresses.isEmpty()) {
            flush();
        }
        Batch into = batch(place, 1);
        into.leaked.add(block);
        into.leakedLines.add(line);
    }

    /** It gives child prefixes only. */
    void parentOnly(Place place, long line) {
        flush();
        load(place, List.of(), List.of(), true, COST_OF_CALL, index -> line);
    }

    /** Waits until all that was brought is there or refused. */
    void finish() {
        flush();
        settle();
        checkFailure();
    }

    /** Waits until nothing is under way, and brings no more. */
    void abandon() {
        Batch open = batch;
        batch = null;
        if (open != null) {
            room.release(open.cost);
        }
        settle();
    }

    private void settle() {
        room.acquireUninterruptibly(MOST_UNDER_WAY); // what is under way comes to an end by itself
        room.release(MOST_UNDER_WAY);
    }

    private void checkFailure() {
        IpamerException failed = failure.get();
        if (failed != null) {
            throw failed;
        }
    }

    private void take(int cost) {
        try {
            room.acquire(cost);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw Parts.stopped();
        }
        try {
            checkFailure();
            check.run();
        } catch (IpamerException ends) {
            room.release(cost);
            throw ends;
        }
    }

    private Place begin(Row row) {
        flush();
        take(COST_OF_CALL);
        return new Place(row.cidr);
    }

    /** What is not a refusal ends the import. */
    private void make(Place place, Row row, @Nullable Prefix parent, Supplier<CompletableFuture<Prefix>> call) {
        List<IpAddress> free = row.free();
        CompletableFuture<Boolean> freed = new CompletableFuture<>();
        if (!free.isEmpty()) {
            freeing.putIfAbsent(row.cidr, freed);
        }
        CompletableFuture<Optional<Prefix>> made = CompletableFuture.completedFuture(row)
                .thenCompose(ignored -> call.get())
                .thenCompose(prefix -> free.isEmpty()
                        ? CompletableFuture.completedFuture(prefix)
                        : target.unreserve(prefix, free).thenApply(released -> prefix))
                .thenApply(prefix -> {
                    report.imported(1, 0, 0);
                    return Optional.of(prefix);
                })
                .exceptionallyCompose(failed -> isRefusal(failed)
                        ? judge(row, freed, parent, cause(failed))
                        : CompletableFuture.failedFuture(failed));
        end(made, COST_OF_CALL, prefix -> {
            freeing.remove(row.cidr, freed);
            freed.complete(true);
            place.decide(prefix == null ? null : prefix.orElse(null));
        });
    }

    /** {@code last}: is given null when it failed. */
    @SuppressWarnings("FutureReturnValueIgnored") // how it ends is seen to here
    private <T> void end(CompletableFuture<T> step, int cost, Consumer<@Nullable T> last) {
        step.whenComplete((result, failed) -> {
            if (failed != null) {
                failure.compareAndSet(null, cause(failed));
            }
            room.release(cost);
            last.accept(result);
        });
    }

    /** Of a prefix that cannot be made: the one that is there already, if it is the very same. {@code own}: of the row. */
    private CompletableFuture<Optional<Prefix>> judge(
            Row row, CompletableFuture<Boolean> own, @Nullable Prefix parent, IpamerException refusal) {
        CompletableFuture<Boolean> before = freeing.getOrDefault(row.cidr, own);
        return (before == own ? CompletableFuture.completedFuture(true) : before)
                .thenCompose(ready -> target.find(row.cidr))
                .thenCompose(found -> same(row, parent, found))
                .thenApply(same -> {
                    if (same.isPresent()) {
                        report.mended(row.line, Reason.PREFIX_OVERLAPS, "prefix " + row.cidr + " comes twice");
                    } else {
                        report.refused(row.line, refusal.reason(), sentence(row.cidr, parent, refusal));
                    }
                    return same;
                });
    }

    private CompletableFuture<Optional<Prefix>> same(Row row, @Nullable Prefix parent, Optional<Prefix> found) {
        Optional<Prefix> alike = found.filter(there -> there.reservation() == row.reservation
                && there.metadata().equals(row.metadata)
                && Objects.equals(there.parentCidr(), parent == null ? null : parent.cidr()));
        return alike.isEmpty()
                ? CompletableFuture.completedFuture(alike)
                : target.reserves(alike.get(), row.firstReserved, row.lastReserved)
                        .thenApply(reserves -> reserves ? alike : Optional.empty());
    }

    private static String sentence(Cidr cidr, @Nullable Prefix parent, IpamerException refusal) {
        if (parent == null) {
            return "prefix " + refusal.getMessage();
        }
        return "prefix " + cidr + " is not free in " + parent.cidr()
                + (refusal.reason() == Reason.PREFIX_HAS_ADDRESSES ? ", which holds addresses" : "");
    }

    private Batch batch(Place place, int costOfRow) {
        Batch open = batch;
        if (open != null
                && (open.place != place
                        || open.addresses.size() + open.leaked.size() >= MOST_AT_ONCE
                        || open.cost >= 4 * MOST_AT_ONCE)) {
            flush();
            open = null;
        }
        int cost = costOfRow;
        if (open == null) {
            open = new Batch(place);
            cost += COST_OF_CALL;
        }
        take(cost);
        open.cost += cost;
        batch = open;
        return open;
    }

    private void flush() {
        Batch full = batch;
        batch = null;
        if (full != null) {
            send(full.place, full.addresses, full.leaked, false, full.cost, full::line);
        }
    }

    private void load(
            Place place,
            List<LoadItem> addresses,
            List<Cidr> leaked,
            boolean parentOnly,
            int cost,
            IntToLongFunction lines) {
        take(cost);
        send(place, addresses, leaked, parentOnly, cost, lines);
    }

    private void send(
            Place place,
            List<LoadItem> addresses,
            List<Cidr> leaked,
            boolean parentOnly,
            int cost,
            IntToLongFunction lines) {
        place.then(prefix -> {
            CompletableFuture<Boolean> loaded = prefix == null
                    ? CompletableFuture.completedFuture(false)
                    : CompletableFuture.completedFuture(prefix)
                            .thenCompose(into -> target.load(into, addresses, leaked, parentOnly))
                            .thenApply(shortfall -> {
                                note(shortfall, addresses.size(), leaked.size(), lines);
                                return true;
                            })
                            .exceptionally(failed -> refused(failed, lines));
            end(loaded, cost, done -> {});
        });
    }

    private boolean refused(Throwable failed, IntToLongFunction lines) {
        IpamerException refusal = cause(failed);
        if (!isRefusal(failed)) {
            throw refusal;
        }
        report.refused(lines.applyAsLong(0), refusal.reason(), refusal.getMessage());
        return false;
    }

    private void note(Shortfall shortfall, int addresses, int leaked, IntToLongFunction lines) {
        int leftAddresses = 0;
        for (Shortfall.Left left : shortfall.left()) {
            leftAddresses += left.index() < addresses ? 1 : 0;
            long line = lines.applyAsLong(left.index());
            if (left.same()) {
                report.mended(line, left.reason(), left.message());
            } else {
                report.refused(line, left.reason(), left.message());
            }
        }
        report.imported(0, addresses - leftAddresses, leaked - (shortfall.left().size() - leftAddresses));
    }

    private static boolean isRefusal(Throwable failed) {
        return REFUSALS.contains(cause(failed).reason());
    }

    static IpamerException cause(Throwable failed) {
        Throwable cause =
                failed instanceof CompletionException && failed.getCause() != null ? failed.getCause() : failed;
        return cause instanceof IpamerException known
                ? known
                : new IpamerException(Reason.INTERNAL, "internal error", Map.of(), cause);
    }

    static <T> T join(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException failed) {
            throw cause(failed);
        }
    }
}
