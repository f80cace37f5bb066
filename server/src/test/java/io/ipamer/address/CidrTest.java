package io.ipamer.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0/0, 0.0.0.0, 255.255.255.255, 4294967296",
        "128.0.0.0/1, 128.0.0.0, 255.255.255.255, 2147483648",
        "10.0.0.0/8, 10.0.0.0, 10.255.255.255, 16777216",
        "255.255.255.254/31, 255.255.255.254, 255.255.255.255, 2",
        "255.255.255.255/32, 255.255.255.255, 255.255.255.255, 1",
        "0.0.0.0/32, 0.0.0.0, 0.0.0.0, 1",
        "::/0, ::, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 340282366920938463463374607431768211456",
        "8000::/1, 8000::, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 170141183460469231731687303715884105728",
        "2001:db8::/48, 2001:db8::, 2001:db8:0:ffff:ffff:ffff:ffff:ffff, 1208925819614629174706176",
        "2001:db8::/63, 2001:db8::, 2001:db8:0:1:ffff:ffff:ffff:ffff, 36893488147419103232",
        "2001:db8::/64, 2001:db8::, 2001:db8::ffff:ffff:ffff:ffff, 18446744073709551616",
        "2001:db8::/65, 2001:db8::, 2001:db8::7fff:ffff:ffff:ffff, 9223372036854775808",
        "2001:db8::/66, 2001:db8::, 2001:db8::3fff:ffff:ffff:ffff, 4611686018427387904",
        "2001:db8::/126, 2001:db8::, 2001:db8::3, 4",
        "2001:db8::2/127, 2001:db8::2, 2001:db8::3, 2",
        "::/128, ::, ::, 1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, "
                + "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 1",
        "::ffff:0.0.0.0/96, ::ffff:0.0.0.0, ::ffff:255.255.255.255, 4294967296",
        "::ffff:10.0.0.0/120, ::ffff:10.0.0.0, ::ffff:10.0.0.255, 256",
    })
    void blockRunsFromFirstToLast(String text, String first, String last, BigInteger size) {
        Cidr block = Cidr.parseStrict(text);
        assertThat(block).hasToString(text).isEqualTo(Cidr.parse(text));
        assertThat(block.first()).hasToString(first);
        assertThat(block.last()).hasToString(last);
        assertThat(block.range()).isEqualTo(new AddressRange(block.first(), block.last()));
        assertThat(block.size()).isEqualTo(size).isEqualTo(block.range().size());
        assertThat(block.hostBits()).isEqualTo(block.family().bits() - block.length());
        long saturated = size.bitLength() > 63 ? Long.MAX_VALUE : size.longValueExact();
        assertThat(block.sizeSaturated())
                .isEqualTo(saturated)
                .isEqualTo(block.range().sizeSaturated());
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.5/24, 10.0.0.0/24",
        "10.2.0.0/8, 10.0.0.0/8",
        "255.255.255.255/0, 0.0.0.0/0",
        "255.255.255.255/31, 255.255.255.254/31",
        "2001:DB8::1/64, 2001:db8::/64",
        "2001:db8:0:1::1/63, 2001:db8::/63",
        "ffff::1/0, ::/0",
        "2001:db8::ffff/127, 2001:db8::fffe/127",
        // The text leaves the mapped form as soon as the mask reaches into it.
        "::ffff:10.0.0.1/96, ::ffff:0.0.0.0/96",
        "::ffff:10.0.0.1/95, ::fffe:0:0/95",
        "::ffff:10.0.0.0/64, ::/64",
    })
    void parsingClearsHostBitsAndStrictParsingRefusesThem(String text, String masked) {
        assertThat(Cidr.parse(text)).hasToString(masked).isEqualTo(Cidr.parseStrict(masked));
        assertThatThrownBy(() -> Cidr.parseStrict(text))
                .isInstanceOf(AddressFormatException.class)
                .hasMessage("\"" + text + "\" is no CIDR: host bits are set, the block is " + masked);
    }

    @Test
    void constructorTakesCanonicalBlocksOnly() {
        IpAddress address = IpAddress.parse("10.0.0.1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Cidr(address, 31))
                .withMessage("10.0.0.1/31 has host bits set");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Cidr(address, 33))
                .withMessage("length 33 is out of range, 0 to 32");
        assertThatIllegalArgumentException().isThrownBy(() -> new Cidr(address, -1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Cidr.of(IpAddress.v6(0, 0), 129))
                .withMessage("length 129 is out of range, 0 to 128");
        assertThatIllegalArgumentException().isThrownBy(() -> Cidr.of(address, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> Cidr.of(address, Integer.MIN_VALUE));
        assertThatIllegalArgumentException().isThrownBy(() -> Cidr.of(address, Integer.MAX_VALUE));
        assertThatIllegalArgumentException().isThrownBy(() -> new Cidr(IpAddress.v6(1, 0), 63));
        assertThat(new Cidr(IpAddress.v6(1, 0), 64)).hasToString("0:0:0:1::/64");
    }

    @ParameterizedTest
    @EnumSource
    void everyLengthMasksAndCountsExactly(AddressFamily family) {
        IpAddress max = IpAddress.max(family);
        BigInteger ones = Samples.number(max);
        for (int length = 0; length <= family.bits(); length++) {
            int hostBits = family.bits() - length;
            BigInteger size = BigInteger.ONE.shiftLeft(hostBits);
            Cidr top = Cidr.of(max, length);
            assertThat(Samples.number(top.first()))
                    .isEqualTo(ones.subtract(size).add(BigInteger.ONE));
            assertThat(top.last()).isEqualTo(max);
            assertThat(top.size()).isEqualTo(size);
            assertThat(top.sizeSaturated())
                    .isEqualTo(size.min(BigInteger.valueOf(Long.MAX_VALUE)).longValueExact());
            assertThat(Cidr.parseStrict(top.toString())).isEqualTo(top);
            Cidr bottom = Cidr.of(IpAddress.min(family), length);
            assertThat(Samples.number(bottom.last())).isEqualTo(size.subtract(BigInteger.ONE));
        }
    }

    @ParameterizedTest
    @EnumSource
    void wholeFamilyHasNoParentAndNoSibling(AddressFamily family) {
        Cidr all = Cidr.of(IpAddress.max(family), 0);
        assertThatIllegalStateException().isThrownBy(all::parent).withMessage(all + " has no parent");
        assertThatIllegalStateException().isThrownBy(all::sibling).withMessage(all + " has no sibling");
        assertThat(all.enclosing(0)).isEqualTo(all);
        assertThat(all.contains(IpAddress.min(family))).isTrue();
        assertThat(all.contains(IpAddress.max(family))).isTrue();
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void blockAndSiblingAreTheHalvesOfTheirParent(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 5_000; i++) {
            Cidr block = Samples.block(random, Samples.family(random));
            if (block.length() == 0) {
                continue;
            }
            Cidr sibling = block.sibling();
            Cidr parent = block.parent();
            assertThat(sibling.sibling()).isEqualTo(block);
            assertThat(sibling.parent()).isEqualTo(parent);
            assertThat(block.overlaps(sibling)).isFalse();
            boolean blockIsLow = block.compareTo(sibling) < 0;
            Cidr low = blockIsLow ? block : sibling;
            Cidr high = blockIsLow ? sibling : block;
            assertThat(parent.first()).isEqualTo(low.first());
            assertThat(low.last().next()).isEqualTo(high.first());
            assertThat(parent.last()).isEqualTo(high.last());
            assertThat(parent).isEqualTo(block.enclosing(block.length() - 1));
        }
    }

    @Test
    void onlyShorterOrEqualBlocksEnclose() {
        Cidr block = Cidr.parse("10.1.2.0/24");
        assertThat(block.enclosing(24)).isEqualTo(block);
        assertThat(block.enclosing(15)).hasToString("10.0.0.0/15");
        assertThat(block.enclosing(0)).hasToString("0.0.0.0/0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> block.enclosing(25))
                .withMessage("no block of length 25 encloses 10.1.2.0/24");
        assertThatIllegalArgumentException().isThrownBy(() -> block.enclosing(-1));
    }

    @Test
    void familiesHaveNothingInCommon() {
        Cidr ipv4 = Cidr.parse("0.0.0.0/0");
        Cidr ipv6 = Cidr.parse("::/0");
        Cidr mapped = Cidr.parse("::ffff:0:0/96");
        for (Cidr other : List.of(ipv6, mapped, Cidr.parse("::/96"))) {
            assertThat(ipv4.overlaps(other)).isFalse();
            assertThat(other.overlaps(ipv4)).isFalse();
            assertThat(ipv4.contains(other)).isFalse();
            assertThat(other.contains(ipv4)).isFalse();
            assertThat(ipv4.contains(other.first())).isFalse();
            assertThat(other.contains(ipv4.first())).isFalse();
            assertThat(ipv4).isLessThan(other);
        }
        assertThat(ipv6.contains(mapped)).isTrue();
        assertThat(mapped.contains(IpAddress.parse("10.0.0.1"))).isFalse();
        assertThat(mapped.contains(IpAddress.parse("::ffff:10.0.0.1"))).isTrue();
    }

    @Test
    void naturalOrderPutsBlockBeforeWhatItContains() {
        List<Cidr> ascending = blocks(
                "0.0.0.0/0",
                "0.0.0.0/1",
                "0.0.0.0/32",
                "10.0.0.0/8",
                "10.0.0.0/9",
                "10.0.0.0/24",
                "10.0.0.1/32",
                "10.128.0.0/9",
                "128.0.0.0/1",
                "255.255.255.255/32",
                "::/0",
                "::/1",
                "::/128",
                "::ffff:0:0/96",
                "2001:db8::/32",
                "2001:db8::/64",
                "2001:db8:0:1::/64",
                "8000::/1");
        assertOrder(Comparator.naturalOrder(), ascending);
    }

    @Test
    void bestFitOrderPutsSmallBlocksFirst() {
        List<Cidr> ascending = blocks(
                "0.0.0.0/32",
                "255.255.255.255/32",
                "::/128",
                "2001:db8::/128",
                "10.0.0.0/24",
                "10.0.1.0/24",
                "2001:db8::/120",
                "10.0.0.0/8",
                "0.0.0.0/0",
                "::/96",
                "::ffff:0:0/96",
                "2001:db8::/64",
                "2001:db8:0:1::/64",
                "2001:db8::/63",
                "8000::/1",
                "::/0");
        assertOrder(Cidr.SMALLEST_FIRST, ascending);
    }

    @Test
    void equalMeansEqualInEveryPart() {
        assertThat(Cidr.parse("10.0.0.0/8"))
                .isEqualTo(Cidr.parse("10.1.0.0/8"))
                .isNotEqualTo(Cidr.parse("10.0.0.0/9"))
                .isNotEqualTo(Cidr.parse("11.0.0.0/8"))
                .isNotEqualTo(null)
                .isNotEqualTo("10.0.0.0/8");
        assertThat(Cidr.parse("0.0.0.0/8")).isNotEqualTo(Cidr.parse("::/8"));
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void equalBlocksAreOneKey(long seed) {
        Random random = new Random(seed);
        Map<Cidr, String> byBlock = new HashMap<>();
        Map<String, Cidr> byText = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            Cidr block = Samples.block(random, Samples.family(random));
            byBlock.put(block, block.toString());
            byText.put(block.toString(), block);
        }
        assertThat(byBlock).hasSameSizeAs(byText);
        byText.forEach((text, block) -> assertThat(byBlock).containsEntry(Cidr.parse(text), text));
    }

    private static <T> void assertOrder(Comparator<T> order, List<T> ascending) {
        for (int i = 0; i < ascending.size(); i++) {
            for (int j = 0; j < ascending.size(); j++) {
                assertThat(Integer.signum(order.compare(ascending.get(i), ascending.get(j))))
                        .as("%s to %s", ascending.get(i), ascending.get(j))
                        .isEqualTo(Integer.compare(i, j));
            }
        }
    }

    private static List<Cidr> blocks(String... texts) {
        List<Cidr> blocks = new ArrayList<>();
        for (String text : texts) {
            blocks.add(Cidr.parseStrict(text));
        }
        return blocks;
    }
}
