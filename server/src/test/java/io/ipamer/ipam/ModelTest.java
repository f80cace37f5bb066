package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.Answer;
import io.ipamer.model.Held;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.MetadataUpdate;
import io.ipamer.model.Mode;
import io.ipamer.model.Namespace;
import io.ipamer.model.NamespaceUsage;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.model.Usage;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Head;
import io.ipamer.plan.Scope;
import io.ipamer.store.Invariants;
import io.ipamer.store.Store;
import io.ipamer.store.memory.MemoryStore;
import io.ipamer.store.sql.Retention;
import io.ipamer.store.sql.SqlStore;
import io.ipamer.store.sql.TestDatabases;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Random programs of all operations against {@link Model}: every answer equal, conservation after every step. */
class ModelTest {
    private static final List<String> NAMESPACES = List.of("root", "a", "b");
    private static final List<String> LABELS = List.of("a", "b");

    static Stream<Integer> seeds() {
        return IntStream.rangeClosed(1, 20).boxed();
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyAnswerIsTheModelsAndNothingIsLostOrGivenTwice(int seed) {
        new Program(seed, new MemoryStore()).run(10_000);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(ints = {1, 2, 3})
    void everyAnswerIsTheModelsOnPostgresToo(int seed) {
        try (Store store = SqlStore.open(TestDatabases.bundled(), Retention.DEFAULT)) {
            new Program(seed, store).run(500);
        }
    }

    /**
     * One program. Two servers take turns on one store, so that views grow old; odd programs read a few rows at a time,
     * so that views are full of gaps.
     */
    private static final class Program {
        private final Random random;
        private final Store store;
        private final List<Ipam> servers = new ArrayList<>();

        /** Lists are read whole: a list that gets fewer rows than it wanted has come to its end. */
        private final List<Ipam> readers = new ArrayList<>();

        private final Model model = new Model();
        private final Invariants invariants;
        private final List<Cidr> top;
        private final Set<UUID> everGiven = new HashSet<>();
        private final Map<String, List<Supplier<Replayable>>> history = new HashMap<>();

        private record Replayable(CompletableFuture<? extends Reply<?>> again, Answer before) {}

        Program(int seed, Store store) {
            random = new Random(seed);
            this.store = store;
            invariants = new Invariants(store);
            for (int i = 0; i < 2; i++) {
                Store seen = seed % 3 == 0 ? store : new NearSightedStore(store, 2 + random.nextInt(3));
                servers.add(new Ipam(seen, surroundings()));
                readers.add(new Ipam(store, surroundings()));
            }
            top = seed % 2 == 0
                    ? Stream.of(
                                    "10.0.0.0/26",
                                    "10.0.0.0/25",
                                    "10.0.0.64/27",
                                    "255.255.255.192/26",
                                    "0.0.0.0/27",
                                    "10.1.0.0/30",
                                    "10.1.0.4/31",
                                    "10.1.0.6/32")
                            .map(Cidr::parse)
                            .toList()
                    : Stream.of(
                                    "2001:db8::/122",
                                    "2001:db8::/121",
                                    "2001:db8::40/123",
                                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffc0/122",
                                    "::/123",
                                    "2001:db8:1::/126",
                                    "2001:db8:1::4/127",
                                    "2001:db8:1::6/128")
                            .map(Cidr::parse)
                            .toList();
        }

        private Surroundings surroundings() {
            return new Surroundings(
                    System::nanoTime,
                    (nanos, task) -> task.run(),
                    Runnable::run,
                    () -> new UUID(random.nextLong(), random.nextLong()),
                    random::nextDouble);
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                try {
                    step();
                } catch (AssertionError failure) {
                    throw new AssertionError("at step " + step + ": " + failure.getMessage(), failure);
                }
                if (step % (steps / 10) == 0) {
                    invariants.holdEverywhere();
                }
            }
            invariants.holdEverywhere();
        }

        private void step() {
            String namespace = NAMESPACES.get(random.nextInt(NAMESPACES.size()));
            int dice = random.nextInt(115);
            if (dice < 2) {
                createNamespace(namespace);
            } else if (dice < 3) {
                deleteNamespace(namespace);
            } else if (dice < 10) {
                createPrefix(namespace, pick(top));
            } else if (dice < 14) {
                deletePrefix(namespace, anyPrefix(namespace));
            } else if (dice < 28) {
                acquireChild(namespace, anyPrefix(namespace));
            } else if (dice < 40) {
                releaseChild(namespace, anyPrefix(namespace));
            } else if (dice < 65) {
                acquire(namespace, anyPrefix(namespace));
            } else if (dice < 90) {
                release(namespace, anyPrefix(namespace));
            } else if (dice < 95) {
                usage(namespace, anyPrefix(namespace));
            } else if (dice < 100) {
                replay();
            } else if (dice < 103) {
                updatePrefix(namespace, anyPrefix(namespace));
            } else if (dice < 107) {
                updateAddress(namespace, anyPrefix(namespace));
            } else if (dice < 109) {
                listPrefixes(namespace);
            } else if (dice < 111) {
                listAllocations(namespace, anyPrefix(namespace));
            } else if (dice < 112) {
                find(namespace);
            } else if (dice < 113) {
                see(namespace, addressNear(anyPrefix(namespace)));
            } else if (dice < 114) {
                listFree(namespace, anyPrefix(namespace));
            } else {
                namespaceUsage(namespace);
                listNamespaces();
            }
        }

        private void createNamespace(String name) {
            compare(() -> model.createNamespace(name), ipam().namespaces().create(name, CallOptions.NONE));
        }

        private void deleteNamespace(String name) {
            if (compare(() -> model.deleteNamespace(name), ipam().namespaces().delete(name, CallOptions.NONE))
                    != null) {
                // Its request ids go with it: a new namespace of that name knows nothing of them.
                history.remove(name);
            }
        }

        private void createPrefix(String namespace, Cidr cidr) {
            Reservation reservation = reservation();
            CallOptions options = options();
            Prefix created = compare(
                    () -> model.createPrefix(namespace, cidr, reservation, options.metadata()),
                    ipam().prefixes().create(namespace, cidr, reservation, options));
            if (created != null) {
                given(created.id());
                Model.Node node = model.node(namespace, cidr);
                node.id = created.id();
                assertThat(created.metadata()).isEqualTo(node.metadata);
                holdFor(namespace, cidr);
                remember(namespace, options, created, o -> ipam().prefixes().create(namespace, cidr, reservation, o));
            }
        }

        private void deletePrefix(String namespace, Cidr cidr) {
            Cidr parent = parentOf(namespace, cidr);
            CallOptions options = options();
            Metadata said = saidOf(namespace, cidr);
            Prefix deleted = compare(
                    () -> model.deletePrefix(namespace, cidr),
                    ipam().prefixes().delete(namespace, cidr, null, options));
            if (deleted != null) {
                assertThat(deleted.metadata()).isEqualTo(said);
                holdFor(namespace, parent);
                remember(namespace, options, deleted, o -> ipam().prefixes().delete(namespace, cidr, null, o));
            }
        }

        private void acquireChild(String namespace, Cidr parent) {
            Reservation reservation = reservation();
            CallOptions options = options();
            boolean specific = random.nextInt(3) == 0;
            int length = parent.length() + random.nextInt(6) - (random.nextInt(10) == 0 ? 1 : 0);
            Cidr wanted = specific && length >= 0 && length <= parent.family().bits()
                    ? Cidr.of(addressNear(parent), length)
                    : null;
            Cidr[] expected = new Cidr[1];
            Function<CallOptions, CompletableFuture<Reply<Prefix>>> call = o -> wanted == null
                    ? ipam().prefixes().acquireChild(namespace, parent, length, reservation, o)
                    : ipam().prefixes().acquireChild(namespace, parent, wanted, reservation, o);
            Object rehearsed = rehearse(namespace, parent, options, call);
            CompletableFuture<Reply<Prefix>> done = call.apply(options);
            sameAsRehearsed(rehearsed, done);
            Prefix child = compare(
                    () -> expected[0] =
                            model.acquireChild(namespace, parent, length, wanted, reservation, options.metadata()),
                    done);
            if (child != null) {
                assertThat(child.metadata()).isEqualTo(options.metadata());
                model.node(namespace, child.cidr()).id = child.id();
                assertThat(child.cidr()).isEqualTo(expected[0]);
                assertThat(child.parentCidr()).isEqualTo(parent);
                given(child.id());
                holdFor(namespace, parent);
                holdFor(namespace, child.cidr());
                if (wanted == null) {
                    remember(
                            namespace,
                            options,
                            child,
                            o -> ipam().prefixes().acquireChild(namespace, parent, length, reservation, o));
                }
            }
        }

        private void releaseChild(String namespace, Cidr cidr) {
            Cidr parent = parentOf(namespace, cidr);
            Metadata said = saidOf(namespace, cidr);
            Prefix released = compare(
                    () -> model.releaseChild(namespace, cidr),
                    ipam().prefixes().releaseChild(namespace, cidr, null, CallOptions.NONE));
            if (released != null) {
                assertThat(released.metadata()).isEqualTo(said);
            }
            holdFor(namespace, parent);
        }

        private void acquire(String namespace, Cidr prefix) {
            CallOptions options = options();
            int kind = random.nextInt(4);
            int count = kind == 1 ? 1 : 1 + random.nextInt(kind == 0 ? 1 : 6);
            boolean contiguous = kind == 3;
            IpAddress specific = kind == 1 ? addressNear(prefix) : null;
            List<IpAddress> expected = new ArrayList<>();
            Function<CallOptions, CompletableFuture<Reply<Allocations>>> call = o -> specific == null
                    ? ipam().addresses().acquire(namespace, prefix, count, contiguous, o)
                    : ipam().addresses().acquire(namespace, prefix, specific, o);
            Object rehearsed = rehearse(namespace, prefix, options, call);
            CompletableFuture<Reply<Allocations>> done = call.apply(options);
            sameAsRehearsed(rehearsed, done);
            Allocations acquired = compare(
                    () -> expected.addAll(model.acquirable(namespace, prefix, count, contiguous, specific)), done);
            if (acquired != null) {
                assertThat(acquired.allocations())
                        .extracting(Allocation::address)
                        .isEqualTo(expected);
                for (Allocation allocation : acquired.allocations()) {
                    given(allocation.id());
                    assertThat(allocation.metadata()).isEqualTo(options.metadata());
                    Model.Node node = model.node(namespace, prefix);
                    node.acquired.put(allocation.address(), allocation.id());
                    node.said.put(allocation.address(), options.metadata());
                }
                holdFor(namespace, prefix);
                if (specific == null) {
                    remember(
                            namespace,
                            options,
                            acquired,
                            o -> ipam().addresses().acquire(namespace, prefix, count, contiguous, o));
                }
            }
        }

        private void release(String namespace, Cidr prefix) {
            boolean alsoReserved = random.nextInt(4) == 0;
            List<Releases.Item> items = new ArrayList<>();
            for (int i = random.nextInt(4); i >= 0; i--) {
                items.add(item(namespace, prefix, alsoReserved));
            }
            CallOptions options = options();
            List<Reason> expected = new ArrayList<>();
            List<Metadata> said = new ArrayList<>();
            Releases releases = compare(
                    () -> {
                        Model.Node node = model.node(namespace, prefix);
                        for (Releases.Item item : items) {
                            said.add(node.said.getOrDefault(item.address(), Metadata.NONE));
                            expected.add(model.release(node, item.address(), item.allocationId(), alsoReserved));
                        }
                    },
                    ipam().addresses().release(namespace, prefix, items, alsoReserved, options));
            if (releases != null) {
                List<Reason> actual = new ArrayList<>();
                for (Releases.Release each : releases.releases()) {
                    if (each instanceof Releases.Released released) {
                        assertThat(released.metadata()).isEqualTo(said.get(actual.size()));
                    }
                    actual.add(each instanceof Releases.Refused refused ? refused.reason() : null);
                }
                assertThat(actual).isEqualTo(expected);
                holdFor(namespace, prefix);
                if (expected.contains(null)) {
                    remember(
                            namespace,
                            options,
                            releases,
                            o -> ipam().addresses().release(namespace, prefix, items, alsoReserved, o));
                }
            }
        }

        private Releases.Item item(String namespace, Cidr prefix, boolean alsoReserved) {
            Model.Node node = model.namespaces.containsKey(namespace)
                    ? model.namespaces.get(namespace).get(prefix)
                    : null;
            if (node == null || node.acquired.isEmpty() || random.nextInt(4) == 0) {
                IpAddress address = alsoReserved && random.nextBoolean() ? prefix.first() : addressNear(prefix);
                return new Releases.Item(address, null);
            }
            IpAddress address = pick(List.copyOf(node.acquired.keySet()));
            UUID id = switch (random.nextInt(4)) {
                case 0 -> new UUID(1, 1);
                case 1 -> null;
                default -> node.acquired.get(address);
            };
            return new Releases.Item(address, id);
        }

        private void usage(String namespace, Cidr prefix) {
            Usage[] usage = new Usage[1];
            boolean there = model.namespaces.containsKey(namespace)
                    && model.namespaces.get(namespace).containsKey(prefix);
            try {
                usage[0] = ipam().prefixes().usage(namespace, prefix).join();
            } catch (CompletionException refusal) {
                assertThat(there).isFalse();
                return;
            }
            Model.Node node = model.node(namespace, prefix);
            assertThat(usage[0].free()).isEqualTo(model.freeCount(node));
            assertThat(usage[0].acquired()).isEqualTo(node.acquired.size());
            assertThat(usage[0].reserved()).isEqualTo(node.reserved.size());
            assertThat(usage[0].children()).isEqualTo(node.children.size());
            assertThat(usage[0].size()).isEqualTo(BigInteger.ONE.shiftLeft(prefix.hostBits()));
            if (usage[0].mode() != Mode.ADDRESS) {
                int longest = Math.min(prefix.family().bits(), prefix.length() + 7);
                List<Cidr> blocks = node.maximalFreeBlocks(longest);
                assertThat(usage[0].largestFreeBlock() == null).isEqualTo(blocks.isEmpty());
                if (!blocks.isEmpty()) {
                    assertThat(usage[0].largestFreeBlock()).isEqualTo(blocks.get(blocks.size() - 1));
                }
            }
        }

        private void updatePrefix(String namespace, Cidr cidr) {
            Metadata before = saidOf(namespace, cidr);
            Model.Node known = nodeOrNull(namespace, cidr);
            UUID id = switch (random.nextInt(4)) {
                case 0 -> new UUID(1, 1);
                case 1 -> known == null ? null : known.id;
                default -> null;
            };
            MetadataUpdate update = update();
            CallOptions options = options();
            Prefix after = compare(
                    () -> model.updatePrefix(namespace, cidr, id, update),
                    ipam().prefixes().update(namespace, cidr, id, update, options));
            if (after != null) {
                assertThat(after.metadata()).isEqualTo(model.node(namespace, cidr).metadata);
                assertThat(reader().prefixes().get(namespace, cidr).join()).isEqualTo(after);
                holdFor(namespace, parentOf(namespace, cidr));
                if (!after.metadata().equals(before)) {
                    remember(namespace, options, after, o -> ipam().prefixes().update(namespace, cidr, id, update, o));
                }
            }
        }

        private void updateAddress(String namespace, Cidr prefix) {
            Releases.Item item = item(namespace, prefix, false);
            Model.Node node = nodeOrNull(namespace, prefix);
            Metadata before = node == null ? null : node.said.get(item.address());
            MetadataUpdate update = update();
            CallOptions options = options();
            Function<CallOptions, CompletableFuture<Reply<Allocations>>> call =
                    o -> ipam().addresses().update(namespace, prefix, item.address(), item.allocationId(), update, o);
            Allocations after = compare(
                    () -> model.updateAddress(namespace, prefix, item.address(), item.allocationId(), update),
                    call.apply(options));
            if (after != null) {
                assertThat(after.allocations())
                        .containsExactly(new Allocation(
                                node.acquired.get(item.address()), item.address(), node.said.get(item.address())));
                assertThat(reader().addresses()
                                .get(namespace, prefix, item.address())
                                .join())
                        .isEqualTo(after.allocations().get(0));
                holdFor(namespace, prefix);
                if (!node.said.get(item.address()).equals(before)) {
                    remember(namespace, options, after, call::apply);
                }
            }
        }

        private void listPrefixes(String namespace) {
            Lists.PrefixFilter filter = new Lists.PrefixFilter(
                    random.nextInt(3) == 0 ? pick(List.of(AddressFamily.values())) : null,
                    random.nextInt(3) == 0 ? anyPrefix(namespace) : null,
                    random.nextInt(3) == 0 ? random.nextInt(4) : null,
                    random.nextBoolean() ? owner() : "",
                    random.nextInt(3) == 0 ? labels() : Collections.emptySortedMap());
            List<Prefix> rows = walk(
                    () -> model.prefixes(namespace, filter),
                    wanted -> reader().lists().prefixes(namespace, filter, wanted));
            if (rows != null) {
                assertThat(rows.stream().map(prefix -> prefix.cidr() + " " + prefix.id() + prefix.metadata()))
                        .as("%s", filter)
                        .isEqualTo(model.prefixes(namespace, filter).stream()
                                .map(node -> node.cidr + " " + node.id + node.metadata)
                                .toList());
            }
        }

        private void listAllocations(String namespace, Cidr prefix) {
            Lists.AllocationFilter filter = new Lists.AllocationFilter(
                    random.nextInt(3) == 0 ? addressNear(prefix) : null,
                    random.nextInt(3) == 0 ? addressNear(prefix) : null,
                    random.nextBoolean() ? owner() : "",
                    random.nextInt(3) == 0 ? labels() : Collections.emptySortedMap());
            List<Allocation> rows = walk(
                    () -> model.allocations(namespace, prefix, filter),
                    wanted -> reader().lists().allocations(namespace, prefix, filter, wanted));
            if (rows != null) {
                assertThat(rows).as("%s", filter).isEqualTo(model.allocations(namespace, prefix, filter));
            }
        }

        private void find(String namespace) {
            String owner = owner();
            SortedMap<String, String> labels = owner.isEmpty() ? new TreeMap<>(Map.of("a", "1")) : labels();
            List<Object> rows = walk(
                    () -> model.namespace(namespace),
                    wanted -> reader().lists()
                            .find(namespace, owner, labels, wanted)
                            .thenApply(finds -> {
                                List<Object> found = new ArrayList<>(finds.prefixes());
                                found.addAll(finds.allocations());
                                return new Page<>(found, finds.nextToken());
                            }));
            if (rows != null) {
                List<String> expected = new ArrayList<>();
                model.prefixes(namespace, new Lists.PrefixFilter(null, null, null, owner, labels))
                        .forEach(node -> expected.add(node.cidr + " " + node.id + node.metadata));
                model.holders(namespace, owner, labels)
                        .forEach((address, node) ->
                                expected.add(new Allocation(node.acquired.get(address), address, node.said.get(address))
                                        + " in " + node.cidr));
                List<String> actual = new ArrayList<>();
                for (Object row : rows) {
                    if (row instanceof Prefix prefix) {
                        actual.add(prefix.cidr() + " " + prefix.id() + prefix.metadata());
                    } else if (row instanceof Held held) {
                        actual.add(held.allocation() + " in " + held.prefix().cidr());
                    }
                }
                assertThat(actual).as("of %s with %s", owner, labels).isEqualTo(expected);
            }
        }

        private void see(String namespace, IpAddress address) {
            try {
                Lists.Sighting sighting =
                        reader().lists().sight(namespace, address).join();
                List<Model.Node> around = model.around(namespace, address);
                assertThat(sighting.prefixes().stream().map(Prefix::cidr))
                        .isEqualTo(around.stream().map(node -> node.cidr).toList());
                Model.Node inner = around.isEmpty() ? null : around.get(around.size() - 1);
                assertThat(sighting.allocation())
                        .isEqualTo(
                                inner == null || !inner.acquired.containsKey(address)
                                        ? Optional.empty()
                                        : Optional.of(new Allocation(
                                                inner.acquired.get(address), address, inner.said.get(address))));
            } catch (CompletionException refusal) {
                assertThat(model.namespaces).doesNotContainKey(namespace);
            }
        }

        private void listFree(String namespace, Cidr cidr) {
            List<AddressRange> rows = walk(
                    () -> model.node(namespace, cidr),
                    wanted -> reader().capacity().free(namespace, cidr, wanted).thenApply(free -> {
                        assertThat(free.revision())
                                .isEqualTo(head(namespace, cidr).seq());
                        return new Page<>(free.ranges(), free.nextToken());
                    }));
            if (rows != null) {
                assertThat(rows).isEqualTo(model.node(namespace, cidr).freeRanges());
            }
        }

        private void namespaceUsage(String namespace) {
            try {
                NamespaceUsage usage = reader().capacity().usage(namespace).join();
                assertThat(usage.ipv4()).isEqualTo(model.usage(namespace, AddressFamily.IPV4));
                assertThat(usage.ipv6()).isEqualTo(model.usage(namespace, AddressFamily.IPV6));
            } catch (CompletionException refusal) {
                assertThat(model.namespaces).doesNotContainKey(namespace);
            }
        }

        private void listNamespaces() {
            List<Namespace> rows = walk(() -> {}, wanted -> reader().lists().namespaces(wanted));
            assertThat(rows).extracting(Namespace::name).containsExactlyElementsOf(model.namespaces.keySet());
        }

        /** All pages, of sizes by chance; null when the model refuses, and the list for the same reason. */
        private <T> List<T> walk(Runnable expected, Function<Page.Wanted, CompletableFuture<Page<T>>> list) {
            Reason reason = null;
            try {
                expected.run();
            } catch (Model.Refused refused) {
                reason = refused.reason;
            }
            List<T> rows = new ArrayList<>();
            String token = "";
            do {
                int size = 1 + random.nextInt(random.nextInt(4) == 0 ? 4 : 100);
                try {
                    Page<T> page = list.apply(new Page.Wanted(size, token)).join();
                    assertThat(reason).as("the model refuses").isNull();
                    assertThat(page.rows()).hasSizeLessThanOrEqualTo(size);
                    rows.addAll(page.rows());
                    token = page.nextToken();
                } catch (CompletionException failure) {
                    assertThat(failure).hasCauseInstanceOf(IpamerException.class);
                    assertThat(((IpamerException) failure.getCause()).reason())
                            .as("%s", failure)
                            .isEqualTo(reason);
                    return null;
                }
            } while (!token.isEmpty());
            return rows;
        }

        /** What a dry run answers, which changes nothing; null without one. */
        private <A extends Answer> Object rehearse(
                String namespace,
                Cidr cidr,
                CallOptions options,
                Function<CallOptions, CompletableFuture<Reply<A>>> call) {
            if (random.nextInt(6) > 0) {
                return null;
            }
            Head before = head(namespace, cidr);
            Object outcome = outcome(
                    call.apply(new CallOptions(options.requestId(), options.deadline(), options.metadata(), true)));
            assertThat(head(namespace, cidr)).isEqualTo(before);
            return outcome;
        }

        private static void sameAsRehearsed(Object rehearsed, CompletableFuture<? extends Reply<?>> done) {
            if (rehearsed != null) {
                assertThat(outcome(done)).isEqualTo(rehearsed);
            }
        }

        /** Without ids. */
        private static Object outcome(CompletableFuture<? extends Reply<?>> call) {
            try {
                Answer answer = call.join().answer();
                if (answer instanceof Prefix prefix) {
                    return new Prefix(
                            new UUID(0, 0),
                            prefix.namespaceId(),
                            prefix.parentId(),
                            prefix.parentCidr(),
                            prefix.cidr(),
                            prefix.reservation(),
                            prefix.metadata());
                }
                return ((Allocations) answer)
                        .allocations().stream()
                                .map(allocation -> allocation.address() + " " + allocation.metadata())
                                .toList();
            } catch (CompletionException failure) {
                IpamerException refusal = (IpamerException) failure.getCause();
                return refusal.reason() + " " + refusal.getMessage() + " " + new TreeMap<>(refusal.metadata());
            }
        }

        private Head head(String namespace, Cidr cidr) {
            return store.locate(namespace, cidr)
                    .join()
                    .prefix()
                    .flatMap(prefix -> store.read(Scope.of(prefix), List.of()).join())
                    .map(Extract::head)
                    .orElse(null);
        }

        private void remember(
                String namespace,
                CallOptions options,
                Answer before,
                Function<CallOptions, CompletableFuture<? extends Reply<?>>> again) {
            if (options.requestId() != null) {
                history.computeIfAbsent(namespace, name -> new ArrayList<>())
                        .add(() -> new Replayable(again.apply(options), before));
            }
        }

        /** A retry is answered as before or, when what it gave is gone, refused; it never does anything. */
        private void replay() {
            List<Supplier<Replayable>> done = history.getOrDefault(pick(NAMESPACES), List.of());
            if (done.isEmpty()) {
                return;
            }
            Replayable retry = pick(done).get();
            try {
                Reply<?> reply = retry.again().join();
                assertThat(reply.replayed()).isTrue();
                assertThat(reply.answer()).isEqualTo(retry.before());
            } catch (CompletionException refusal) {
                assertThat(((IpamerException) refusal.getCause()).reason())
                        .isIn(Reason.ALLOCATION_GONE, Reason.NAMESPACE_NOT_FOUND, Reason.PREFIX_NOT_FOUND);
            }
        }

        /** Runs both; null when both refuse, and for the same reason. */
        private <A extends Answer> A compare(Runnable expected, CompletableFuture<Reply<A>> actual) {
            Reason reason = null;
            try {
                expected.run();
            } catch (Model.Refused refused) {
                reason = refused.reason;
            }
            try {
                Reply<A> reply = actual.orTimeout(30, TimeUnit.SECONDS).join();
                assertThat(reason)
                        .as("the model refuses, the service answers %s", reply)
                        .isNull();
                assertThat(reply.replayed()).isFalse();
                return reply.answer();
            } catch (CompletionException failure) {
                assertThat(failure).hasCauseInstanceOf(IpamerException.class);
                assertThat(((IpamerException) failure.getCause()).reason())
                        .as("%s", failure)
                        .isEqualTo(reason);
                return null;
            }
        }

        private void given(UUID id) {
            assertThat(everGiven.add(id)).as("id %s was given before", id).isTrue();
        }

        private void holdFor(String namespace, Cidr cidr) {
            store.locate(namespace, cidr).join().prefix().ifPresent(invariants::holdFor);
        }

        private Model.Node nodeOrNull(String namespace, Cidr cidr) {
            return model.namespaces.containsKey(namespace)
                    ? model.namespaces.get(namespace).get(cidr)
                    : null;
        }

        private Metadata saidOf(String namespace, Cidr cidr) {
            Model.Node node = nodeOrNull(namespace, cidr);
            return node == null ? Metadata.NONE : node.metadata;
        }

        private Cidr parentOf(String namespace, Cidr cidr) {
            Model.Node node = nodeOrNull(namespace, cidr);
            return node == null || node.parent == null ? cidr : node.parent.cidr;
        }

        private Cidr anyPrefix(String namespace) {
            List<Cidr> known = model.namespaces.containsKey(namespace)
                    ? List.copyOf(model.namespaces.get(namespace).keySet())
                    : List.of();
            return known.isEmpty() || random.nextInt(20) == 0 ? pick(top) : pick(known);
        }

        private IpAddress addressNear(Cidr cidr) {
            long offset = random.nextInt((int) Math.min(cidr.sizeSaturated(), 128));
            return random.nextInt(15) == 0 ? pick(top).first() : cidr.first().plus(offset);
        }

        private CallOptions options() {
            String requestId = random.nextInt(3) == 0 ? "request-" + random.nextLong() : null;
            return new CallOptions(requestId, CallOptions.NO_DEADLINE, metadata(), false);
        }

        /** Of few words, so that many things have the same. */
        private Metadata metadata() {
            return random.nextInt(3) == 0 ? Metadata.NONE : Metadata.of(owner(), labels(), text("", "d"));
        }

        private String owner() {
            return text("", "o", "p");
        }

        private SortedMap<String, String> labels() {
            SortedMap<String, String> labels = new TreeMap<>();
            for (String key : LABELS) {
                if (random.nextInt(3) == 0) {
                    labels.put(key, text("", "1"));
                }
            }
            return labels;
        }

        private String text(String... some) {
            return some[random.nextInt(some.length)];
        }

        private MetadataUpdate update() {
            SortedMap<String, Optional<String>> single = new TreeMap<>();
            if (random.nextInt(3) == 0) {
                single.put(pick(LABELS), random.nextBoolean() ? Optional.empty() : Optional.of(text("", "1")));
            }
            return new MetadataUpdate(
                    random.nextBoolean() ? owner() : null,
                    random.nextInt(3) == 0 ? labels() : null,
                    single,
                    random.nextInt(3) == 0 ? text("", "d", "e") : null);
        }

        private Reservation reservation() {
            return random.nextInt(4) == 0 ? Reservation.NONE : Reservation.FIRST_AND_LAST;
        }

        private Ipam ipam() {
            return servers.get(random.nextInt(servers.size()));
        }

        private Ipam reader() {
            return readers.get(random.nextInt(readers.size()));
        }

        private <T> T pick(List<T> list) {
            return list.get(random.nextInt(list.size()));
        }
    }
}
