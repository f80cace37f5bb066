package io.ipamer.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
    private static final BigInteger WORD = BigInteger.ONE.shiftLeft(64);

    /** One address of every kind that behaves in its own way, ascending. */
    private static final List<String> ASCENDING = List.of(
            "0.0.0.0",
            "0.0.0.1",
            "10.0.0.0",
            "127.255.255.255",
            "128.0.0.0",
            "255.255.255.254",
            "255.255.255.255",
            "::",
            "::1",
            "::a00:0",
            "::ffff:0.0.0.0",
            "::ffff:10.0.0.0",
            "::ffff:255.255.255.255",
            "::1:0:0:0",
            "::7fff:ffff:ffff:ffff",
            "::8000:0:0:0",
            "::ffff:ffff:ffff:ffff",
            "0:0:0:1::",
            "2001:db8::",
            "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "8000::",
            "fe80::1",
            "ffff:ffff:ffff:ffff::",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");

    @Test
    void endsOfFamiliesAreAllZerosAndAllOnes() {
        assertThat(IpAddress.min(AddressFamily.IPV4)).hasToString("0.0.0.0").isEqualTo(IpAddress.v4(0));
        assertThat(IpAddress.max(AddressFamily.IPV4))
                .hasToString("255.255.255.255")
                .isEqualTo(IpAddress.v4(-1));
        assertThat(IpAddress.min(AddressFamily.IPV6)).hasToString("::").isEqualTo(IpAddress.v6(0, 0));
        assertThat(IpAddress.max(AddressFamily.IPV6))
                .hasToString("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
                .isEqualTo(IpAddress.v6(-1, -1));
    }

    @Test
    void onlyTheEndsAreMinAndMax() {
        for (String text : ASCENDING) {
            IpAddress address = IpAddress.parse(text);
            assertThat(address.isMin()).as("%s is min", text).isEqualTo(text.equals("0.0.0.0") || text.equals("::"));
            assertThat(address.isMax())
                    .as("%s is max", text)
                    .isEqualTo(
                            text.equals("255.255.255.255") || text.equals("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
        }
    }

    @Test
    void ipv4HasNoMoreThan32Bits() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new IpAddress(AddressFamily.IPV4, 0, 1L << 32))
                .withMessage("an IPv4 address has 32 bits, not 0x0 0x100000000");
        assertThatIllegalArgumentException().isThrownBy(() -> new IpAddress(AddressFamily.IPV4, 1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new IpAddress(AddressFamily.IPV4, 0, -1));
    }

    @ParameterizedTest
    @CsvSource({
        "0:0:0:0:0:0:0:0, ::",
        "0:0:0:0:0:0:0:1, ::1",
        "1:0:0:0:0:0:0:0, 1::",
        "2001:0DB8:0000:0000:0000:0000:0000:00aB, 2001:db8::ab",
        // One zero group is not worth a "::".
        "1:2:3:0:5:6:7:8, 1:2:3:0:5:6:7:8",
        "1::3:4:5:6:7:8, 1:0:3:4:5:6:7:8",
        "0:2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
        // The longest run wins, the first one on a tie.
        "1:0:0:2:0:0:0:3, 1:0:0:2::3",
        "1:0:0:0:2:0:0:3, 1::2:0:0:3",
        "1:0:0:2:3:0:0:4, 1::2:3:0:0:4",
        "0:0:1:2:3:4:0:0, ::1:2:3:4:0:0",
        // Mapped addresses, and no others, end in a dotted quad.
        "::ffff:a00:1, ::ffff:10.0.0.1",
        "0:0:0:0:0:ffff:255.255.255.255, ::ffff:255.255.255.255",
        "::FFFF:0:0, ::ffff:0.0.0.0",
        "::10.0.0.1, ::a00:1",
        "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
        "::fffe:10.0.0.1, ::fffe:a00:1",
        "::1:ffff:10.0.0.1, ::1:ffff:a00:1",
        "1::ffff:10.0.0.1, 1::ffff:a00:1",
        "0:0:0:1:0:ffff:10.0.0.1, ::1:0:ffff:a00:1",
        "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304",
    })
    void textIsCanonical(String text, String canonical) {
        IpAddress address = IpAddress.parse(text);
        assertThat(address).hasToString(canonical);
        assertThat(IpAddress.parse(canonical)).isEqualTo(address);
    }

    @Test
    void mappedAddressIsIpv6() {
        IpAddress mapped = IpAddress.parse("::ffff:10.0.0.1");
        assertThat(mapped).isEqualTo(IpAddress.v6(0, 0xFFFF_0A00_0001L)).isNotEqualTo(IpAddress.parse("10.0.0.1"));
        assertThat(mapped.family()).isEqualTo(AddressFamily.IPV6);
        assertThat(mapped.toBytes()).hasSize(16);
    }

    @Test
    void orderIsTotalAndPutsIpv4First() {
        List<IpAddress> ascending = ASCENDING.stream().map(IpAddress::parse).toList();
        for (int i = 0; i < ascending.size(); i++) {
            for (int j = 0; j < ascending.size(); j++) {
                IpAddress a = ascending.get(i);
                IpAddress b = ascending.get(j);
                assertThat(Integer.signum(a.compareTo(b))).as("%s to %s", a, b).isEqualTo(Integer.compare(i, j));
                assertThat(a.isBefore(b)).as("%s before %s", a, b).isEqualTo(i < j);
                assertThat(a.isAfter(b)).as("%s after %s", a, b).isEqualTo(i > j);
                assertThat(a.equals(b)).as("%s equals %s", a, b).isEqualTo(i == j);
            }
        }
        List<IpAddress> shuffled = new ArrayList<>(ascending);
        Collections.shuffle(shuffled, new Random(3));
        Collections.sort(shuffled);
        assertThat(shuffled).isEqualTo(ascending);
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void orderWithinFamilyIsThatOfBytes(long seed) {
        Random random = new Random(seed);
        for (AddressFamily family : AddressFamily.values()) {
            for (int i = 0; i < 2_000; i++) {
                IpAddress a = Samples.address(random, family);
                IpAddress b = Samples.address(random, family);
                assertThat(Integer.signum(a.compareTo(b)))
                        .as("%s to %s", a, b)
                        .isEqualTo(Integer.signum(Arrays.compareUnsigned(a.toBytes(), b.toBytes())));
            }
        }
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void bytesAndTextGoRoundWithoutLoss(long seed) {
        Random random = new Random(seed);
        for (AddressFamily family : AddressFamily.values()) {
            for (int i = 0; i < 5_000; i++) {
                IpAddress address = Samples.address(random, family);
                assertThat(address.toBytes()).hasSize(family.bits() / 8);
                assertThat(IpAddress.ofBytes(address.toBytes()))
                        .isEqualTo(address)
                        .hasSameHashCodeAs(address);
                assertThat(IpAddress.parse(address.toString())).isEqualTo(address);
            }
        }
    }

    @Test
    void bytesAreInNetworkOrder() {
        assertThat(IpAddress.parse("1.2.3.255").toBytes()).containsExactly(1, 2, 3, -1);
        assertThat(IpAddress.parse("102:304:506:708:90a:b0c:d0e:f10").toBytes())
                .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 5, 8, 15, 17})
    void otherNumbersOfBytesAreRefused(int count) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IpAddress.ofBytes(new byte[count]))
                .withMessage("an address has 4 or 16 bytes, not " + count);
    }

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0, 0.0.0.1",
        "10.0.0.255, 10.0.1.0",
        "127.255.255.255, 128.0.0.0",
        "255.255.255.254, 255.255.255.255",
        "::, ::1",
        "::7fff:ffff:ffff:ffff, ::8000:0:0:0",
        "::ffff:ffff:ffff:ffff, 0:0:0:1::",
        "::ffff:255.255.255.255, ::1:0:0:0",
        "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 8000::",
        "2001:db8:0:ffff:ffff:ffff:ffff:ffff, 2001:db8:1::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    })
    void neighboursCarryAndBorrow(String below, String above) {
        IpAddress low = IpAddress.parse(below);
        IpAddress high = IpAddress.parse(above);
        assertThat(low.next()).isEqualTo(high);
        assertThat(low.plus(1)).isEqualTo(high);
        assertThat(high.previous()).isEqualTo(low);
    }

    @ParameterizedTest
    @EnumSource
    void nothingLiesPastTheEnds(AddressFamily family) {
        IpAddress max = IpAddress.max(family);
        IpAddress min = IpAddress.min(family);
        assertThatThrownBy(max::next).isInstanceOf(ArithmeticException.class).hasMessage("no address 1 after " + max);
        assertThatThrownBy(min::previous)
                .isInstanceOf(ArithmeticException.class)
                .hasMessage("no address before " + min);
        assertThat(max.plus(0)).isEqualTo(max);
        assertThatThrownBy(() -> max.plus(Long.MAX_VALUE)).isInstanceOf(ArithmeticException.class);
        assertThatIllegalArgumentException().isThrownBy(() -> min.plus(-1)).withMessage("cannot add -1 to an address");
        assertThatIllegalArgumentException().isThrownBy(() -> max.plus(Long.MIN_VALUE));
    }

    @Test
    void ipv4SumsEndAt32Bits() {
        assertThat(IpAddress.v4(0).plus(0xFFFF_FFFFL)).isEqualTo(IpAddress.v4(-1));
        assertThatThrownBy(() -> IpAddress.v4(0).plus(0x1_0000_0000L)).isInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> IpAddress.v4(1).plus(0xFFFF_FFFFL)).isInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> IpAddress.v4(-1).plus(Long.MAX_VALUE)).isInstanceOf(ArithmeticException.class);
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void sumsAgreeWithBigIntegers(long seed) {
        Random random = new Random(seed);
        for (AddressFamily family : AddressFamily.values()) {
            BigInteger max = Samples.number(IpAddress.max(family));
            for (int i = 0; i < 5_000; i++) {
                IpAddress address = Samples.address(random, family);
                long n = random.nextLong() >>> (1 + random.nextInt(63));
                BigInteger sum = Samples.number(address).add(BigInteger.valueOf(n));
                if (sum.compareTo(max) <= 0) {
                    assertThat(Samples.number(address.plus(n)))
                            .as("%s + %d", address, n)
                            .isEqualTo(sum);
                } else {
                    assertThatThrownBy(() -> address.plus(n))
                            .as("%s + %d", address, n)
                            .isInstanceOf(ArithmeticException.class);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void flippingOneBitChangesThatBitOnly(AddressFamily family) {
        Random random = new Random(5);
        for (int bit = 0; bit < family.bits(); bit++) {
            IpAddress address = Samples.address(random, family);
            IpAddress flipped = address.withBitFlipped(bit);
            assertThat(Samples.number(flipped))
                    .isEqualTo(Samples.number(address).flipBit(bit));
            assertThat(flipped.withBitFlipped(bit)).isEqualTo(address);
        }
        IpAddress min = IpAddress.min(family);
        assertThatIllegalArgumentException().isThrownBy(() -> min.withBitFlipped(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> min.withBitFlipped(family.bits()));
    }

    @Test
    void wordsAreTheUnsignedNumber() {
        for (String text : ASCENDING) {
            IpAddress address = IpAddress.parse(text);
            BigInteger words = new BigInteger(Long.toUnsignedString(address.hi()))
                    .multiply(WORD)
                    .add(new BigInteger(Long.toUnsignedString(address.lo())));
            assertThat(words).as(text).isEqualTo(Samples.number(address));
        }
    }

    @Test
    void hashesOfOrderlyAddressesSpread() {
        // Neighbours, one host in each of many networks, networks of each length: what the tables of a server hold.
        List<IpAddress> addresses = new ArrayList<>();
        for (int i = 0; i < 1 << 12; i++) {
            addresses.add(IpAddress.v4(0x0A00_0000 + i));
            addresses.add(IpAddress.v4(0x0B00_0000 + (i << 8)));
            addresses.add(IpAddress.v6(0x2001_0DB8_0000_0000L, i));
            addresses.add(IpAddress.v6(0x2001_0DB8_0001_0000L + i, 1));
            addresses.add(IpAddress.v6(0x2002_0000_0000_0000L + ((long) i << 32), 0));
            addresses.add(IpAddress.v6((long) i << 52, 0));
        }
        // The slots of a HashMap of the usual load.
        int slots = 1 << 16;
        Set<Integer> used = new HashSet<>();
        for (IpAddress address : addresses) {
            int hash = address.hashCode();
            used.add((hash ^ (hash >>> 16)) & (slots - 1));
        }
        int expected = (int) (slots * (1 - Math.exp(-(double) addresses.size() / slots)));
        assertThat(used).hasSizeGreaterThan(expected * 9 / 10);
    }

    @Test
    void equalMeansEqualInEveryPart() {
        IpAddress address = IpAddress.v6(1, 2);
        assertThat(address)
                .isEqualTo(IpAddress.v6(1, 2))
                .isNotEqualTo(IpAddress.v6(1, 3))
                .isNotEqualTo(IpAddress.v6(2, 2))
                .isNotEqualTo(null)
                .isNotEqualTo("::1:0:0:0:2");
        assertThat(IpAddress.v4(1)).isNotEqualTo(IpAddress.v6(0, 1));
    }

    @Test
    void hashIsTheSameInEveryRun() {
        // Values of this very function, not of a standard: what iterates over a hash table can be replayed.
        assertThat(IpAddress.parse("::").hashCode()).isZero();
        assertThat(IpAddress.parse("10.0.0.1")).hasSameHashCodeAs(IpAddress.v6(0, 0x0A00_0001));
    }
}
