package io.ipamer.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Held;
import io.ipamer.model.Metadata;
import io.ipamer.model.Mode;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Head;
import io.ipamer.plan.Read;
import io.ipamer.plan.Scope;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What must hold of the rows of a store at any time, checked by reading all of them. */
public final class Invariants {
    private static final int ALL = Integer.MAX_VALUE;

    private final Store store;

    /** What was ever said: nothing may be found by it when nothing says it any more. */
    private final Set<Tag.Word> everSaid = new HashSet<>();

    public Invariants(Store store) {
        this.store = store;
    }

    public void holdEverywhere() {
        List<Namespace> namespaces = store.namespaces("", ALL).join();
        assertThat(store.read(Scope.SYSTEM, List.of())
                        .join()
                        .orElseThrow()
                        .head()
                        .children())
                .isEqualTo(namespaces.size());
        namespaces.forEach(this::holdIn);
    }

    public void holdIn(Namespace namespace) {
        Extract extract = store.read(Scope.of(namespace), List.of(new Read.PrefixesFrom(IpAddress.v4(0), ALL)))
                .join()
                .orElseThrow();
        List<Prefix> top = prefixes(extract.found().get(0));
        assertThat(extract.head().children()).isEqualTo(top.size());
        assertDisjoint(top.stream().map(Prefix::cidr).toList());
        List<Prefix> all = store.prefixes(namespace.id(), Span.ALL, ALL).join().rows();
        assertThat(all).doesNotHaveDuplicates().isSortedAccordingTo(Comparator.comparing(Prefix::cidr));
        assertThat(all.stream().filter(prefix -> prefix.parentId() == null)).containsExactlyElementsOf(top);
        all.forEach(this::holdFor);
        holdForTags(namespace, all);
    }

    /** What has an owner or a label is found by it, once, and nothing else is. */
    private void holdForTags(Namespace namespace, List<Prefix> prefixes) {
        Map<Tag.Word, List<Prefix>> prefixesSaid = new HashMap<>();
        Map<Tag.Word, List<Held>> allocationsSaid = new HashMap<>();
        for (Prefix prefix : prefixes) {
            words(prefix.metadata())
                    .forEach(word -> prefixesSaid
                            .computeIfAbsent(word, unused -> new ArrayList<>())
                            .add(prefix));
            for (Allocation allocation : allocations(prefix)) {
                words(allocation.metadata())
                        .forEach(word -> allocationsSaid
                                .computeIfAbsent(word, unused -> new ArrayList<>())
                                .add(new Held(prefix, allocation)));
            }
        }
        everSaid.addAll(prefixesSaid.keySet());
        everSaid.addAll(allocationsSaid.keySet());
        for (Tag.Word word : everSaid) {
            assertThat(store.prefixes(namespace.id(), word, Span.ALL, ALL)
                            .join()
                            .rows())
                    .as("prefixes of %s", word)
                    .containsExactlyElementsOf(prefixesSaid.getOrDefault(word, List.of()));
            assertThat(store.allocations(namespace.id(), word, Span.ALL, ALL)
                            .join()
                            .rows())
                    .as("allocations of %s", word)
                    .containsExactlyElementsOf(allocationsSaid.getOrDefault(word, List.of()));
        }
    }

    private static List<Tag.Word> words(Metadata metadata) {
        List<Tag.Word> words = new ArrayList<>();
        if (!metadata.owner().isEmpty()) {
            words.add(Tag.Word.owner(metadata.owner()));
        }
        metadata.labels().forEach((key, value) -> words.add(new Tag.Word(key, value)));
        return words;
    }

    private List<Allocation> allocations(Prefix prefix) {
        Found found = store.read(
                        Scope.of(prefix),
                        List.of(new Read.AllocationsFrom(prefix.cidr().first(), ALL)))
                .join()
                .orElseThrow()
                .found()
                .get(0);
        return ((Found.Allocations) found).rows();
    }

