package io.ipamer.client;

import java.math.BigInteger;

/**
 * Sums over all prefixes of one family in a namespace: size = free + acquired + reserved + leaked.
 *
 * @param topLevelPrefixes prefixes that are no child
 * @param prefixes prefixes at any depth
 * @param size addresses of the top-level prefixes: 0 to 2^128
 * @param free addresses in no use
 * @param acquired addresses that are handed out
 * @param reserved addresses that are kept out of allocation
 * @param leaked addresses in leaked blocks
 */
public record FamilyUsage(
        long topLevelPrefixes,
        long prefixes,
        BigInteger size,
        BigInteger free,
        long acquired,
        BigInteger reserved,
        BigInteger leaked) {}
