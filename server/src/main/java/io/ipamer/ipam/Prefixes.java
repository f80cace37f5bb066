package io.ipamer.ipam;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.IpamerException;
import io.ipamer.model.MetadataUpdate;
import io.ipamer.model.Mode;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.model.Usage;
import io.ipamer.plan.AcquireChildPrefix;
import io.ipamer.plan.CreatePrefix;
import io.ipamer.plan.DeletePrefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Head;
import io.ipamer.plan.Read;
import io.ipamer.plan.Scope;
import io.ipamer.plan.UpdatePrefix;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The use cases of prefixes. Futures fail with {@link IpamerException} only; all may fail with NAMESPACE_NOT_FOUND, and
 * those that name a prefix with PREFIX_NOT_FOUND. Where a cost is not given it is an index seek or two, however many
 * prefixes there are and whatever they hold.
 */
public final class Prefixes {
    private static final int OVERLAP_PAGE = 1_000;

    private final Store store;
    private final Router router;

    Prefixes(Store store, Router router) {
        this.store = store;
        this.router = router;
    }

    /** A top-level prefix. Refused: PREFIX_OVERLAPS. */
    public CompletableFuture<Reply<Prefix>> create(
            String namespace, Cidr cidr, Reservation reservation, CallOptions options) {
        CreatePrefix call = new CreatePrefix(cidr, reservation, options.metadata());
        return router.toNamespace(
                namespace,
                found -> new Router.Route<>(Scope.of(found), call, null, router.created(namespace)),
                options,
                call::toString);
    }

    public CompletableFuture<Prefix> get(String namespace, Cidr cidr) {
        return Failures.told(router.prefix(namespace, cidr));
    }

    /** All prefixes of a namespace at any depth, in the order of {@link Cidr}. */
    public CompletableFuture<List<Prefix>> list(String namespace) {
        return Failures.told(router.namespace(namespace).thenCompose(this::all));
    }

    /**
     * Changes what is said of a prefix. Refused: PREFIX_ID_MISMATCH, INVALID_LABEL.
     *
     * @param prefixId changes it only if it still is this prefix; null whichever it is
     */
    public CompletableFuture<Reply<Prefix>> update(
            String namespace, Cidr cidr, @Nullable UUID prefixId, MetadataUpdate update, CallOptions options) {
        return router.toPrefix(
                namespace,
                cidr,
                prefix -> new Router.Route<>(
                        Scope.above(prefix),
                        new UpdatePrefix(prefix, update),
                        whyNotThat(prefix, prefixId),
                        answer -> {}),
                options,
                () -> "UpdatePrefix " + cidr + " " + prefixId + " " + update);
    }

    /**
     * A prefix at any depth. Refused: PREFIX_ID_MISMATCH, PREFIX_HAS_ADDRESSES, PREFIX_HAS_CHILDREN.
     *
     * @param prefixId deletes it only if it still is this prefix; null whichever it is
     */
    public CompletableFuture<Reply<Prefix>> delete(
            String namespace, Cidr cidr, @Nullable UUID prefixId, CallOptions options) {
        return router.toPrefix(
                namespace,
                cidr,
                prefix -> deletion(namespace, prefix, whyNotThat(prefix, prefixId)),
                options,
                () -> "DeletePrefix " + cidr + (prefixId == null ? "" : " " + prefixId));
    }

    /**
     * What became of a prefix that was to be deleted with everything in it.
     *
     * @param reply the prefix as it was or, while something is left, as it stands
     * @param inProgress whether something is left
     * @param deleted how many prefixes went, itself included
     * @param released how many addresses were released
     */
    public record Deletion(Reply<Prefix> reply, boolean inProgress, long deleted, long released) {}

    /**
     * A prefix at any depth with everything in it, see {@link ForcedDelete}; takes at most 15 s and may be called again to
     * go on. Refused: PREFIX_ID_MISMATCH.
     *
     * @param prefixId deletes it only if it still is this prefix; null whichever it is
     */
    public CompletableFuture<Deletion> deleteWithContent(
            String namespace, Cidr cidr, @Nullable UUID prefixId, CallOptions options) {
        Supplier<String> canonical = () -> "DeletePrefix force " + cidr + " " + prefixId;
        CompletableFuture<Deletion> promise = new CompletableFuture<>();
        Steps steps = router.steps(options, promise::isDone);
        CompletableFuture<Deletion> deletion = router.namespace(namespace).thenCompose(found -> {
            Supplier<CompletableFuture<Optional<Deletion>>> replay =
                    () -> router.<Prefix>replay(found.id(), options, canonical)
                            .thenApply(reply -> reply.map(done -> new Deletion(done, false, 0, 0)));
            // The prefix first: one that is found before an earlier sending of the call was done is not what has its
            // CIDR after that, and its scope is gone.
            CompletableFuture<Deletion> run = router.prefix(namespace, cidr)
                    .thenCompose(prefix -> replay.get().thenCompose(done -> {
                        if (done.isPresent()) {
                            return CompletableFuture.completedFuture(done.get());
                        }
                        IpamerException refusal = whyNotThat(prefix, prefixId);
                        if (refusal != null) {
                            throw refusal;
                        }
                        return new ForcedDelete(store, router, namespace, prefix, options, canonical, steps).run();
                    }));
            return Promises.then(
                    run,
                    CompletableFuture::completedFuture,
                    failure -> replay.get().thenApply(earlier -> earlier.orElseThrow(() -> Steps.stopped(failure))));
        });
        Promises.finish(deletion, promise::complete, failure -> promise.completeExceptionally(Steps.stopped(failure)));
        return promise;
    }

