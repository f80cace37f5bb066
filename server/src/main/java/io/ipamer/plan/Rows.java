package io.ipamer.plan;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one scope that a plan changes.
 *
 * @param freeRanges by last address: the first one. Free ranges are disjoint and never adjacent
 * @param freeBlocks in the order in which they are to be applied
 * @param allocations by address
 * @param leaked blocks newly marked as used by nobody's prefix
 * @param prefixes right below this scope, by last address
 * @param namespaces by name
 */
public record Rows(
        Map<IpAddress, Change<IpAddress>> freeRanges,
        List<BlockChange> freeBlocks,
        Map<IpAddress, Change<Allocation>> allocations,
        List<Cidr> leaked,
        Map<IpAddress, Change<Prefix>> prefixes,
        Map<String, Change<Namespace>> namespaces) {

    /** No row. */
    public static final Rows NONE = new Rows(Map.of(), List.of(), Map.of(), List.of(), Map.of(), Map.of());

    public boolean isEmpty() {
        return count() == 0;
    }

    /** How many rows; a block change counts as one. */
    public int count() {
        int words = 0;
        for (Change<Allocation> change : allocations.values()) {
            words += words(change.before()) + words(change.after());
        }
        return words
                + freeRanges.size()
                + freeBlocks.size()
                + allocations.size()
                + leaked.size()
                + prefixes.size()
                + namespaces.size();
    }

    private static int words(@Nullable Allocation allocation) {
        return allocation == null ? 0 : allocation.metadata().words();
    }
}
