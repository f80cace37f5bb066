package io.ipamer.plan;

import io.ipamer.address.Cidr;

/**
 * One step of the buddy scheme, as data: a block leaves the free blocks or returns to them.
 *
 * <pre>
 *   carve: outer is free          ->  inner is used, and the buddies on the way down are free
 *          [          outer         ]     [inner][ b ][    b    ][        b           ]
 *   merge: the same, backwards
 * </pre>
 *
 * The two blocks say it all; a store that keeps a row a block expands them with {@link FreeBlocks#buddies}.
 *
 * @param carve whether inner leaves (true) or returns (false)
 * @param outer the free block that held it before, or holds it after
 * @param inner the block that is handed out or given back
 * @param outerStored false when outer is the whole of an empty scope, whose free space is implied and has no row
 */
public record BlockChange(boolean carve, Cidr outer, Cidr inner, boolean outerStored) {
    BlockChange reversed() {
        return new BlockChange(!carve, outer, inner, outerStored);
    }
}
