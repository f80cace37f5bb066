package io.ipamer.ipam;

import io.ipamer.model.Answer;
import io.ipamer.model.Reply;
import io.ipamer.plan.Call;
import io.ipamer.plan.Decision;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Planned;
import io.ipamer.plan.Planner;
import io.ipamer.plan.Read;
import io.ipamer.plan.Scope;
import io.ipamer.plan.Submission;
import io.ipamer.plan.View;
import io.ipamer.store.Store;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Finds out what a call would answer: plans it on what the store has now, by itself, and throws the plan away. */
final class Rehearsal<A extends Answer> {
    /** Nothing of it is ever stored. */
    private static final UUID NO_ID = new UUID(0, 0);

    private static final int MOST_READS = 100;

    private final Scope scope;
    private final Call<A> call;
    private final Store store;
    private @Nullable View view;
    private int reads;

    Rehearsal(Scope scope, Call<A> call, Store store) {
        this.scope = scope;
        this.call = call;
        this.store = store;
    }

    /** With the revision that it rests on. */
    CompletableFuture<Reply<A>> answer() {
        return read(List.of());
    }

    private CompletableFuture<Reply<A>> read(List<Read> wanted) {
        if (++reads > MOST_READS) { // others change the scope faster than it can be looked at
            return CompletableFuture.failedFuture(Failures.overloaded());
        }
        return store.read(scope, wanted).thenCompose(extract -> plan(extract.orElseThrow(() -> Router.gone(scope))));
    }

    @SuppressWarnings("unchecked") // a call's answer is of the call's own kind
    private CompletableFuture<Reply<A>> plan(Extract extract) {
        View known = view;
        if (known == null || !known.head().isSameAs(extract.head())) {
            known = new View(scope, extract.head());
            view = known;
        }
        known.learn(extract);
        Planned planned = Planner.plan(known, List.of(new Submission<>(call, null)), () -> NO_ID);
        if (planned instanceof Planned.Incomplete incomplete) {
            return read(incomplete.reads());
        }
        Decision decision = ((Planned.Complete) planned).decisions().get(0);
        Answer answer = decision.answer();
        if (answer == null) {
            throw Objects.requireNonNull(decision.refusal());
        }
        return CompletableFuture.completedFuture(
                new Reply<>((A) answer, extract.head().seq(), false));
    }
}
