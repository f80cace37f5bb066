package io.ipamer.api.goipam;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.Cidr;
import io.ipamer.ipam.Prefixes.FreeBlockList;
import io.ipamer.proto.goipam.PrefixUsageResponse;
import java.util.List;

/**
 * The numbers that go-ipam shows of a prefix: sizes capped at 2^31 - 1, free space counted in the smallest prefixes that
 * still hold usable addresses (/30 and /126), and its blocks as a list. Costs a step for each free block.
 */
final class UsageNumbers {
    private static final long CAP = Integer.MAX_VALUE;

    private UsageNumbers() {}

    static PrefixUsageResponse of(FreeBlockList free) {
        Cidr cidr = free.prefix().cidr();
        int smallest = cidr.family() == AddressFamily.IPV4 ? 30 : 126;
        List<Cidr> blocks = free.blocks().stream()
                .filter(block -> block.length() <= smallest)
                .toList();
        long count = 0;
        for (Cidr block : blocks) {
            count = Math.min(CAP, count + powerCapped(smallest - block.length()));
        }
        PrefixUsageResponse.Builder usage = PrefixUsageResponse.newBuilder()
                .setAvailableIps(powerCapped(cidr.hostBits()))
                .setAcquiredIps(free.acquiredAndReserved())
                .setAvailableSmallestPrefixes(count)
                .setAcquiredPrefixes(free.childrenAndLeaked());
        blocks.forEach(block -> usage.addAvailablePrefixes(block.toString()));
        return usage.build();
    }

    private static long powerCapped(int exponent) {
        return exponent >= 31 ? CAP : 1L << exponent;
    }
}