    /**
     * A child of that length. Refused: NO_FREE_PREFIX, PREFIX_HAS_ADDRESSES, LENGTH_OUT_OF_RANGE. Writes a row for each
     * length between the free block that is used and the child.
     */
    public CompletableFuture<Reply<Prefix>> acquireChild(
            String namespace, Cidr parent, int length, Reservation reservation, CallOptions options) {
        return acquireChild(
                namespace, parent, AcquireChildPrefix.ofLength(length, reservation, options.metadata()), options);
    }

    /** That child. Refused as by length, PREFIX_TAKEN, PREFIX_OUTSIDE_PARENT. */
    public CompletableFuture<Reply<Prefix>> acquireChild(
            String namespace, Cidr parent, Cidr child, Reservation reservation, CallOptions options) {
        return acquireChild(namespace, parent, AcquireChildPrefix.of(child, reservation, options.metadata()), options);
    }

    private CompletableFuture<Reply<Prefix>> acquireChild(
            String namespace, Cidr parent, AcquireChildPrefix call, CallOptions options) {
        return router.toPrefix(
                namespace,
                parent,
                found -> new Router.Route<>(Scope.of(found), call, null, router.created(namespace)),
                options,
                () -> parent + " " + call);
    }

    /**
     * Deletes a child prefix; its block is free again. Refused: NOT_A_CHILD, PREFIX_ID_MISMATCH, PREFIX_HAS_ADDRESSES,
     * PREFIX_HAS_CHILDREN.
     *
     * @param prefixId releases it only if it still is this prefix; null whichever it is
     */
    public CompletableFuture<Reply<Prefix>> releaseChild(
            String namespace, Cidr cidr, @Nullable UUID prefixId, CallOptions options) {
        return router.toPrefix(
                namespace,
                cidr,
                prefix -> deletion(namespace, prefix, whyNoRelease(prefix, prefixId)),
                options,
                () -> "ReleaseChildPrefix " + cidr + " " + prefixId);
    }

    private static @Nullable IpamerException whyNotThat(Prefix prefix, @Nullable UUID prefixId) {
        return prefixId == null || prefixId.equals(prefix.id())
                ? null
                : new IpamerException(
                        Reason.PREFIX_ID_MISMATCH,
                        "prefix " + prefix.cidr() + " is another one now: its id is not " + prefixId,
                        Map.of("cidr", prefix.cidr().toString()));
    }

    private static @Nullable IpamerException whyNoRelease(Prefix prefix, @Nullable UUID prefixId) {
        IpamerException notThat = whyNotThat(prefix, prefixId);
        if (notThat != null) {
            return notThat;
        }
        return prefix.parentId() == null
                ? new IpamerException(
                        Reason.NOT_A_CHILD,
                        "prefix " + prefix.cidr() + " is a top-level prefix: delete it instead",
                        Map.of("cidr", prefix.cidr().toString()))
                : null;
    }

    private Router.Route<Prefix> deletion(String namespace, Prefix prefix, @Nullable IpamerException refusal) {
        return new Router.Route<>(Scope.above(prefix), new DeletePrefix(prefix), refusal, router.deleted(namespace));
    }

    /** Exact counts, at one revision. */
    public CompletableFuture<Usage> usage(String namespace, Cidr cidr) {
        return Failures.told(extract(namespace, cidr, List.of(new Read.LargestFreeBlock(null)), Prefixes::usage));
    }

    private static Usage usage(Prefix prefix, Extract extract) {
        Head head = extract.head();
        Cidr largest = ((Found.LargestFreeBlock) extract.found().get(0)).block();
        Mode mode = head.mode();
        BigInteger size = prefix.cidr().size();
        BigInteger used = mode == Mode.CHILD ? head.covered() : BigInteger.valueOf(head.acquired() + head.reserved());
        return new Usage(
                prefix,
                mode,
                size,
                size.subtract(used),
                head.acquired(),
                head.reserved(),
                head.children(),
                head.leaked(),
                head.isEmpty() ? prefix.cidr() : largest,
                head.closing(),
                head.seq());
    }

