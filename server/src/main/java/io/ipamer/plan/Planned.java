package io.ipamer.plan;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What came of planning a batch. */
public sealed interface Planned {

    /**
     * Every call is decided.
     *
     * @param plan what to commit; null when no call changes anything
     * @param revision of the scope once the plan is committed
     */
    record Complete(List<Decision> decisions, @Nullable Plan plan, long revision) implements Planned {}

    /** The view lacks something and stands as before: read this, let the view learn it, and plan again. */
    record Incomplete(List<Read> reads) implements Planned {}
}
