package io.ipamer.bench;

import io.ipamer.address.IpAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * What is held at the moment: IPv6 addresses, or blocks of one size by their first address. Pages of bits, as what is
 * handed out lies close together. For any number of threads.
 */
final class Held {
    /** As many bits to a page as addresses go into one ReleaseIps. */
    private static final int PAGE_BITS = 12;

    private static final int PAGE_WORDS = 1 << PAGE_BITS - 6;

    /** The first address of a page, without the bits below. */
    private record Page(long hi, long lo) {
        @Override
        public int hashCode() {
            long mixed = hi * 0x9E37_79B9_7F4A_7C15L + lo * 0xC2B2_AE3D_27D4_EB4FL;
            return (int) (mixed >>> 32);
        }
    }

    private final int hostBits;
    private final Map<Page, AtomicLongArray> pages = new ConcurrentHashMap<>();
    private final LongAdder added = new LongAdder();

    /**
     * Makes an empty set.
     *
     * @param hostBits of the blocks; 0 for addresses, at most 64
     */
    Held(int hostBits) {
        this.hostBits = hostBits;
    }

    /** Adds what was given; false when it is held already. */
    boolean add(IpAddress first) {
        long bit = 1L << number(first);
        AtomicLongArray page = pages.computeIfAbsent(page(first), fresh -> new AtomicLongArray(PAGE_WORDS));
        boolean fresh = (page.getAndAccumulate(word(first), bit, (held, more) -> held | more) & bit) == 0;
        added.increment();
        return fresh;
    }

    /** Takes out what is about to be given back. */
    void remove(IpAddress first) {
        AtomicLongArray page = pages.get(page(first));
        if (page != null) {
            page.getAndAccumulate(word(first), 1L << number(first), (held, less) -> held & ~less);
        }
    }

    /** How many have been added so far. */
    long added() {
        return added.sum();
    }

    /** All that is held, a page at a time (at most 4096, neighbours). What changes meanwhile may be in it or not. */
    Iterator<List<IpAddress>> pages() {
        return pages.entrySet().stream()
                .map(entry -> content(entry.getKey(), entry.getValue()))
                .filter(content -> !content.isEmpty())
                .iterator();
    }

    private List<IpAddress> content(Page page, AtomicLongArray words) {
        List<IpAddress> content = new ArrayList<>();
        for (int word = 0; word < PAGE_WORDS; word++) {
            for (long bits = words.get(word); bits != 0; bits &= bits - 1) {
                long number = (long) word << 6 | Long.numberOfTrailingZeros(bits);
                content.add(
                        hostBits == 64
                                ? IpAddress.v6(page.hi | number, 0)
                                : IpAddress.v6(page.hi, page.lo | number << hostBits));
            }
        }
        return content;
    }

    /** The number of a block, of which the low bits say the place in its page. */
    private long number(IpAddress first) {
        return hostBits == 64 ? first.hi() : first.lo() >>> hostBits;
    }

    private int word(IpAddress first) {
        return (int) (number(first) >>> 6) & PAGE_WORDS - 1;
    }

    private Page page(IpAddress first) {
        long mask = -1L << PAGE_BITS;
        return hostBits == 64 ? new Page(first.hi() & mask, 0) : new Page(first.hi(), first.lo() & mask << hostBits);
    }
}
