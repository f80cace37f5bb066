package io.ipamer.ipam;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Mode;
import io.ipamer.model.NamespaceUsage;
import io.ipamer.model.NamespaceUsage.FamilyUsage;
import io.ipamer.model.Prefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Head;
import io.ipamer.plan.Read;
import io.ipamer.plan.Scope;
import io.ipamer.store.Store;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** How much room there is, and where. Futures fail with {@link IpamerException} only. */
public final class Capacity {
    private static final int MOST_EXAMINED = 10_000;
    private static final int AT_ONCE = 1_000;

    private final Store store;
    private final Router router;
    private final Lists lists;

    Capacity(Store store, Router router, Lists lists) {
        this.store = store;
        this.router = router;
        this.lists = lists;
    }

    /**
     * A part of the free space of a prefix.
     *
     * @param ranges ascending; the last may go on in the next part
     * @param nextToken what to ask with for the next part; empty when there is none
     * @param revision of the prefix, at which this part was read
     */
    public record FreeRanges(List<AddressRange> ranges, String nextToken, long revision) {}

    /**
     * What was read of the free space.
     *
     * @param next where the rest begins; null when there is none
     */
    private record Slice(
            List<AddressRange> ranges, @Nullable IpAddress next, long revision) {}

    /** The sums over all prefixes of a namespace. A step for each. Refused: NAMESPACE_NOT_FOUND. */
    public CompletableFuture<NamespaceUsage> usage(String namespace) {
        return Failures.told(router.namespace(namespace)
                .thenCompose(found -> store.totals(found.id()))
                .thenApply(totals ->
                        new NamespaceUsage(sum(totals, AddressFamily.IPV4), sum(totals, AddressFamily.IPV6))));
    }

    private static FamilyUsage sum(List<Store.Total> totals, AddressFamily family) {
        long topLevel = 0;
        long prefixes = 0;
        long acquired = 0;
        long reserved = 0;
        BigInteger size = BigInteger.ZERO;
        BigInteger free = BigInteger.ZERO;
        BigInteger leaked = BigInteger.ZERO;
        for (Store.Total total : totals) {
            if (total.family() != family) {
                continue;
            }
            BigInteger sizes = BigInteger.ONE
                    .shiftLeft(family.bits() - total.length())
                    .multiply(BigInteger.valueOf(total.prefixes()));
            prefixes += total.prefixes();
            acquired += total.acquired();
            reserved += total.reserved();
            free = free.add(sizes)
                    .subtract(
                            total.mode() == Mode.CHILD
                                    ? total.covered()
                                    : BigInteger.valueOf(total.acquired() + total.reserved()));
            // What is covered is children and leaked blocks.
            leaked = leaked.add(total.covered());
            if (total.topLevel()) {
                topLevel += total.prefixes();
                size = size.add(sizes);
            } else {
                leaked = leaked.subtract(sizes);
            }
        }
        return new FamilyUsage(topLevel, prefixes, size, free, acquired, reserved, leaked);
    }

    /**
     * The free space of a prefix: what can be handed out as addresses or, once it gives child prefixes, what is in no
     * child and no leaked block. A seek, and a step for each range and each block between them. Refused:
     * NAMESPACE_NOT_FOUND, PREFIX_NOT_FOUND, INVALID_PAGE_TOKEN.
     */
    public CompletableFuture<FreeRanges> free(String namespace, Cidr cidr, Page.Wanted wanted) {
        return Failures.told(router.prefix(namespace, cidr)
                .thenCompose(prefix -> lists.tokens().thenCompose(signer -> {
                    String list = prefix.id() + " free";
                    IpAddress from = wanted.token().isEmpty()
                            ? cidr.first()
                            : IpAddress.parse(signer.read(list, wanted.token()));
                    return free(prefix, from, wanted.size(), new ArrayList<>(), 0)
                            .thenApply(slice -> new FreeRanges(
                                    slice.ranges(),
                                    slice.next() == null
                                            ? ""
                                            : signer.write(list, slice.next().toString()),
                                    slice.revision()));
                })));
    }

