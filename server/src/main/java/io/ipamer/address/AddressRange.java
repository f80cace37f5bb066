package io.ipamer.address;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * A closed interval of addresses of one family.
 *
 * @param first the lowest address
 * @param last the highest address, itself included
 */
public record AddressRange(IpAddress first, IpAddress last) {

    /**
     * Makes a range of its ends.
     *
     * @throws IllegalArgumentException if the families differ or {@code last} is below {@code first}
     */
    public AddressRange {
        if (first.family() != last.family()) {
            throw new IllegalArgumentException("range of two families: " + first + " to " + last);
        }
        if (last.isBefore(first)) {
            throw new IllegalArgumentException("range ends before it begins: " + first + " to " + last);
        }
    }

    /** The number of addresses, 1 to 2^128. */
    public BigInteger size() {
        return new BigInteger(1, last.toBytes())
                .subtract(new BigInteger(1, first.toBytes()))
                .add(BigInteger.ONE);
    }

    /** The number of addresses, at most {@link Long#MAX_VALUE}. Allocates nothing. */
    public long sizeSaturated() {
        long span = last.lo() - first.lo();
        return spanHi(first, last) != 0 || span < 0 || span == Long.MAX_VALUE ? Long.MAX_VALUE : span + 1;
    }

    /** True if the address is of this family and lies in this range. Allocates nothing. */
    public boolean contains(IpAddress address) {
        // The natural order keeps the families apart, so an address of the other one lies outside.
        return first.compareTo(address) <= 0 && address.compareTo(last) <= 0;
    }

    /** True if the ranges have an address in common. Allocates nothing. */
    public boolean overlaps(AddressRange other) {
        return first.compareTo(other.last) <= 0 && other.first.compareTo(last) <= 0;
    }

    /**
     * The fewest CIDR blocks that cover this range exactly, ascending; unmodifiable. At most 62 blocks for IPv4 and 254
     * for IPv6; the cost is linear in their number.
     */
    public List<Cidr> toCidrs() {
        int bits = first.family().bits();
        List<Cidr> blocks = new ArrayList<>();
        IpAddress from = first;
        while (true) {
            // The largest block that starts here and does not reach past the end:
            //
            //   from                        last
            //   |---------------|-------|---|
            //   limited by the  |       limited by what is left
            //   alignment of from
            int hostBits = Math.min(alignment(from), fitting(from, last));
            Cidr block = new Cidr(from, bits - hostBits);
            blocks.add(block);
            IpAddress end = block.last();
            if (end.equals(last)) {
                return List.copyOf(blocks);
            }
            from = end.next();
        }
    }

    /** The upper word of {@code last - first}; the lower one is the plain difference of the lower words. */
    private static long spanHi(IpAddress first, IpAddress last) {
        long borrow = Long.compareUnsigned(last.lo(), first.lo()) < 0 ? 1 : 0;
        return last.hi() - first.hi() - borrow;
    }

    /** The number of host bits that a block starting at this address can have; for 0.0.0.0 more than there are. */
    private static int alignment(IpAddress address) {
        return address.lo() != 0
                ? Long.numberOfTrailingZeros(address.lo())
                : 64 + Long.numberOfTrailingZeros(address.hi());
    }

    /** The number of host bits of the largest block, aligned or not, that is no larger than this range. */
    private static int fitting(IpAddress first, IpAddress last) {
        // A block of n host bits fits if size >= 2^n. The size 2^128 does not fit into the two words and comes out as
        // 0.
        long sizeLo = last.lo() - first.lo() + 1;
        long sizeHi = spanHi(first, last) + (sizeLo == 0 ? 1 : 0);
        if (sizeHi != 0) {
            return 127 - Long.numberOfLeadingZeros(sizeHi);
        }
        return sizeLo != 0 ? 63 - Long.numberOfLeadingZeros(sizeLo) : 128;
    }
}
