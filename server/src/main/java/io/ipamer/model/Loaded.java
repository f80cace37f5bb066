package io.ipamer.model;

/**
 * What a load brought in.
 *
 * @param prefixes number of prefixes, children included
 * @param allocations number of addresses handed out
 * @param leaked number of blocks marked as used without a prefix of their own
 */
public record Loaded(long prefixes, long allocations, long leaked) {}
