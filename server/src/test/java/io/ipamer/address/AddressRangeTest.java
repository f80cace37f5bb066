package io.ipamer.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRangeTest {

    @ParameterizedTest
    @CsvSource({
        "10.0.0.7, 10.0.0.7, 10.0.0.7/32",
        "10.0.0.0, 10.0.0.255, 10.0.0.0/24",
        "10.0.0.1, 10.0.0.254, 10.0.0.1/32 10.0.0.2/31 10.0.0.4/30 10.0.0.8/29 10.0.0.16/28 10.0.0.32/27 10.0.0.64/26 "
                + "10.0.0.128/26 10.0.0.192/27 10.0.0.224/28 10.0.0.240/29 10.0.0.248/30 10.0.0.252/31 10.0.0.254/32",
        "0.0.0.0, 255.255.255.255, 0.0.0.0/0",
        "0.0.0.0, 127.255.255.255, 0.0.0.0/1",
        "255.255.255.254, 255.255.255.255, 255.255.255.254/31",
        "255.255.255.255, 255.255.255.255, 255.255.255.255/32",
        "::, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ::/0",
        "::, 7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ::/1",
        "::, ::, ::/128",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, "
                + "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
        "::ffff:ffff:ffff:ffff, 0:0:0:1::, ::ffff:ffff:ffff:ffff/128 0:0:0:1::/128",
        "::fffe:ffff:ffff, ::1:0:0:0, ::fffe:ffff:ffff/128 ::ffff:0.0.0.0/96 ::1:0:0:0/128",
        "2001:db8::, 2001:db8:0:2:ffff:ffff:ffff:ffff, 2001:db8::/63 2001:db8:0:2::/64",
    })
    void rangeIsCutIntoTheFewestBlocks(String first, String last, String blocks) {
        assertThat(range(first, last).toCidrs())
                .isEqualTo(List.of(blocks.split(" ")).stream()
                        .map(Cidr::parseStrict)
                        .toList());
    }

    @ParameterizedTest
    @EnumSource
    void allButTheEndsTakesTheMostBlocks(AddressFamily family) {
        AddressRange range = new AddressRange(
                IpAddress.min(family).next(), IpAddress.max(family).previous());
        List<Cidr> blocks = range.toCidrs();
        assertThat(blocks).hasSize(2 * (family.bits() - 1));
        assertExactCover(range, blocks);
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void blocksOfRandomRangeCoverItAndCannotBeFewer(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            AddressRange range = range(random, Samples.family(random));
            List<Cidr> blocks = range.toCidrs();
            assertExactCover(range, blocks);
            // Fewer are possible only where two blocks join, which must be siblings.
            for (int k = 1; k < blocks.size(); k++) {
                Cidr block = blocks.get(k);
                assertThat(block.length() > 0 && block.sibling().equals(blocks.get(k - 1)))
                        .as("%s joins the block before", block)
                        .isFalse();
            }
        }
    }

    @Test
    void blocksCannotBeChanged() {
        List<Cidr> blocks = range("10.0.0.0", "10.0.0.2").toCidrs();
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> blocks.remove(0));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0, 10.0.0.0, 1",
        "0.0.0.0, 255.255.255.255, 4294967296",
        "::, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 340282366920938463463374607431768211456",
        "::1, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 340282366920938463463374607431768211455",
        "::, ::7fff:ffff:ffff:fffd, 9223372036854775806",
        "::, ::7fff:ffff:ffff:fffe, 9223372036854775807",
        "::, ::7fff:ffff:ffff:ffff, 9223372036854775808",
        "::, ::ffff:ffff:ffff:ffff, 18446744073709551616",
        "::1, 0:0:0:1::, 18446744073709551616",
        "::ffff:ffff:ffff:ffff, 0:0:0:1::, 2",
        "::8000:0:0:0, 0:0:0:1::, 9223372036854775809",
        "::8000:0:0:3, 0:0:0:1::, 9223372036854775806",
        "1::, 1:0:0:1::, 18446744073709551617",
    })
    void sizeIsExactOrCapped(String first, String last, BigInteger size) {
        AddressRange range = range(first, last);
        assertThat(range.size()).isEqualTo(size);
        assertThat(range.sizeSaturated())
                .isEqualTo(size.min(BigInteger.valueOf(Long.MAX_VALUE)).longValueExact());
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void answersAgreeWithBigIntegers(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 5_000; i++) {
            AddressFamily family = Samples.family(random);
            AddressRange a = range(random, family);
            AddressRange b = range(random, family);
            IpAddress address = Samples.address(random, family);
            BigInteger size =
                    Samples.number(a.last()).subtract(Samples.number(a.first())).add(BigInteger.ONE);
            assertThat(a.size()).isEqualTo(size);
            assertThat(a.sizeSaturated())
                    .isEqualTo(size.min(BigInteger.valueOf(Long.MAX_VALUE)).longValueExact());
            assertThat(a.contains(address))
                    .isEqualTo(Samples.number(a.first()).compareTo(Samples.number(address)) <= 0
                            && Samples.number(address).compareTo(Samples.number(a.last())) <= 0);
            BigInteger from = Samples.number(a.first()).max(Samples.number(b.first()));
            BigInteger to = Samples.number(a.last()).min(Samples.number(b.last()));
            assertThat(a.overlaps(b)).isEqualTo(b.overlaps(a)).isEqualTo(from.compareTo(to) <= 0);
        }
    }

    @Test
    void rangeEndsWhereItBeginsOrLaterAndInOneFamily() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> range("10.0.0.2", "10.0.0.1"))
                .withMessage("range ends before it begins: 10.0.0.2 to 10.0.0.1");
        assertThatIllegalArgumentException().isThrownBy(() -> range("8000::", "7fff::"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> range("10.0.0.0", "::ffff:10.0.0.1"))
                .withMessage("range of two families: 10.0.0.0 to ::ffff:10.0.0.1");
    }

    @Test
    void familiesHaveNothingInCommon() {
        AddressRange ipv4 = range("0.0.0.0", "255.255.255.255");
        AddressRange ipv6 = range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        assertThat(ipv4.overlaps(ipv6)).isFalse();
        assertThat(ipv6.overlaps(ipv4)).isFalse();
        assertThat(ipv4.contains(IpAddress.parse("::1"))).isFalse();
        assertThat(ipv4.contains(IpAddress.parse("::ffff:10.0.0.1"))).isFalse();
        assertThat(ipv6.contains(IpAddress.parse("10.0.0.1"))).isFalse();
    }

    private static void assertExactCover(AddressRange range, List<Cidr> blocks) {
        assertThat(blocks.get(0).first()).isEqualTo(range.first());
        for (int i = 1; i < blocks.size(); i++) {
            assertThat(blocks.get(i).first()).isEqualTo(blocks.get(i - 1).last().next());
        }
        assertThat(blocks.get(blocks.size() - 1).last()).isEqualTo(range.last());
    }

    private static AddressRange range(Random random, AddressFamily family) {
        IpAddress a = Samples.address(random, family);
        IpAddress b = Samples.address(random, family);
        return a.isAfter(b) ? new AddressRange(b, a) : new AddressRange(a, b);
    }

    private static AddressRange range(String first, String last) {
        return new AddressRange(IpAddress.parse(first), IpAddress.parse(last));
    }
}
