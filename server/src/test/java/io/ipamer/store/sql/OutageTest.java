package io.ipamer.store.sql;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.ipam.CallOptions;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.plan.Found;
import io.ipamer.plan.Read;
import io.ipamer.plan.Scope;
import io.ipamer.store.Invariants;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.ds.PGSimpleDataSource;

/** The database goes away and comes back, under a server that stays. */
class OutageTest {
    private static final int SCOPES = 200;
    private static final Cidr FIRST = Cidr.parse("10.0.0.0/28");

    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    private Wire wire;
    private SqlStore store;
    private SqlStore beside;
    private Ipam ipam;
    private List<Prefix> prefixes;

    @BeforeEach
    void open() {
        DatabaseUrl url = TestDatabases.bundled();
        wire = new Wire("127.0.0.1", port(url));
        store = SqlStore.open(options -> through(url, options), Retention.DEFAULT);
        beside = SqlStore.open(url, Retention.DEFAULT);
        ipam = new Ipam(store, surroundings());
        List<CompletableFuture<Reply<Prefix>>> created = IntStream.range(0, SCOPES)
                .mapToObj(i -> ipam.prefixes()
                        .create("root", Cidr.parse("10.0." + i + ".0/28"), Reservation.NONE, CallOptions.NONE))
                .toList();
        prefixes = created.stream().map(each -> each.join().answer()).toList();
    }

    /** Nobody waits half a minute for a silent database here. */
    private DataSource through(DatabaseUrl url, String options) {
        PGSimpleDataSource driver = (PGSimpleDataSource) url.dataSource(options);
        driver.setServerNames(new String[] {"127.0.0.1"});
        driver.setPortNumbers(new int[] {wire.port()});
        driver.setSocketTimeout(1);
        return driver;
    }

    private Surroundings surroundings() {
        return new Surroundings(
                System::nanoTime,
                this::later,
                ForkJoinPool.commonPool(),
                UUID::randomUUID,
                () -> ThreadLocalRandom.current().nextDouble());
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the tasks tell of their failures themselves
    private void later(long nanos, Runnable task) {
        timer.schedule(task, nanos, NANOSECONDS);
    }

    private static int port(DatabaseUrl url) {
        return Integer.parseInt(url.toString().replaceAll(".*:(\\d+)/.*", "$1"));
    }

    @AfterEach
    void close() throws IOException {
        wire.close();
        store.close();
        beside.close();
        timer.shutdownNow();
    }

    private CompletableFuture<Reply<Allocations>> acquire(Cidr cidr, long patienceMillis) {
        long deadline = System.nanoTime() + MILLISECONDS.toNanos(patienceMillis);
        return ipam.addresses().acquire("root", cidr, new CallOptions("of " + cidr, deadline));
    }

    private static Reason refusal(CompletableFuture<?> call) {
        try {
            call.get(20, SECONDS);
            throw new AssertionError("done");
        } catch (ExecutionException refused) {
            return ((IpamerException) refused.getCause()).reason();
        } catch (Exception late) {
            throw new AssertionError(late);
        }
    }

    private void theSameServerServesAgainAndDoesEachCallOnce() throws Exception {
        for (Prefix prefix : prefixes) {
            Reply<Allocations> reply = acquire(prefix.cidr(), 10_000).get(20, SECONDS);
            assertThat(stored(prefix)).containsExactlyElementsOf(reply.answer().allocations());
        }
        prefixes.stream().limit(5).forEach(new Invariants(beside)::holdFor);
    }

    private List<Allocation> stored(Prefix prefix) {
        Read all = new Read.AllocationsFrom(prefix.cidr().first(), Integer.MAX_VALUE);
        return ((Found.Allocations) beside.read(Scope.of(prefix), List.of(all))
                        .join()
                        .orElseThrow()
                        .found()
                        .get(0))
                .rows();
    }

    @ParameterizedTest
    @EnumSource(
            value = Wire.State.class,
            names = {"CUT", "SILENT"})
    void callersOfManyPrefixesAreToldInTimeAndNeedNotQueueForTheirTurnToFail(Wire.State outage) throws Exception {
        wire.set(outage);
        long began = System.nanoTime();
        List<CompletableFuture<?>> calls = new ArrayList<>();
        for (Prefix prefix : prefixes) {
            calls.add(acquire(prefix.cidr(), 1_500));
        }

        assertThat(calls).extracting(OutageTest::refusal).containsOnly(Reason.STORE_UNAVAILABLE);

        // Each attempt takes up to three seconds: to find a connection dead, and that there is no other. In turns of
        // sixteen that would be ten times as long.
        assertThat(NANOSECONDS.toMillis(System.nanoTime() - began)).isLessThan(6_000);
        wire.set(Wire.State.WHOLE);
        theSameServerServesAgainAndDoesEachCallOnce();
    }

    @Test
    void whoseCallWasSentIsToldThatNobodyKnowsAndTheSameCallAgainTells() throws Exception {
        acquireWarm();
        wire.set(Wire.State.ANSWERS_LOST);
        CompletableFuture<?> sent = acquire(FIRST, 1_200);
        while (stored(prefixes.get(0)).size() < 2 && !sent.isDone()) {
            // Only what comes after it was sent stands behind it.
            Thread.onSpinWait();
        }
        CompletableFuture<?> queued = ipam.addresses()
                .acquire("root", FIRST, new CallOptions("queued", System.nanoTime() + SECONDS.toNanos(1)));

        assertThat(refusal(sent)).isEqualTo(Reason.OUTCOME_UNKNOWN);
        assertThat(refusal(queued)).isEqualTo(Reason.STORE_UNAVAILABLE);

        wire.set(Wire.State.WHOLE);
        Reply<Allocations> reply = acquire(FIRST, 10_000).get(20, SECONDS);
        assertThat(reply.replayed()).isTrue();
        assertThat(stored(prefixes.get(0)))
                .hasSize(2)
                .containsAll(reply.answer().allocations());
    }

    @Test
    void whoCanWaitSeesNothingOfAnOutage() throws Exception {
        acquireWarm();
        wire.set(Wire.State.CUT);
        CompletableFuture<Reply<Allocations>> waiting = acquire(FIRST, 15_000);
        assertThat(refusal(acquire(prefixes.get(1).cidr(), 500))).isIn(Reason.STORE_UNAVAILABLE);
        assertThat(waiting).isNotDone();
        wire.set(Wire.State.WHOLE);

        List<Allocation> given = waiting.get(20, SECONDS).answer().allocations();
        assertThat(stored(prefixes.get(0))).hasSize(2).containsAll(given);
    }

    /** So that a lane has a view, and its next call is sent at once. */
    private void acquireWarm() throws Exception {
        assertThat(ipam.addresses()
                        .acquire("root", FIRST, CallOptions.NONE)
                        .get(20, SECONDS)
                        .replayed())
                .isFalse();
    }
}
