package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * Which addresses of a prefix are listed: those that all of it holds of.
 *
 * @param from this address and those above it
 * @param to this address and those below it
 * @param tags only those with this owner and these labels
 */
public record IpFilter(Optional<String> from, Optional<String> to, Tags tags) {
    /** All of them. */
    public static final IpFilter ALL = new IpFilter(Optional.empty(), Optional.empty(), Tags.ANY);

    public IpFilter {
        requireNonNull(from, "from");
        requireNonNull(to, "to");
        requireNonNull(tags, "tags");
    }

    /** The same, from an address on. */
    public IpFilter withFrom(String address) {
        return new IpFilter(Optional.of(requireNonNull(address, "address")), to, tags);
    }

    /** The same, up to an address. */
    public IpFilter withTo(String address) {
        return new IpFilter(from, Optional.of(requireNonNull(address, "address")), tags);
    }

    /** The same, with these tags only. */
    public IpFilter withTags(Tags only) {
        return new IpFilter(from, to, only);
    }
}
