package io.ipamer.plan;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Mode;
import io.ipamer.model.ReleaseCount;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Releases the lowest acquired addresses of a prefix, whoever holds them. A seek, and a step for each address.
 *
 * @param max how many at most
 */
public record ClearAddresses(int max) implements Call<ReleaseCount> {
    @Override
    public int weight() {
        return max;
    }

    @Override
    public boolean gives() {
        return false;
    }

    @Override
    public ReleaseCount decide(View view, Supplier<UUID> ids) {
        List<Allocation> lowest = view.mode() == Mode.ADDRESS ? lowest(view) : List.of();
        if (!lowest.isEmpty()) {
            view.freeSpace()
                    .require(
                            lowest.get(0).address(),
                            lowest.get(lowest.size() - 1).address(),
                            max);
        }
        for (Allocation allocation : lowest) {
            view.release(allocation.address());
            view.freeSpace().give(allocation.address(), true);
        }
        return new ReleaseCount(lowest.size());
    }

    private List<Allocation> lowest(View view) {
        Cidr cidr = view.cidr();
        List<Allocation> lowest = new ArrayList<>();
        for (IpAddress from = cidr.first(); lowest.size() < max; from = from.next()) {
            Map.Entry<IpAddress, Allocation> next = view.allocations().ceiling(from, max);
            if (next == null) {
                break;
            }
            lowest.add(next.getValue());
            from = next.getKey();
            if (from.equals(cidr.last())) {
                break;
            }
        }
        return lowest;
    }
}
