package io.ipamer.client;

import java.util.List;

/**
 * Which CIDRs overlap something.
 *
 * @param conflicts at most 10,000, in the order of the CIDRs that were asked about; none if nothing overlaps
 * @param truncated whether there are more
 */
public record Overlaps(List<Conflict> conflicts, boolean truncated) {
    public Overlaps {
        conflicts = List.copyOf(conflicts);
    }

    /**
     * Two CIDRs that overlap.
     *
     * @param cidr the one that was asked about
     * @param conflictsWith what it overlaps
     * @param existing true: that is a prefix of the namespace; false: it is another of those that were asked about
     */
    public record Conflict(String cidr, String conflictsWith, boolean existing) {}
}
