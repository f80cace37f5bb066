package io.ipamer.plan;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.model.Allocation;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a store found for one {@link Read}. */
public sealed interface Found {

    record FreeRanges(Read.FreeRanges read, List<AddressRange> rows) implements Found {}

    record FreeBlocks(Read.FreeBlocksFrom read, List<Cidr> rows) implements Found {}

    record FreeBlock(Read.FreeBlockAt read, boolean isFree) implements Found {}

    record LargestFreeBlock(
            Read.LargestFreeBlock read, @Nullable Cidr block) implements Found {}

    record Allocations(Read.AllocationsFrom read, List<Allocation> rows) implements Found {}

    record Leaked(Read.LeakedFrom read, List<Cidr> rows) implements Found {}

    record Prefixes(Read.PrefixesFrom read, List<Prefix> rows) implements Found {}

    record NamespaceNamed(
            Read.NamespaceNamed read, @Nullable Namespace namespace) implements Found {}

    record HeadOf(Read.HeadOf read, @Nullable Head head) implements Found {}
}
