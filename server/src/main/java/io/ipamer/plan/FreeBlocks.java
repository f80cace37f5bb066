package io.ipamer.plan;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The free blocks of one prefix, by length: a set of aligned blocks, no two of them mergeable, so that it is the one
 * minimal cover of the free space (the buddy scheme of Knowlton, 1965, with best fit).
 *
 * <p>Most lengths hold no block or one, which costs a slot of an array; more go to a tree. Every operation costs one
 * step a length passed, at most 128, and a tree operation where a length holds more than one block.
 */
public final class FreeBlocks {
    private final Cidr whole;
    private final @Nullable IpAddress[] lone;
    private final @Nullable TreeSet<IpAddress>[] crowd;
    private int count;

    @SuppressWarnings({"unchecked", "rawtypes"})
    public FreeBlocks(Cidr whole) {
        this.whole = whole;
        this.lone = new IpAddress[whole.hostBits() + 1];
        this.crowd = new TreeSet[whole.hostBits() + 1];
    }

    /** The number of blocks. */
    public int count() {
        return count;
    }

    public void add(Cidr block) {
        add(block.first(), block.length() - whole.length());
    }

    public void remove(Cidr block) {
        remove(block.first(), block.length() - whole.length());
    }

    public boolean contains(Cidr block) {
        return contains(block.first(), block.length() - whole.length());
    }

    /** The smallest block that is not before {@code from} in the order of best fit: size, then address. */
    public @Nullable Cidr ceiling(Cidr from) {
        for (int level = from.length() - whole.length(); level >= 0; level--) {
            IpAddress first = level == from.length() - whole.length() ? ceiling(level, from.first()) : lowest(level);
            if (first != null) {
                return new Cidr(first, whole.length() + level);
            }
        }
        return null;
    }

    /** The last block in the order of best fit: of the largest ones the one of highest address. */
    public @Nullable Cidr last() {
        for (int level = 0; level < lone.length; level++) {
            IpAddress first = highest(level);
            if (first != null) {
                return new Cidr(first, whole.length() + level);
            }
        }
        return null;
    }

    /** The last block before that one in the order of best fit. */
    public @Nullable Cidr lower(Cidr below) {
        for (int level = below.length() - whole.length(); level < lone.length; level++) {
            IpAddress first = level == below.length() - whole.length() ? lower(level, below.first()) : highest(level);
            if (first != null) {
                return new Cidr(first, whole.length() + level);
            }
        }
        return null;
    }

    public void apply(BlockChange change) {
        Cidr outer = change.outer();
        Cidr inner = change.inner();
        if (change.carve()) {
            if (change.outerStored()) {
                remove(outer);
            }
            for (int length = outer.length() + 1; length <= inner.length(); length++) {
                add(buddy(inner.first(), length), length - whole.length());
            }
        } else {
            for (int length = outer.length() + 1; length <= inner.length(); length++) {
                remove(buddy(inner.first(), length), length - whole.length());
            }
            if (change.outerStored()) {
                add(outer);
            }
        }
    }

    /** The blocks that are free beside {@code inner} once it is carved out of {@code outer}; longest last. */
    public static List<Cidr> buddies(Cidr outer, Cidr inner) {
        List<Cidr> buddies = new ArrayList<>(inner.length() - outer.length());
        for (int length = outer.length() + 1; length <= inner.length(); length++) {
            buddies.add(new Cidr(buddy(inner.first(), length), length));
        }
        return buddies;
    }

    /** The blocks that are not before {@code from} in the order of best fit, at most {@code limit} of them. */
    public void forEachFrom(Cidr from, int limit, Consumer<Cidr> consumer) {
        int left = limit;
        for (int level = from.length() - whole.length(); level >= 0 && left > 0; level--) {
            int length = whole.length() + level;
            IpAddress lowest = length == from.length() ? from.first() : whole.first();
            IpAddress alone = lone[level];
            TreeSet<IpAddress> many = crowd[level];
            if (alone != null && !alone.isBefore(lowest)) {
                consumer.accept(new Cidr(alone, length));
                left--;
            }
            for (IpAddress first : many == null ? List.<IpAddress>of() : many.tailSet(lowest)) {
                if (left-- > 0) {
                    consumer.accept(new Cidr(first, length));
                } else {
                    break;
                }
            }
        }
    }

    /** Where the buddy of that address's block of that length begins: its last bit flipped, all below it cleared. */
    private static IpAddress buddy(IpAddress address, int length) {
        int bit = address.family().bits() - length;
        return bit < 64
                ? new IpAddress(address.family(), address.hi(), ((address.lo() >>> bit) ^ 1) << bit)
                : new IpAddress(address.family(), ((address.hi() >>> (bit - 64)) ^ 1) << (bit - 64), 0);
    }

    private void add(IpAddress first, int level) {
        TreeSet<IpAddress> many = crowd[level];
        IpAddress alone = lone[level];
        if (many != null) {
            count += many.add(first) ? 1 : 0;
        } else if (alone == null) {
            lone[level] = first;
            count++;
        } else if (!alone.equals(first)) {
            many = new TreeSet<>();
            many.add(alone);
            many.add(first);
            crowd[level] = many;
            lone[level] = null;
            count++;
        }
    }

    private void remove(IpAddress first, int level) {
        TreeSet<IpAddress> many = crowd[level];
        if (many != null) {
            count -= many.remove(first) ? 1 : 0;
            if (many.isEmpty()) {
                crowd[level] = null;
            }
        } else if (first.equals(lone[level])) {
            lone[level] = null;
            count--;
        }
    }

    private boolean contains(IpAddress first, int level) {
        TreeSet<IpAddress> many = crowd[level];
        return many != null ? many.contains(first) : first.equals(lone[level]);
    }

    private @Nullable IpAddress lowest(int level) {
        TreeSet<IpAddress> many = crowd[level];
        return many != null ? many.first() : lone[level];
    }

    private @Nullable IpAddress highest(int level) {
        TreeSet<IpAddress> many = crowd[level];
        return many != null ? many.last() : lone[level];
    }

    private @Nullable IpAddress lower(int level, IpAddress below) {
        TreeSet<IpAddress> many = crowd[level];
        if (many != null) {
            return many.lower(below);
        }
        IpAddress alone = lone[level];
        return alone != null && alone.isBefore(below) ? alone : null;
    }

    private @Nullable IpAddress ceiling(int level, IpAddress from) {
        TreeSet<IpAddress> many = crowd[level];
        if (many != null) {
            return many.ceiling(from);
        }
        IpAddress alone = lone[level];
        return alone != null && !alone.isBefore(from) ? alone : null;
    }
}
