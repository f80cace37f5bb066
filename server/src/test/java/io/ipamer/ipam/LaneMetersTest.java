package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.ipam.LaneMeters.Fate;
import io.ipamer.ipam.LaneMeters.Retry;
import io.ipamer.model.Allocations;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.plan.Plan;
import io.ipamer.store.Store;
import io.ipamer.store.Store.Outcome;
import io.ipamer.store.StoreException;
import io.ipamer.store.StoreException.Kind;
import io.ipamer.store.memory.MemoryStore;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** That what operators are shown of the lanes is so. */
class LaneMetersTest {
    private static final Cidr NET = Cidr.parse("10.0.0.0/16");

    private final MemoryStore shared = new MemoryStore();
    private final MeterRegistry registry = new SimpleMeterRegistry();

    /** What comes of commits, one by one; those for which there is nothing here go as they should. */
    private final Queue<Function<Plan, CompletableFuture<Outcome>>> commits = new ArrayDeque<>();

    private final Ipam ipam = new Ipam(
            committing(shared),
            new Surroundings(
                    System::nanoTime,
                    (nanos, task) -> task.run(),
                    Runnable::run,
                    UUID::randomUUID,
                    () -> 0,
                    System::currentTimeMillis,
                    registry));

    /** Of another server. */
    private final Ipam beside = Ipams.over(shared);

