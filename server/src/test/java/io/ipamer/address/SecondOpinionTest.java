package io.ipamer.address;

import static org.assertj.core.api.Assertions.assertThat;

import inet.ipaddr.AddressStringException;
import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressNetwork;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.IncompatibleAddressException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random values and their answers beside those of {@code com.github.seancfoley:ipaddress}. Its rules for text are wider
 * than netip's, and it prints mapped addresses in groups; so texts are compared in the direction in which they must
 * agree.
 */
class SecondOpinionTest {
    private static final int STEPS = 1_000;

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void addressesReadAndPrintAlike(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < STEPS; i++) {
            IpAddress address = Samples.address(random, Samples.family(random));
            IPAddress theirs = theirs(address);
            assertThat(theirs(address.toString())).isEqualTo(theirs);
            assertThat(IpAddress.parse(theirs.toCanonicalString())).isEqualTo(address);
            if (address.family() == AddressFamily.IPV6) {
                assertThat(IpAddress.parse(theirs.toFullString())).isEqualTo(address);
                assertThat(IpAddress.parse(theirs.toIPv6().toMixedString())).isEqualTo(address);
            }
            if (!theirs.isIPv6() || !theirs.toIPv6().isIPv4Mapped()) {
                assertThat(address).hasToString(theirs.toCanonicalString());
            }
        }
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void arithmeticIsAlike(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < STEPS; i++) {
            AddressFamily family = Samples.family(random);
            IpAddress a = Samples.address(random, family);
            IpAddress b = Samples.address(random, family);
            assertThat(Integer.signum(a.compareTo(b)))
                    .isEqualTo(Integer.signum(theirs(a).compareTo(theirs(b))));
            long n = random.nextLong() >>> 34;
            if (!Cidr.of(IpAddress.max(family), 1).contains(a)) {
                assertThat(a.plus(n)).isEqualTo(ours(theirs(a).increment(n)));
            }
        }
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void blocksHaveTheSameEndsAndSizes(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < STEPS; i++) {
            AddressFamily family = Samples.family(random);
            IpAddress address = Samples.address(random, family);
            int length = random.nextInt(family.bits() + 1);
            Cidr block = Cidr.of(address, length);
            IPAddress theirs = theirs(address).toPrefixBlock(length);
            assertThat(block.first()).isEqualTo(ours(theirs.getLower()));
            assertThat(block.last()).isEqualTo(ours(theirs.getUpper()));
            assertThat(block.size()).isEqualTo(theirs.getCount());
            assertThat(Cidr.parse(address + "/" + length)).isEqualTo(block);
            assertThat(theirs(block)).isEqualTo(theirs);
        }
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void blocksContainAndOverlapTheSame(long seed) {
        Random random = new Random(seed);
        int overlaps = 0;
        for (int i = 0; i < STEPS; i++) {
            AddressFamily family = Samples.family(random);
            Cidr a = Samples.block(random, family);
            // Half of the pairs near each other, or hardly any would meet.
            Cidr b = random.nextBoolean()
                    ? Samples.block(random, family)
                    : Cidr.of(random.nextBoolean() ? a.first() : a.last(), random.nextInt(family.bits() + 1));
            IPAddress theirA = theirs(a);
            IPAddress theirB = theirs(b);
            assertThat(a.contains(b)).isEqualTo(theirA.contains(theirB));
            assertThat(a.contains(b.last())).isEqualTo(theirA.contains(theirB.getUpper()));
            assertThat(a.overlaps(b)).isEqualTo(theirA.intersect(theirB) != null);
            overlaps += a.overlaps(b) ? 1 : 0;
        }
        assertThat(overlaps).isBetween(STEPS / 4, STEPS * 9 / 10);
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void rangesAreCutAlike(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < STEPS / 20; i++) {
            AddressFamily family = Samples.family(random);
            IpAddress a = Samples.address(random, family);
            IpAddress b = Samples.address(random, family);
            AddressRange range = a.isAfter(b) ? new AddressRange(b, a) : new AddressRange(a, b);
            IPAddress[] theirs = theirs(range.first()).spanWithPrefixBlocks(theirs(range.last()));
            assertThat(range.toCidrs())
                    .isEqualTo(
                            Arrays.stream(theirs).map(SecondOpinionTest::block).toList());
            assertThat(range.size())
                    .isEqualTo(theirs(range.first())
                            .spanWithRange(theirs(range.last()))
                            .getCount());
        }
    }

    @ParameterizedTest(name = "{displayName} seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void whatWeReadTheyReadAsTheSame(long seed) {
        Random random = new Random(seed);
        String alphabet = "0012ab5::::..";
        int read = 0;
        for (int i = 0; i < 5_000; i++) {
            StringBuilder text = new StringBuilder(
                    Samples.address(random, Samples.family(random)).toString());
            for (int edits = random.nextInt(3); edits > 0; edits--) {
                text.setCharAt(random.nextInt(text.length()), alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                IpAddress address = IpAddress.parse(text.toString());
                assertThat(ours(theirs(text.toString()))).as(text.toString()).isEqualTo(address);
                read++;
            } catch (AddressFormatException e) {
                // Theirs reads more than we do.
                assertThat(e.problem()).isNotEmpty();
            }
        }
        assertThat(read).isGreaterThan(2_000);
    }

    private static IPAddress theirs(IpAddress address) {
        return new IPAddressNetwork.IPAddressGenerator().from(address.toBytes());
    }

    private static IPAddress theirs(Cidr block) {
        return theirs(block.first()).toPrefixBlock(block.length());
    }

    private static IPAddress theirs(String text) {
        try {
            return new IPAddressString(text).toAddress();
        } catch (AddressStringException | IncompatibleAddressException e) {
            throw new AssertionError(text, e);
        }
    }

    private static IpAddress ours(IPAddress theirs) {
        return IpAddress.ofBytes(theirs.getBytes());
    }

    private static Cidr block(IPAddress theirs) {
        return new Cidr(ours(theirs.getLower()), theirs.getNetworkPrefixLength());
    }
}
