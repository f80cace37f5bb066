package io.ipamer.ipam;

import io.ipamer.ipam.LaneMeters.Fate;
import io.ipamer.ipam.LaneMeters.Retry;
import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import io.ipamer.plan.Decision;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Planned;
import io.ipamer.plan.Planner;
import io.ipamer.plan.Read;
import io.ipamer.plan.Request;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Scope;
import io.ipamer.plan.Submission;
import io.ipamer.plan.View;
import io.ipamer.store.Store;
import io.ipamer.store.StoreException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries the calls of one scope to the store, a batch at a time; see the package for who runs it.
 *
 * <pre>
 *   take -> read what is missing -> plan -> commit -> answer -> take ..
 *                ^                            |
 *                +---- stale, certainly not --+-- unknown: the same plan again, until its fate is known
 * </pre>
 *
 * A refusal is answered only once the state that it rests on is known to be current: by a commit whose guard passed, or
 * by the head read again.
 */
final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);
    private static final int MAX_QUEUED = 10_000;
    private static final int MAX_BATCH = 256;
    private static final int MAX_WEIGHT = 8_192;
    private static final int TURNS_ON_ONE_THREAD = 64;
    private static final long FIRST_BACK_OFF = 2_000_000;
    private static final long MAX_BACK_OFF = 1_000_000_000;
    private static final Set<Reason> OUT_OF_TIME =
            EnumSet.of(Reason.DEADLINE_EXCEEDED, Reason.STORE_UNAVAILABLE, Reason.OUTCOME_UNKNOWN);
    private static final CompletableFuture<@Nullable Void> DONE = CompletableFuture.completedFuture(null);

    private final Scope scope;
    private final Store store;
    private final Replays replays;
    private final Surroundings surroundings;
    private final LaneMeters meters;

    // Guarded by this.
    private final ArrayDeque<Pending<?>> queue = new ArrayDeque<>();
    private boolean busy;

    // Of the batch under way; handed from batch to batch under the lock, and from step to step by the store's futures.
    private @Nullable View view;
    private List<Pending<?>> underWay = List.of();

    /**
     * Another server changes the scope, too: from now on this one waits for its turn instead of planning on a view that
     * the other makes stale, until it finds the scope as it left it. Without turns the faster one starves the other.
     */
    private boolean contended;

    Lane(Scope scope, Store store, Replays replays, Surroundings surroundings, LaneMeters meters) {
        this.scope = scope;
        this.store = store;
        this.replays = replays;
        this.surroundings = surroundings;
        this.meters = meters;
    }

    void submit(Pending<?> pending) {
        synchronized (this) {
            if (queue.size() < MAX_QUEUED) {
                queue.add(pending);
                if (busy) {
                    return;
                }
                busy = true;
            } else {
                meters.overloaded();
                pending.refuse(Failures.overloaded());
                return;
            }
        }
        run();
    }

    /** How many calls wait for the next batch. */
    synchronized int waiting() {
        return queue.size();
    }

    private void run() {
        for (int turn = 0; turn < TURNS_ON_ONE_THREAD; turn++) {
            List<Pending<?>> batch = take();
            if (batch.isEmpty()) {
                return;
            }
            CompletableFuture<@Nullable Void> carried = carry(batch);
            if (!carried.isDone()) {
                Promises.finish(carried, done -> runOn(), failure -> {
                    defect(failure);
                    runOn();
                });
                return;
            }
            meters.carried(underWay.size());
        }
        surroundings.executor().execute(this::run);
    }

    private void runOn() {
        meters.carried(underWay.size()); // with those whom it took along
        run();
    }

    /**
     * Half of the calls in circulation, up to the bounds: of those that wait, and of the last batch, whose callers may
     * be about to call again. With all of them under way at once callers and database would take turns at idling. With
     * nothing left the lane is idle.
     */
    private synchronized List<Pending<?>> take() {
        int half = (queue.size() + underWay.size() + 1) / 2;
        List<Pending<?>> batch = withWaiting(List.of(), Math.min(half, MAX_BATCH));
        busy = !batch.isEmpty();
        if (!busy && underWay.stream().noneMatch(pending -> pending.call().recurs())) {
            view = null;
            underWay = List.of();
        }
        return batch;
    }

    /** The batch with what has come to wait since, up to that many and the weight's bound. */
    private synchronized List<Pending<?>> withWaiting(List<Pending<?>> batch, int most) {
        List<Pending<?>> larger = new ArrayList<>(Math.min(batch.size() + queue.size(), MAX_BATCH));
        larger.addAll(batch);
        int weight = batch.stream().mapToInt(pending -> pending.call().weight()).sum();
        while (!queue.isEmpty() && larger.size() < most && weight < MAX_WEIGHT) {
            Pending<?> next = queue.remove();
            larger.add(next);
            weight += next.call().weight();
        }
        return larger;
    }

    private CompletableFuture<@Nullable Void> carry(List<Pending<?>> batch) {
        underWay = batch;
        try {
            return attempt(withoutTwins(batch), 0);
        } catch (RuntimeException | Error failure) {
            defect(failure);
            return DONE;
        }
    }

    private void defect(Throwable failure) {
        view = null;
        LOG.error("a lane failed in a way that nobody foresaw: {}", scope, failure);
        underWay.forEach(pending -> pending.refuse(Failures.internal(failure)));
    }

    /** Two calls of one request id are one: the second gets the first one's answer. */
    private List<Pending<?>> withoutTwins(List<Pending<?>> batch) {
        if (batch.size() == 1) {
            return batch;
        }
        Map<String, Pending<?>> byId = new HashMap<>();
        List<Pending<?>> singles = new ArrayList<>(batch.size());
        for (Pending<?> pending : batch) {
            Request request = pending.request();
            Pending<?> twin = request == null ? null : byId.putIfAbsent(request.id(), pending);
            if (twin == null) {
                singles.add(pending);
            } else {
                follow(pending, twin);
            }
        }
        return singles;
    }

    private void follow(Pending<?> pending, Pending<?> twin) {
        Request request = pending.request();
        Request first = twin.request();
        if (request == null || first == null || !request.fingerprint().equals(first.fingerprint())) {
            pending.refuse(Replays.reused(request == null ? "" : request.id()));
            return;
        }
        Promises.finish(
                twin.caller().promise(),
                reply -> pending.caller().answer(reply.answer(), reply.revision(), true),
                failure -> {
                    if (failure instanceof CancellationException || mayOutlive(failure, pending)) {
                        submit(pending);
                    } else {
                        pending.refuse(Failures.unavailable(failure));
                    }
                });
    }

    /** Whether the first one only ran out of time, and this one has some left. */
    private boolean mayOutlive(Throwable failure, Pending<?> pending) {
        return failure instanceof IpamerException refusal
                && OUT_OF_TIME.contains(refusal.reason())
                && pending.deadline() > surroundings.clock().getAsLong();
    }

    private CompletableFuture<@Nullable Void> attempt(List<Pending<?>> batch, int tries) {
        View known = view;
        List<Read> reads = readsAtOnce(batch);
        if (contended) {
            return new Turn(batch, tries).take(reads);
        }
        return known == null || !reads.isEmpty() ? read(batch, reads, tries) : plan(batch, known, tries);
    }

    /** What no view can know beforehand. */
    private static List<Read> readsAtOnce(List<Pending<?>> batch) {
        List<Read> reads = List.of();
        for (Pending<?> pending : batch) {
            Read read = pending.call().readsAtOnce();
            if (read != null) {
                reads = reads.isEmpty() ? new ArrayList<>(batch.size()) : reads;
                reads.add(read);
            }
        }
        return reads;
    }

    private CompletableFuture<@Nullable Void> read(List<Pending<?>> batch, List<Read> reads, int tries) {
        return Promises.then(
                store.read(scope, reads),
                extract -> {
                    if (extract.isEmpty()) {
                        return gone(batch);
                    }
                    return plan(batch, learn(extract.get()), tries);
                },
                failure -> failed(batch, failure, tries));
    }

    private View learn(Extract extract) {
        View known = view;
        if (known == null || !known.head().isSameAs(extract.head())) {
            known = new View(scope, extract.head());
            view = known;
        }
        known.learn(extract);
        return known;
    }

    private CompletableFuture<@Nullable Void> plan(List<Pending<?>> all, View known, int tries) {
        List<Pending<?>> batch = stillWaiting(all);
        if (batch.isEmpty()) {
            return DONE;
        }
        Planned planned;
        try {
            planned = plan(batch, known);
        } catch (RuntimeException defect) {
            return failed(batch, defect, tries);
        }
        if (planned instanceof Planned.Incomplete incomplete) {
            return read(batch, incomplete.reads(), tries);
        }
        Planned.Complete complete = (Planned.Complete) planned;
        Plan plan = complete.plan();
        return plan == null ? confirm(batch, complete, known, tries) : commit(batch, complete, plan, tries, null);
    }

    private Planned plan(List<Pending<?>> batch, View known) {
        List<Submission<?>> submissions = new ArrayList<>(batch.size());
        for (Pending<?> pending : batch) {
            submissions.add(submission(pending));
        }
        return Planner.plan(known, submissions, surroundings.ids());
    }

    /** A batch that is planned while the store keeps everybody else from the scope, on the store's thread. */
    private final class Turn {
        private final int tries;
        private List<Pending<?>> all;
        private List<Pending<?>> batch = List.of();
        private final @Nullable View left = view;
        private boolean gone;
        private Planned.@Nullable Complete complete;

        Turn(List<Pending<?>> all, int tries) {
            this.all = all;
            this.tries = tries;
        }

        CompletableFuture<@Nullable Void> take(List<Read> reads) {
            return Promises.then(store.inTurn(scope, reads, this::begin), this::went, this::failed);
        }

        /** Takes along who came while it waited: the next turn may be far off. */
        private Store.Step begin(Optional<Extract> read) {
            if (tries == 0) { // what is tried again may do so because of one of its calls
                underWay = withWaiting(all, MAX_BATCH);
                all = withoutTwins(underWay);
            }
            return next(read);
        }

        private Store.Step next(Optional<Extract> read) {
            Extract extract = read.orElse(null);
            gone = extract == null;
            batch = stillWaiting(all);
            if (extract == null || batch.isEmpty()) {
                return new Store.Step.Leave();
            }
            View known = learn(extract);
            Planned planned = plan(batch, known);
            if (planned instanceof Planned.Incomplete incomplete) {
                return new Store.Step.ReadOn(incomplete.reads());
            }
            complete = (Planned.Complete) planned;
            return complete.plan() == null ? new Store.Step.Leave() : new Store.Step.Commit(complete.plan());
        }

        private CompletableFuture<@Nullable Void> went(Optional<Store.Outcome> outcome) {
            if (gone) {
                return Lane.this.gone(batch);
            }
            contended = left == null || left != view; // a view is replaced when somebody else moved the scope
            if (complete == null) {
                return DONE; // nobody waits any more
            } else if (outcome.isEmpty()) {
                return finish(batch, complete);
            }
            return Lane.this.went(batch, complete, Objects.requireNonNull(complete.plan()), tries, outcome.get());
        }

        private CompletableFuture<@Nullable Void> failed(Throwable failure) {
            Plan plan = complete == null ? null : complete.plan();
            boolean unknown = Failures.is(failure, StoreException.Kind.UNKNOWN) || !Failures.isForeseen(failure);
            if (complete != null && plan != null && unknown) {
                return sendAgain(batch, complete, plan, tries, failure);
            }
            return Lane.this.failed(complete == null ? all : batch, failure, tries);
        }
    }

    /**
     * The calls whose callers have neither left nor run out of time. Such a call must not be planned: its caller may have
     * tried again elsewhere and been refused.
     */
    private List<Pending<?>> stillWaiting(List<Pending<?>> batch) {
        long now = surroundings.clock().getAsLong();
        List<Pending<?>> waiting = new ArrayList<>(batch.size());
        for (Pending<?> pending : batch) {
            if (pending.deadline() <= now) {
                pending.refuse(Failures.deadlineExceeded());
            } else if (!pending.isDone()) {
                waiting.add(pending);
            }
        }
        return waiting;
    }

    private static <A extends Answer> Submission<A> submission(Pending<A> pending) {
        return new Submission<>(pending.call(), pending.request());
    }

    /** Nothing changes; the answers count if the state that they rest on is current. */
    private CompletableFuture<@Nullable Void> confirm(
            List<Pending<?>> batch, Planned.Complete complete, View known, int tries) {
        return Promises.then(
                store.read(scope, List.of()),
                extract -> {
                    if (extract.isEmpty()) {
                        return gone(batch);
                    }
                    if (!extract.get().head().isSameAs(known.head())) {
                        meters.retried(Retry.MOVED);
                        view = null;
                        return attempt(batch, tries + 1);
                    }
                    return finish(batch, complete);
                },
                failure -> failed(batch, failure, tries));
    }

    /** {@code lost}: why the fate of an earlier sending of this plan is unknown; null when there is no such. */
    private CompletableFuture<@Nullable Void> commit(
            List<Pending<?>> batch, Planned.Complete complete, Plan plan, int tries, @Nullable Throwable lost) {
        return Promises.then(
                store.commit(plan),
                outcome -> {
                    if (lost == null) {
                        return went(batch, complete, plan, tries, outcome);
                    } else if (outcome == Store.Outcome.STALE) {
                        return resolve(batch, complete, plan, tries, lost);
                    }
                    meters.resolved(outcome == Store.Outcome.COMMITTED ? Fate.COMMITTED : Fate.REFUSED);
                    return went(batch, complete, plan, tries, outcome);
                },
                failure -> {
                    // What nobody foresaw is sent again once: it may be the plan itself that cannot be sent.
                    if (Failures.is(failure, StoreException.Kind.UNKNOWN)
                            || (lost == null ? !Failures.isForeseen(failure) : Failures.isOutage(failure))) {
                        return sendAgain(batch, complete, plan, tries, lost == null ? failure : lost);
                    }
                    if (lost != null) {
                        view = null;
                        meters.resolved(Fate.LOST);
                        LOG.error("a plan of {} failed when it was sent again", scope, failure);
                        batch.forEach(pending -> pending.refuse(Failures.unknown(failure)));
                        return DONE;
                    }
                    if (Failures.is(failure, StoreException.Kind.ABORTED)) {
                        meters.retried(Retry.ABORTED);
                        view = null;
                        contended = true;
                        return attempt(batch, tries + 1);
                    }
                    return failed(batch, failure, tries);
                });
    }

    private CompletableFuture<@Nullable Void> went(
            List<Pending<?>> batch, Planned.Complete complete, Plan plan, int tries, Store.Outcome outcome) {
        return switch (outcome) {
            case COMMITTED -> finish(batch, complete);
            case STALE -> stale(batch, plan, tries);
            case REQUEST_EXISTS -> {
                view = null;
                yield answerKnown(batch, tries);
            }
        };
    }

    private CompletableFuture<@Nullable Void> sendAgain(
            List<Pending<?>> batch, Planned.Complete complete, Plan plan, int tries, Throwable lost) {
        meters.retried(Retry.UNKNOWN);
        return later(batch, tries, Failures.unknown(lost), () -> commit(batch, complete, plan, tries + 1, lost));
    }

    private CompletableFuture<@Nullable Void> stale(List<Pending<?>> batch, Plan plan, int tries) {
        meters.retried(Retry.STALE);
        view = null;
        contended = true;
        // A plan that drops scopes can be refused over and over by what goes on in those: the others do not wait for
        // it.
        return plan.drops() && batch.size() > 1 ? oneByOne(batch, 0, tries + 1) : attempt(batch, tries + 1);
    }

    /** The guard refused a plan that may have been applied before: the journal knows by whom the scope was moved. */
    private CompletableFuture<@Nullable Void> resolve(
            List<Pending<?>> batch, Planned.Complete complete, Plan plan, int tries, Throwable lost) {
        long seq = plan.advance().after().seq();
        return Promises.then(
                store.journal(scope.id(), seq),
                txId -> {
                    if (txId.isEmpty()) {
                        view = null;
                        meters.resolved(Fate.LOST);
                        LOG.warn(
                                "revision {} of {} is not in the journal any more: a plan's fate stays unknown",
                                seq,
                                scope);
                        batch.forEach(pending -> pending.refuse(Failures.unknown(lost)));
                        return DONE;
                    }
                    boolean mine = txId.get().equals(plan.txId());
                    meters.resolved(mine ? Fate.COMMITTED : Fate.REFUSED);
                    return mine ? finish(batch, complete) : stale(batch, plan, tries);
                },
                failure -> later(
                        batch, tries, Failures.unknown(lost), () -> resolve(batch, complete, plan, tries + 1, lost)));
    }

    /** Some request ids are taken: those calls were done before. */
    private CompletableFuture<@Nullable Void> answerKnown(List<Pending<?>> batch, int tries) {
        List<String> ids = new ArrayList<>();
        for (Pending<?> pending : batch) {
            Request request = pending.request();
            if (request != null) {
                ids.add(request.id());
            }
        }
        return Promises.then(
                store.requests(scope.requestSpace(), ids),
                rows -> {
                    Map<String, RequestRow> known = new HashMap<>();
                    rows.forEach(row -> known.put(row.request().id(), row));
                    List<Pending<?>> others = new ArrayList<>();
                    for (Pending<?> pending : batch) {
                        Request request = pending.request();
                        RequestRow row = request == null ? null : known.get(request.id());
                        if (row == null) {
                            others.add(pending);
                        } else {
                            replays.answer(pending.caller(), scope, row);
                        }
                    }
                    if (others.isEmpty()) {
                        return DONE;
                    }
                    meters.retried(Retry.REPLAYED);
                    return attempt(others, tries + 1);
                },
                failure -> failed(batch, failure, tries));
    }

    private CompletableFuture<@Nullable Void> finish(List<Pending<?>> batch, Planned.Complete complete) {
        if (view != null) {
            view.trim();
            view = view.isOversized() ? null : view;
        }
        for (int i = 0; i < batch.size(); i++) {
            Pending<?> pending = batch.get(i);
            Decision decision = complete.decisions().get(i);
            if (decision.answer() != null && (decision.changed() || pending.request() == null)) {
                answer(pending, decision.answer(), complete.revision());
            } else {
                replays.answerOr(pending.caller(), scope, () -> unchanged(pending, decision, complete.revision()));
            }
        }
        return DONE;
    }

    private void answer(Pending<?> pending, Answer answer, long revision) {
        if (!pending.answer(answer, revision)) {
            meters.abandoned();
        }
    }

    private void unchanged(Pending<?> pending, Decision decision, long revision) {
        if (decision.answer() != null) {
            answer(pending, decision.answer(), revision);
        } else if (decision.refusal() != null) {
            pending.refuse(decision.refusal());
        }
    }

    private CompletableFuture<@Nullable Void> gone(List<Pending<?>> batch) {
        view = null;
        IpamerException notFound = Router.gone(scope);
        batch.forEach(pending -> replays.answerOr(pending.caller(), null, () -> pending.refuse(notFound)));
        return DONE;
    }

    /** Certainly nothing was changed. */
    private CompletableFuture<@Nullable Void> failed(List<Pending<?>> batch, Throwable failure, int tries) {
        view = null;
        if (Failures.isOutage(failure)) {
            meters.retried(Failures.is(failure, StoreException.Kind.ABORTED) ? Retry.ABORTED : Retry.UNAVAILABLE);
            return later(batch, tries, Failures.unavailable(failure), () -> attempt(batch, tries + 1));
        }
        if (batch.size() > 1) {
            meters.retried(Retry.SPLIT);
            LOG.warn("a batch of {} calls failed in {}; they are tried one by one", batch.size(), scope, failure);
            return oneByOne(batch, 0, tries + 1);
        }
        batch.forEach(pending -> pending.refuse(Failures.internal(failure)));
        return DONE;
    }

    private CompletableFuture<@Nullable Void> oneByOne(List<Pending<?>> batch, int index, int tries) {
        if (index == batch.size()) {
            return DONE;
        }
        return Promises.then(
                attempt(Collections.singletonList(batch.get(index)), tries),
                done -> oneByOne(batch, index + 1, tries),
                failure -> oneByOne(batch, index + 1, tries));
    }

    /** Goes on after a while. Callers who cannot wait so long are told why, here and in the queue. */
    private CompletableFuture<@Nullable Void> later(List<Pending<?>> batch, int tries, IpamerException why, Step step) {
        long ceiling = Math.min(MAX_BACK_OFF, FIRST_BACK_OFF << Math.min(tries, 20));
        long delay = (long) (ceiling * surroundings.jitter().getAsDouble());
        long wake = surroundings.clock().getAsLong() + delay;
        for (Pending<?> pending : batch) {
            if (pending.deadline() <= wake) {
                pending.refuse(why);
            }
        }
        refuseQueuedUntil(wake);
        CompletableFuture<@Nullable Void> waited = new CompletableFuture<>();
        surroundings.timer().after(delay, () -> waited.complete(null));
        return waited.thenCompose(done -> {
            if (batch.stream().allMatch(Pending::isDone)) {
                if (why.reason() == Reason.OUTCOME_UNKNOWN) {
                    meters.resolved(Fate.LOST);
                }
                view = null; // what became of it matters to nobody here
                return DONE;
            }
            return step.take();
        });
    }

    private void refuseQueuedUntil(long wake) {
        List<Pending<?>> late = new ArrayList<>();
        synchronized (this) {
            queue.removeIf(pending -> pending.deadline() <= wake && late.add(pending));
        }
        IpamerException unavailable =
                new IpamerException(Reason.STORE_UNAVAILABLE, "the database cannot be reached; nothing was changed");
        late.forEach(pending -> pending.refuse(unavailable));
    }

    @FunctionalInterface
    private interface Step {
        CompletableFuture<@Nullable Void> take();
    }
}
