package io.ipamer.store.sql;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.ipam.CallOptions;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.plan.AcquireAddresses;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Planned;
import io.ipamer.plan.Planner;
import io.ipamer.plan.Read;
import io.ipamer.plan.Request;
import io.ipamer.plan.Scope;
import io.ipamer.plan.Submission;
import io.ipamer.plan.View;
import io.ipamer.store.Invariants;
import io.ipamer.store.Store.Outcome;
import io.ipamer.store.Store.Step;
import io.ipamer.store.StoreException;
import io.ipamer.store.StoreException.Kind;
import io.ipamer.store.sql.Faults.Phase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every way to fail, in every phase of the store's work: what it means, and that callers see nothing of it. */
class FaultMatrixTest {
    /**
     * What the database or the driver says, and what that means of a plan that was sent and of everything else; none: a
     * defect of the driver.
     */
    private enum Failure {
        SERIALIZATION("40001", Kind.ABORTED, Kind.ABORTED),
        DEADLOCK("40P01", Kind.ABORTED, Kind.ABORTED),
        COMPLETION_UNKNOWN("40003", Kind.UNKNOWN, Kind.UNAVAILABLE),
        COCKROACH_RETRY("CR000", Kind.ABORTED, Kind.ABORTED),
        COCKROACH_AMBIGUOUS("XXUUU", Kind.UNKNOWN, Kind.UNAVAILABLE),
        CUT("08006", Kind.UNKNOWN, Kind.UNAVAILABLE),
        CLOSED("08003", Kind.UNKNOWN, Kind.UNAVAILABLE),
        SHUTDOWN("57P01", Kind.UNKNOWN, Kind.UNAVAILABLE),
        STARTING("57P03", Kind.UNKNOWN, Kind.UNAVAILABLE),
        CANCELLED("57014", Kind.UNKNOWN, Kind.UNAVAILABLE),
        NO_MEMORY("53200", Kind.UNAVAILABLE, Kind.UNAVAILABLE),
        NO_CONNECTION_LEFT("53300", Kind.UNAVAILABLE, Kind.UNAVAILABLE),
        LOCK_TIMEOUT("55P03", Kind.ABORTED, Kind.ABORTED),
        IDLE_IN_TRANSACTION("25P03", Kind.ABORTED, Kind.ABORTED),
        STANDBY("25006", Kind.UNAVAILABLE, Kind.UNAVAILABLE),
        CACHED_PLAN("0A000", Kind.ABORTED, Kind.ABORTED),
        DISK("58030", Kind.UNKNOWN, Kind.UNAVAILABLE),
        UNKNOWN_KEY("23505", Kind.DEFECT, Kind.DEFECT),
        DIVISION("22012", Kind.DEFECT, Kind.DEFECT),
        NO_STATE(null, Kind.UNKNOWN, Kind.UNAVAILABLE),
        UNCHECKED(null, null, null);

        private final @Nullable String state;
        private final @Nullable Kind written;
        private final @Nullable Kind asked;

        Failure(@Nullable String state, @Nullable Kind written, @Nullable Kind asked) {
            this.state = state;
            this.written = written;
            this.asked = asked;
        }

        Exception thrown() {
            return this == UNCHECKED ? new IllegalStateException("injected") : new SQLException("injected", state);
        }

        @Nullable
        Kind meaning(Phase phase) {
            return phase.writes() ? written : asked;
        }

        /** Nobody says of what is done that it is not. */
        boolean canCome(Phase phase) {
            return !phase.isDone() || written == null || written == Kind.UNKNOWN;
        }

        static List<Failure> of(Phase phase) {
            return Stream.of(values()).filter(each -> each.canCome(phase)).toList();
        }

        /** One of each sort that makes a difference to whoever uses the store. */
        static Collection<Failure> sorts(Phase phase) {
            Map<String, Failure> sorts = new TreeMap<>();
            for (Failure each : of(phase)) {
                boolean spoils = !(each.thrown() instanceof SQLException told) || Dialect.spoils(told);
                sorts.putIfAbsent(each.meaning(phase) + " " + spoils, each);
            }
            return sorts.values();
        }
    }

