package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Held;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import io.ipamer.store.memory.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Lists that are longer than what one part may read, and tokens; all else {@link ModelTest} holds. */
class ListsTest {
    private static final String ROOT = "root";
    private static final Cidr SLASH_16 = Cidr.parse("10.0.0.0/16");
    private static final SortedMap<String, String> NO_LABELS = Collections.emptySortedMap();
    private static final SortedMap<String, String> RARE =
            Collections.unmodifiableSortedMap(new TreeMap<>(Map.of("rare", "")));
    private static final Metadata COMMON = Metadata.of("o", Map.of(), "");
    private static final Lists.AllocationFilter RARE_OF_OWNER = new Lists.AllocationFilter(null, null, "o", RARE);
    private static final Lists.PrefixFilter ANY = new Lists.PrefixFilter(null, null, null, "", NO_LABELS);

    private final Ipam ipam = Ipams.over(new MemoryStore());

    @BeforeEach
    void createPrefix() {
        create(SLASH_16, Metadata.NONE);
    }

    /** 25,000 of one owner; three of them, far apart, with a label. */
    private List<Allocation> needlesInAHaystack() {
        List<Allocation> needles = new ArrayList<>();
        for (int count : new int[] {4_000, 4_000, 4_000, 0, 4_000, 4_000, 4_000, 0, 999, 0}) {
            Metadata metadata = count > 0 ? COMMON : Metadata.of("o", RARE, "");
            List<Allocation> given = ipam.addresses()
                    .acquire(ROOT, SLASH_16, Math.max(count, 1), false, options(metadata))
                    .join()
                    .answer()
                    .allocations();
            if (count == 0) {
                needles.addAll(given);
            }
        }
        return needles;
    }

    @Test
    void aPartThatFindsTooLittleEndsEarlyAndTheNextGoesOn() {
        List<Allocation> needles = needlesInAHaystack();
        List<Integer> sizes = new ArrayList<>();

        List<Allocation> found = walk(wanted -> ipam.lists()
                .allocations(ROOT, SLASH_16, RARE_OF_OWNER, wanted)
                .thenApply(page -> {
                    sizes.add(page.rows().size());
                    return page;
                }));

        assertThat(found).isEqualTo(needles).hasSize(3);
        assertThat(sizes).as("sizes of parts").startsWith(0).hasSizeBetween(2, 4);
    }

    @Test
    void aSearchThatFindsTooLittleEndsEarlyAndTheNextGoesOn() {
        List<Allocation> needles = needlesInAHaystack();

        List<Allocation> found = walk(wanted -> ipam.lists()
                .find(ROOT, "o", RARE, wanted)
                .thenApply(finds -> new Page<>(
                        finds.allocations().stream().map(Held::allocation).toList(), finds.nextToken())));

        assertThat(found).isEqualTo(needles);
    }

