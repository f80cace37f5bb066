package io.ipamer.ipam;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocations;
import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Prefix;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.plan.Extract;
import io.ipamer.store.Invariants;
import io.ipamer.store.Store;
import io.ipamer.store.Store.Step;
import io.ipamer.store.StoreException;
import io.ipamer.store.StoreException.Kind;
import io.ipamer.store.sql.DatabaseUrl;
import io.ipamer.store.sql.Retention;
import io.ipamer.store.sql.SqlStore;
import io.ipamer.store.sql.TestDatabases;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two servers on one database, each step of the one held until the other has done its own. */
class InterleavingTest {
    private static final Cidr NET = Cidr.parse("10.0.0.0/29");
    private static final Cidr PARENT = Cidr.parse("10.1.0.0/24");
    private static final Cidr CHILD = Cidr.parse("10.1.0.0/26");
    private static final Cidr TOP = Cidr.parse("10.2.0.0/16");
    private static final IpAddress THAT = IpAddress.parse("10.0.0.5");

    private static final ScheduledThreadPoolExecutor TIMER = new ScheduledThreadPoolExecutor(1);

    private static Store store;
    private static Store beside;

    private final AtomicReference<@Nullable Stop> next = new AtomicReference<>();
    private static final AtomicReference<String> RUN = new AtomicReference<>("");

    private Ipam one;
    private Ipam other;
    private Stop stopped = new Stop();

    /** A step of the first server that waits until it may go on. */
    private record Stop(
            Set<String> steps, boolean holdsTheTurn, CompletableFuture<String> reached, CompletableFuture<String> go) {
        Stop(String... steps) {
            this(Set.of(steps), false, new CompletableFuture<>(), new CompletableFuture<>());
        }

        /** Between planning and committing in a turn. */
        static Stop inTurn() {
            return new Stop(Set.of("inTurn"), true, new CompletableFuture<>(), new CompletableFuture<>());
        }
    }

    @FunctionalInterface
    private interface Operation {
        CompletableFuture<? extends Reply<? extends Answer>> on(Ipam ipam);
    }

    @BeforeAll
    static void open() {
        DatabaseUrl url = TestDatabases.bundled();
        store = SqlStore.open(url, Retention.DEFAULT);
        beside = SqlStore.open(url, Retention.DEFAULT);
    }

    @AfterAll
    static void close() {
        store.close();
        beside.close();
        TIMER.shutdownNow();
    }

    @BeforeEach
    void twoServers() {
        RUN.set(UUID.randomUUID() + " ");
        one = new Ipam(stoppable(store), surroundings());
        other = new Ipam(beside, surroundings());
        for (Cidr cidr : List.of(NET, PARENT, TOP)) {
            tell(create(cidr).on(other));
        }
    }

    @AfterEach
    void everythingAddsUpAndGoes() {
        new Invariants(beside).holdEverywhere();
        List<Prefix> all = get(other.prefixes().list("root"));
        for (int i = all.size() - 1; i >= 0; i--) {
            Cidr cidr = all.get(i).cidr();
            IpAddress address = cidr.first();
            for (int n = 0; n < 8 && cidr.contains(address); n++, address = address.next()) {
                tell(release(cidr, address).on(other));
            }
            assertThat(tell(delete(cidr).on(other))).isEqualTo(cidr.toString());
        }
    }