    private static final List<Read> LOWEST = List.of(new Read.FreeRanges(IpAddress.v4(0), 4));
    private static final int ALWAYS = Integer.MAX_VALUE;
    private static final int WRITERS = 16;
    private static final int READERS = 8;
    private static final AtomicInteger COUNT = new AtomicInteger();

    private static final ScheduledThreadPoolExecutor TIMER = new ScheduledThreadPoolExecutor(1);
    private static final Surroundings SURROUNDINGS = new Surroundings(
            System::nanoTime,
            FaultMatrixTest::later,
            ForkJoinPool.commonPool(),
            UUID::randomUUID,
            () -> ThreadLocalRandom.current().nextDouble());

    @SuppressWarnings("FutureReturnValueIgnored") // the tasks tell of their failures themselves
    private static void later(long nanos, Runnable task) {
        TIMER.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    private static DatabaseUrl url;
    private static Faults faults;
    private static SqlStore faulty;
    private static SqlStore sound;
    private static Ipam other;

    @BeforeAll
    static void open() {
        url = TestDatabases.bundled();
        faults = new Faults(url);
        faulty = SqlStore.open(faults, Retention.DEFAULT);
        sound = SqlStore.open(url, Retention.DEFAULT);
        other = new Ipam(sound, SURROUNDINGS);
    }

    @AfterAll
    static void close() {
        faulty.close();
        sound.close();
        TIMER.shutdownNow();
    }

    /** Those that were thrown away are opened again by and by, on a busy machine one after another. */
    private static final int LOOKS = 5;

    @AfterEach
    void noConnectionIsMissingOrMisused() throws Exception {
        for (int look = 1; ; look++) {
            try {
                allConnectionsAtOnce();
                break;
            } catch (ExecutionException missing) {
                if (look == LOOKS) {
                    throw missing;
                }
            }
        }
        assertThat(faults.misuses()).isEmpty();
    }

    private static void allConnectionsAtOnce() throws Exception {
        faults.disarm();
        CyclicBarrier all = new CyclicBarrier(WRITERS);
        List<CompletableFuture<?>> turns = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            turns.add(faulty.inTurn(Scope.of(prefixOf(UUID.randomUUID())), List.of(), gone -> {
                meet(all);
                return new Step.Leave();
            }));
        }
        CyclicBarrier allReaders = new CyclicBarrier(READERS);
        faults.arm(Phase.READ_HEAD, READERS, () -> meet(allReaders));
        for (int i = 0; i < READERS; i++) {
            turns.add(faulty.read(Scope.SYSTEM, List.of()));
        }
        CompletableFuture.allOf(turns.toArray(CompletableFuture[]::new)).get(20, SECONDS);
        faults.disarm();
    }

    private static @Nullable Throwable meet(CyclicBarrier all) {
        try {
            all.await(10, SECONDS);
            return null;
        } catch (Exception missing) {
            throw new IllegalStateException("a connection is missing", missing);
        }
    }

    private static Prefix prefixOf(UUID id) {
        return new Prefix(
                id, UUID.randomUUID(), null, null, Cidr.parse("10.0.0.0/24"), Reservation.NONE, Metadata.NONE);
    }

    // ---- what a failure means -----------------------------------------------------------------------------------

    @Test
    void aConnectionThatCannotBeHadChangedNothing() throws Exception {
        List<CompletableFuture<Void>> checks = new ArrayList<>();
        for (Failure failure : Failure.values()) {
            checks.add(CompletableFuture.runAsync(
                    () -> {
                        try (ConnectionPool pool =
                                new ConnectionPool(failure.name(), 1, new SqlMeters(new SimpleMeterRegistry()))) {
                            pool.open(failing(failure));
                            assertThat(told(pool.submit(handle -> "done", FaultMatrixTest::unexpected)))
                                    .as("%s", failure)
                                    .isEqualTo("UNAVAILABLE");
                        }
                    },
                    task -> new Thread(task).start()));
        }
        CompletableFuture.allOf(checks.toArray(CompletableFuture[]::new)).get(30, SECONDS);
    }

    private static String unexpected(SQLException failure) {
        return "the work began: " + failure;
    }

