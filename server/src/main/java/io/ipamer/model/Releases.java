package io.ipamer.model;

import io.ipamer.address.IpAddress;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What became of each address that one call wanted to release, in the order of the request. */
public record Releases(List<Release> releases) implements Answer {

    /**
     * One address that a caller wants to release.
     *
     * @param allocationId releases it only if this allocation still holds it; null whoever holds it
     */
    public record Item(IpAddress address, @Nullable UUID allocationId) {}

    /** One address: either released or refused. */
    public sealed interface Release {
        IpAddress address();
    }

    /**
     * It is free again.
     *
     * @param allocationId the allocation that ended; null when a reserved address was released
     */
    public record Released(IpAddress address, @Nullable UUID allocationId, Metadata metadata) implements Release {}

    /** It stays as it was. */
    public record Refused(IpAddress address, Reason reason, String message) implements Release {}
}
