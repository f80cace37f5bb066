package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.model.Allocations;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.plan.Plan;
import io.ipamer.store.Store;
import io.ipamer.store.memory.MemoryStore;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which of the calls that wait go together. */
class BatchesTest {
    private static final Cidr NET = Cidr.parse("10.0.0.0/16");

    private final Queue<Sent> sent = new ArrayDeque<>();
    private final Store store = holding(new MemoryStore());
    private final Ipam ipam = new Ipam(
            store,
            new Surroundings(System::nanoTime, (nanos, task) -> task.run(), Runnable::run, UUID::randomUUID, () -> 0));

    /** A plan that the store has not taken in yet. */
    private record Sent(Plan plan, CompletableFuture<Void> go) {
        int calls() {
            return plan.requests().size();
        }
    }

    private Store holding(Store real) {
        return (Store) Proxy.newProxyInstance(
                BatchesTest.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, arguments) -> {
                    if (!method.getName().equals("commit")) {
                        return method.invoke(real, arguments);
                    }
                    Sent one = new Sent((Plan) arguments[0], new CompletableFuture<>());
                    sent.add(one);
                    return one.go.thenCompose(go -> real.commit(one.plan));
                });
    }

    @BeforeEach
    void aPrefix() {
        CompletableFuture<?> created = ipam.prefixes().create("root", NET, Reservation.NONE, CallOptions.NONE);
        take();
        created.join();
    }

    private int take() {
        Sent next = sent.remove();
        next.go.complete(null);
        return next.calls();
    }

    private List<CompletableFuture<Reply<Allocations>>> calls(int count) {
        List<CompletableFuture<Reply<Allocations>>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String id = UUID.randomUUID().toString();
            calls.add(ipam.addresses().acquire("root", NET, CallOptions.withRequestId(id)));
        }
        return calls;
    }

    @Test
    void halfOfTheCallsInCirculationGoTogether() {
        List<CompletableFuture<Reply<Allocations>>> all = calls(1 + 63);

        assertThat(take()).isEqualTo(1);
        assertThat(take()).isEqualTo(32);
        all.addAll(calls(32));
        assertThat(take()).isEqualTo(31);
        assertThat(take()).isEqualTo(32);

        assertThat(sent).isEmpty();
        assertThat(all).allSatisfy(call -> assertThat(call).isCompleted());
    }

    @Test
    void noMoreGoTogetherThanAPlanMayHold() {
        List<CompletableFuture<Reply<Allocations>>> all = calls(2_000);

        List<Integer> batches = new ArrayList<>();
        while (!sent.isEmpty()) {
            batches.add(take());
        }

        assertThat(batches).startsWith(1, 256, 256).allMatch(calls -> calls <= 256);
        assertThat(all).allSatisfy(call -> assertThat(call).isCompleted());
    }
}
