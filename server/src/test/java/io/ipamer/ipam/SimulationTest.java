package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.plan.Found;
import io.ipamer.plan.Read;
import io.ipamer.plan.Scope;
import io.ipamer.store.Invariants;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import io.ipamer.store.memory.MemoryStore;
import io.ipamer.store.sql.DatabaseUrl;
import io.ipamer.store.sql.Retention;
import io.ipamer.store.sql.SqlStore;
import io.ipamer.store.sql.TestDatabases;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Several servers on one store, under a seeded scheduler: answers get lost, plans arrive late, servers crash. Clients
 * retry with the same request id until they know. In the end the store holds exactly what the clients hold.
 */
class SimulationTest {
    private static final int SCHEDULES_A_TEST = 1_000;

    static Stream<Integer> firstSeeds() {
        return IntStream.range(0, 12).map(i -> i * SCHEDULES_A_TEST).boxed();
    }

    @ParameterizedTest(name = "1000 schedules from seed {0}")
    @MethodSource("firstSeeds")
    void clientsHoldExactlyWhatTheStoreSaysWhateverFails(int firstSeed) {
        run(firstSeed, SCHEDULES_A_TEST, MemoryStore::new);
    }

    @ParameterizedTest(name = "10 schedules from seed {0}")
    @ValueSource(ints = {0, 10, 20, 30})
    void clientsHoldExactlyWhatPostgresSaysWhateverFails(int firstSeed) {
        DatabaseUrl database = TestDatabases.bundled();
        try (Store store = SqlStore.open(database, Retention.DEFAULT)) {
            run(firstSeed, 10, () -> {
                TestDatabases.empty(database);
                return store;
            });
        }
    }

    private static void run(int firstSeed, int schedules, Supplier<Store> emptyStore) {
        int retries = 0;
        int replays = 0;
        for (int seed = firstSeed; seed < firstSeed + schedules; seed++) {
            try {
                Simulation simulation = new Simulation(seed, emptyStore.get());
                simulation.run();
                retries += simulation.retries;
                replays += simulation.replays;
            } catch (AssertionError | RuntimeException failure) {
                throw new AssertionError("schedule of seed " + seed + ": " + failure.getMessage(), failure);
            }
        }
        assertThat(retries).as("faults that reached a client").isGreaterThan(schedules);
        assertThat(replays)
                .as("calls that had been done when they were retried")
                .isGreaterThan(schedules / 10);
    }

    private static final class Simulation {
        private static final Set<Reason> TRY_AGAIN = EnumSet.of(
                Reason.STORE_UNAVAILABLE, Reason.OUTCOME_UNKNOWN, Reason.DEADLINE_EXCEEDED, Reason.OVERLOADED);
        private static final List<Cidr> PREFIXES = List.of(Cidr.parse("10.0.0.0/29"), Cidr.parse("10.0.1.0/28"));
        private static final Cidr PARENT = Cidr.parse("2001:db8::/60");
        private static final int SERVERS = 3;
        private static final int CLIENTS = 4;
        private static final int CALLS = 10;
        private static final long QUIET_AFTER = 200_000_000;

        private final Random random;
        private final Scheduler scheduler;
        private final Store store;
        private final FaultyStore[] connections = new FaultyStore[SERVERS];
        private final Ipam[] servers = new Ipam[SERVERS];
        private final Map<CompletableFuture<?>, Integer> serverOf = new LinkedHashMap<>();
        private final List<Client> clients = new ArrayList<>();
        private final Set<UUID> given = new HashSet<>();
        private int retries;
        private int replays;

        Simulation(int seed, Store store) {
            this.store = store;
            random = new Random(seed);
            scheduler = new Scheduler(random);
        }

