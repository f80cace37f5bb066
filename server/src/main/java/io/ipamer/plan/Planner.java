package io.ipamer.plan;

import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Plans a batch of calls of one scope, in order; each sees what those before it did. Deterministic but for the ids that
 * it is given.
 */
public final class Planner {
    private Planner() {}

    /**
     * What the calls do to the view. When something is missing the view stands as before, else it stands after the
     * plan, and is to be thrown away if the plan is not committed.
     *
     * @param ids gives an id that was never given before, for the plan and for what it creates
     */
    public static Planned plan(View view, List<? extends Submission<?>> submissions, Supplier<UUID> ids) {
        List<Decision> decisions = new ArrayList<>(submissions.size());
        for (Submission<?> submission : submissions) {
            int before = view.changes();
            try {
                Answer answer = submission.call().decide(view, ids);
                decisions.add(new Decision(answer, null, view.changes() > before));
            } catch (IpamerException refusal) {
                decisions.add(new Decision(null, refusal, false));
            } catch (Missing.Stop stop) {
                // Go on with the other calls: one read then answers for all.
            }
        }
        if (!view.missing().isEmpty()) {
            view.rollback();
            return new Planned.Incomplete(view.missing().take());
        }
        if (view.changes() == 0 && !refusesRequest(submissions, decisions)) {
            return new Planned.Complete(decisions, null, view.head().seq());
        }
        long revision = view.head().seq() + 1;
        UUID txId = ids.get();
        List<ScopeChange> changes = view.takeChanges(txId);
        return new Planned.Complete(
                decisions, new Plan(txId, changes, requests(submissions, decisions, revision)), revision);
    }

    /**
     * Whether a call with a request id is refused. An earlier sending of it may still be under way in another plan, and
     * must not be done once its caller knows of the refusal: so the scope moves on, if only by its revision, and the
     * guard of that plan will not hold.
     */
    private static boolean refusesRequest(List<? extends Submission<?>> submissions, List<Decision> decisions) {
        for (int i = 0; i < decisions.size(); i++) {
            if (submissions.get(i).request() != null && !decisions.get(i).changed()) {
                return true;
            }
        }
        return false;
    }

    private static List<RequestRow> requests(
            List<? extends Submission<?>> submissions, List<Decision> decisions, long revision) {
        List<RequestRow> rows = List.of();
        for (int i = 0; i < decisions.size(); i++) {
            Request request = submissions.get(i).request();
            Answer answer = decisions.get(i).answer();
            if (request != null && answer != null && decisions.get(i).changed()) {
                rows = rows.isEmpty() ? new ArrayList<>(decisions.size()) : rows;
                rows.add(new RequestRow(
                        request, answer, revision, submissions.get(i).call().gives()));
            }
        }
        return rows;
    }
}