    @Test
    void prefixesOfADepthAreFoundAmongVeryManyOfOthers() {
        List<Cidr> top = new ArrayList<>(List.of(SLASH_16));
        List<Cidr> children = new ArrayList<>();
        List<Cidr> below = new ArrayList<>();
        for (int i = 0; i < 12_000; i++) {
            Cidr child = acquireChild(SLASH_16, 32, i % 2 == 0 ? COMMON : Metadata.NONE);
            children.add(child);
        }
        for (String more : List.of("10.1.0.0/16", "2001:db8::/64")) {
            top.add(Cidr.parse(more));
            create(Cidr.parse(more), COMMON);
            children.add(acquireChild(Cidr.parse(more), Cidr.parse(more).length() + 8, COMMON));
        }
        Cidr last = children.get(children.size() - 1);
        below.add(acquireChild(last, last.length() + 1, COMMON));

        assertThat(cidrs(new Lists.PrefixFilter(null, null, 0, "", NO_LABELS), 2))
                .isEqualTo(top);
        assertThat(cidrs(new Lists.PrefixFilter(null, null, 0, "o", NO_LABELS), 1))
                .isEqualTo(top.subList(1, 3));
        assertThat(cidrs(new Lists.PrefixFilter(null, null, 1, "", NO_LABELS), 1_000))
                .isEqualTo(children);
        assertThat(cidrs(new Lists.PrefixFilter(null, null, 2, "", NO_LABELS), 5))
                .isEqualTo(below);
        assertThat(cidrs(new Lists.PrefixFilter(null, null, 2, "o", NO_LABELS), 5))
                .isEqualTo(below);
        assertThat(cidrs(new Lists.PrefixFilter(null, null, 3, "", NO_LABELS), 5))
                .isEmpty();
        assertThat(cidrs(new Lists.PrefixFilter(AddressFamily.IPV6, null, 1, "o", NO_LABELS), 5))
                .containsExactly(last);
        assertThat(cidrs(new Lists.PrefixFilter(null, SLASH_16, null, "", NO_LABELS), 1_000))
                .isEqualTo(children.subList(0, 12_000));
        assertThat(cidrs(new Lists.PrefixFilter(AddressFamily.IPV6, SLASH_16, null, "", NO_LABELS), 5))
                .isEmpty();
        assertThat(cidrs(new Lists.PrefixFilter(null, last, 1, "", NO_LABELS), 5))
                .as("of a parent at that depth")
                .isEmpty();
    }

    @Test
    void boundsCutAListAndThoseBeyondThePrefixDoNot() {
        List<IpAddress> acquired =
                List.of(SLASH_16.first(), IpAddress.parse("10.0.0.7"), IpAddress.parse("10.0.0.8"), SLASH_16.last());
        acquired.forEach(address -> ipam.addresses()
                .acquire(ROOT, SLASH_16, address, options(COMMON))
                .join());

        for (String owner : List.of("", "o")) {
            assertThat(addresses("9.0.0.0", "11.0.0.0", owner)).isEqualTo(acquired);
            assertThat(addresses("0.0.0.0", "255.255.255.255", owner)).isEqualTo(acquired);
            assertThat(addresses("10.0.0.7", "10.0.0.8", owner)).isEqualTo(acquired.subList(1, 3));
            assertThat(addresses("10.0.0.8", "10.0.0.8", owner)).isEqualTo(acquired.subList(2, 3));
            assertThat(addresses("10.0.0.9", "10.0.255.254", owner)).isEmpty();
            assertThat(addresses("10.0.0.8", "10.0.0.7", owner)).isEmpty();
            assertThat(addresses("11.0.0.0", "12.0.0.0", owner)).isEmpty();
            assertThat(addresses("9.0.0.0", "9.255.255.255", owner)).isEmpty();
        }
    }

    private List<IpAddress> addresses(String from, String to, String owner) {
        Lists.AllocationFilter filter =
                new Lists.AllocationFilter(IpAddress.parse(from), IpAddress.parse(to), owner, NO_LABELS);
        return walk(1, wanted -> ipam.lists().allocations(ROOT, SLASH_16, filter, wanted)).stream()
                .map(Allocation::address)
                .toList();
    }

    private List<Cidr> cidrs(Lists.PrefixFilter filter, int size) {
        return walk(size, wanted -> ipam.lists().prefixes(ROOT, filter, wanted)).stream()
                .map(Prefix::cidr)
                .toList();
    }

