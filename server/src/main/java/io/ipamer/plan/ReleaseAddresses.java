package io.ipamer.plan;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Mode;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Gives addresses back, each judged by itself. Two seeks an address: its allocation and its free neighbours.
 *
 * @param items at least one
 * @param alsoReserved whether a reserved first or last address may be released too, as go-ipam's clients do
 */
public record ReleaseAddresses(List<Releases.Item> items, boolean alsoReserved) implements Call<Releases> {

    @Override
    public int weight() {
        return items.size();
    }

    @Override
    public Releases decide(View view, Supplier<UUID> ids) {
        Cidr cidr = view.cidr();
        if (view.mode() == Mode.ADDRESS) {
            for (Releases.Item item : items) {
                if (cidr.contains(item.address()) && view.allocations().knows(item.address())) {
                    view.freeSpace().noteNeighbours(item.address());
                }
            }
            view.missing().check();
        }
        List<Releases.Release> releases = new ArrayList<>(items.size());
        for (Releases.Item item : items) {
            releases.add(release(view, cidr, item));
        }
        return new Releases(releases);
    }

    private Releases.Release release(View view, Cidr cidr, Releases.Item item) {
        IpAddress address = item.address();
        if (!cidr.contains(address)) {
            return new Releases.Refused(
                    address, Reason.ALLOCATION_NOT_FOUND, "address " + address + " does not lie in " + cidr);
        }
        if (view.isReserved(address)) {
            return releaseReserved(view, cidr, item);
        }
        Allocation allocation = view.mode() == Mode.ADDRESS ? view.allocations().get(address) : null;
        if (allocation == null) {
            return new Releases.Refused(
                    address, Reason.ALLOCATION_NOT_FOUND, "address " + address + " is not acquired in " + cidr);
        }
        if (item.allocationId() != null && !item.allocationId().equals(allocation.id())) {
            return new Releases.Refused(
                    address,
                    Reason.ALLOCATION_ID_MISMATCH,
                    "address " + address + " has moved on: it is held by another allocation than "
                            + item.allocationId());
        }
        view.release(address);
        view.freeSpace().give(address, true);
        return new Releases.Released(address, allocation.id());
    }

    private Releases.Release releaseReserved(View view, Cidr cidr, Releases.Item item) {
        IpAddress address = item.address();
        if (!alsoReserved || item.allocationId() != null) {
            return new Releases.Refused(
                    address,
                    Reason.ALLOCATION_NOT_FOUND,
                    "address " + address + " is reserved in " + cidr + ", not acquired");
        }
        view.unreserve(address);
        view.freeSpace().give(address, view.mode() == Mode.ADDRESS);
        return new Releases.Released(address, null);
    }
}
