package io.ipamer.plan;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Mode;
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
    /** Of metadata in an answer: it is kept with a request id, and goes in one message. */
    private static final int MAX_BYTES = 2 << 20;

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
        int bytes = 0;
        for (Releases.Item item : items) {
            Releases.Release release = release(view, cidr, item);
            if (release instanceof Releases.Released released) {
                bytes += released.metadata().size();
                release = bytes > MAX_BYTES
                        ? new Releases.Released(released.address(), released.allocationId(), Metadata.NONE)
                        : released;
            }
            releases.add(release);
        }
        return new Releases(releases);
    }

    private Releases.Release release(View view, Cidr cidr, Releases.Item item) {
        IpAddress address = item.address();
        if (alsoReserved && item.allocationId() == null && cidr.contains(address) && view.isReserved(address)) {
            view.unreserve(address);
            view.freeSpace().give(address, view.mode() == Mode.ADDRESS);
            return new Releases.Released(address, null, Metadata.NONE);
        }
        Allocation allocation;
        try {
            allocation = view.allocationAt(address, item.allocationId());
        } catch (IpamerException refusal) {
            return new Releases.Refused(address, refusal.reason(), refusal.getMessage());
        }
        view.release(address);
        view.freeSpace().give(address, true);
        return new Releases.Released(address, allocation.id(), allocation.metadata());
    }
}