    @Test
    void aTokenIsForOneListWithOneFilter() {
        create(Cidr.parse("10.1.0.0/16"), COMMON);
        create(Cidr.parse("10.2.0.0/16"), COMMON);
        ipam.addresses().acquire(ROOT, SLASH_16, 3, false, options(COMMON)).join();
        ipam.namespaces().create("other", CallOptions.NONE).join();
        Page.Wanted first = new Page.Wanted(1, "");
        Lists.PrefixFilter owned = new Lists.PrefixFilter(null, null, null, "o", NO_LABELS);
        List<Function<String, CompletableFuture<?>>> lists = List.of(
                token -> ipam.lists().prefixes(ROOT, ANY, wanted(token)),
                token -> ipam.lists().prefixes(ROOT, owned, wanted(token)),
                token -> ipam.lists().prefixes(ROOT, new Lists.PrefixFilter(null, null, null, "", RARE), wanted(token)),
                token -> ipam.lists()
                        .prefixes(
                                ROOT,
                                new Lists.PrefixFilter(AddressFamily.IPV4, null, null, "", NO_LABELS),
                                wanted(token)),
                token -> ipam.lists()
                        .prefixes(ROOT, new Lists.PrefixFilter(null, null, 0, "", NO_LABELS), wanted(token)),
                token -> ipam.lists()
                        .prefixes(ROOT, new Lists.PrefixFilter(null, SLASH_16, null, "", NO_LABELS), wanted(token)),
                token -> ipam.lists().prefixes("other", ANY, wanted(token)),
                token -> ipam.lists()
                        .allocations(
                                ROOT, SLASH_16, new Lists.AllocationFilter(null, null, "", NO_LABELS), wanted(token)),
                token -> ipam.lists()
                        .allocations(
                                ROOT,
                                SLASH_16,
                                new Lists.AllocationFilter(SLASH_16.first(), null, "", NO_LABELS),
                                wanted(token)),
                token -> ipam.lists()
                        .allocations(
                                ROOT,
                                Cidr.parse("10.1.0.0/16"),
                                new Lists.AllocationFilter(null, null, "", NO_LABELS),
                                wanted(token)),
                token -> ipam.lists().find(ROOT, "o", NO_LABELS, wanted(token)),
                token -> ipam.lists().find(ROOT, "o", RARE, wanted(token)),
                token -> ipam.lists().find("other", "o", NO_LABELS, wanted(token)),
                token -> ipam.lists().namespaces(wanted(token)),
                token -> ipam.capacity().free(ROOT, SLASH_16, wanted(token)));
        Map<Integer, String> tokens = Map.of(
                0, ipam.lists().prefixes(ROOT, ANY, first).join().nextToken(),
                1, ipam.lists().prefixes(ROOT, owned, first).join().nextToken(),
                7,
                        ipam.lists()
                                .allocations(
                                        ROOT, SLASH_16, new Lists.AllocationFilter(null, null, "", NO_LABELS), first)
                                .join()
                                .nextToken(),
                10, ipam.lists().find(ROOT, "o", NO_LABELS, first).join().nextToken(),
                13, ipam.lists().namespaces(first).join().nextToken());

        tokens.forEach((of, token) -> {
            assertThat(token).isNotEmpty();
            for (int i = 0; i < lists.size(); i++) {
                CompletableFuture<?> page = lists.get(i).apply(token);
                if (i == of) {
                    page.join();
                } else {
                    assertThat(refusal(page)).as("token of %s in %s", of, i).isEqualTo(Reason.INVALID_PAGE_TOKEN);
                }
            }
        });
    }

    @Test
    void aTokenOutlivesTheRowThatItWasGivenBehindButNotItsNamespace() {
        Namespace tenant =
                ipam.namespaces().create("tenant", CallOptions.NONE).join().answer();
        for (String cidr : List.of("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24")) {
            ipam.prefixes()
                    .create(tenant.name(), Cidr.parse(cidr), Reservation.NONE, CallOptions.NONE)
                    .join();
        }
        String token = ipam.lists()
                .prefixes("tenant", ANY, new Page.Wanted(2, ""))
                .join()
                .nextToken();
        ipam.prefixes()
                .delete("tenant", Cidr.parse("10.0.1.0/24"), null, CallOptions.NONE)
                .join();

        assertThat(ipam.lists().prefixes("tenant", ANY, wanted(token)).join().rows())
                .extracting(Prefix::cidr)
                .containsExactly(Cidr.parse("10.0.2.0/24"));

        for (String cidr : List.of("10.0.0.0/24", "10.0.2.0/24")) {
            ipam.prefixes()
                    .delete("tenant", Cidr.parse(cidr), null, CallOptions.NONE)
                    .join();
        }
        ipam.namespaces().delete("tenant", CallOptions.NONE).join();
        ipam.namespaces().create("tenant", CallOptions.NONE).join();
        assertThat(refusal(ipam.lists().prefixes("tenant", ANY, wanted(token)))).isEqualTo(Reason.INVALID_PAGE_TOKEN);
    }