    private Store committing(Store real) {
        return (Store) Proxy.newProxyInstance(
                LaneMetersTest.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, arguments) -> {
                    Function<Plan, CompletableFuture<Outcome>> next =
                            method.getName().equals("commit") ? commits.poll() : null;
                    return next == null ? method.invoke(real, arguments) : next.apply((Plan) arguments[0]);
                });
    }

    @BeforeEach
    void aPrefix() {
        ipam.prefixes().create("root", NET, Reservation.NONE, CallOptions.NONE).join();
        acquire().join(); // the lane knows the prefix now
    }

    private CompletableFuture<Reply<Allocations>> acquire() {
        return ipam.addresses().acquire("root", NET, CallOptions.NONE);
    }

    /** The next commit waits until it is told to go on. */
    private CompletableFuture<Void> hold() {
        CompletableFuture<Void> go = new CompletableFuture<>();
        commits.add(plan -> go.thenCompose(then -> shared.commit(plan)));
        return go;
    }

    private static CompletableFuture<Outcome> fail(Kind kind) {
        return CompletableFuture.failedFuture(new StoreException(kind, "injected"));
    }

    private double retries(Retry reason) {
        return registry.get("ipamer.lane.retries")
                .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                .counter()
                .count();
    }

    private double retries() {
        return registry.get("ipamer.lane.retries").counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    private double fates(Fate fate) {
        return registry.get("ipamer.lane.unknown.outcomes")
                .tag("fate", fate.name().toLowerCase(Locale.ROOT))
                .counter()
                .count();
    }

    private double fates() {
        return registry.get("ipamer.lane.unknown.outcomes").counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    private double counted(String name) {
        return registry.get(name).counter().count();
    }

    private double shown(String name) {
        return registry.get(name).gauge().value();
    }

    @Test
    void eachBatchIsCountedWithItsCalls() {
        DistributionSummary batches = registry.get("ipamer.lane.batch").summary();
        long before = batches.count();
        double callsBefore = batches.totalAmount();
        CompletableFuture<Void> go = hold();

        List<CompletableFuture<?>> calls = new ArrayList<>();
        for (int i = 0; i < 1 + 10; i++) {
            calls.add(acquire());
        }
        assertThat(shown("ipamer.lane.waiting")).isEqualTo(10);
        assertThat(shown("ipamer.lane.waiting.most")).isEqualTo(10);
        go.complete(null);

        assertThat(calls).allSatisfy(call -> assertThat(call).isCompleted());
        assertThat(batches.totalAmount() - callsBefore).isEqualTo(11);
        assertThat(batches.count() - before).isBetween(2L, 10L);
        assertThat(shown("ipamer.lane.waiting")).isZero();
        assertThat(retries()).isZero();
    }

    @Test
    void aCallThatFindsTheLaneFullIsCountedAsOverloaded() {
        CompletableFuture<Void> go = hold();
        List<CompletableFuture<?>> calls = new ArrayList<>();
        for (int i = 0; i < 1 + 10_000; i++) {
            calls.add(acquire());
        }
        assertThat(counted("ipamer.lane.overloaded")).isZero();

        CompletableFuture<?> tooMany = acquire();

        assertThat(tooMany).isCompletedExceptionally();
        assertThat(counted("ipamer.lane.overloaded")).isEqualTo(1);
        go.complete(null);
        assertThat(calls).allSatisfy(call -> assertThat(call).isCompleted());
        assertThat(counted("ipamer.lane.overloaded")).isEqualTo(1);
    }

    @Test
    void aCallThatIsCancelledAfterItWasPlannedIsCountedAsAbandoned() {
        CompletableFuture<Void> go = hold();
        CompletableFuture<?> planned = acquire();
        CompletableFuture<?> waiting = acquire();

        planned.cancel(false);
        waiting.cancel(false); // this one will have no effect
        go.complete(null);

        assertThat(counted("ipamer.lane.abandoned")).isEqualTo(1);
    }

    @Test
    void aPlanThatAnotherServerMadeStaleIsCountedOnce() {
        beside.addresses().acquire("root", NET, CallOptions.NONE).join();

        acquire().join();

        assertThat(retries(Retry.STALE)).isEqualTo(1);
        assertThat(retries()).isEqualTo(1);
        assertThat(fates()).isZero();
    }

    @Test
    void anAnswerThatRestsOnAnOldViewIsCountedAsMoved() {
        Cidr one = Cidr.parse("10.9.0.0/32");
        ipam.prefixes().create("root", one, Reservation.NONE, CallOptions.NONE).join();
        ipam.addresses().acquire("root", one, CallOptions.NONE).join();
        beside.addresses()
                .release("root", one, List.of(new Releases.Item(one.first(), null)), false, CallOptions.NONE)
                .join();

        ipam.addresses().acquire("root", one, CallOptions.NONE).join();

        assertThat(retries(Retry.MOVED)).isEqualTo(1);
        assertThat(retries()).isEqualTo(1);
    }

    @Test
    void aTransactionThatTheDatabaseGaveUpIsCountedAsAborted() {
        commits.add(plan -> fail(Kind.ABORTED));

        acquire().join();

        assertThat(retries(Retry.ABORTED)).isEqualTo(1);
        assertThat(retries()).isEqualTo(1);
        assertThat(fates()).isZero();
    }

    @Test
    void aDatabaseThatWasNotThereIsCountedAsUnavailable() {
        commits.add(plan -> fail(Kind.UNAVAILABLE));

        acquire().join();

        assertThat(retries(Retry.UNAVAILABLE)).isEqualTo(1);
        assertThat(retries()).isEqualTo(1);
        assertThat(fates()).isZero();
    }

    @Test
    void aBatchThatIsDoneCallByCallIsCountedAsSplit() {
        CompletableFuture<Void> go = hold();
        List<CompletableFuture<?>> calls = new ArrayList<>();
        for (int i = 0; i < 1 + 3; i++) {
            calls.add(acquire());
        }
        commits.add(plan -> fail(Kind.DEFECT));

        go.complete(null);

        assertThat(calls).allSatisfy(call -> assertThat(call).isCompleted());
        assertThat(retries(Retry.SPLIT)).isEqualTo(1);
        assertThat(retries()).isEqualTo(1);
    }

    @Test
    void aPlanThatWasCommittedAlthoughTheAnswerWasLostIsCountedSo() {
        commits.add(plan -> shared.commit(plan).thenCompose(done -> fail(Kind.UNKNOWN)));

        acquire().join();

        assertThat(retries(Retry.UNKNOWN)).isEqualTo(1);
        assertThat(retries()).isEqualTo(1);
        assertThat(fates(Fate.COMMITTED)).isEqualTo(1);
        assertThat(fates()).isEqualTo(1);
    }

    @Test
    void aPlanThatWasLostBeforeThatOfAnotherServerIsCountedAsRefusedAndStale() {
        commits.add(plan -> {
            beside.addresses().acquire("root", NET, CallOptions.NONE).join();
            return fail(Kind.UNKNOWN);
        });

        acquire().join();

        assertThat(retries(Retry.UNKNOWN)).isEqualTo(1);
        assertThat(retries(Retry.STALE)).isEqualTo(1);
        assertThat(fates(Fate.REFUSED)).isEqualTo(1);
        assertThat(fates()).isEqualTo(1);
    }

    @Test
    void aThousandNamespacesAndPrefixesAreTheSameSeriesAsOne() {
        int before = registry.getMeters().size();

        for (int i = 0; i < 1_000; i++) {
            String namespace = "n" + i;
            Cidr net = Cidr.parse("10." + i / 256 + "." + i % 256 + ".0/24");
            ipam.namespaces().create(namespace, CallOptions.NONE).join();
            ipam.prefixes()
                    .create(namespace, net, Reservation.NONE, CallOptions.NONE)
                    .join();
            ipam.addresses().acquire(namespace, net, CallOptions.NONE).join();
        }

        assertThat(registry.getMeters()).hasSize(before);
        assertThat(registry.get("ipamer.lane.batch").summary().count()).isGreaterThan(3_000);
    }
}
