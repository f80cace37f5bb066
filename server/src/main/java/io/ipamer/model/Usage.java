package io.ipamer.model;

import io.ipamer.address.Cidr;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * How full a prefix is, exact at one revision.
 *
 * @param size all its addresses
 * @param free addresses that are neither acquired nor reserved nor inside a child or a leaked block
 * @param acquired addresses handed out
 * @param reserved first and last address, where still reserved
 * @param children child prefixes
 * @param leaked blocks marked as used without a prefix of their own, as an import found them
 * @param largestFreeBlock the largest block that a child prefix could be given; null when there is none or when the
 *     prefix gives addresses
 * @param closing whether it is being deleted with everything in it, and gives out nothing
 */
public record Usage(
        Prefix prefix,
        Mode mode,
        BigInteger size,
        BigInteger free,
        long acquired,
        long reserved,
        long children,
        long leaked,
        @Nullable Cidr largestFreeBlock,
        boolean closing,
        long revision) {}