    @Test
    void aPartWithMuchMetadataEndsEarlyAndTheNextGoesOn() {
        Metadata much = Metadata.of("o", Map.of(), "\u4e2d".repeat(1_024));
        create(Cidr.parse("10.1.0.0/16"), much);
        List<Allocation> acquired = ipam.addresses()
                .acquire(ROOT, SLASH_16, 1_500, false, options(much))
                .join()
                .answer()
                .allocations();
        Lists.AllocationFilter all = new Lists.AllocationFilter(null, null, "", NO_LABELS);
        List<Integer> sizes = new ArrayList<>();

        List<Allocation> listed = walk(
                1_000,
                wanted -> ipam.lists().allocations(ROOT, SLASH_16, all, wanted).thenApply(page -> {
                    sizes.add(page.rows().stream()
                            .mapToInt(row -> row.metadata().description().getBytes(StandardCharsets.UTF_8).length)
                            .sum());
                    return page;
                }));
        List<Object> found = walk(
                1_000,
                wanted -> ipam.lists().find(ROOT, "o", NO_LABELS, wanted).thenApply(finds -> {
                    List<Object> both = new ArrayList<>(finds.prefixes());
                    finds.allocations().forEach(held -> both.add(held.allocation()));
                    sizes.add(3 * 1_024 * both.size());
                    return new Page<>(both, finds.nextToken());
                }));

        assertThat(listed).isEqualTo(acquired);
        assertThat(found).hasSize(1_501).endsWith(acquired.toArray());
        assertThat(sizes).as("bytes of parts").hasSizeGreaterThan(8).allMatch(bytes -> bytes < 2 << 20);
    }

    @Test
    void aListThatEndsWithItsPageHasNoToken() {
        create(Cidr.parse("10.1.0.0/16"), COMMON);

        assertThat(ipam.lists()
                        .prefixes(ROOT, ANY, new Page.Wanted(2, ""))
                        .join()
                        .nextToken())
                .isEmpty();
        assertThat(ipam.lists().namespaces(wanted("")).join().nextToken()).isEmpty();
    }

    private static Page.Wanted wanted(String token) {
        return new Page.Wanted(1, token);
    }

    private static <T> List<T> walk(Function<Page.Wanted, CompletableFuture<Page<T>>> list) {
        return walk(10, list);
    }

    private static <T> List<T> walk(int size, Function<Page.Wanted, CompletableFuture<Page<T>>> list) {
        List<T> rows = new ArrayList<>();
        String token = "";
        do {
            Page<T> page = list.apply(new Page.Wanted(size, token)).join();
            assertThat(page.rows()).hasSizeLessThanOrEqualTo(size);
            rows.addAll(page.rows());
            token = page.nextToken();
        } while (!token.isEmpty());
        return rows;
    }

    private Cidr acquireChild(Cidr parent, int length, Metadata metadata) {
        return ipam.prefixes()
                .acquireChild(ROOT, parent, length, Reservation.NONE, options(metadata))
                .join()
                .answer()
                .cidr();
    }

    private void create(Cidr cidr, Metadata metadata) {
        ipam.prefixes().create(ROOT, cidr, Reservation.NONE, options(metadata)).join();
    }

    private static CallOptions options(Metadata metadata) {
        return new CallOptions(null, CallOptions.NO_DEADLINE, metadata, false);
    }

    private static Reason refusal(CompletableFuture<?> call) {
        CompletionException failure = catchThrowableOfType(CompletionException.class, call::join);
        assertThat(failure).as("a refusal").isNotNull();
        return ((IpamerException) failure.getCause()).reason();
    }
}
