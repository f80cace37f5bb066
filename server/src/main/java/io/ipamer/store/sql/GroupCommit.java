package io.ipamer.store.sql;

import io.ipamer.address.Cidr;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Scope;
import io.ipamer.plan.ScopeChange;
import io.ipamer.store.Store.Outcome;
import io.ipamer.store.StoreException;
import io.ipamer.store.StoreException.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jdbi.v3.core.statement.Update;

/**
 * Commits plans; those that wait at the same moment go in one transaction, which costs little more than one of them
 * alone. (Group commit: DeWitt et al., Implementation Techniques for Main Memory Database Systems, 1984.) A few carriers
 * take what waits, each a connection; while all are under way the next group gathers, so a lone plan never waits for
 * company.
 *
 * <p>Plans share a transaction, not a fate: when one of them makes the database refuse the group, each is sent by itself.
 */
final class GroupCommit {
    /** A parent before its children, as where a plan drops a child. */
    private static final Comparator<Waiting> IN_ORDER_OF_LOCKS = Comparator.comparingInt(GroupCommit::depth)
            .thenComparing(waiting -> scope(waiting).id());

    private static final int MAX_ROWS = 1_024;

    private final ConnectionPool connections;
    private final int carriers;
    private final int plansAtOnce;
    private final SqlMeters meters;

    // Guarded by this.
    private final Queue<Waiting> queue = new ArrayDeque<>();
    private int carrying;

    /**
     * Whether the thread is a carrier that tells what became of a group: it takes what comes of that itself, afterwards.
     * Whoever is told must not wait for another plan.
     */
    private final ThreadLocal<Boolean> telling = ThreadLocal.withInitial(() -> false);

    private record Waiting(Plan plan, CompletableFuture<Outcome> outcome) {}

    /**
     * Starts nothing.
     *
     * @param carriers how many transactions run side by side at most
     * @param plansAtOnce how many plans go in one at most
     */
    GroupCommit(ConnectionPool connections, int carriers, int plansAtOnce, SqlMeters meters) {
        this.connections = connections;
        this.carriers = carriers;
        this.plansAtOnce = plansAtOnce;
        this.meters = meters;
    }

    /** As {@link io.ipamer.store.Store#commit}. */
    CompletableFuture<Outcome> commit(Plan plan) {
        Waiting waiting = new Waiting(plan, new CompletableFuture<>());
        synchronized (this) {
            queue.add(waiting);
        }
        if (!telling.get()) {
            callCarrier();
        }
        return waiting.outcome;
    }

    /** For what waits, if one is free. */
    private void callCarrier() {
        synchronized (this) {
            if (queue.isEmpty() || carrying == carriers) {
                return;
            }
            carrying++;
        }
        startCarrier();
    }

    private void startCarrier() {
        connections.execute(this::carry, closed -> {
            for (List<Waiting> group = take(); !group.isEmpty(); group = take()) {
                tell(group, closed);
            }
        });
    }

    private void carry() {
        for (List<Waiting> group = take(); !group.isEmpty(); group = take()) {
            callCarrier(); // what did not fit into the group, or must not, does not wait for it
            commit(group);
            if (connections.isAwaited()) {
                startCarrier(); // behind those who wait, who may be a turn that nothing goes on without
                return;
            }
        }
    }

    /** The plans that go next, together; with none left the carrier is done. */
    private synchronized List<Waiting> take() {
        List<Waiting> group = new ArrayList<>();
        int rows = 0;
        while (!queue.isEmpty() && group.size() < plansAtOnce && rows < MAX_ROWS) {
            // What drops a scope takes away what another plan may be about to fill.
            boolean alone = queue.element().plan.drops();
            if (alone && !group.isEmpty()) {
                break;
            }
            Waiting next = queue.remove();
            group.add(next);
            rows += alone ? MAX_ROWS : rows(next.plan);
        }
        if (group.isEmpty()) {
            carrying--;
        }
        group.sort(IN_ORDER_OF_LOCKS);
        return group;
    }

    private static Scope scope(Waiting waiting) {
        return waiting.plan.advance().scope();
    }

    private static int depth(Waiting waiting) {
        Cidr cidr = scope(waiting).cidr();
        return cidr == null ? -1 : cidr.length();
    }

    /** About how many rows the plan writes. */
    private static int rows(Plan plan) {
        int rows = plan.requests().size();
        for (ScopeChange change : plan.changes()) {
            rows += change.rowCount();
        }
        return rows;
    }

    private void commit(List<Waiting> group) {
        Outcome outcome;
        try {
            outcome = send(group);
        } catch (StoreException failure) {
            if (group.size() > 1 && (failure.kind() == Kind.ABORTED || failure.kind() == Kind.DEFECT)) {
                eachByItself(group);
            } else {
                tell(group, failure);
            }
            return;
        } catch (RuntimeException | Error unforeseen) {
            tell(group, unforeseen);
            return;
        }
        if (group.size() > 1 && outcome != Outcome.COMMITTED) {
            eachByItself(group);
        } else {
            tell(group, waiting -> waiting.outcome.complete(outcome));
        }
    }

    private Outcome send(List<Waiting> group) {
        List<Plan> plans = group.stream().map(Waiting::plan).toList();
        return connections.with(
                handle -> {
                    Update flush = Flush.of(plans, handle, "");
                    meters.flush(plans.size(), flush::execute);
                    return Outcome.COMMITTED;
                },
                Dialect::outcome);
    }

    /** Nothing of the group was done, for certain. */
    private void eachByItself(List<Waiting> group) {
        group.forEach(waiting -> commit(List.of(waiting)));
    }

    private void tell(List<Waiting> group, Throwable failure) {
        tell(group, waiting -> waiting.outcome.completeExceptionally(failure));
    }

    private void tell(List<Waiting> group, Consumer<Waiting> words) {
        telling.set(true);
        try {
            group.forEach(words);
        } finally {
            telling.set(false);
        }
    }
}
