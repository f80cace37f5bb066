package io.ipamer.address;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.math.BigInteger;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * A CIDR block: the addresses that share their first {@code length} bits. Canonical by construction: the host bits of
 * the first address are zero, so that equal blocks are equal values.
 *
 * <p>The natural order is by first address, then the shorter length (larger block) first: a block comes directly before
 * what it contains. Two blocks either nest or are disjoint. Every operation takes constant time.
 *
 * @param first the lowest address
 * @param length the number of leading bits that are shared, 0 to 32 or 128
 */
public record Cidr(IpAddress first, int length) implements Comparable<Cidr> {

    /**
     * Host bits ascending, then by first address: in this order the first block that is large enough is the best fit.
     */
    public static final Comparator<Cidr> SMALLEST_FIRST = (a, b) -> {
        int bySize = Integer.compare(a.hostBits(), b.hostBits());
        return bySize != 0 ? bySize : a.first.compareTo(b.first);
    };

    /**
     * Makes a block of its first address.
     *
     * @throws IllegalArgumentException if the length is out of range or the address has host bits set
     */
    public Cidr {
        int bits = first.family().bits();
        if (length < 0 || length > bits) {
            throw new IllegalArgumentException("length " + length + " is out of range, 0 to " + bits);
        }
        if (((first.hi() & hostMaskHi(bits - length)) | (first.lo() & hostMaskLo(bits - length))) != 0) {
            throw new IllegalArgumentException(first + "/" + length + " has host bits set");
        }
    }

    /**
     * The block of a length that holds an address.
     *
     * @throws IllegalArgumentException if the length is out of range
     */
    public static Cidr of(IpAddress any, int length) {
        int hostBits = any.family().bits() - length;
        if (length < 0 || hostBits < 0) {
            throw new IllegalArgumentException("length " + length + " is out of range, 0 to "
                    + any.family().bits());
        }
        long hi = any.hi() & ~hostMaskHi(hostBits);
        long lo = any.lo() & ~hostMaskLo(hostBits);
        return new Cidr(hi == any.hi() && lo == any.lo() ? any : new IpAddress(any.family(), hi, lo), length);
    }

    /**
     * Reads a block by the rules of Go's {@code netip.ParsePrefix} and clears its host bits: an address as {@link
     * IpAddress#parse} takes it, a slash, and a length in plain decimal without sign or leading zeros.
     *
     * @throws AddressFormatException if the text is anything else
     */
    public static Cidr parse(String text) {
        return read(text, false);
    }

    /**
     * As {@link #parse}, but host bits are refused.
     *
     * @throws AddressFormatException if the text is anything else
     */
    public static Cidr parseStrict(String text) {
        return read(text, true);
    }

    private static Cidr read(String text, boolean strict) {
        int slash = text.lastIndexOf('/');
        if (slash < 0) {
            throw AddressFormatException.cidr(text, "no '/'");
        }
        IpAddress address = readAddress(text, slash);
        Cidr block = of(address, readLength(text, slash + 1, address.family().bits()));
        if (strict && !block.first.equals(address)) {
            throw AddressFormatException.cidr(text, "host bits are set, the block is " + block);
        }
        return block;
    }

    private static IpAddress readAddress(String text, int slash) {
        try {
            return AddressReader.read(text, slash);
        } catch (AddressFormatException e) {
            throw e.isZoned()
                    ? AddressFormatException.cidr(text, "IPv6 zones cannot be present in a prefix")
                    : AddressFormatException.cidr(text, e);
        }
    }

    private static int readLength(String text, int from, int max) {
        int end = text.length();
        boolean plain = from < end && (text.charAt(from) != '0' || from + 1 == end);
        long length = 0;
        for (int i = from; plain && i < end; i++) {
            int digit = text.charAt(i) - '0';
            // netip tells numbers that fit into 64 bits, which are out of range, from those that do not, which are bad.
            plain = digit >= 0 && digit <= 9 && length <= (Long.MAX_VALUE - digit) / 10;
            length = length * 10 + digit;
        }
        if (!plain) {
            throw AddressFormatException.cidr(text, "bad bits after slash: ", text.substring(from));
        }
        if (length > max) {
            throw AddressFormatException.cidr(text, "prefix length out of range");
        }
        return (int) length;
    }

    /** The family of the addresses. */
    public AddressFamily family() {
        return first.family();
    }

