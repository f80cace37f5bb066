package io.ipamer.plan;

import io.ipamer.address.Cidr;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes a child prefix out of a prefix: by length the lowest start of the smallest free block that fits (best fit), or
 * one specific CIDR. By length one seek, specific one look-up of up to 128 blocks; then one row a length between the
 * free block and the child.
 *
 * @param length of the child, longer than the parent's; ignored with {@code specific}
 * @param specific the child wanted; null for any of that length
 */
public record AcquireChildPrefix(int length, @Nullable Cidr specific, Reservation reservation, Metadata metadata)
        implements Call<Prefix> {
    /** Rows to read ahead, as the next calls will want the next blocks. */
    private static final int AHEAD = 256;

    public static AcquireChildPrefix ofLength(int length, Reservation reservation, Metadata metadata) {
        return new AcquireChildPrefix(length, null, reservation, metadata);
    }

    public static AcquireChildPrefix of(Cidr specific, Reservation reservation, Metadata metadata) {
        return new AcquireChildPrefix(specific.length(), specific, reservation, metadata);
    }

    /** As that of {@link AcquireAddresses}. */
    @Override
    public String toString() {
        return "AcquireChildPrefix[length=" + length + ", specific=" + specific + ", reservation=" + reservation + "]"
                + metadata.canonical();
    }

    @Override
    public Prefix decide(View view, Supplier<UUID> ids) {
        Cidr whole = view.cidr();
        if (specific != null && !whole.contains(specific.first())) {
            throw new IpamerException(
                    Reason.PREFIX_OUTSIDE_PARENT,
                    specific + " does not lie in " + whole,
                    Map.of("cidr", specific.toString(), "parent_cidr", whole.toString()));
        }
        if (length <= whole.length() || length > whole.family().bits()) {
            throw new IpamerException(
                    Reason.LENGTH_OUT_OF_RANGE,
                    "length " + length + " is out of range: a child of " + whole + " has a length of "
                            + (whole.length() + 1) + " to " + whole.family().bits(),
                    Map.of("length", Integer.toString(length), "parent_cidr", whole.toString()));
        }
        view.requireOpen();
        if (view.acquired() > 0) {
            throw new IpamerException(
                    Reason.PREFIX_HAS_ADDRESSES,
                    "prefix " + whole + " has " + Amount.of(view.acquired(), "acquired address", "acquired addresses")
                            + ", so it cannot give child prefixes",
                    Map.of("cidr", whole.toString()));
        }
        Cidr outer = view.isEmpty()
                ? whole
                : specific == null
                        ? view.blocks().bestFit(length, AHEAD)
                        : view.blocks().enclosing(specific);
        if (outer == null) {
            throw specific == null ? noneFree(view, whole) : taken(specific, whole);
        }
        Cidr cidr = specific == null ? new Cidr(outer.first(), length) : specific;
        Prefix child = new Prefix(
                ids.get(), view.scope().requestSpace(), view.scope().id(), whole, cidr, reservation, metadata);
        view.takeBlock(outer, cidr);
        view.addChild(child);
        view.create(ScopeChange.Create.of(child));
        return child;
    }

    private IpamerException noneFree(View view, Cidr whole) {
        Cidr largest = view.largestFreeBlock();
        return new IpamerException(
                Reason.NO_FREE_PREFIX,
                "no free block of length " + length + " in " + whole
                        + (largest == null ? ": it is full" : ": the largest free block is " + largest),
                Map.of(
                        "cidr",
                        whole.toString(),
                        "children",
                        Long.toString(view.children()),
                        "leaked",
                        Long.toString(view.leaked()),
                        "free",
                        view.freeCount().toString(),
                        "largest_free_block",
                        largest == null ? "" : largest.toString()));
    }

    private static IpamerException taken(Cidr specific, Cidr whole) {
        return new IpamerException(
                Reason.PREFIX_TAKEN,
                specific + " is not wholly free in " + whole,
                Map.of("cidr", specific.toString(), "parent_cidr", whole.toString()));
    }
}
