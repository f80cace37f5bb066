package io.ipamer.store.sql;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipamer.address.Cidr;
import io.ipamer.model.Namespace;
import io.ipamer.model.ReleaseCount;
import io.ipamer.plan.Head;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Request;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Rows;
import io.ipamer.plan.Scope;
import io.ipamer.plan.ScopeChange;
import io.ipamer.store.Store.Outcome;
import io.ipamer.store.StoreException;
import io.ipamer.store.StoreException.Kind;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigInteger;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Plans that wait together go together, and each has its own outcome. */
@Timeout(60)
class GroupCommitTest {
    private static final int PLANS = 8;
    private static final SqlMeters METERS = new SqlMeters(new SimpleMeterRegistry());

    private Faults faults;
    private ConnectionPool pool;
    private GroupCommit commits;

    @BeforeEach
    void start() {
        faults = new Faults(TestDatabases.bundled());
        pool = new ConnectionPool("group", 2, METERS);
        pool.open(faults.apply(Dialect.POSTGRESQL.writeOptions()));
        commits = new GroupCommit(pool, 1, PLANS, METERS);
        pool.jdbi().useHandle(handle -> {
            SqlText.schemaStatements().forEach(handle::execute);
            for (int n = 1; n <= PLANS; n++) {
                handle.execute(
                        "INSERT INTO head SELECT ?, 0, ?, false, 0, 0, 0, 0, false, false",
                        scope(n).id(),
                        scope(n).id());
            }
        });
    }

    @AfterEach
    void stop() {
        pool.close();
    }

    private static Scope scope(int n) {
        return new Scope(new UUID(1, n), Namespace.ROOT.id(), Cidr.parse("10.0.0.0/8"));
    }

    private static Plan plan(int n, long expected, List<RequestRow> requests) {
        Scope scope = scope(n);
        Head before = new Head(
                expected,
                expected == 0 ? scope.id() : new UUID(2, n),
                false,
                0,
                0,
                0,
                BigInteger.ZERO,
                false,
                false,
                false);
        Head after = new Head(expected + 1, new UUID(2, n), false, 0, 0, 0, BigInteger.ZERO, false, false, false);
        return new Plan(after.txId(), List.of(new ScopeChange.Advance(scope, before, after, Rows.NONE)), requests);
    }

    private static Plan sound(int n) {
        return plan(n, 0, List.of());
    }

    /** All of them in one group: while the one carrier is at work with another plan, they gather. */
    private List<CompletableFuture<Outcome>> together(List<Plan> plans) throws InterruptedException {
        CountDownLatch gathered = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        faults.arm(Faults.Phase.FLUSH_NOT_SENT, 1, () -> {
            busy.countDown();
            try {
                return gathered.await(10, SECONDS) ? null : new IllegalStateException("nobody gathers");
            } catch (InterruptedException interrupted) {
                return interrupted;
            }
        });
        CompletableFuture<Outcome> first = commits.commit(plan(1, 7, List.of()));
        assertThat(busy.await(10, SECONDS)).isTrue();
        List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
        plans.forEach(plan -> outcomes.add(commits.commit(plan)));
        gathered.countDown();
        assertThat(first.join()).isEqualTo(Outcome.STALE);
        return outcomes;
    }

    private static List<Plan> soundPlans() {
        return IntStream.rangeClosed(1, PLANS).mapToObj(GroupCommitTest::sound).toList();
    }

    private List<Long> seqs() {
        return query("SELECT seq FROM head WHERE scope_id >= ? AND scope_id <= ? ORDER BY scope_id");
    }

    private long transactions() {
        return query("SELECT count(DISTINCT CAST(xmin AS TEXT)) FROM journal WHERE scope_id >= ? AND scope_id <= ?")
                .get(0);
    }

    private List<Long> query(String sql) {
        try (Handle handle = pool.jdbi().open()) {
            return handle.createQuery(sql)
                    .bind(0, scope(1).id())
                    .bind(1, scope(PLANS).id())
                    .mapTo(Long.class)
                    .list();
        }
    }

