package io.ipamer.ipam;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Mode;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Head;
import io.ipamer.plan.Read;
import io.ipamer.plan.Scope;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** What a whole namespace holds, part by part. Futures fail with {@link IpamerException} only. */
public final class Exports {
    private static final int AT_ONCE = 512;

    private final Store store;
    private final Router router;

    Exports(Store store, Router router) {
        this.store = store;
        this.router = router;
    }

    /**
     * A prefix as it was at one moment, but for what it holds.
     *
     * @param givesPrefixes whether it gave child prefixes and not addresses
     * @param parentOnly whether it does so even while it has none
     * @param firstReserved whether its first address was reserved
     * @param lastReserved whether its last address was reserved
     * @param revision of it
     */
    public record Standing(
            Prefix prefix,
            boolean givesPrefixes,
            boolean parentOnly,
            boolean firstReserved,
            boolean lastReserved,
            long revision) {}

    /**
     * Is told what a prefix holds, at one moment, in this order, no more at once than makes about 64 KiB of text. May take its
     * time, but no more than 10 s for that.
     */
    public interface Sink {
        void prefix(Standing standing);

        /** Direct children, some at a time, ascending. Only if it wants them. */
        void children(List<Prefix> children);

        /** Blocks used by nobody's prefix, some at a time, ascending. */
        void leaked(List<Cidr> blocks);

        /** Acquired addresses, some at a time, ascending. */
        void allocations(List<Allocation> allocations);

        /** Whether {@link #children} are wanted. */
        boolean wantsChildren();
    }

    /** Refused: NAMESPACE_NOT_FOUND. */
    public CompletableFuture<Namespace> namespace(String name) {
        return Failures.told(router.namespace(name));
    }

    /**
     * Some prefixes of a namespace in {@link Cidr} order: fewer than a thousand only if there are no more.
     *
     * @param after the last one before these; null for the first
     */
    public CompletableFuture<List<Prefix>> prefixes(Namespace namespace, @Nullable Cidr after) {
        Span span = after == null ? Span.ALL : Span.ALL.after(after);
        return Failures.told(store.prefixes(namespace.id(), span, 1_000).thenApply(Store.Page::rows));
    }

    /**
     * Tells all that a prefix holds.
     *
     * @return whether it is there; fails with what the sink fails with
     */
    public CompletableFuture<Boolean> read(Prefix prefix, Sink sink) {
        AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
        Walk walk = new Walk(prefix, sink);
        return Failures.told(store.scan(Scope.of(prefix), walk.first(), extract -> {
                    try {
                        return walk.next(extract);
                    } catch (RuntimeException failed) {
                        failure.set(failed);
                        return List.of();
                    }
                })
                .thenApply(there -> {
                    RuntimeException failed = failure.get();
                    if (failed != null) {
                        throw failed;
                    }
                    return there;
                }));
    }

    /**
     * From one read to the next. While the sink is told, the store's transaction stands idle, which databases suffer for some
     * seconds only. So no more is told at once than what makes about one part of a text, for which a caller is waited for
     * once; what is left of a read then is read again.
     */
    private static final class Walk {
        private static final int MOST_BYTES = 1 << 16;
        private static final int LEAST_AT_ONCE = 16;
        private static final int BYTES_OF_BLOCK = 64;
        private static final int BYTES_OF_ROW = 110;
        private static final int BYTES_OF_NAMES = 200; // of what metadata has

        private final Prefix prefix;
        private final Sink sink;
        private boolean begun;
        private int atOnce = AT_ONCE;
        private int room;

        Walk(Prefix prefix, Sink sink) {
            this.prefix = prefix;
            this.sink = sink;
        }

        List<Read> first() {
            Cidr cidr = prefix.cidr();
            List<Read> reads = new ArrayList<>(3);
            if (sink.wantsChildren()) {
                reads.add(new Read.PrefixesFrom(cidr.first(), atOnce));
            }
            reads.add(new Read.LeakedFrom(cidr, atOnce));
            reads.add(new Read.AllocationsFrom(cidr.first(), atOnce));
            return reads;
        }

        /** Of the kinds of things the first that there is more of goes on; those behind it are asked for again. */
        List<Read> next(Extract extract) {
            room = MOST_BYTES;
            if (!begun) {
                begun = true;
                Head head = extract.head();
                room -= bytes(prefix.metadata()) + BYTES_OF_NAMES;
                sink.prefix(new Standing(
                        prefix,
                        head.mode() == Mode.CHILD,
                        head.parentOnly(),
                        head.firstReserved(),
                        head.lastReserved(),
                        head.seq()));
            }
            for (int i = 0; i < extract.found().size(); i++) {
                Read more = tell(extract.found().get(i));
                if (more != null) {
                    List<Read> reads = new ArrayList<>(3);
                    reads.add(more);
                    first().stream()
                            .skip(first().size() - (extract.found().size() - 1 - i))
                            .forEach(reads::add);
                    return reads;
                }
            }
            return List.of();
        }

        /** Returns what to ask for what comes after it; null when nothing does. */
        private @Nullable Read tell(Found found) {
            if (found instanceof Found.Prefixes some) {
                List<Prefix> told = fitting(some.rows(), child -> bytes(child.metadata()));
                sink.children(told);
                return isAll(told, some.rows(), some.read().limit())
                        ? null
                        : after(last(told).cidr().last(), from -> new Read.PrefixesFrom(from, atOnce));
            } else if (found instanceof Found.Leaked some) {
                List<Cidr> told = fitting(some.rows(), block -> BYTES_OF_BLOCK);
                sink.leaked(told);
                return isAll(told, some.rows(), some.read().limit())
                        ? null
                        : after(last(told).last(), from -> new Read.LeakedFrom(Cidr.largestAt(from), atOnce));
            } else if (found instanceof Found.Allocations some) {
                List<Allocation> told = fitting(some.rows(), allocation -> bytes(allocation.metadata()));
                sink.allocations(told);
                return isAll(told, some.rows(), some.read().limit())
                        ? null
                        : after(last(told).address(), from -> new Read.AllocationsFrom(from, atOnce));
            }
            throw new IllegalArgumentException("was not asked for: " + found);
        }

        /** The first ones, as many as there is room for, but at least one. */
        private <T> List<T> fitting(List<T> rows, ToIntFunction<T> bytes) {
            int count = 0;
            while (count < rows.size()) {
                room -= bytes.applyAsInt(rows.get(count));
                if (room < 0 && count > 0) {
                    break;
                }
                count++;
            }
            if (count > 0) {
                atOnce = Math.max(LEAST_AT_ONCE, Math.min(AT_ONCE, 2 * count));
            }
            return rows.subList(0, count);
        }

        private static boolean isAll(List<?> told, List<?> rows, int limit) {
            return told.size() == rows.size() && rows.size() < limit;
        }

        private static int bytes(Metadata metadata) {
            return BYTES_OF_ROW + (metadata.isEmpty() ? 0 : BYTES_OF_NAMES + metadata.size());
        }

        private @Nullable Read after(IpAddress last, Function<IpAddress, Read> read) {
            return last.equals(prefix.cidr().last()) ? null : read.apply(last.next());
        }

        private static <T> T last(List<T> rows) {
            return rows.get(rows.size() - 1);
        }
    }
}
