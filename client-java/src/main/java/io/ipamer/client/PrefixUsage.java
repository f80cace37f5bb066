package io.ipamer.client;

import java.math.BigInteger;
import java.util.Optional;

/**
 * How full a prefix is, exact at one revision. Only direct children count.
 *
 * @param cidr the prefix
 * @param mode what it gives out
 * @param size all its addresses: 1 to 2^128
 * @param free addresses in no use: those that can be acquired or, of a parent, those in no child and no leaked block
 * @param acquired addresses that are handed out, without the reserved ones
 * @param reserved addresses that are kept out of allocation
 * @param children direct child prefixes
 * @param leaked blocks that an import marked as used though no prefix of that CIDR exists
 * @param largestFreeBlock the largest block that children can be cut from, if there is one
 * @param revision number of changes of the prefix so far
 * @param beingDeleted whether it is being deleted with everything in it
 */
public record PrefixUsage(
        String cidr,
        PrefixMode mode,
        BigInteger size,
        BigInteger free,
        long acquired,
        BigInteger reserved,
        long children,
        long leaked,
        Optional<String> largestFreeBlock,
        long revision,
        boolean beingDeleted) {}
