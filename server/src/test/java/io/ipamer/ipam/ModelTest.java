package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Mode;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.model.Usage;
import io.ipamer.store.Invariants;
import io.ipamer.store.Store;
import io.ipamer.store.memory.MemoryStore;
import io.ipamer.store.sql.Retention;
import io.ipamer.store.sql.SqlStore;
import io.ipamer.store.sql.TestDatabases;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Random programs of all operations against {@link Model}: every answer equal, conservation after every step. */
class ModelTest {
    private static final List<String> NAMESPACES = List.of("root", "a", "b");

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
                servers.add(new Ipam(
                        seen,
                        new Surroundings(
                                System::nanoTime,
                                (nanos, task) -> task.run(),
                                Runnable::run,
                                () -> new UUID(random.nextLong(), random.nextLong()),
                                random::nextDouble)));
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
            int dice = random.nextInt(100);
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
            } else {
                replay();
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
                    () -> model.createPrefix(namespace, cidr, reservation),
                    ipam().prefixes().create(namespace, cidr, reservation, options));
            if (created != null) {
                given(created.id());
                holdFor(namespace, cidr);
                remember(namespace, options, created, o -> ipam().prefixes().create(namespace, cidr, reservation, o));
            }
        }

        private void deletePrefix(String namespace, Cidr cidr) {
            Cidr parent = parentOf(namespace, cidr);
            CallOptions options = options();
            Prefix deleted = compare(
                    () -> model.deletePrefix(namespace, cidr), ipam().prefixes().delete(namespace, cidr, options));
            if (deleted != null) {
                holdFor(namespace, parent);
                remember(namespace, options, deleted, o -> ipam().prefixes().delete(namespace, cidr, o));
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
            CompletableFuture<Reply<Prefix>> call = wanted == null
                    ? ipam().prefixes().acquireChild(namespace, parent, length, reservation, options)
                    : ipam().prefixes().acquireChild(namespace, parent, wanted, reservation, options);
            Prefix child = compare(
                    () -> expected[0] = model.acquireChild(namespace, parent, length, wanted, reservation), call);
            if (child != null) {
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
            compare(
                    () -> model.releaseChild(namespace, cidr),
                    ipam().prefixes().releaseChild(namespace, cidr, null, CallOptions.NONE));
            holdFor(namespace, parent);
        }

        private void acquire(String namespace, Cidr prefix) {
            CallOptions options = options();
            int kind = random.nextInt(4);
            int count = kind == 1 ? 1 : 1 + random.nextInt(kind == 0 ? 1 : 6);
            boolean contiguous = kind == 3;
            IpAddress specific = kind == 1 ? addressNear(prefix) : null;
            List<IpAddress> expected = new ArrayList<>();
            CompletableFuture<Reply<Allocations>> call = specific == null
                    ? ipam().addresses().acquire(namespace, prefix, count, contiguous, options)
                    : ipam().addresses().acquire(namespace, prefix, specific, options);
            Allocations acquired = compare(
                    () -> expected.addAll(model.acquirable(namespace, prefix, count, contiguous, specific)), call);
            if (acquired != null) {
                assertThat(acquired.allocations())
                        .extracting(Allocation::address)
                        .isEqualTo(expected);
                for (Allocation allocation : acquired.allocations()) {
                    given(allocation.id());
                    model.node(namespace, prefix).acquired.put(allocation.address(), allocation.id());
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
            Releases releases = compare(
                    () -> {
                        Model.Node node = model.node(namespace, prefix);
                        for (Releases.Item item : items) {
                            expected.add(model.release(node, item.address(), item.allocationId(), alsoReserved));
                        }
                    },
                    ipam().addresses().release(namespace, prefix, items, alsoReserved, options));
            if (releases != null) {
                List<Reason> actual = new ArrayList<>();
                for (Releases.Release each : releases.releases()) {
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

        private void remember(
                String namespace,
                CallOptions options,
                Answer before,
                java.util.function.Function<CallOptions, CompletableFuture<? extends Reply<?>>> again) {
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

        private Cidr parentOf(String namespace, Cidr cidr) {
            Model.Node node = model.namespaces.containsKey(namespace)
                    ? model.namespaces.get(namespace).get(cidr)
                    : null;
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
            return random.nextInt(3) == 0
                    ? CallOptions.withRequestId("request-" + random.nextLong())
                    : CallOptions.NONE;
        }

        private Reservation reservation() {
            return random.nextInt(4) == 0 ? Reservation.NONE : Reservation.FIRST_AND_LAST;
        }

        private Ipam ipam() {
            return servers.get(random.nextInt(servers.size()));
        }

        private <T> T pick(List<T> list) {
            return list.get(random.nextInt(list.size()));
        }
    }
}
