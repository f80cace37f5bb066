package io.ipamer.plan;

import io.ipamer.model.Allocation;
import io.ipamer.model.Mode;
import io.ipamer.model.ReleaseCount;
import io.ipamer.model.Releases;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Releases those of the addresses that are still the owner's: what is gone or another's by now is passed over. Costs as
 * {@link ReleaseAddresses}.
 *
 * @param items with their allocation ids
 */
public record ReleaseOwned(String owner, List<Releases.Item> items) implements Call<ReleaseCount> {
    @Override
    public int weight() {
        return items.size();
    }

    @Override
    public boolean gives() {
        return false;
    }

    @Override
    public ReleaseCount decide(View view, Supplier<UUID> ids) {
        if (view.mode() != Mode.ADDRESS) {
            return new ReleaseCount(0);
        }
        items.forEach(item -> view.allocations().knows(item.address()));
        view.missing().check();
        List<Releases.Item> owned =
                items.stream().filter(item -> isOwned(view, item)).toList();
        Releases releases = new ReleaseAddresses(owned, false).decide(view, ids);
        return new ReleaseCount(releases.releases().size());
    }

    private boolean isOwned(View view, Releases.Item item) {
        Allocation allocation = view.allocations().get(item.address());
        return allocation != null
                && allocation.id().equals(item.allocationId())
                && allocation.metadata().owner().equals(owner);
    }
}