    /** The number of bits that are not shared: the block has 2^hostBits addresses. 0 to 32 or 128. */
    public int hostBits() {
        return first.family().bits() - length;
    }

    /** The highest address. */
    public IpAddress last() {
        int hostBits = hostBits();
        return hostBits == 0
                ? first
                : new IpAddress(first.family(), first.hi() | hostMaskHi(hostBits), first.lo() | hostMaskLo(hostBits));
    }

    /** True if the address is of this family and lies in this block. Allocates nothing. */
    public boolean contains(IpAddress address) {
        return agree(first, address, hostBits());
    }

    /** True if the other block is of this family and lies in this block, or is equal. Allocates nothing. */
    public boolean contains(Cidr other) {
        return length <= other.length && agree(first, other.first, hostBits());
    }

    /** True if the blocks have an address in common, which means that one contains the other. Allocates nothing. */
    public boolean overlaps(Cidr other) {
        return agree(first, other.first, Math.max(hostBits(), other.hostBits()));
    }

    /** The number of addresses, 1 to 2^128. */
    public BigInteger size() {
        return BigInteger.ONE.shiftLeft(hostBits());
    }

    /** The number of addresses, at most {@link Long#MAX_VALUE}. Allocates nothing. */
    public long sizeSaturated() {
        int hostBits = hostBits();
        return hostBits > 62 ? Long.MAX_VALUE : 1L << hostBits;
    }

    /**
     * The block that is one bit shorter: this one and its {@link #sibling()}.
     *
     * @throws IllegalStateException if this is the whole family
     */
    public Cidr parent() {
        requireNotAll("parent");
        return of(first, length - 1);
    }

    /**
     * The other half of the parent.
     *
     * @throws IllegalStateException if this is the whole family
     */
    public Cidr sibling() {
        requireNotAll("sibling");
        return new Cidr(first.withBitFlipped(hostBits()), length);
    }

    /**
     * The block of a shorter or equal length that holds this one.
     *
     * @throws IllegalArgumentException if the length is negative or longer than this one's
     */
    public Cidr enclosing(int length) {
        if (length > this.length) {
            throw new IllegalArgumentException("no block of length " + length + " encloses " + this);
        }
        return length == this.length ? this : of(first, length);
    }

    /** The largest block that begins at that address. */
    public static Cidr largestAt(IpAddress first) {
        int length = 0;
        while (!of(first, length).first.equals(first)) {
            length++;
        }
        return new Cidr(first, length);
    }

    /** The addresses from {@link #first()} to {@link #last()}. */
    public AddressRange range() {
        return new AddressRange(first, last());
    }

    /** By first address, then the shorter length first. Allocates nothing. */
    @Override
    public int compareTo(Cidr other) {
        int byFirst = first.compareTo(other.first);
        return byFirst != 0 ? byFirst : Integer.compare(length, other.length);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Cidr that && length == that.length && first.equals(that.first);
    }

    @Override
    public int hashCode() {
        return first.hashCode() * 31 + length;
    }

    /** The canonical text of the first address, a slash and the length. */
    @Override
    public String toString() {
        byte[] text = new byte[AddressWriter.MAX_LENGTH + 4];
        int i = AddressWriter.write(first, text, 0);
        text[i++] = '/';
        return new String(text, 0, AddressWriter.writeDecimal(length, text, i), ISO_8859_1);
    }

    private void requireNotAll(String what) {
        if (length == 0) {
            throw new IllegalStateException(this + " has no " + what);
        }
    }

    /** True if the two are of one family and equal above the lowest {@code hostBits} bits. */
    private static boolean agree(IpAddress a, IpAddress b, int hostBits) {
        return a.family() == b.family()
                && (((a.hi() ^ b.hi()) & ~hostMaskHi(hostBits)) | ((a.lo() ^ b.lo()) & ~hostMaskLo(hostBits))) == 0;
    }

    /** The upper word of a number whose lowest {@code hostBits} (0 to 128) bits are ones. */
    private static long hostMaskHi(int hostBits) {
        return hostBits <= 64 ? 0 : -1L >>> (128 - hostBits);
    }

    /** The lower word of the same. */
    private static long hostMaskLo(int hostBits) {
        return hostBits >= 64 ? -1L : (1L << hostBits) - 1;
    }
}
