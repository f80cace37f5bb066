package io.ipamer.plan;

import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.MetadataUpdate;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Changes what is said of an acquired address. One seek.
 *
 * @param allocationId changes it only if this allocation still holds it; null whoever holds it
 */
public record UpdateAddress(IpAddress address, @Nullable UUID allocationId, MetadataUpdate update)
        implements Call<Allocations> {
    @Override
    public Allocations decide(View view, Supplier<UUID> ids) {
        Allocation before = view.allocationAt(address, allocationId);
        Allocation after = new Allocation(before.id(), address, update.applyTo(before.metadata()));
        if (!after.equals(before)) {
            view.replace(after);
        }
        return new Allocations(List.of(after));
    }
}
