package io.ipamer.address;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One IP address: an unsigned number of 32 or 128 bits.
 *
 * <p>The natural order is IPv4 before IPv6, then unsigned. An IPv4-mapped IPv6 address is an IPv6 address. There are no
 * zones. Every operation takes constant time.
 *
 * @param family the family
 * @param hi the upper 64 bits; 0 for IPv4
 * @param lo the lower 64 bits; 0 to 2^32 - 1 for IPv4
 */
public record IpAddress(AddressFamily family, long hi, long lo) implements Comparable<IpAddress> {
    private static final long IPV4_MAX = 0xFFFF_FFFFL;

    private static final IpAddress MIN_IPV4 = v4(0);
    private static final IpAddress MAX_IPV4 = v4(-1);
    private static final IpAddress MIN_IPV6 = v6(0, 0);
    private static final IpAddress MAX_IPV6 = v6(-1, -1);

    /**
     * Makes an address of its parts.
     *
     * @throws IllegalArgumentException if an IPv4 address has more than 32 bits
     */
    public IpAddress {
        Objects.requireNonNull(family, "family");
        if (family == AddressFamily.IPV4 && (hi != 0 || lo >>> 32 != 0)) {
            throw new IllegalArgumentException(
                    "an IPv4 address has 32 bits, not 0x" + Long.toHexString(hi) + " 0x" + Long.toHexString(lo));
        }
    }

    /** The IPv4 address of 32 bits, taken as unsigned. */
    public static IpAddress v4(int bits) {
        return new IpAddress(AddressFamily.IPV4, 0, bits & IPV4_MAX);
    }

    /** The IPv6 address of the upper and the lower 64 bits, taken as unsigned. */
    public static IpAddress v6(long hi, long lo) {
        return new IpAddress(AddressFamily.IPV6, hi, lo);
    }

    /** The lowest address of a family: {@code 0.0.0.0} or {@code ::}. */
    public static IpAddress min(AddressFamily family) {
        return family == AddressFamily.IPV4 ? MIN_IPV4 : MIN_IPV6;
    }

    /** The highest address of a family: all ones. */
    public static IpAddress max(AddressFamily family) {
        return family == AddressFamily.IPV4 ? MAX_IPV4 : MAX_IPV6;
    }

    /**
     * Reads an address by the rules of Go's {@code netip.ParseAddr}: four decimal octets without leading zeros, or any
     * text of RFC 4291 in either case, with a dotted quad for the last 32 bits if so wished. No white space, no
     * brackets, no port. A zone ({@code fe80::1%eth0}) is refused, see {@link AddressFormatException#isZoned()}.
     *
     * @throws AddressFormatException if the text is anything else
     */
    public static IpAddress parse(String text) {
        return AddressReader.read(text, text.length());
    }

    /**
     * The address of 4 (IPv4) or 16 (IPv6) bytes in network order, as {@link #toBytes()} gives them.
     *
     * @throws IllegalArgumentException if there are more or fewer bytes
     */
    public static IpAddress ofBytes(byte[] bigEndian) {
        ByteBuffer bytes = ByteBuffer.wrap(bigEndian);
        return switch (bigEndian.length) {
            case 4 -> v4(bytes.getInt());
            case 16 -> v6(bytes.getLong(), bytes.getLong());
            default -> throw new IllegalArgumentException("an address has 4 or 16 bytes, not " + bigEndian.length);
        };
    }

    /**
     * A new array of 4 or 16 bytes in network order. Within a family the order of such arrays, unsigned, is the natural
     * one.
     */
    public byte[] toBytes() {
        return family == AddressFamily.IPV4
                ? ByteBuffer.allocate(4).putInt((int) lo).array()
                : ByteBuffer.allocate(16).putLong(hi).putLong(lo).array();
    }

    /** True for the lowest address of the family. */
    public boolean isMin() {
        return (hi | lo) == 0;
    }

    /** True for the highest address of the family. */
    public boolean isMax() {
        return family == AddressFamily.IPV4 ? lo == IPV4_MAX : (hi & lo) == -1;
    }

    /**
     * The address above this one.
     *
     * @throws ArithmeticException if this is the highest of its family
     */
    public IpAddress next() {
        return plus(1);
    }

    /**
     * The address below this one.
     *
     * @throws ArithmeticException if this is the lowest of its family
     */
    public IpAddress previous() {
        if (isMin()) {
            throw new ArithmeticException("no address before " + this);
        }
        return new IpAddress(family, lo == 0 ? hi - 1 : hi, lo - 1);
    }

    /**
     * The address {@code n} above this one.
     *
     * @param n 0 or more
     * @throws IllegalArgumentException if {@code n} is negative
     * @throws ArithmeticException if the family has no such address
     */
    public IpAddress plus(long n) {
        if (n < 0) {
            throw new IllegalArgumentException("cannot add " + n + " to an address");
        }
        long sumLo = lo + n;
        long sumHi = Long.compareUnsigned(sumLo, lo) < 0 ? hi + 1 : hi;
        boolean past =
                family == AddressFamily.IPV4 ? sumLo < 0 || sumLo > IPV4_MAX : Long.compareUnsigned(sumHi, hi) < 0;
        if (past) {
            throw new ArithmeticException("no address " + n + " after " + this);
        }
        return new IpAddress(family, sumHi, sumLo);
    }

    /**
     * The address that differs in one bit: from the first address of a block of 2^{@code bit} addresses this leads to
     * the first address of its buddy.
     *
     * @param bit 0 (lowest) to 31 or 127
     * @throws IllegalArgumentException if the family has no such bit
     */
    public IpAddress withBitFlipped(int bit) {
        if (bit < 0 || bit >= family.bits()) {
            throw new IllegalArgumentException("an address of " + family.bits() + " bits has no bit " + bit);
        }
        return bit < 64
                ? new IpAddress(family, hi, lo ^ (1L << bit))
                : new IpAddress(family, hi ^ (1L << (bit - 64)), lo);
    }

    /** True if this address comes before the other one in the natural order. */
    public boolean isBefore(IpAddress other) {
        return compareTo(other) < 0;
    }

    /** True if this address comes after the other one in the natural order. */
    public boolean isAfter(IpAddress other) {
        return compareTo(other) > 0;
    }

    /** IPv4 before IPv6, then unsigned. Allocates nothing. */
    @Override
    public int compareTo(IpAddress other) {
        if (family != other.family) {
            return family == AddressFamily.IPV4 ? -1 : 1;
        }
        int upper = Long.compareUnsigned(hi, other.hi);
        return upper != 0 ? upper : Long.compareUnsigned(lo, other.lo);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof IpAddress that && lo == that.lo && hi == that.hi && family == that.family;
    }

    /**
     * The same in every run, unlike the generated method, which takes the identity of the family. All bits count,
     * wherever the addresses of a table differ; what a stranger makes collide is still found by the natural order.
     */
    @Override
    public int hashCode() {
        long mixed = hi * 0x9E37_79B9_7F4A_7C15L + lo * 0xC2B2_AE3D_27D4_EB4FL;
        return (int) (mixed >>> 32) ^ (int) mixed;
    }

    /**
     * The canonical text, as netip prints it: a dotted quad, or RFC 5952 (lower case, the first longest run of two or
     * more zero groups as {@code ::}) with IPv4-mapped addresses as {@code ::ffff:a.b.c.d}.
     */
    @Override
    public String toString() {
        byte[] text = new byte[AddressWriter.MAX_LENGTH];
        return new String(text, 0, AddressWriter.write(this, text, 0), ISO_8859_1);
    }
}
