package io.ipamer.address;

import java.math.BigInteger;
import java.util.Random;

/** Random values for tests, with many zeros, ones and neighbours of word borders among them. */
final class Samples {
    private Samples() {}

    static IpAddress address(Random random, AddressFamily family) {
        return family == AddressFamily.IPV4
                ? IpAddress.v4((int) word(random))
                : IpAddress.v6(word(random), word(random));
    }

    static Cidr block(Random random, AddressFamily family) {
        return Cidr.of(address(random, family), random.nextInt(family.bits() + 1));
    }

    static AddressFamily family(Random random) {
        return random.nextBoolean() ? AddressFamily.IPV4 : AddressFamily.IPV6;
    }

    /** The address as an unsigned number, by way of its bytes. */
    static BigInteger number(IpAddress address) {
        return new BigInteger(1, address.toBytes());
    }

    /** The inverse of {@link #number}. */
    static IpAddress address(BigInteger number, AddressFamily family) {
        byte[] digits = number.toByteArray(); // shorter than an address, or longer by a zero for the sign
        byte[] bytes = new byte[family.bits() / 8];
        int count = Math.min(digits.length, bytes.length);
        System.arraycopy(digits, digits.length - count, bytes, bytes.length - count, count);
        return IpAddress.ofBytes(bytes);
    }

    private static long word(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextInt(4);
            case 1 -> -1L - random.nextInt(4);
            case 2 -> Long.MIN_VALUE + random.nextInt(4) - 2;
            case 3 -> Long.highestOneBit(random.nextLong() >>> random.nextInt(64));
            case 4 -> random.nextLong() & 0xFFFF_0000_FFFFL;
            default -> random.nextLong();
        };
    }
}
