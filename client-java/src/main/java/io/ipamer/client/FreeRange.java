package io.ipamer.client;

import java.math.BigInteger;
import java.util.List;

/**
 * Adjacent free addresses.
 *
 * @param first the lowest of them
 * @param last the highest of them
 * @param size how many: 1 to 2^128
 * @param cidrs the fewest CIDRs that make up the range, ascending
 */
public record FreeRange(String first, String last, BigInteger size, List<String> cidrs) {
    public FreeRange {
        cidrs = List.copyOf(cidrs);
    }
}
