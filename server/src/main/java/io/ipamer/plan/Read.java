package io.ipamer.plan;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One question about a scope to a store: each an index seek, then at most {@code limit} rows in order. */
public sealed interface Read {

    /** Free ranges whose last address is not below {@code from}, ascending. */
    record FreeRanges(IpAddress from, int limit) implements Read {}

    /** Free blocks not before {@code from} in {@link Cidr#SMALLEST_FIRST} order. */
    record FreeBlocksFrom(Cidr from, int limit) implements Read {}

    /** Whether this very block is free. */
    record FreeBlockAt(Cidr block) implements Read {}

    /** The last free block before {@code below} in {@link Cidr#SMALLEST_FIRST} order; the last of all when null. */
    record LargestFreeBlock(@Nullable Cidr below) implements Read {}

    /** Allocations at or after {@code from}, ascending. */
    record AllocationsFrom(IpAddress from, int limit) implements Read {}

    /** Leaked blocks at or after {@code from}, ascending. */
    record LeakedFrom(Cidr from, int limit) implements Read {}

    /** Prefixes right below this scope whose last address is not below {@code from}, ascending. */
    record PrefixesFrom(IpAddress from, int limit) implements Read {}

    /** The namespace of that name; only of the system. */
    record NamespaceNamed(String name) implements Read {}

    /** The head of another scope. */
    record HeadOf(UUID scope) implements Read {}
}
