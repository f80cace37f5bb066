package io.ipamer.model;

import io.ipamer.address.IpAddress;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An acquired address that is to be put into a prefix as it was elsewhere.
 *
 * @param id the allocation that held it; null for a new one
 */
public record LoadItem(@Nullable UUID id, IpAddress address, Metadata metadata) {
    /** Whether that allocation says all that this says. */
    public boolean isAlready(Allocation allocation) {
        return address.equals(allocation.address())
                && (id == null || id.equals(allocation.id()))
                && metadata.equals(allocation.metadata());
    }
}
