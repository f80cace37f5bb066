package io.ipamer.ipam;

import io.ipamer.address.Cidr;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Two CIDRs that share addresses.
 *
 * @param cidr one of those asked about
 * @param conflictsWith what it shares addresses with
 * @param existing whether that is a prefix of the namespace, rather than another of those asked about
 */
public record Overlap(Cidr cidr, Cidr conflictsWith, boolean existing) {

    /**
     * The pairs that overlap among the CIDRs, at most {@code limit}. Two of them overlap only if one holds the other, so
     * in their order those that hold the next one form a stack: n log n steps, and one for each pair.
     */
    public static List<Overlap> among(List<Cidr> cidrs, int limit) {
        List<Overlap> found = new ArrayList<>(0);
        List<Cidr> sorted = new ArrayList<>(cidrs);
        sorted.sort(null);
        Deque<Cidr> holders = new ArrayDeque<>(4);
        for (Cidr cidr : sorted) {
            while (!holders.isEmpty() && !holders.peek().overlaps(cidr)) {
                holders.pop();
            }
            for (Cidr holder : holders) {
                if (found.size() == limit) {
                    return found;
                }
                found.add(new Overlap(cidr, holder, false));
            }
            holders.push(cidr);
        }
        return found;
    }
}
