package io.ipamer.model;

import io.ipamer.address.Cidr;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A prefix under management. All of it but its metadata is fixed at creation.
 *
 * @param id made when the prefix is created and never used again
 * @param namespaceId the namespace it belongs to
 * @param parentId the prefix it was taken from; null for a top-level prefix
 * @param parentCidr the CIDR of that prefix; null for a top-level prefix
 * @param reservation what was reserved at creation
 */
public record Prefix(
        UUID id,
        UUID namespaceId,
        @Nullable UUID parentId,
        @Nullable Cidr parentCidr,
        Cidr cidr,
        Reservation reservation,
        Metadata metadata)
        implements Answer {
    public Prefix with(Metadata other) {
        return new Prefix(id, namespaceId, parentId, parentCidr, cidr, reservation, other);
    }
}
