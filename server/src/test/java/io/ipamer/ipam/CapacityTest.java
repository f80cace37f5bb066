package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.NamespaceUsage;
import io.ipamer.model.NamespaceUsage.FamilyUsage;
import io.ipamer.model.Prefix;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import io.ipamer.plan.LoadContent;
import io.ipamer.plan.Scope;
import io.ipamer.store.Store;
import io.ipamer.store.memory.MemoryStore;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Free space that takes more than a page to tell, or a page that takes more than one read; all else {@link ModelTest} holds. */
class CapacityTest {
    private static final String ROOT = "root";
    private static final BigInteger ALL_OF_IPV6 = BigInteger.ONE.shiftLeft(128);

    private final Store store = new MemoryStore();
    private final Ipam ipam = Ipams.over(store);

    @ParameterizedTest(name = "by {0}")
    @ValueSource(ints = {1, 99, 1_000})
    void everySecondAddressIsFree(int size) {
        Cidr cidr = Cidr.parse("10.0.0.0/19");
        create(cidr, Reservation.NONE);
        ipam.addresses().acquire(ROOT, cidr, 4_096, false, CallOptions.NONE).join();
        List<Releases.Item> items = new ArrayList<>();
        List<AddressRange> expected = new ArrayList<>();
        for (int i = 1; i < 4_096; i += 2) {
            IpAddress address = cidr.first().plus(i);
            items.add(new Releases.Item(address, null));
            expected.add(new AddressRange(address, i < 4_095 ? address : cidr.last()));
        }
        ipam.addresses().release(ROOT, cidr, items, false, CallOptions.NONE).join();

        assertThat(walk(cidr, size)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} children and leaked blocks between two gaps, by {1}")
    @CsvSource({"1000, 1", "1001, 1", "1002, 1000", "2002, 3", "2500, 1000", "5000, 1"})
    void gapsAreFoundBehindHoweverManyBlocks(int used, int size) {
        Cidr cidr = Cidr.parse("10.0.0.0/8");
        List<Cidr> children = new ArrayList<>();
        List<Cidr> leaked = new ArrayList<>();
        for (int kind = 0; kind < 3; kind++) { // first children, then leaked blocks, then both by turns
            for (int i = 0; i < used; i++) {
                Cidr block = new Cidr(cidr.first().plus((kind * 6_000L + i) * 16), 28);
                (kind == 0 || (kind == 2 && i % 2 == 0) ? children : leaked).add(block);
            }
        }
        create(cidr, leaked, children);

        List<Cidr> all =
                Stream.concat(children.stream(), leaked.stream()).sorted().toList();
        assertThat(walk(cidr, size)).isEqualTo(complement(cidr, all)).hasSize(3);
    }

    @ParameterizedTest(name = "by {0}")
    @ValueSource(ints = {1, 7, 1_000})
    void manyGapsBetweenChildrenAndLeakedBlocks(int size) {
        Cidr cidr = Cidr.parse("2001:db8::/32");
        List<Cidr> children = new ArrayList<>();
        List<Cidr> leaked = new ArrayList<>();
        for (int i = 0; i < 2_500; i++) {
            Cidr block = Cidr.parse("2001:db8:" + Integer.toHexString(i) + (i % 3 == 0 ? ":8000::/49" : "::/52"));
            (i % 2 == 0 ? children : leaked).add(block);
        }
        create(cidr, leaked, children);

        List<Cidr> all =
                Stream.concat(children.stream(), leaked.stream()).sorted().toList();
        assertThat(walk(cidr, size)).isEqualTo(complement(cidr, all)).hasSizeGreaterThan(1_600);
    }

    @Test
    void aPageThatPassesVeryManyBlocksEndsEarlyAndTheNextGoesOn() {
        Cidr cidr = Cidr.parse("10.0.0.0/8");
        List<Cidr> children = new ArrayList<>();
        for (int i = 0; i < 25_000; i++) {
            children.add(new Cidr(cidr.first().plus(i * 16L), 28));
        }
        create(cidr, List.of(), children);

        Capacity.FreeRanges first = page(cidr, new Page.Wanted(10, ""));
        assertThat(first.ranges()).isEmpty();
        assertThat(first.nextToken()).isNotEmpty();
        assertThat(walk(cidr, 10)).isEqualTo(complement(cidr, children));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "10.0.0.0/32, FIRST_AND_LAST, ''",
        "10.0.0.0/31, FIRST_AND_LAST, ''",
        "10.0.0.0/30, FIRST_AND_LAST, 10.0.0.1 10.0.0.2",
        "255.255.255.255/32, NONE, 255.255.255.255 255.255.255.255",
        "0.0.0.0/0, FIRST_AND_LAST, 0.0.0.1 255.255.255.254",
        "0.0.0.0/0, NONE, 0.0.0.0 255.255.255.255",
        "::/128, FIRST_AND_LAST, ''",
        "::/127, FIRST_AND_LAST, ::1 ::1",
        "::/0, FIRST_AND_LAST, ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128, NONE,"
                + " ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    })
    void aPrefixWithNothingInItIsFreeButForItsReservedAddresses(String cidr, Reservation reservation, String free) {
        create(Cidr.parse(cidr), reservation);

        assertThat(walk(Cidr.parse(cidr), 1).stream().map(range -> range.first() + " " + range.last()))
                .isEqualTo(free.isEmpty() ? List.of() : List.of(free));
    }

    @Test
    void aReservedAddressThatWasReleasedIsFree() {
        Cidr cidr = Cidr.parse("10.0.0.0/30");
        create(cidr, Reservation.FIRST_AND_LAST);
        ipam.addresses()
                .release(ROOT, cidr, List.of(new Releases.Item(cidr.last(), null)), true, CallOptions.NONE)
                .join();

        assertThat(walk(cidr, 1)).containsExactly(new AddressRange(cidr.first().next(), cidr.last()));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"::/0", "0.0.0.0/0"})
    void aWholeFamilyIsFreeBetweenChildrenAtItsEnds(String cidr) {
        Cidr whole = Cidr.parse(cidr);
        int bits = whole.family().bits();
        Cidr first = new Cidr(whole.first(), bits);
        Cidr last = new Cidr(whole.last(), bits);
        create(whole, List.of(last), List.of(first));

        assertThat(walk(whole, 1))
                .containsExactly(
                        new AddressRange(whole.first().next(), whole.last().previous()));
    }

    @Test
    void whatIsFullHasNoFreeSpace() {
        Cidr cidr = Cidr.parse("::/0");
        create(cidr, List.of(Cidr.parse("8000::/1")), List.of(Cidr.parse("::/1")));
        assertThat(walk(cidr, 1)).isEmpty();
    }

    @Test
    void aPageWithJustAsManyRangesAsThereAreIsTheLast() {
        Cidr cidr = Cidr.parse("10.0.0.0/24");
        create(cidr, List.of(), List.of(Cidr.parse("10.0.0.64/26")));

        assertThat(page(cidr, new Page.Wanted(2, "")).nextToken()).isEmpty();
        assertThat(page(cidr, new Page.Wanted(1, "")).nextToken()).isNotEmpty();
    }

    @Test
    void theTokenOfAPrefixIsNotGoodForTheOneThatCameAfterItOrForAnother() {
        Cidr cidr = Cidr.parse("10.0.0.0/24");
        create(cidr, Reservation.NONE);
        ipam.addresses()
                .acquire(ROOT, cidr, cidr.first().plus(7), CallOptions.NONE)
                .join();
        String token = page(cidr, new Page.Wanted(1, "")).nextToken();
        Cidr other = Cidr.parse("10.0.1.0/24");
        create(other, Reservation.NONE);

        assertThat(ipam.capacity().free(ROOT, other, new Page.Wanted(1, token))).isCompletedExceptionally();
        assertThat(page(cidr, new Page.Wanted(1, token)).ranges())
                .containsExactly(new AddressRange(cidr.first().plus(8), cidr.last()));
    }

    @Test
    void totalsAreExactToTwoToThe128() {
        create(
                Cidr.parse("::/0"),
                List.of(Cidr.parse("8000::/1")),
                List.of(Cidr.parse("::/2"), Cidr.parse("4000::/2")));
        Cidr inner = Cidr.parse("::/2");
        ipam.addresses().acquire(ROOT, inner, 3, false, CallOptions.NONE).join();

        NamespaceUsage usage = ipam.capacity().usage(ROOT).join();

        BigInteger leaked = ALL_OF_IPV6.shiftRight(1);
        long reserved = 2; // the first of each child, which are prefixes of IPv6
        assertThat(usage.ipv6())
                .isEqualTo(new FamilyUsage(
                        1,
                        3,
                        ALL_OF_IPV6,
                        ALL_OF_IPV6.subtract(leaked).subtract(BigInteger.valueOf(3 + reserved)),
                        3,
                        reserved,
                        leaked));
        assertThat(usage.ipv4())
                .isEqualTo(new FamilyUsage(0, 0, BigInteger.ZERO, BigInteger.ZERO, 0, 0, BigInteger.ZERO));
    }

    private List<AddressRange> walk(Cidr cidr, int size) {
        List<AddressRange> ranges = new ArrayList<>();
        String token = "";
        do {
            Capacity.FreeRanges page = page(cidr, new Page.Wanted(size, token));
            assertThat(page.ranges()).hasSizeLessThanOrEqualTo(size);
            ranges.addAll(page.ranges());
            token = page.nextToken();
        } while (!token.isEmpty());
        return ranges;
    }

    private Capacity.FreeRanges page(Cidr cidr, Page.Wanted wanted) {
        return ipam.capacity().free(ROOT, cidr, wanted).join();
    }

    private void create(Cidr cidr, Reservation reservation) {
        ipam.prefixes().create(ROOT, cidr, reservation, CallOptions.NONE).join();
    }

    /** A prefix with just these in it. */
    private void create(Cidr cidr, List<Cidr> leaked, List<Cidr> children) {
        create(cidr, Reservation.FIRST_AND_LAST);
        Prefix prefix = ipam.prefixes().get(ROOT, cidr).join();
        new Router(store, Ipams.surroundings())
                .toScope(
                        new Router.Route<>(Scope.of(prefix), new LoadContent(List.of(), leaked, false)),
                        CallOptions.NONE,
                        () -> "")
                .join();
        for (Cidr child : children) {
            ipam.prefixes()
                    .acquireChild(ROOT, cidr, child, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                    .join();
        }
    }

    /** What is in none of the blocks, which come in order. */
    private static List<AddressRange> complement(Cidr cidr, List<Cidr> blocks) {
        List<AddressRange> gaps = new ArrayList<>();
        IpAddress next = cidr.first();
        for (Cidr block : blocks) {
            if (next.isBefore(block.first())) {
                gaps.add(new AddressRange(next, block.first().previous()));
            }
            next = block.last().next();
        }
        gaps.add(new AddressRange(next, cidr.last()));
        return gaps;
    }
}
