package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Held;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.MetadataUpdate;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import io.ipamer.store.Invariants;
import io.ipamer.store.Store;
import io.ipamer.store.memory.MemoryStore;
import io.ipamer.store.sql.DatabaseUrl;
import io.ipamer.store.sql.Retention;
import io.ipamer.store.sql.SqlStore;
import io.ipamer.store.sql.TestDatabases;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pages are turned while others write: no row comes twice, all come in order, and none is missed that was there from the
 * first page to the last. Of everything every second thing stays, and the others come and go.
 */
class ListsUnderWritesTest {
    private static final String ROOT = "root";
    private static final int THINGS = 40;
    private static final int WALKERS = 2;
    private static final int WRITERS = 2;
    private static final SortedMap<String, String> NO_LABELS = Collections.emptySortedMap();
    private static final Cidr PARENT = Cidr.parse("11.0.0.0/20");
    private static final Cidr ADDRESSES = Cidr.parse("12.0.0.0/24");

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(ints = {1, 2, 3})
    void inMemory(int seed) throws Exception {
        try (Store store = new MemoryStore()) {
            new Scene(seed, List.of(store, store)).play(20);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(ints = {1})
    void onPostgresWithTwoServers(int seed) throws Exception {
        DatabaseUrl database = TestDatabases.bundled();
        try (Store one = SqlStore.open(database, Retention.DEFAULT);
                Store other = SqlStore.open(database, Retention.DEFAULT)) {
            new Scene(seed, List.of(one, other)).play(2);
        }
    }

    private static final class Scene {
        /** What may be said to a writer whose wish another has fulfilled, or undone, before. */
        private static final Set<Reason> BEATEN = EnumSet.of(
                Reason.PREFIX_OVERLAPS,
                Reason.PREFIX_NOT_FOUND,
                Reason.PREFIX_TAKEN,
                Reason.ADDRESS_TAKEN,
                Reason.ALLOCATION_NOT_FOUND,
                Reason.NAMESPACE_EXISTS,
                Reason.NAMESPACE_NOT_FOUND);

        private final int seed;
        private final List<Store> stores;
        private final List<Ipam> servers = new ArrayList<>();
        private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final AtomicBoolean walked = new AtomicBoolean();

        /** What stays. */
        private final List<Prefix> top = new ArrayList<>();

        private final List<Prefix> children = new ArrayList<>();
        private final List<Allocation> allocations = new ArrayList<>();
        private final List<String> namespaces = new ArrayList<>();

        Scene(int seed, List<Store> stores) {
            this.seed = seed;
            this.stores = stores;
            for (Store store : stores) {
                servers.add(new Ipam(
                        store,
                        new Surroundings(
                                System::nanoTime,
                                (nanos, task) -> {
                                    Future<?> unused = timer.schedule(task, nanos, TimeUnit.NANOSECONDS);
                                },
                                threads,
                                UUID::randomUUID,
                                Math::random)));
            }
        }

        void play(int walks) throws Exception {
            try {
                setTheStage();
                List<Future<?>> walkers = start(WALKERS, random -> walk(random, walks));
                List<Future<?>> writers = start(WRITERS, random -> {
                    while (!walked.get()) {
                        write(random);
                    }
                });
                try {
                    for (Future<?> walker : walkers) {
                        walker.get(2, TimeUnit.MINUTES);
                    }
                } finally {
                    walked.set(true);
                }
                for (Future<?> writer : writers) {
                    writer.get(1, TimeUnit.MINUTES);
                }
                new Invariants(stores.get(0)).holdEverywhere();
            } finally {
                walked.set(true);
                threads.shutdownNow();
                timer.shutdownNow();
            }
        }

        private interface Work {
            void with(Random random);
        }

        private List<Future<?>> start(int count, Work work) {
            List<Future<?>> started = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Random random = new Random(31L * seed + started.size() + 7L * count);
                started.add(threads.submit(() -> work.with(random)));
            }
            return started;
        }

        private void setTheStage() {
            Ipam ipam = servers.get(0);
            CallOptions owned = saying(Metadata.of("o", Map.of(), ""));
            ipam.prefixes()
                    .create(ROOT, PARENT, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                    .join();
            ipam.prefixes()
                    .create(ROOT, ADDRESSES, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                    .join();
            for (int i = 0; i < THINGS; i += 2) {
                top.add(ipam.prefixes()
                        .create(ROOT, topLevel(i), Reservation.NONE, owned)
                        .join()
                        .answer());
                children.add(ipam.prefixes()
                        .acquireChild(ROOT, PARENT, child(i), Reservation.NONE, owned)
                        .join()
                        .answer());
                allocations.addAll(ipam.addresses()
                        .acquire(ROOT, ADDRESSES, address(i), owned)
                        .join()
                        .answer()
                        .allocations());
                namespaces.add(namespace(i));
                ipam.namespaces().create(namespace(i), CallOptions.NONE).join();
            }
        }

        private static Cidr topLevel(int i) {
            return i < THINGS / 2 ? Cidr.parse("10.0." + i + ".0/24") : Cidr.parse("2001:db8:" + (1_000 + i) + "::/48");
        }

        /** Between any two of them there is one that is never taken. */
        private static Cidr child(int i) {
            return new Cidr(PARENT.first().plus(64L * i), 27);
        }

        /** As is that of children. */
        private static IpAddress address(int i) {
            return ADDRESSES.first().plus(1 + 2L * i);
        }

        private static String namespace(int i) {
            return "n" + (100 + i);
        }

        /** What is made around that which was told of must not be told of in the wrong order. */
        private static Cidr wholeOrHalf(Cidr cidr, Random random) {
            Cidr half = new Cidr(cidr.first(), cidr.length() + 1);
            return switch (random.nextInt(3)) {
                case 0 -> half;
                case 1 -> half.sibling();
                default -> cidr;
            };
        }

        private static CallOptions saying(Metadata metadata) {
            return new CallOptions(null, CallOptions.NO_DEADLINE, metadata, false);
        }

        /** One thing that comes or goes, or of which something is said. */
        private void write(Random random) {
            Ipam ipam = servers.get(random.nextInt(servers.size()));
            int any = random.nextInt(THINGS);
            int passing = any | 1;
            boolean comes = random.nextBoolean();
            Cidr passingTop = wholeOrHalf(topLevel(passing), random);
            Cidr passingChild = wholeOrHalf(child(passing), random);
            CallOptions options = comes
                    ? saying(Metadata.of(random.nextBoolean() ? "o" : "p", Map.of("a", "1"), ""))
                    : CallOptions.NONE;
            MetadataUpdate other = new MetadataUpdate(
                    any == passing ? "p" : null,
                    new TreeMap<>(Map.of("a", Integer.toString(random.nextInt(3)))),
                    Collections.emptySortedMap(),
                    "said " + random.nextInt());
            CompletableFuture<?> done = switch (random.nextInt(8)) {
                case 0, 1 ->
                    comes
                            ? ipam.prefixes().create(ROOT, passingTop, Reservation.NONE, options)
                            : ipam.prefixes().delete(ROOT, passingTop, null, options);
                case 2 ->
                    comes
                            ? ipam.prefixes().acquireChild(ROOT, PARENT, passingChild, Reservation.NONE, options)
                            : ipam.prefixes().releaseChild(ROOT, passingChild, null, options);
                case 3, 4 ->
                    comes
                            ? ipam.addresses().acquire(ROOT, ADDRESSES, address(passing), options)
                            : ipam.addresses()
                                    .release(
                                            ROOT,
                                            ADDRESSES,
                                            List.of(new Releases.Item(address(passing), null)),
                                            false,
                                            options);
                case 5 -> ipam.addresses().update(ROOT, ADDRESSES, address(any), null, other, options);
                case 6 ->
                    ipam.prefixes()
                            .update(ROOT, random.nextBoolean() ? topLevel(any) : child(any), null, other, options);
                default ->
                    comes
                            ? ipam.namespaces().create(namespace(passing), CallOptions.NONE)
                            : ipam.namespaces().delete(namespace(passing), CallOptions.NONE);
            };
            try {
                done.join();
            } catch (CompletionException refusal) {
                assertThat(refusal).hasCauseInstanceOf(IpamerException.class);
                assertThat(((IpamerException) refusal.getCause()).reason())
                        .as("%s", refusal)
                        .isIn(BEATEN);
            }
        }

        private void walk(Random random, int walks) {
            for (int i = 0; i < walks; i++) {
                prefixes(random, null, null, "", both(top, children));
                prefixes(random, null, 0, "", top);
                prefixes(random, null, 1, "", children);
                prefixes(random, PARENT, null, "", children);
                prefixes(random, null, null, "o", both(top, children));
                prefixes(random, null, 1, "o", children);
                allocations(random, "");
                allocations(random, "o");
                find(random);
                namespaces(random);
                freeAddresses(random);
                freeBlocks(random);
            }
        }

        private static List<Prefix> both(List<Prefix> some, List<Prefix> others) {
            List<Prefix> all = new ArrayList<>(some);
            all.addAll(others);
            return all;
        }

        private void prefixes(Random random, Cidr parent, Integer depth, String owner, List<Prefix> staying) {
            Lists.PrefixFilter filter = new Lists.PrefixFilter(null, parent, depth, owner, NO_LABELS);
            List<Prefix> rows = turn(random, wanted -> anyOf(random).lists().prefixes(ROOT, filter, wanted));
            assertInOrder(rows.stream().map(Prefix::cidr).toList(), Cidr::compareTo);
            assertThat(rows).as("%s", filter).extracting(Prefix::id).containsAll(ids(staying));
        }

        private void allocations(Random random, String owner) {
            Lists.AllocationFilter filter = new Lists.AllocationFilter(null, null, owner, NO_LABELS);
            List<Allocation> rows =
                    turn(random, wanted -> anyOf(random).lists().allocations(ROOT, ADDRESSES, filter, wanted));
            assertInOrder(rows.stream().map(Allocation::address).toList(), IpAddress::compareTo);
            assertThat(rows).as("%s", filter).extracting(Allocation::id).containsAll(allocationIds());
        }

        private void find(Random random) {
            List<Object> rows = turn(
                    random,
                    wanted -> anyOf(random)
                            .lists()
                            .find(ROOT, "o", NO_LABELS, wanted)
                            .thenApply(finds -> {
                                List<Object> both = new ArrayList<>(finds.prefixes());
                                both.addAll(finds.allocations());
                                return new Page<>(both, finds.nextToken());
                            }));
            List<Prefix> prefixes = new ArrayList<>();
            List<Allocation> found = new ArrayList<>();
            for (Object row : rows) {
                if (row instanceof Held held) {
                    assertThat(held.prefix().cidr()).isEqualTo(ADDRESSES);
                    found.add(held.allocation());
                } else {
                    assertThat(found).as("addresses before prefixes").isEmpty();
                    prefixes.add((Prefix) row);
                }
            }
            assertInOrder(prefixes.stream().map(Prefix::cidr).toList(), Cidr::compareTo);
            assertInOrder(found.stream().map(Allocation::address).toList(), IpAddress::compareTo);
            assertThat(prefixes).extracting(Prefix::id).containsAll(ids(both(top, children)));
            assertThat(found).extracting(Allocation::id).containsAll(allocationIds());
        }

        private void namespaces(Random random) {
            List<String> rows = turn(random, wanted -> anyOf(random).lists().namespaces(wanted)).stream()
                    .map(Namespace::name)
                    .toList();
            assertInOrder(rows, Comparator.naturalOrder());
            assertThat(rows).contains(ROOT).containsAll(namespaces);
        }

        private void freeAddresses(Random random) {
            List<AddressRange> ranges = free(random, ADDRESSES);
            for (int i = 0; i < THINGS; i++) {
                assertThat(covers(ranges, address(i).next())).as("never taken").isTrue();
                if (i % 2 == 0) {
                    assertThat(covers(ranges, address(i)))
                            .as("taken throughout")
                            .isFalse();
                }
            }
            assertThat(covers(ranges, ADDRESSES.first())).as("reserved").isFalse();
            assertThat(covers(ranges, ADDRESSES.last())).as("reserved").isFalse();
        }

        private void freeBlocks(Random random) {
            List<AddressRange> ranges = free(random, PARENT);
            for (int i = 0; i < THINGS; i++) {
                AddressRange here = child(i).range();
                AddressRange never = child(i).sibling().range();
                assertThat(covers(ranges, never.first()) && covers(ranges, never.last()))
                        .as("never taken")
                        .isTrue();
                if (i % 2 == 0) {
                    assertThat(ranges.stream().anyMatch(range -> range.overlaps(here)))
                            .as("taken throughout")
                            .isFalse();
                }
            }
        }

        private List<AddressRange> free(Random random, Cidr cidr) {
            List<AddressRange> ranges = turn(
                    random,
                    wanted -> anyOf(random)
                            .capacity()
                            .free(ROOT, cidr, wanted)
                            .thenApply(free -> new Page<>(free.ranges(), free.nextToken())));
            for (int i = 1; i < ranges.size(); i++) {
                assertThat(ranges.get(i - 1).last()).isLessThan(ranges.get(i).first());
            }
            return ranges;
        }

        private static boolean covers(List<AddressRange> ranges, IpAddress address) {
            return ranges.stream().anyMatch(range -> range.contains(address));
        }

        /** All pages; between any two of them something is written, whatever the writers get done. */
        private <T> List<T> turn(Random random, Function<Page.Wanted, CompletableFuture<Page<T>>> list) {
            List<T> rows = new ArrayList<>();
            String token = "";
            do {
                int size = 1 + random.nextInt(9);
                Page<T> page = list.apply(new Page.Wanted(size, token)).join();
                assertThat(page.rows()).hasSizeLessThanOrEqualTo(size);
                rows.addAll(page.rows());
                token = page.nextToken();
                write(random);
            } while (!token.isEmpty());
            return rows;
        }

        private Ipam anyOf(Random random) {
            return servers.get(random.nextInt(servers.size()));
        }

        private static <T> void assertInOrder(List<T> places, Comparator<T> order) {
            for (int i = 1; i < places.size(); i++) {
                assertThat(order.compare(places.get(i - 1), places.get(i)))
                        .as("%s comes before %s", places.get(i - 1), places.get(i))
                        .isNegative();
            }
        }

        private static Set<UUID> ids(List<Prefix> prefixes) {
            Set<UUID> ids = new HashSet<>();
            prefixes.forEach(prefix -> ids.add(prefix.id()));
            return ids;
        }

        private Set<UUID> allocationIds() {
            Set<UUID> ids = new HashSet<>();
            allocations.forEach(allocation -> ids.add(allocation.id()));
            return ids;
        }
    }
}