    /** The free blocks for child prefixes, ascending: the minimal cover of what no child or leaked block uses. Costs a step for each. */
    public CompletableFuture<FreeBlockList> freeBlocks(String namespace, Cidr cidr) {
        Read all = new Read.FreeBlocksFrom(Cidr.of(cidr.first(), cidr.family().bits()), Integer.MAX_VALUE);
        return Failures.told(extract(namespace, cidr, List.of(all), (prefix, extract) -> {
            Head head = extract.head();
            List<Cidr> blocks =
                    new ArrayList<>(((Found.FreeBlocks) extract.found().get(0)).rows());
            blocks.sort(null);
            boolean whole = head.isEmpty() || head.mode() == Mode.ADDRESS;
            return new FreeBlockList(
                    prefix,
                    whole ? List.of(cidr) : blocks,
                    head.acquired() + head.reserved(),
                    head.children() + head.leaked());
        }));
    }

    /**
     * The free space of a prefix for child prefixes, beside its counts at the same revision.
     *
     * @param blocks ascending; the whole prefix while it has no children, also when it gives addresses
     * @param acquiredAndReserved addresses handed out or reserved
     * @param childrenAndLeaked blocks in use
     */
    public record FreeBlockList(Prefix prefix, List<Cidr> blocks, long acquiredAndReserved, long childrenAndLeaked) {}

    /**
     * Which of the CIDRs overlap a top-level prefix of the namespace, or one another; at most {@code limit} pairs, in the
     * order of the CIDRs: of each first those with prefixes, ascending, then those with CIDRs that come after it. Costs a
     * seek for each CIDR and a step for each pair of them.
     */
    public CompletableFuture<List<Overlap>> overlaps(String namespace, List<Cidr> cidrs, int limit) {
        return Failures.told(router.namespace(namespace)
                .thenCompose(target -> overlapsFrom(Scope.of(target), cidrs, 0, limit, new ArrayList<>(0))));
    }

    private CompletableFuture<List<Overlap>> overlapsFrom(
            Scope scope, List<Cidr> cidrs, int index, int limit, List<Overlap> found) {
        if (index == cidrs.size() || found.size() >= limit) {
            return CompletableFuture.completedFuture(found);
        }
        Cidr cidr = cidrs.get(index);
        return overlapsFrom(scope, cidr, cidr.first(), limit, found).thenCompose(done -> {
            cidrs.subList(index + 1, cidrs.size()).stream()
                    .filter(cidr::overlaps)
                    .limit(limit - found.size())
                    .forEach(later -> found.add(new Overlap(cidr, later, false)));
            return overlapsFrom(scope, cidrs, index + 1, limit, found);
        });
    }

    private CompletableFuture<List<Overlap>> overlapsFrom(
            Scope scope, Cidr cidr, IpAddress from, int limit, List<Overlap> found) {
        Read read = new Read.PrefixesFrom(from, OVERLAP_PAGE);
        return store.read(scope, List.of(read)).thenCompose(extract -> {
            List<Prefix> rows = extract.isEmpty()
                    ? List.of()
                    : ((Found.Prefixes) extract.get().found().get(0)).rows();
            IpAddress last = null;
            for (Prefix row : rows) {
                if (!row.cidr().overlaps(cidr) || found.size() >= limit) {
                    return CompletableFuture.completedFuture(found);
                }
                found.add(new Overlap(cidr, row.cidr(), true));
                last = row.cidr().last();
            }
            return rows.size() < OVERLAP_PAGE || last == null || last.isMax()
                    ? CompletableFuture.completedFuture(found)
                    : overlapsFrom(scope, cidr, last.next(), limit, found);
        });
    }

    private CompletableFuture<List<Prefix>> all(Namespace namespace) {
        return store.prefixes(namespace.id(), Span.ALL, Integer.MAX_VALUE).thenApply(Store.Page::rows);
    }

    /** What {@code make} makes of a prefix and what the store says of it. */
    private <T> CompletableFuture<T> extract(
            String namespace, Cidr cidr, List<Read> reads, BiFunction<Prefix, Extract, T> make) {
        return router.prefix(namespace, cidr)
                .thenCompose(prefix -> store.read(Scope.of(prefix), reads).thenApply(extract -> {
                    if (extract.isEmpty()) {
                        throw Router.prefixNotFound(namespace, cidr);
                    }
                    return make.apply(prefix, extract.get());
                }));
    }
}
