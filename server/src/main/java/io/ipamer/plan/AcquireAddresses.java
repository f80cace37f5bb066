package io.ipamer.plan;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Mode;
import io.ipamer.model.Reason;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes addresses out of a prefix, all or none: the lowest free ones, or the lowest run of adjacent ones, or a specific
 * one. One seek, and a step for each free range that is used up; a run costs a step for each free range before it.
 *
 * @param count how many; at least 1
 * @param contiguous whether they must be adjacent
 * @param specific the address wanted; null for any. Then {@code count} is 1
 * @param metadata of each of them
 */
public record AcquireAddresses(
        int count, boolean contiguous, @Nullable IpAddress specific, Metadata metadata) implements Call<Allocations> {

    public static AcquireAddresses next(int count, Metadata metadata) {
        return new AcquireAddresses(count, false, null, metadata);
    }

    public static AcquireAddresses run(int count, Metadata metadata) {
        return new AcquireAddresses(count, true, null, metadata);
    }

    public static AcquireAddresses of(IpAddress specific, Metadata metadata) {
        return new AcquireAddresses(1, false, specific, metadata);
    }

    /** Fingerprints are made of it: what came without metadata reads as it did before there was any. */
    @Override
    public String toString() {
        return "AcquireAddresses[count=" + count + ", contiguous=" + contiguous + ", specific=" + specific + "]"
                + metadata.canonical();
    }

    @Override
    public int weight() {
        return count * (1 + metadata.words());
    }

    @Override
    public Allocations decide(View view, Supplier<UUID> ids) {
        Cidr cidr = view.cidr();
        view.requireOpen();
        if (view.mode() == Mode.CHILD) {
            throw new IpamerException(
                    Reason.PREFIX_IS_PARENT,
                    "prefix " + cidr + " gives child prefixes, so it cannot give addresses",
                    Map.of("cidr", cidr.toString()));
        }
        List<AddressRange> ranges = specific != null ? List.of(one(view, cidr, specific)) : lowest(view, cidr);
        List<Allocation> allocations = new ArrayList<>(count);
        for (AddressRange range : ranges) {
            view.freeSpace().take(range);
            IpAddress address = range.first();
            while (true) {
                allocations.add(new Allocation(ids.get(), address, metadata));
                if (address.equals(range.last())) {
                    break;
                }
                address = address.next();
            }
        }
        allocations.forEach(view::acquire);
        return new Allocations(allocations);
    }

    private List<AddressRange> lowest(View view, Cidr cidr) {
        if (cidr.sizeSaturated() - view.acquired() - view.reserved() < count) {
            throw noneFree(view, cidr);
        }
        if (!contiguous || count == 1) {
            return view.freeSpace().lowest(count);
        }
        AddressRange run = view.freeSpace().run(count);
        if (run == null) {
            throw noneFree(view, cidr);
        }
        return List.of(run);
    }

    private static AddressRange one(View view, Cidr cidr, IpAddress address) {
        Map<String, String> metadata = Map.of("address", address.toString(), "cidr", cidr.toString());
        if (!cidr.contains(address)) {
            throw new IpamerException(
                    Reason.ADDRESS_OUTSIDE_PREFIX, "address " + address + " does not lie in " + cidr, metadata);
        }
        if (view.isReserved(address)) {
            throw new IpamerException(
                    Reason.ADDRESS_RESERVED,
                    "address " + address + " is reserved in " + cidr
                            + ": its first and last addresses are kept out of allocation",
                    metadata);
        }
        if (!view.freeSpace().isFree(address)) {
            throw new IpamerException(
                    Reason.ADDRESS_TAKEN, "address " + address + " is already acquired in " + cidr, metadata);
        }
        return new AddressRange(address, address);
    }

    private IpamerException noneFree(View view, Cidr cidr) {
        BigInteger free = view.freeCount();
        String wanted =
                count == 1 ? "no free address" : "not " + count + (contiguous ? " adjacent" : "") + " free addresses";
        return new IpamerException(
                Reason.NO_FREE_ADDRESS,
                wanted + " in " + cidr + ": " + view.acquired() + " acquired, " + view.reserved() + " reserved, " + free
                        + " free",
                Map.of(
                        "cidr",
                        cidr.toString(),
                        "acquired",
                        Long.toString(view.acquired()),
                        "reserved",
                        Integer.toString(view.reserved()),
                        "free",
                        free.toString()));
    }
}