    @Test
    void plansThatWaitTogetherAreOneTransaction() throws Exception {
        List<CompletableFuture<Outcome>> outcomes = together(soundPlans());

        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.join()).isEqualTo(Outcome.COMMITTED));
        assertThat(seqs()).hasSize(PLANS).containsOnly(1L);
        assertThat(transactions()).isEqualTo(1);
    }

    @Test
    void aStalePlanSpoilsNoOther() throws Exception {
        List<Plan> plans = new ArrayList<>(soundPlans());
        plans.set(3, plan(4, 5, List.of()));

        List<CompletableFuture<Outcome>> outcomes = together(plans);

        for (int n = 1; n <= PLANS; n++) {
            assertThat(outcomes.get(n - 1).join()).isEqualTo(n == 4 ? Outcome.STALE : Outcome.COMMITTED);
        }
        assertThat(seqs()).containsExactly(1L, 1L, 1L, 0L, 1L, 1L, 1L, 1L);
    }

    @Test
    void aTakenRequestIdSpoilsNoOther() throws Exception {
        RequestRow row = new RequestRow(new Request(Namespace.ROOT.id(), "same", "f"), new ReleaseCount(3), 1, true);
        List<Plan> plans = new ArrayList<>(soundPlans());
        plans.set(2, plan(3, 0, List.of(row)));
        plans.set(5, plan(6, 0, List.of(row)));

        List<CompletableFuture<Outcome>> outcomes = together(plans);

        outcomes.forEach(CompletableFuture::join);
        assertThat(List.of(outcomes.get(2).join(), outcomes.get(5).join()))
                .containsExactlyInAnyOrder(Outcome.COMMITTED, Outcome.REQUEST_EXISTS);
        assertThat(seqs().stream().filter(seq -> seq == 1)).hasSize(PLANS - 1);
    }

    @Test
    void twoPlansOfOneScopeAreDoneOnce() throws Exception {
        List<CompletableFuture<Outcome>> outcomes = together(List.of(sound(1), sound(2), sound(2), sound(3)));

        assertThat(List.of(outcomes.get(1).join(), outcomes.get(2).join()))
                .containsExactlyInAnyOrder(Outcome.COMMITTED, Outcome.STALE);
        assertThat(outcomes.get(3).join()).isEqualTo(Outcome.COMMITTED);
        assertThat(seqs()).startsWith(1L, 1L, 1L, 0L);
    }

    @Test
    void aPlanThatDropsAScopeGoesAlone() throws Exception {
        List<Plan> plans = new ArrayList<>(soundPlans().subList(0, PLANS - 1));
        List<ScopeChange> changes = new ArrayList<>(plans.get(3).changes());
        changes.add(new ScopeChange.Drop(scope(PLANS)));
        plans.set(3, new Plan(plans.get(3).txId(), changes, List.of()));

        List<CompletableFuture<Outcome>> outcomes = together(plans);

        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.join()).isEqualTo(Outcome.COMMITTED));
        assertThat(transactions()).isEqualTo(3);
        assertThat(seqs()).hasSize(PLANS - 1);
    }

    @Test
    void whatIsUnknownOfTheGroupIsUnknownOfEach() throws Exception {
        faults.arm(Faults.Phase.FLUSH_DONE_ANSWER_LOST, 1, () -> new SQLException("cut", "08006"));

        List<CompletableFuture<Outcome>> outcomes = together(soundPlans());

        for (CompletableFuture<Outcome> outcome : outcomes) {
            assertThatThrownBy(outcome::join)
                    .cause()
                    .isInstanceOfSatisfying(
                            StoreException.class,
                            lost -> assertThat(lost.kind()).isEqualTo(Kind.UNKNOWN));
        }
        assertThat(seqs()).as("it was done").containsOnly(1L);
        assertThat(soundPlans())
                .as("and is not done again")
                .allSatisfy(plan -> assertThat(commits.commit(plan).join()).isEqualTo(Outcome.STALE));
    }

    @Test
    void aGroupThatIsCertainlyAbortedIsSentOneByOne() throws Exception {
        // The first to come is the plan that keeps the carrier busy.
        Iterator<@Nullable SQLException> failures = Arrays.<@Nullable SQLException>asList(
                        null, new SQLException("two met", "40001"))
                .iterator();
        faults.arm(Faults.Phase.FLUSH_REFUSED, 2, failures::next);

        List<CompletableFuture<Outcome>> outcomes = together(soundPlans());

        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.join()).isEqualTo(Outcome.COMMITTED));
        assertThat(transactions()).isEqualTo(PLANS);
    }

    /** Where as many carriers as threads are busy all the time, a turn would never come. */
    @Test
    void plansThatNeverEndDoNotKeepOtherWorkFromTheThreads() throws Exception {
        commits = new GroupCommit(pool, 2, 1, METERS);
        AtomicBoolean done = new AtomicBoolean();
        AtomicInteger inFlight = new AtomicInteger();
        CountDownLatch ended = new CountDownLatch(1);
        for (int n = 1; n <= PLANS; n++) {
            inFlight.incrementAndGet();
            forever(n, done, inFlight, ended);
        }

        pool.submit(Handle::isClosed, failure -> false).get(30, SECONDS);

        done.set(true);
        assertThat(ended.await(30, SECONDS)).isTrue();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what it does in the end is counted
    private void forever(int n, AtomicBoolean done, AtomicInteger inFlight, CountDownLatch ended) {
        commits.commit(plan(n, 7, List.of())).whenComplete((outcome, failure) -> {
            if (!done.get()) {
                forever(n, done, inFlight, ended);
            } else if (inFlight.decrementAndGet() == 0) {
                ended.countDown();
            }
        });
    }

    @Test
    void whatComesOfAnAnswerAndDoesNotGoTogetherGoesSideBySide() throws Exception {
        commits = new GroupCommit(pool, 2, 1, METERS);
        CompletableFuture<Outcome> one = new CompletableFuture<>();
        CompletableFuture<Outcome> two = new CompletableFuture<>();
        CountDownLatch attached = new CountDownLatch(1);
        faults.arm(Faults.Phase.FLUSH_NOT_SENT, 1, () -> failureOf(() -> attached.await(10, SECONDS)));

        CompletableFuture<Void> told = commits.commit(plan(1, 7, List.of())).thenAccept(stale -> {
            // Whichever is sent first waits for the other.
            faults.arm(
                    Faults.Phase.FLUSH_NOT_SENT,
                    1,
                    () -> failureOf(() -> CompletableFuture.anyOf(one, two).get(10, SECONDS)));
            follow(commits.commit(sound(2)), one);
            follow(commits.commit(sound(3)), two);
        });
        attached.countDown();

        told.get(20, SECONDS);
        assertThat(one.get(20, SECONDS)).isEqualTo(Outcome.COMMITTED);
        assertThat(two.get(20, SECONDS)).isEqualTo(Outcome.COMMITTED);
    }

    private static @Nullable Throwable failureOf(Callable<?> waiting) {
        try {
            return Boolean.FALSE.equals(waiting.call()) ? new IllegalStateException("nobody came") : null;
        } catch (Exception late) {
            return new IllegalStateException("nobody came", late);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the other one says it
    private static void follow(CompletableFuture<Outcome> outcome, CompletableFuture<Outcome> follower) {
        outcome.whenComplete((value, failure) -> {
            if (failure == null) {
                follower.complete(value);
            } else {
                follower.completeExceptionally(failure);
            }
        });
    }

    /** A plan that drops a child locks the parent first. */
    @Test
    void aParentIsLockedBeforeItsChild() throws Exception {
        Scope child = new Scope(scope(1).id(), Namespace.ROOT.id(), Cidr.parse("10.1.0.0/16"));
        Plan ofChild = new Plan(
                new UUID(2, 1),
                List.of(new ScopeChange.Advance(
                        child, sound(1).advance().before(), sound(1).advance().after(), Rows.NONE)),
                List.of());
        try (Handle other = pool.jdbi().open()) {
            other.execute("BEGIN");
            other.execute("SELECT 1 FROM head WHERE scope_id = ? FOR UPDATE", scope(2).id());
            List<CompletableFuture<Outcome>> outcomes = together(List.of(ofChild, sound(2)));
            awaitOneWhoWaitsForALock(other);

            other.execute("SELECT 1 FROM head WHERE scope_id = ? FOR UPDATE NOWAIT", child.id());

            other.execute("COMMIT");
            assertThat(outcomes)
                    .allSatisfy(outcome -> assertThat(outcome.join()).isEqualTo(Outcome.COMMITTED));
        }
    }

    private static void awaitOneWhoWaitsForALock(Handle handle) {
        long end = System.nanoTime() + SECONDS.toNanos(10);
        while (handle.createQuery("SELECT count(*) FROM pg_locks WHERE NOT granted")
                        .mapTo(Long.class)
                        .one()
                == 0) {
            assertThat(System.nanoTime()).isLessThan(end);
        }
    }

    @Test
    void nothingIsTakenByAClosedStore() {
        pool.close();

        assertThatThrownBy(() -> commits.commit(sound(1)).join())
                .cause()
                .isInstanceOfSatisfying(
                        StoreException.class,
                        closed -> assertThat(closed.kind()).isEqualTo(Kind.UNAVAILABLE));
    }
}
