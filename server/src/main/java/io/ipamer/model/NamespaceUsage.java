package io.ipamer.model;

import java.math.BigInteger;

/** How full a namespace is, exact at one moment. */
public record NamespaceUsage(FamilyUsage ipv4, FamilyUsage ipv6) {
    /**
     * Sums over all prefixes of one family. size = free + acquired + reserved + leaked.
     *
     * @param topLevel top-level prefixes
     * @param prefixes those at any depth
     * @param size addresses of the top-level prefixes
     * @param free addresses that are in no use
     * @param acquired addresses handed out
     * @param reserved addresses that are kept out of allocation, in prefixes that do not give child prefixes
     * @param leaked addresses in blocks marked as used without a prefix of their own
     */
    public record FamilyUsage(
            long topLevel,
            long prefixes,
            BigInteger size,
            BigInteger free,
            long acquired,
            long reserved,
            BigInteger leaked) {}
}
