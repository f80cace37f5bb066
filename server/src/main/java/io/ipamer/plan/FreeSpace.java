package io.ipamer.plan;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The free addresses of a prefix as disjoint ranges that are never adjacent, keyed by their last address: taking from
 * the low end then changes a row in place, and the lowest free address, a specific one and the neighbours of one are
 * one seek each. While the prefix is empty there are no rows, and the one range follows from what is reserved.
 */
final class FreeSpace {
    /** Rows to read ahead when taking from the low end, where the next batch will go on. */
    private static final int AHEAD = 256;

    /** Rows to read at a time when looking for a long enough range. */
    private static final int SCAN = 4_096;

    private final View view;
    private final Cidr cidr;
    private final Window<IpAddress, IpAddress> firstByLast;

    FreeSpace(View view, Cidr cidr, Missing missing) {
        this.view = view;
        this.cidr = cidr;
        this.firstByLast = new Window<>(Comparator.naturalOrder(), cidr.last(), missing, Read.FreeRanges::new);
    }

    /** The {@code count} lowest free addresses as ranges, ascending; there are that many. */
    List<AddressRange> lowest(int count) {
        List<AddressRange> ranges = new ArrayList<>(1);
        IpAddress from = cidr.first();
        for (long wanted = count; wanted > 0; ) {
            AddressRange range = rangeFrom(from, AHEAD);
            if (range == null) {
                throw new IllegalStateException("free ranges of " + cidr + " hold fewer addresses than its head says");
            }
            AddressRange taken = start(range, wanted);
            ranges.add(taken);
            wanted -= taken.sizeSaturated();
            from = range.last().isMax() ? range.last() : range.last().next();
        }
        return ranges;
    }

    /** The start of the lowest free range of at least {@code count} addresses; null when there is none. Costs a step for each range passed. */
    @Nullable
    AddressRange run(int count) {
        AddressRange range = rangeFrom(cidr.first(), SCAN);
        while (range != null && range.sizeSaturated() < count) {
            range = range.last().equals(cidr.last())
                    ? null
                    : rangeFrom(range.last().next(), SCAN);
        }
        return range == null ? null : start(range, count);
    }

    boolean isFree(IpAddress address) {
        AddressRange range = rangeFrom(address, 2);
        return range != null && !range.first().isAfter(address);
    }

    /** Takes addresses that are all free. */
    void take(AddressRange inner) {
        AddressRange outer = rangeFrom(inner.last(), 1);
        if (outer == null || outer.first().isAfter(inner.first())) {
            throw new IllegalStateException(inner + " is not free in " + cidr);
        }
        if (inner.last().equals(outer.last())) {
            firstByLast.remove(outer.last());
        } else {
            firstByLast.put(outer.last(), inner.last().next());
        }
        if (!inner.first().equals(outer.first())) {
            firstByLast.put(inner.first().previous(), outer.first());
        }
    }

    /** Notes the read that {@link #isFree} and {@link #take} would lack. */
    void noteRange(IpAddress address) {
        if (!view.isEmpty()) {
            firstByLast.knowsCeiling(address, 2);
        }
    }

    /** Notes the reads that {@link #give} would lack. */
    void noteNeighbours(IpAddress address) {
        if (firstByLast.knowsCeiling(before(address), 2)) {
            firstByLast.knowsCeiling(address, 2);
        }
    }

    /** Makes sure that {@link #give} lacks nothing for addresses between those two; {@code limit}: rows to read at a time. */
    void require(IpAddress first, IpAddress last, int limit) {
        IpAddress from = before(first);
        while (true) {
            Map.Entry<IpAddress, IpAddress> range = firstByLast.ceiling(from, limit);
            if (range == null
                    || !range.getKey().isBefore(last)
                    || range.getKey().isMax()) {
                break;
            }
            from = range.getKey().next();
        }
        firstByLast.ceiling(last, 2);
    }

    /**
     * Gives back an address that is not free and is no longer counted as acquired or reserved.
     *
     * @param stored whether the free ranges had rows up to now
     */
    void give(IpAddress address, boolean stored) {
        if (!stored) {
            return;
        }
        IpAddress first = address;
        Map.Entry<IpAddress, IpAddress> right = firstByLast.ceiling(before(address), 2);
        if (right != null && right.getKey().isBefore(address)) {
            first = right.getValue();
            firstByLast.remove(right.getKey());
            right = firstByLast.ceiling(address, 2);
        }
        IpAddress last = address;
        if (right != null && !address.isMax() && right.getValue().equals(address.next())) {
            last = right.getKey();
        }
        if (view.isEmpty()) {
            firstByLast.remove(last);
        } else {
            firstByLast.put(last, first);
        }
    }

    void knowAll() {
        firstByLast.knowAll();
    }

    void learn(Found.FreeRanges found) {
        IpAddress last = cidr.last();
        for (AddressRange range : found.rows()) {
            last = range.last();
            firstByLast.learn(last, range.first());
        }
        firstByLast.learnCovered(
                found.read().from(), found.rows().size() < found.read().limit() ? cidr.last() : last);
    }

    void trim(int max) {
        firstByLast.trim(max);
    }

    Map<IpAddress, Change<IpAddress>> takeChanges() {
        return firstByLast.takeChanges();
    }

    void rollback() {
        firstByLast.rollback();
    }

    /** The free range that holds {@code address}, or else the next one after it. */
    private @Nullable AddressRange rangeFrom(IpAddress address, int limit) {
        if (view.isEmpty()) {
            AddressRange all = implied();
            return all == null || all.last().isBefore(address) ? null : all;
        }
        Map.Entry<IpAddress, IpAddress> found = firstByLast.ceiling(address, limit);
        return found == null ? null : new AddressRange(found.getValue(), found.getKey());
    }

    /** All addresses that are not reserved; null when there is none. */
    private @Nullable AddressRange implied() {
        IpAddress first = cidr.first();
        IpAddress last = cidr.last();
        if (cidr.sizeSaturated() <= view.reserved()) {
            return null;
        }
        return new AddressRange(
                view.firstReserved() ? first.next() : first, view.lastReserved() ? last.previous() : last);
    }

    private static AddressRange start(AddressRange range, long count) {
        return range.sizeSaturated() <= count
                ? range
                : new AddressRange(range.first(), range.first().plus(count - 1));
    }

    private static IpAddress before(IpAddress address) {
        return address.isMin() ? address : address.previous();
    }
}
