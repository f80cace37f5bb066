package io.ipamer.plan;

import io.ipamer.address.Cidr;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The free blocks of a prefix as far as a view knows them, and what the batch being planned changed. */
final class Blocks {
    private final Cidr whole;
    private final FreeBlocks free;
    private final Coverage<Cidr> coverage = new Coverage<>(Cidr.SMALLEST_FIRST);
    private final Missing missing;
    private List<BlockChange> changes = List.of();

    Blocks(Cidr whole, Missing missing) {
        this.whole = whole;
        this.free = new FreeBlocks(whole);
        this.missing = missing;
    }

    void knowAll() {
        coverage.addAll();
    }

    void learn(Read.FreeBlocksFrom read, List<Cidr> rows) {
        Cidr last = whole;
        for (Cidr row : rows) {
            last = row;
            free.add(row);
        }
        coverage.add(read.from(), rows.size() < read.limit() ? whole : last);
    }

    void learn(Read.LargestFreeBlock read, @Nullable Cidr block) {
        if (block != null) {
            free.add(block);
        }
        coverage.add(block == null ? smallest() : block, read.below() == null ? whole : read.below());
    }

    void learn(Cidr block, boolean isFree) {
        if (isFree) {
            free.add(block);
        }
        coverage.add(block, block);
    }

    /** Best fit: the smallest free block of that length or shorter, of those the lowest; null when there is none. */
    @Nullable
    Cidr bestFit(int length, int limit) {
        Cidr from = Cidr.of(whole.first(), length);
        Cidr found = free.ceiling(from);
        if (!coverage.isAll()) {
            Cidr to = found == null ? whole : found;
            Cidr reach = coverage.reachFrom(from);
            if (reach == null || coverage.compare(reach, to) < 0) {
                throw missing.needs(new Read.FreeBlocksFrom(reach == null ? from : reach, limit));
            }
        }
        return found;
    }

    /** A largest free block; null when there is none. */
    @Nullable
    Cidr largest() {
        Cidr last = free.last();
        if (!coverage.isAll()) {
            // Not the store's largest over and over: the batch may have taken that one.
            Cidr start = coverage.startOf(whole);
            if (start == null || coverage.compare(start, last == null ? smallest() : last) > 0) {
                throw missing.needs(new Read.LargestFreeBlock(start));
            }
        }
        return last;
    }

    /** The free block that holds {@code inner}; null when some of it is used. */
    @Nullable
    Cidr enclosing(Cidr inner) {
        for (int length = inner.length(); length >= whole.length(); length--) {
            Cidr outer = inner.enclosing(length);
            if (isKnown(outer) && free.contains(outer)) {
                return outer;
            }
        }
        missing.check();
        return null;
    }

    /** Notes the reads that {@link #enclosing} would lack. */
    void noteEnclosing(Cidr inner) {
        for (int length = inner.length(); length >= whole.length(); length--) {
            isKnown(inner.enclosing(length));
        }
    }

    /** The free block that {@code inner} becomes part of when it is given back, buddies merged. */
    Cidr merged(Cidr inner) {
        Cidr outer = inner;
        while (outer.length() > whole.length()) {
            Cidr buddy = outer.sibling();
            if (!isKnown(buddy) || !free.contains(buddy)) {
                break;
            }
            outer = outer.parent();
        }
        if (!missing.isEmpty()) {
            // One read for all the buddies that may be wanted, not one for each level.
            for (Cidr block = outer; block.length() > whole.length(); block = block.parent()) {
                isKnown(block.sibling());
            }
            missing.check();
        }
        return outer;
    }

    void apply(BlockChange change) {
        free.apply(change);
        if (!coverage.isAll()) {
            for (Cidr buddy : FreeBlocks.buddies(change.outer(), change.inner())) {
                coverage.add(buddy, buddy);
            }
            coverage.add(change.outer(), change.outer());
        }
        if (changes.isEmpty()) {
            changes = new ArrayList<>(2);
        }
        changes.add(change);
    }

    List<BlockChange> takeChanges() {
        List<BlockChange> taken = changes;
        changes = List.of();
        return taken;
    }

    void rollback() {
        List<BlockChange> taken = takeChanges();
        for (int i = taken.size() - 1; i >= 0; i--) {
            free.apply(taken.get(i).reversed());
        }
    }

    /** How much it knows: blocks and intervals. */
    int size() {
        return free.count() + coverage.size();
    }

    /** The first in the order of best fit. */
    private Cidr smallest() {
        return Cidr.of(whole.first(), whole.first().family().bits());
    }

    private boolean isKnown(Cidr block) {
        if (coverage.contains(block)) {
            return true;
        }
        missing.note(new Read.FreeBlockAt(block));
        return false;
    }
}