    /** Free, acquired and reserved, or free, children and leaked, partition the prefix exactly. */
    public void holdFor(Prefix prefix) {
        Cidr cidr = prefix.cidr();
        Optional<Extract> read = store.read(
                        Scope.of(prefix),
                        List.of(
                                new Read.FreeRanges(cidr.first(), ALL),
                                new Read.AllocationsFrom(cidr.first(), ALL),
                                new Read.FreeBlocksFrom(
                                        Cidr.of(cidr.first(), cidr.family().bits()), ALL),
                                new Read.LeakedFrom(cidr, ALL),
                                new Read.PrefixesFrom(cidr.first(), ALL)))
                .join();
        assertThat(read).as("the scope of %s", prefix).isPresent();
        Head head = read.get().head();
        List<Found> found = read.get().found();
        List<AddressRange> freeRanges = ((Found.FreeRanges) found.get(0)).rows();
        List<Allocation> allocations = ((Found.Allocations) found.get(1)).rows();
        List<Cidr> freeBlocks = ((Found.FreeBlocks) found.get(2)).rows();
        List<Cidr> leaked = ((Found.Leaked) found.get(3)).rows();
        List<Prefix> children = prefixes(found.get(4));

        assertThat(head.acquired()).as("acquired of %s", cidr).isEqualTo(allocations.size());
        assertThat(head.children()).as("children of %s", cidr).isEqualTo(children.size());
        assertThat(head.leaked()).as("leaked of %s", cidr).isEqualTo(leaked.size());
        if (head.isEmpty()) {
            assertThat(freeRanges).as("free ranges of empty %s", cidr).isEmpty();
            assertThat(freeBlocks).as("free blocks of empty %s", cidr).isEmpty();
            assertThat(head.covered()).isZero();
        } else if (head.mode() == Mode.ADDRESS) {
            assertThat(freeBlocks).isEmpty();
            holdForAddresses(prefix, head, freeRanges, allocations);
        } else {
            assertThat(freeRanges).isEmpty();
            List<Cidr> used = new ArrayList<>(leaked);
            children.forEach(child -> used.add(child.cidr()));
            holdForBlocks(prefix, head, freeBlocks, used);
        }
    }

    private static void holdForAddresses(
            Prefix prefix, Head head, List<AddressRange> freeRanges, List<Allocation> allocations) {
        List<AddressRange> parts = new ArrayList<>(freeRanges);
        allocations.forEach(each -> parts.add(new AddressRange(each.address(), each.address())));
        Cidr cidr = prefix.cidr();
        if (head.firstReserved()) {
            parts.add(new AddressRange(cidr.first(), cidr.first()));
        }
        if (head.lastReserved()) {
            parts.add(new AddressRange(cidr.last(), cidr.last()));
        }
        assertPartition(cidr, parts);
        for (int i = 1; i < freeRanges.size(); i++) {
            assertThat(freeRanges.get(i - 1).last().next())
                    .as("free ranges of %s are not adjacent", cidr)
                    .isLessThan(freeRanges.get(i).first());
        }
    }

    private static void holdForBlocks(Prefix prefix, Head head, List<Cidr> freeBlocks, List<Cidr> used) {
        List<AddressRange> parts = new ArrayList<>();
        freeBlocks.forEach(block -> parts.add(block.range()));
        used.forEach(block -> parts.add(block.range()));
        assertPartition(prefix.cidr(), parts);
        for (Cidr block : freeBlocks) {
            assertThat(freeBlocks).as("buddies of %s are merged", prefix.cidr()).doesNotContain(block.sibling());
        }
        assertThat(head.covered()).isEqualTo(used.stream().map(Cidr::size).reduce(BigInteger.ZERO, BigInteger::add));
    }

    private static void assertPartition(Cidr cidr, List<AddressRange> parts) {
        parts.sort(Comparator.comparing(AddressRange::first));
        IpAddress next = cidr.first();
        for (int i = 0; i < parts.size(); i++) {
            assertThat(parts.get(i).first())
                    .as("partition of %s: %s", cidr, parts)
                    .isEqualTo(next);
            IpAddress last = parts.get(i).last();
            next = last.isMax() ? last : last.next();
            if (i == parts.size() - 1) {
                assertThat(last).as("end of %s: %s", cidr, parts).isEqualTo(cidr.last());
            }
        }
        assertThat(parts).isNotEmpty();
    }

    private static void assertDisjoint(List<Cidr> ascending) {
        for (int i = 1; i < ascending.size(); i++) {
            assertThat(ascending.get(i - 1).overlaps(ascending.get(i))).isFalse();
        }
    }

    private static List<Prefix> prefixes(Found found) {
        return ((Found.Prefixes) found).rows();
    }
}