        void run() {
            Ipam setUp = new Ipam(store, surroundings());
            for (Cidr cidr : PREFIXES) {
                setUp.prefixes()
                        .create("root", cidr, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                        .join();
            }
            setUp.prefixes()
                    .create("root", PARENT, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                    .join();
            for (int i = 0; i < SERVERS; i++) {
                start(i);
            }
            for (int i = 0; i < CLIENTS; i++) {
                Client client = new Client(i);
                clients.add(client);
                scheduler.soon(client::next);
            }
            for (int i = 0; i < 2; i++) {
                scheduler.after(random.nextInt(40_000_000), this::crashOne);
            }
            scheduler.run(100_000);
            check();
        }

        private Surroundings surroundings() {
            return new Surroundings(
                    scheduler::now,
                    scheduler::after,
                    scheduler::soon,
                    () -> new UUID(random.nextLong(), random.nextLong()),
                    random::nextDouble);
        }

        private void start(int server) {
            connections[server] = new FaultyStore(store, scheduler, random, () -> scheduler.now() < QUIET_AFTER);
            servers[server] = new Ipam(connections[server], surroundings());
        }

        /** Whoever waits for the server sees its connection break. */
        private void crashOne() {
            int server = random.nextInt(SERVERS);
            connections[server].crash();
            start(server);
            serverOf.forEach((promise, of) -> {
                if (of == server) {
                    promise.completeExceptionally(new IpamerException(Reason.OUTCOME_UNKNOWN, "the server crashed"));
                }
            });
        }

        private void check() {
            new Invariants(store).holdEverywhere();
            Set<UUID> held = new HashSet<>();
            Set<Cidr> children = new HashSet<>();
            for (Client client : clients) {
                assertThat(client.left)
                        .as("client %s came to its end", client.number)
                        .isZero();
                client.held.forEach((allocation, prefix) ->
                        assertThat(held.add(allocation.id())).isTrue());
                client.children.forEach(
                        child -> assertThat(children.add(child.cidr())).isTrue());
            }
            Set<UUID> stored = new HashSet<>();
            Set<Cidr> storedChildren = new HashSet<>();
            for (Prefix prefix : store.prefixes(Namespace.ROOT.id(), Span.ALL, Integer.MAX_VALUE)
                    .join()
                    .rows()) {
                if (prefix.parentId() != null) {
                    storedChildren.add(prefix.cidr());
                }
                Read all = new Read.AllocationsFrom(prefix.cidr().first(), Integer.MAX_VALUE);
                Found found = store.read(Scope.of(prefix), List.of(all))
                        .join()
                        .orElseThrow()
                        .found()
                        .get(0);
                ((Found.Allocations) found).rows().forEach(row -> stored.add(row.id()));
            }
            assertThat(stored).isEqualTo(held);
            assertThat(storedChildren).isEqualTo(children);
        }

        /** Does one call after the other, each until its outcome is known. */
        private final class Client {
            private final int number;
            private final Map<Allocation, Cidr> held = new HashMap<>();
            private final List<Prefix> children = new ArrayList<>();
            private int left = CALLS;

            Client(int number) {
                this.number = number;
            }

            void next() {
                if (left == 0) {
                    return;
                }
                switch (random.nextInt(6)) {
                    case 0, 1 -> acquire(random.nextInt(2) == 0 ? 1 : 2, random.nextBoolean());
                    case 2, 3 -> release();
                    case 4 -> acquireChild();
                    default -> releaseChild();
                }
            }

            private void acquire(int count, boolean contiguous) {
                Cidr prefix = PREFIXES.get(random.nextInt(PREFIXES.size()));
                this.<Allocations>call(
                        (ipam, options) -> ipam.addresses().acquire("root", prefix, count, contiguous, options),
                        EnumSet.of(Reason.NO_FREE_ADDRESS),
                        acquired -> {
                            for (Allocation allocation : acquired.allocations()) {
                                assertThat(given.add(allocation.id()))
                                        .as("%s given once", allocation)
                                        .isTrue();
                                for (Client client : clients) {
                                    assertThat(client.held.keySet())
                                            .extracting(Allocation::address)
                                            .doesNotContain(allocation.address());
                                }
                                held.put(allocation, prefix);
                            }
                        });
            }

            private void release() {
                if (held.isEmpty()) {
                    acquire(1, false);
                    return;
                }
                Allocation allocation = held.keySet().iterator().next();
                // From the moment it is sent the address may be another's.
                Cidr prefix = held.remove(allocation);
                List<Releases.Item> items = List.of(new Releases.Item(allocation.address(), allocation.id()));
                this.<Releases>call(
                        (ipam, options) -> ipam.addresses().release("root", prefix, items, false, options),
                        EnumSet.noneOf(Reason.class),
                        releases -> assertThat(releases.releases().get(0)).isInstanceOf(Releases.Released.class));
            }

            private void acquireChild() {
                this.<Prefix>call(
                        (ipam, options) -> ipam.prefixes().acquireChild("root", PARENT, 62, Reservation.NONE, options),
                        EnumSet.of(Reason.NO_FREE_PREFIX),
                        child -> {
                            assertThat(given.add(child.id()))
                                    .as("%s given once", child)
                                    .isTrue();
                            children.add(child);
                        });
            }

            private void releaseChild() {
                if (children.isEmpty()) {
                    acquireChild();
                    return;
                }
                Prefix child = children.remove(children.size() - 1);
                this.<Prefix>call(
                        (ipam, options) -> ipam.prefixes().releaseChild("root", child.cidr(), child.id(), options),
                        EnumSet.noneOf(Reason.class),
                        released -> assertThat(released.id()).isEqualTo(child.id()));
            }

            private <A extends Answer> void call(
                    BiFunction<Ipam, CallOptions, CompletableFuture<Reply<A>>> operation,
                    Set<Reason> mayBeRefused,
                    Consumer<A> done) {
                attempt(operation, "client " + number + " call " + left, mayBeRefused, done);
            }

            private <A extends Answer> void attempt(
                    BiFunction<Ipam, CallOptions, CompletableFuture<Reply<A>>> operation,
                    String requestId,
                    Set<Reason> mayBeRefused,
                    Consumer<A> done) {
                int server = random.nextInt(SERVERS);
                long deadline = scheduler.now() + 1_000_000L * (1 + random.nextInt(60));
                CompletableFuture<Reply<A>> promise =
                        operation.apply(servers[server], new CallOptions(requestId, deadline));
                serverOf.put(promise, server);
                if (random.nextInt(20) == 0) {
                    scheduler.soon(() -> promise.cancel(false));
                }
                Promises.finish(
                        promise,
                        reply -> scheduler.soon(() -> {
                            replays += reply.replayed() ? 1 : 0;
                            done.accept(reply.answer());
                            proceed();
                        }),
                        failure -> scheduler.soon(() -> {
                            if (again(failure)) {
                                retries++;
                                attempt(operation, requestId, mayBeRefused, done);
                            } else {
                                assertThat(mayBeRefused)
                                        .as("%s", failure)
                                        .contains(((IpamerException) failure).reason());
                                proceed();
                            }
                        }));
            }

            private boolean again(Throwable failure) {
                return failure instanceof CancellationException
                        || (failure instanceof IpamerException refusal && TRY_AGAIN.contains(refusal.reason()));
            }

            private void proceed() {
                left--;
                scheduler.soon(this::next);
            }
        }
    }
}
