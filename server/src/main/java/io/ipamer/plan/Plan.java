package io.ipamer.plan;

import java.util.List;
import java.util.UUID;

/**
 * All that a batch of calls changes, as data. A store applies it whole or not at all, and only if every guard in it
 * holds; the same plan may be sent again, and is then refused by the guard of its first change if it was applied.
 *
 * @param txId made for this plan and never used again; the journal keeps it beside the revision that it made
 * @param changes the advanced scope first, then dropped scopes by id, then created ones
 * @param requests to insert; a plan with a request id that is there already is refused whole
 */
public record Plan(UUID txId, List<ScopeChange> changes, List<RequestRow> requests) {

    /** The scope whose order of changes this plan is part of. */
    public ScopeChange.Advance advance() {
        return (ScopeChange.Advance) changes.get(0);
    }

    /** Whether another scope's guard can refuse it. */
    public boolean drops() {
        return changes.size() > 1 && changes.get(1) instanceof ScopeChange.Drop;
    }
}