    private CompletableFuture<Slice> free(
            Prefix prefix, IpAddress from, int size, List<AddressRange> found, int examined) {
        int limit = Math.max(size, AT_ONCE) + 1;
        List<Read> reads = List.of(
                new Read.FreeRanges(from, limit),
                new Read.PrefixesFrom(from, limit),
                new Read.LeakedFrom(Cidr.largestAt(from), limit));
        return store.read(Scope.of(prefix), reads).thenCompose(read -> {
            Extract extract = read.orElseThrow(() -> Router.gone(Scope.of(prefix)));
            IpAddress rest = null;
            for (AddressRange range : known(prefix.cidr(), from, limit, extract)) {
                if (found.size() == size) {
                    rest = range.first();
                    break;
                }
                found.add(range);
            }
            long revision = extract.head().seq();
            IpAddress end = end(prefix.cidr(), limit, extract);
            if (rest != null || end.equals(prefix.cidr().last())) {
                return CompletableFuture.completedFuture(new Slice(found, rest, revision));
            }
            return found.size() == size || examined >= MOST_EXAMINED
                    ? CompletableFuture.completedFuture(new Slice(found, end.next(), revision))
                    : free(prefix, end.next(), size, found, examined + limit);
        });
    }

    /** The free ranges from an address on, as far as what was read tells. */
    private static List<AddressRange> known(Cidr cidr, IpAddress from, int limit, Extract extract) {
        Head head = extract.head();
        if (head.mode() == Mode.ADDRESS) {
            return ((Found.FreeRanges) extract.found().get(0))
                    .rows().stream()
                            .map(range -> range.first().isBefore(from) ? new AddressRange(from, range.last()) : range)
                            .toList();
        }
        List<AddressRange> used = new ArrayList<>();
        if (head.mode() == Mode.NONE) {
            if (head.firstReserved()) {
                used.add(new AddressRange(cidr.first(), cidr.first()));
            }
            if (head.lastReserved()) {
                used.add(new AddressRange(cidr.last(), cidr.last()));
            }
        }
        ((Found.Prefixes) extract.found().get(1))
                .rows()
                .forEach(child -> used.add(child.cidr().range()));
        ((Found.Leaked) extract.found().get(2)).rows().forEach(block -> used.add(block.range()));
        used.sort(Comparator.comparing(AddressRange::first));
        return gaps(from, end(cidr, limit, extract), used);
    }

    private static List<AddressRange> gaps(IpAddress from, IpAddress to, List<AddressRange> used) {
        List<AddressRange> gaps = new ArrayList<>();
        IpAddress next = from;
        for (AddressRange range : used) {
            if (range.first().isAfter(to)) {
                break;
            }
            if (next.isBefore(range.first())) {
                gaps.add(new AddressRange(next, range.first().previous()));
            }
            if (!range.last().isBefore(to)) {
                return gaps;
            }
            next = next.isAfter(range.last()) ? next : range.last().next();
        }
        gaps.add(new AddressRange(next, to));
        return gaps;
    }

    /** Up to where what was read tells all. */
    private static IpAddress end(Cidr cidr, int limit, Extract extract) {
        List<IpAddress> ends = new ArrayList<>(List.of(cidr.last()));
        if (extract.head().mode() == Mode.ADDRESS) {
            List<AddressRange> rows = ((Found.FreeRanges) extract.found().get(0)).rows();
            if (rows.size() == limit) {
                ends.add(rows.get(limit - 1).last());
            }
        } else {
            List<Prefix> children = ((Found.Prefixes) extract.found().get(1)).rows();
            if (children.size() == limit) {
                ends.add(children.get(limit - 1).cidr().last());
            }
            List<Cidr> leaked = ((Found.Leaked) extract.found().get(2)).rows();
            if (leaked.size() == limit) {
                ends.add(leaked.get(limit - 1).last());
            }
        }
        return Collections.min(ends);
    }
}