    private static DataSource failing(Failure failure) {
        return (DataSource) Proxy.newProxyInstance(
                FaultMatrixTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("getConnection")) {
                        throw failure.thrown();
                    }
                    return method.getReturnType() == int.class ? 0 : null;
                });
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void everyFailureMeansWhatTheDesignSays(Phase phase) throws Exception {
        Map<Failure, String> expected = new TreeMap<>();
        Map<Failure, String> actual = new TreeMap<>();
        for (Failure failure : Failure.of(phase)) {
            Prefix prefix = created(26);
            Plan plan = plan(prefix, extract(prefix));
            Kind kind = failure.meaning(phase);
            String done = phase.isDone() ? ", done" : ", not done";
            expected.put(failure, (kind == null ? "IllegalStateException" : kind.name()) + done);

            faults.arm(phase, ALWAYS, failure::thrown);
            String told = told(work(phase, prefix, plan));
            faults.disarm();

            actual.put(failure, told + (extract(prefix).head().acquired() == 1 ? ", done" : ", not done"));
        }
        assertThat(actual).isEqualTo(expected);
    }

    private static CompletableFuture<?> work(Phase phase, Prefix prefix, Plan plan) {
        Scope scope = Scope.of(prefix);
        return switch (phase) {
            case FLUSH_NOT_SENT, FLUSH_REFUSED, FLUSH_DONE_ANSWER_LOST -> faulty.commit(plan);
            case TURN_BEGIN, TURN_LOCKED_ANSWER_LOST, TURN_READ, TURN_FLUSH_REFUSED, TURN_FLUSH_DONE_ANSWER_LOST ->
                faulty.inTurn(scope, LOWEST, extract -> new Step.Commit(plan(prefix, extract.orElseThrow())));
            case TURN_LEAVE -> faulty.inTurn(scope, LOWEST, extract -> new Step.Leave());
            case READ_HEAD, READ_ROWS -> faulty.read(scope, LOWEST);
            case JOURNAL -> faulty.journal(prefix.id(), 1);
            case REQUESTS -> faulty.requests(prefix.namespaceId(), List.of("a"));
            case LOCATE -> faulty.locate("root", prefix.cidr());
        };
    }

    private static String told(CompletableFuture<?> future) {
        try {
            return String.valueOf(future.get(20, SECONDS));
        } catch (ExecutionException failure) {
            return failure.getCause() instanceof StoreException told
                    ? told.kind().name()
                    : failure.getCause().getClass().getSimpleName();
        } catch (Exception late) {
            throw new AssertionError(late);
        }
    }

    private static Plan plan(Prefix prefix, Extract extract) {
        return plan(prefix, extract, null);
    }

    private static Plan plan(Prefix prefix, Extract extract, @Nullable Request request) {
        List<Submission<?>> calls = List.of(new Submission<>(AcquireAddresses.next(1, Metadata.NONE), request));
        View view = new View(Scope.of(prefix), extract.head());
        view.learn(extract);
        Planned planned = Planner.plan(view, calls, UUID::randomUUID);
        while (planned instanceof Planned.Incomplete incomplete) {
            view.learn(sound.read(Scope.of(prefix), incomplete.reads()).join().orElseThrow());
            planned = Planner.plan(view, calls, UUID::randomUUID);
        }
        return Objects.requireNonNull(((Planned.Complete) planned).plan());
    }

    private static Extract extract(Prefix prefix) {
        return sound.read(Scope.of(prefix), LOWEST).join().orElseThrow();
    }

    private static Prefix created(int length) {
        int number = COUNT.incrementAndGet();
        Cidr cidr = Cidr.parse("10." + number / 256 + "." + number % 256 + ".0/" + length);
        return get(other.prefixes().create("root", cidr, Reservation.NONE, CallOptions.NONE))
                .answer();
    }

    private static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(20, SECONDS);
        } catch (ExecutionException failure) {
            throw new CompletionException(failure.getCause());
        } catch (Exception late) {
            throw new AssertionError(late);
        }
    }

    /** To connect anew takes longer than everything else that a replay at a contended prefix does. */
    @Test
    void aTurnThatATakenRequestIdEndsKeepsItsConnection() {
        Faults watched = new Faults(url);
        Prefix prefix = created(26);
        Request taken = new Request(prefix.namespaceId(), "taken of " + prefix.id(), "fingerprint");
        assertThat(sound.commit(plan(prefix, extract(prefix), taken)).join()).isEqualTo(Outcome.COMMITTED);
        try (SqlStore store = SqlStore.open(watched, Retention.DEFAULT)) {
            for (int turn = 0; turn < 2 * WRITERS; turn++) {
                assertThat(store.inTurn(
                                        Scope.of(prefix),
                                        LOWEST,
                                        extract -> new Step.Commit(plan(prefix, extract.orElseThrow(), taken)))
                                .join())
                        .contains(Outcome.REQUEST_EXISTS);
            }
        }
        assertThat(watched.writersOpened()).isLessThanOrEqualTo(WRITERS);
        assertThat(watched.misuses()).isEmpty();
    }

    // ---- what callers see of it ---------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(Phase.class)
    void callersSeeNothingOfOneFailure(Phase phase) {
        for (Failure failure : Failure.sorts(phase)) {
            try {
                new Scenario(phase, failure).run();
            } catch (AssertionError | RuntimeException wrong) {
                throw new AssertionError(phase + " " + failure + ": " + wrong.getMessage(), wrong);
            }
        }
    }

    /** A server without a memory, another that goes between, and calls that come to every phase. */
    private static final class Scenario {
        private final Phase phase;
        private final Failure failure;
        private final Prefix prefix = created(28);
        private final Cidr cidr = prefix.cidr();
        private final Ipam server = new Ipam(faulty, SURROUNDINGS);
        private final AtomicInteger internal = new AtomicInteger();

        Scenario(Phase phase, Failure failure) {
            this.phase = phase;
            this.failure = failure;
        }

        void run() {
            Allocation released = acquire(other, "released").join();
            Allocation known = acquire(other, "known").join();
            faults.arm(phase, 1, failure::thrown);
            if (phase == Phase.JOURNAL) {
                faults.arm(Phase.FLUSH_DONE_ANSWER_LOST, 1, Failure.CUT::thrown);
            }
            Set<Allocation> held = Collections.synchronizedSet(new HashSet<>(Set.of(known)));
            List<Allocation> given = new ArrayList<>();
            given.add(get(acquire(server, "cold")));
            Allocation foreign = get(acquire(other, "between"));
            given.add(foreign);
            // By itself: the server's view is stale, and what it needs not read is planned on that view.
            assertThat(get(acquire(server, "known"))).isEqualTo(known);
            assertThat(refusal(call(
                            "taken", options -> server.addresses().acquire("root", cidr, foreign.address(), options))))
                    .isEqualTo(Reason.ADDRESS_TAKEN);
            CompletableFuture<Allocation> one = acquire(server, "one");
            CompletableFuture<Reply<Releases>> gone = call(
                    "gone",
                    options -> server.addresses()
                            .release(
                                    "root",
                                    cidr,
                                    List.of(new Releases.Item(released.address(), null)),
                                    false,
                                    options));
            CompletableFuture<Allocation> two = acquire(server, "two");
            given.add(get(one));
            given.add(get(two));
            assertThat(get(gone).answer().releases())
                    .containsExactly(new Releases.Released(released.address(), released.id(), Metadata.NONE));
            given.add(get(acquire(server, "last")));

            assertThat(faults.disarm()).as("phases that were not come to").isEmpty();
            assertThat(internal.get()).isLessThanOrEqualTo(mayShow() ? 1 : 0);
            assertThat(held.addAll(given)).isTrue();
            assertThat(given).extracting(Allocation::address).doesNotHaveDuplicates();
            assertThat(stored(prefix)).containsExactlyInAnyOrderElementsOf(held);
            new Invariants(sound).holdFor(prefix);
        }

        /** A defect shows, unless the call was done: then the same call again brings the answer. */
        private boolean mayShow() {
            Kind kind = failure.meaning(phase);
            return (kind == null && !phase.writes()) || kind == Kind.DEFECT;
        }

        private CompletableFuture<Allocation> acquire(Ipam ipam, String requestId) {
            return call(requestId, options -> ipam.addresses().acquire("root", cidr, options))
                    .thenApply(reply -> reply.answer().allocations().get(0));
        }

        private <A extends Answer> CompletableFuture<Reply<A>> call(
                String requestId, Function<CallOptions, CompletableFuture<Reply<A>>> operation) {
            CallOptions options = CallOptions.withRequestId(cidr + " " + requestId);
            return operation.apply(options).exceptionallyCompose(refused -> {
                if (reason(refused) != Reason.INTERNAL) {
                    return CompletableFuture.failedFuture(refused);
                }
                internal.incrementAndGet();
                return operation.apply(options);
            });
        }
    }

    private static @Nullable Reason reason(Throwable failure) {
        Throwable cause = failure instanceof CompletionException || failure instanceof ExecutionException
                ? failure.getCause()
                : failure;
        return cause instanceof IpamerException refused ? refused.reason() : null;
    }

    private static @Nullable Reason refusal(CompletableFuture<?> future) {
        try {
            future.get(20, SECONDS);
            return null;
        } catch (Exception refused) {
            return reason(refused);
        }
    }

    private static List<Allocation> stored(Prefix prefix) {
        Read all = new Read.AllocationsFrom(prefix.cidr().first(), Integer.MAX_VALUE);
        Extract extract = sound.read(Scope.of(prefix), List.of(all)).join().orElseThrow();
        return ((Found.Allocations) extract.found().get(0)).rows();
    }

    @Test
    void anUnseenDoneCallWithoutARequestIdIsNotDoneTwice() {
        for (Phase phase : List.of(Phase.FLUSH_DONE_ANSWER_LOST, Phase.TURN_FLUSH_DONE_ANSWER_LOST)) {
            for (Failure failure : Failure.sorts(phase)) {
                Prefix prefix = created(28);
                Ipam server = new Ipam(faulty, SURROUNDINGS);
                Supplier<Allocation> acquire =
                        () -> get(server.addresses().acquire("root", prefix.cidr(), CallOptions.NONE))
                                .answer()
                                .allocations()
                                .get(0);
                List<Allocation> given = new ArrayList<>(List.of(acquire.get()));
                if (phase == Phase.TURN_FLUSH_DONE_ANSWER_LOST) {
                    given.add(get(other.addresses().acquire("root", prefix.cidr(), CallOptions.NONE))
                            .answer()
                            .allocations()
                            .get(0));
                }
                faults.arm(phase, 1, failure::thrown);
                given.add(acquire.get());
                given.add(acquire.get());
                assertThat(faults.disarm()).isEmpty();
                assertThat(stored(prefix)).as("%s %s", phase, failure).containsExactlyInAnyOrderElementsOf(given);
            }
        }
    }

    @Test
    void onlyThePoisonousCallOfABatchFails() throws Exception {
        try (Connection connection = url.dataSource("").getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER TABLE request ADD CONSTRAINT antidote CHECK (request_id NOT LIKE '%poison')");
            for (boolean inTurn : new boolean[] {false, true}) {
                Prefix prefix = created(24);
                Ipam server = new Ipam(sound, SURROUNDINGS);
                get(server.addresses().acquire("root", prefix.cidr(), CallOptions.NONE));
                if (inTurn) {
                    get(other.addresses().acquire("root", prefix.cidr(), CallOptions.NONE));
                }
                List<CompletableFuture<Reply<Allocations>>> calls = new ArrayList<>();
                connection.setAutoCommit(false);
                statement.execute("SELECT seq FROM head WHERE scope_id = '" + prefix.id() + "' FOR UPDATE");
                CompletableFuture<?> ahead = server.addresses().acquire("root", prefix.cidr(), CallOptions.NONE);
                for (int i = 0; i <= 64; i++) {
                    String id = prefix.id() + (i == 32 ? "poison" : " " + i);
                    calls.add(server.addresses().acquire("root", prefix.cidr(), CallOptions.withRequestId(id)));
                }
                connection.rollback();
                connection.setAutoCommit(true);
                get(ahead);

                Map<Object, Long> told = IntStream.rangeClosed(0, 64)
                        .mapToObj(i -> {
                            Reason refusal = refusal(calls.get(i));
                            return refusal == null ? "done" : i + " " + refusal;
                        })
                        .collect(Collectors.groupingBy(each -> (Object) each, Collectors.counting()));
                assertThat(told).isEqualTo(Map.of("done", 64L, "32 INTERNAL", 1L));
                assertThat(stored(prefix)).hasSize(64 + (inTurn ? 3 : 2));
                new Invariants(sound).holdFor(prefix);
            }
            statement.execute("ALTER TABLE request DROP CONSTRAINT antidote");
        }
    }
}