    private static Surroundings surroundings() {
        return new Surroundings(
                System::nanoTime,
                InterleavingTest::later,
                ForkJoinPool.commonPool(),
                UUID::randomUUID,
                () -> ThreadLocalRandom.current().nextDouble());
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the tasks tell of their failures themselves
    private static void later(long nanos, Runnable task) {
        TIMER.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    private Store stoppable(Store real) {
        return (Store) Proxy.newProxyInstance(
                InterleavingTest.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, arguments) -> {
                    Stop stop = next.get();
                    if (stop == null || !stop.steps.contains(method.getName())) {
                        return call(real, method, arguments);
                    }
                    if (stop.holdsTheTurn) {
                        return call(real, method, new Object[] {arguments[0], arguments[1], held(stop, arguments[2])});
                    }
                    next.set(null);
                    stop.reached.complete(method.getName());
                    return stop.go.thenCompose(go -> (CompletableFuture<?>) call(real, method, arguments));
                });
    }

    @SuppressWarnings("unchecked")
    private Function<Optional<Extract>, Step> held(Stop stop, Object planning) {
        return extract -> {
            Step step = ((Function<Optional<Extract>, Step>) planning).apply(extract);
            if (step instanceof Step.Commit && next.compareAndSet(stop, null)) {
                stop.reached.complete("inTurn");
                get(stop.go);
            }
            return step;
        };
    }

    private static Object call(Object target, Method method, Object @Nullable [] arguments) {
        try {
            return method.invoke(target, arguments);
        } catch (IllegalAccessException | InvocationTargetException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(20, SECONDS);
        } catch (Exception failure) {
            throw new AssertionError(failure);
        }
    }

    /** What a call brought, in a word. */
    private static String tell(CompletableFuture<? extends Reply<? extends Answer>> call) {
        try {
            Reply<? extends Answer> reply = call.get(20, SECONDS);
            return word(reply.answer()) + (reply.replayed() ? " again" : "");
        } catch (ExecutionException refused) {
            return refused.getCause() instanceof IpamerException told
                    ? told.reason().name()
                    : refused.toString();
        } catch (Exception late) {
            throw new AssertionError(late);
        }
    }

    private static String word(Answer answer) {
        if (answer instanceof Allocations acquired) {
            return acquired.allocations().get(0).address().toString();
        } else if (answer instanceof Prefix prefix) {
            return prefix.cidr().toString();
        } else if (answer instanceof Releases releases) {
            Releases.Release release = releases.releases().get(0);
            return release instanceof Releases.Refused refused
                    ? refused.reason().name()
                    : "released";
        }
        return answer.toString();
    }

    // ---- what servers are asked for -----------------------------------------------------------------------------

    private static Operation acquire(Cidr prefix, IpAddress address) {
        return ipam -> ipam.addresses().acquire("root", prefix, address, CallOptions.NONE);
    }

    private static Operation acquire(Cidr prefix, int count) {
        return ipam -> ipam.addresses().acquire("root", prefix, count, false, CallOptions.NONE);
    }

    private static Operation acquireAs(String requestId) {
        return ipam -> ipam.addresses().acquire("root", NET, CallOptions.withRequestId(RUN.get() + requestId));
    }

    private static Operation release(Cidr prefix, IpAddress address) {
        List<Releases.Item> items = List.of(new Releases.Item(address, null));
        return ipam -> ipam.addresses().release("root", prefix, items, false, CallOptions.NONE);
    }

    private static Operation child(Cidr child) {
        return ipam -> ipam.prefixes().acquireChild("root", PARENT, child, Reservation.NONE, CallOptions.NONE);
    }

    private static Operation child(int length) {
        return ipam -> ipam.prefixes().acquireChild("root", PARENT, length, Reservation.NONE, CallOptions.NONE);
    }

    private static Operation childOfNet() {
        return ipam -> ipam.prefixes().acquireChild("root", NET, 30, Reservation.NONE, CallOptions.NONE);
    }

    private static Operation releaseChild() {
        return ipam -> ipam.prefixes().releaseChild("root", CHILD, null, CallOptions.NONE);
    }

    private static Operation create(Cidr cidr) {
        return ipam -> ipam.prefixes().create("root", cidr, Reservation.NONE, CallOptions.NONE);
    }

    private static Operation delete(Cidr cidr) {
        return ipam -> ipam.prefixes().delete("root", cidr, null, CallOptions.NONE);
    }

    // ---- both at once -------------------------------------------------------------------------------------------

    /**
     * Two calls that meet.
     *
     * @param before done before, by either
     * @param nudge moves the scope of the first call and changes nothing for it
     * @param overtaken what both bring when the second one comes between the plan and the commit of the first
     * @param waited what both bring when the second one comes while the first has the turn; where it is of another
     *     scope it need not wait
     */
    private record Meeting(
            String name,
            List<Operation> before,
            Operation first,
            Operation second,
            List<Operation> nudge,
            String overtaken,
            String waited) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final List<Operation> MOVE_NET =
            List.of(acquire(NET, IpAddress.parse("10.0.0.7")), release(NET, IpAddress.parse("10.0.0.7")));
    private static final List<Operation> MOVE_PARENT = List.of(
            child(Cidr.parse("10.1.0.252/30")),
            ipam -> ipam.prefixes().releaseChild("root", Cidr.parse("10.1.0.252/30"), null, CallOptions.NONE));
    private static final List<Operation> MOVE_ROOT =
            List.of(create(Cidr.parse("10.9.0.0/24")), delete(Cidr.parse("10.9.0.0/24")));

    static Stream<Meeting> meetings() {
        Cidr inTop = Cidr.parse("10.3.0.0/17");
        Cidr top = Cidr.parse("10.3.0.0/16");
        return Stream.of(
                new Meeting(
                        "the same address",
                        List.of(),
                        acquire(NET, THAT),
                        acquire(NET, THAT),
                        MOVE_NET,
                        "ADDRESS_TAKEN, 10.0.0.5",
                        "10.0.0.5, ADDRESS_TAKEN"),
                new Meeting(
                        "the next free address",
                        List.of(),
                        acquire(NET, 1),
                        acquire(NET, 1),
                        MOVE_NET,
                        "10.0.0.1, 10.0.0.0",
                        "10.0.0.0, 10.0.0.1"),
                new Meeting(
                        "the last free address",
                        List.of(acquire(NET, 7)),
                        acquire(NET, 1),
                        acquire(NET, 1),
                        MOVE_NET,
                        "NO_FREE_ADDRESS, 10.0.0.7",
                        "10.0.0.7, NO_FREE_ADDRESS"),
                new Meeting(
                        "the release of one address",
                        List.of(acquire(NET, THAT)),
                        release(NET, THAT),
                        release(NET, THAT),
                        MOVE_NET,
                        "ALLOCATION_NOT_FOUND, released",
                        "released, ALLOCATION_NOT_FOUND"),
                new Meeting(
                        "an address against a child of one prefix",
                        List.of(),
                        acquire(NET, 1),
                        childOfNet(),
                        MOVE_NET,
                        "PREFIX_IS_PARENT, 10.0.0.0/30",
                        "10.0.0.0, PREFIX_HAS_ADDRESSES"),
                new Meeting(
                        "a child against an address of one prefix",
                        List.of(),
                        childOfNet(),
                        acquire(NET, 1),
                        MOVE_NET,
                        "PREFIX_HAS_ADDRESSES, 10.0.0.0",
                        "10.0.0.0/30, PREFIX_IS_PARENT"),
                new Meeting(
                        "the same child block",
                        List.of(),
                        child(CHILD),
                        child(CHILD),
                        MOVE_PARENT,
                        "PREFIX_TAKEN, 10.1.0.0/26",
                        "10.1.0.0/26, PREFIX_TAKEN"),
                new Meeting(
                        "the next free child block",
                        List.of(),
                        child(26),
                        child(26),
                        MOVE_PARENT,
                        "10.1.0.64/26, 10.1.0.0/26",
                        "10.1.0.0/26, 10.1.0.64/26"),
                new Meeting(
                        "overlapping creates",
                        List.of(),
                        create(inTop),
                        create(top),
                        MOVE_ROOT,
                        "PREFIX_OVERLAPS, 10.3.0.0/16",
                        "10.3.0.0/17, PREFIX_OVERLAPS"),
                new Meeting(
                        "a delete against an acquire in the prefix",
                        List.of(),
                        delete(NET),
                        acquire(NET, 1),
                        MOVE_ROOT,
                        "PREFIX_HAS_ADDRESSES, 10.0.0.0",
                        "PREFIX_HAS_ADDRESSES, 10.0.0.0"),
                new Meeting(
                        "an acquire against the delete of the prefix",
                        List.of(),
                        acquire(NET, 1),
                        delete(NET),
                        MOVE_NET,
                        "PREFIX_NOT_FOUND, 10.0.0.0/29",
                        "10.0.0.0, PREFIX_HAS_ADDRESSES"),
                new Meeting(
                        "a child's release against an acquire in it",
                        List.of(child(CHILD)),
                        releaseChild(),
                        acquire(CHILD, 1),
                        MOVE_PARENT,
                        "PREFIX_HAS_ADDRESSES, 10.1.0.0",
                        "PREFIX_HAS_ADDRESSES, 10.1.0.0"),
                new Meeting(
                        "an acquire against the release of the child",
                        List.of(child(CHILD)),
                        acquire(CHILD, 1),
                        releaseChild(),
                        List.of(
                                acquire(CHILD, IpAddress.parse("10.1.0.9")),
                                release(CHILD, IpAddress.parse("10.1.0.9"))),
                        "PREFIX_NOT_FOUND, 10.1.0.0/26",
                        "10.1.0.0, PREFIX_HAS_ADDRESSES"),
                new Meeting(
                        "one call sent to both",
                        List.of(),
                        acquireAs("a"),
                        acquireAs("a"),
                        MOVE_NET,
                        "10.0.0.0 again, 10.0.0.0",
                        "10.0.0.0, 10.0.0.0 again"));
    }

    @ParameterizedTest
    @MethodSource("meetings")
    void whoIsOvertakenIsAnsweredByWhatIsThen(Meeting meeting) {
        meeting.before.forEach(each -> tell(each.on(other)));
        CompletableFuture<? extends Reply<? extends Answer>> first = stopped(new Stop("commit"), meeting.first);

        String second = tell(meeting.second.on(other));
        stopped.go.complete("");

        assertThat(tell(first) + ", " + second).isEqualTo(meeting.overtaken);
    }

    @ParameterizedTest
    @MethodSource("meetings")
    void whoHasTheTurnIsAnsweredFirst(Meeting meeting) {
        meeting.before.forEach(each -> tell(each.on(other)));
        CompletableFuture<? extends Reply<? extends Answer>> first = stopped(new Stop("commit"), meeting.first);
        Stop overtaken = stopped;
        meeting.nudge.forEach(each -> tell(each.on(other)));
        Stop turn = Stop.inTurn();
        next.set(turn);
        overtaken.go.complete("");
        get(turn.reached);

        CompletableFuture<? extends Reply<? extends Answer>> second = meeting.second.on(other);
        if (meeting.overtaken.equals(meeting.waited)) {
            tell(second);
        } else {
            assertThat(second).isNotDone();
        }
        turn.go.complete("");

        assertThat(tell(first) + ", " + tell(second)).isEqualTo(meeting.waited);
    }

    @Test
    void whoComesWhileAServerWaitsForItsTurnIsTakenAlong() {
        CompletableFuture<? extends Reply<? extends Answer>> overtaken = stopped(new Stop("commit"), acquire(NET, 1));
        MOVE_NET.forEach(each -> tell(each.on(other)));
        stopped.go.complete("");
        assertThat(tell(overtaken)).isEqualTo("10.0.0.0");

        CompletableFuture<? extends Reply<? extends Answer>> first = stopped(new Stop("inTurn"), acquire(NET, 1));
        CompletableFuture<? extends Reply<? extends Answer>> second =
                acquireAs("a").on(one);
        CompletableFuture<? extends Reply<? extends Answer>> again =
                acquireAs("a").on(one);
        stopped.go.complete("");

        assertThat(List.of(tell(first), tell(second), tell(again)))
                .containsExactly("10.0.0.1", "10.0.0.2", "10.0.0.2 again");
        assertThat(get(second).revision()).isEqualTo(get(first).revision());
    }

    private CompletableFuture<? extends Reply<? extends Answer>> stopped(Stop stop, Operation operation) {
        stopped = stop;
        next.set(stop);
        CompletableFuture<? extends Reply<? extends Answer>> call = operation.on(one);
        get(stop.reached);
        return call;
    }

    // ---- refusals -----------------------------------------------------------------------------------------------

    /**
     * A server has reason to refuse something until another one sees to it.
     *
     * @param why what is answered before
     * @param remedy what the other one does
     * @param answer what is answered after it
     */
    private record Doubt(String why, List<Operation> before, Operation operation, Operation remedy, String answer) {
        @Override
        public String toString() {
            return why;
        }
    }

    static Stream<Doubt> doubts() {
        return Stream.of(
                new Doubt("NO_FREE_ADDRESS", List.of(acquire(NET, 8)), acquire(NET, 1), release(NET, THAT), "10.0.0.5"),
                new Doubt(
                        "ADDRESS_TAKEN",
                        List.of(acquire(NET, THAT)),
                        acquire(NET, THAT),
                        release(NET, THAT),
                        "10.0.0.5"),
                new Doubt("ALLOCATION_NOT_FOUND", List.of(), release(NET, THAT), acquire(NET, THAT), "released"),
                new Doubt(
                        "PREFIX_IS_PARENT",
                        List.of(childOfNet()),
                        acquire(NET, 1),
                        delete(Cidr.parse("10.0.0.0/30")),
                        "10.0.0.0"),
                new Doubt(
                        "PREFIX_HAS_ADDRESSES",
                        List.of(acquire(NET, THAT)),
                        childOfNet(),
                        release(NET, THAT),
                        "10.0.0.0/30"),
                new Doubt("PREFIX_TAKEN", List.of(child(CHILD)), child(CHILD), releaseChild(), "10.1.0.0/26"),
                new Doubt(
                        "NO_FREE_PREFIX",
                        List.of(child(CHILD), child(Cidr.parse("10.1.0.128/26"))),
                        child(25),
                        releaseChild(),
                        "10.1.0.0/25"),
                new Doubt("PREFIX_OVERLAPS", List.of(), create(Cidr.parse("10.2.3.0/24")), delete(TOP), "10.2.3.0/24"),
                new Doubt("PREFIX_NOT_FOUND", List.of(), acquire(CHILD, 1), child(CHILD), "10.1.0.0"));
    }

    @ParameterizedTest
    @MethodSource("doubts")
    void whatWasSeenBeforeTheCallIsNoReasonToRefuseIt(Doubt doubt) {
        doubt.before.forEach(each -> tell(each.on(other)));
        assertThat(tell(doubt.operation.on(one))).isEqualTo(doubt.why);
        tell(doubt.remedy.on(other));

        assertThat(tell(doubt.operation.on(one))).isEqualTo(doubt.answer);
    }

    @ParameterizedTest
    @MethodSource("doubts")
    void aRefusalIsTakenBackWhenItsReasonGoesWhileItIsConfirmed(Doubt doubt) {
        doubt.before.forEach(each -> tell(each.on(other)));
        assertThat(tell(doubt.operation.on(one))).isEqualTo(doubt.why);
        CompletableFuture<? extends Reply<? extends Answer>> call =
                stopped(new Stop("read", "locate"), doubt.operation);
        tell(doubt.remedy.on(other));
        stopped.go.complete("");

        assertThat(tell(call)).isEqualTo(doubt.answer);
    }

    // ---- calls that are sent again ------------------------------------------------------------------------------

    @Test
    void aCallSentAgainToTheSameServerWhileItRunsIsDoneOnce() {
        CompletableFuture<? extends Reply<? extends Answer>> first = stopped(new Stop("commit"), acquireAs("a"));
        CompletableFuture<? extends Reply<? extends Answer>> again =
                acquireAs("a").on(one);
        CompletableFuture<? extends Reply<? extends Answer>> onceMore =
                acquireAs("a").on(one);
        stopped.go.complete("");

        assertThat(List.of(tell(first), tell(again), tell(onceMore)))
                .containsExactly("10.0.0.0", "10.0.0.0 again", "10.0.0.0 again");
    }

    @Test
    void aCallWhoseFateIsUnknownAndThatIsSentAgainToTheOtherServerIsDoneOnce() {
        for (String done : List.of("done", "not done")) {
            one = new Ipam(stoppable(store), surroundings());
            CompletableFuture<? extends Reply<? extends Answer>> first = stopped(new Stop("commit"), acquireAs(done));
            String lost = done.equals("done") ? tell(acquireAs(done).on(other)) : "";
            stopped.go.completeExceptionally(new StoreException(Kind.UNKNOWN, "injected"));
            String again = tell(acquireAs(done).on(other));

            assertThat(tell(first).replace(" again", "")).isEqualTo(again.replace(" again", ""));
            assertThat(lost + again).contains("10.0.0.");
        }
        assertThat(tell(acquire(NET, 1).on(other))).isEqualTo("10.0.0.2");
    }

    @Test
    void aCallSentAgainOutlivesTheFirstOneThatRanOutOfTime() {
        CompletableFuture<? extends Reply<? extends Answer>> ahead = stopped(new Stop("commit"), acquire(NET, 1));
        CompletableFuture<? extends Reply<? extends Answer>> late =
                one.addresses().acquire("root", NET, new CallOptions(RUN.get() + "a", System.nanoTime() - 1));
        CompletableFuture<? extends Reply<? extends Answer>> again =
                acquireAs("a").on(one);
        stopped.go.complete("");

        assertThat(List.of(tell(ahead), tell(late), tell(again)))
                .containsExactly("10.0.0.0", "DEADLINE_EXCEEDED", "10.0.0.1");
    }
}
