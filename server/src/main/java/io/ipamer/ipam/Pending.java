package io.ipamer.ipam;

import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import io.ipamer.plan.Call;
import io.ipamer.plan.Request;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call in a lane.
 *
 * @param deadline on the {@link Surroundings#clock}
 * @param secondChance asked before the call is refused
 */
record Pending<A extends Answer>(Caller<A> caller, Call<A> call, long deadline, SecondChance secondChance) {
    private static final Logger LOG = LoggerFactory.getLogger(Pending.class);

    /** Takes a refusal that may only be due to an old name; true if it saw to it. */
    @FunctionalInterface
    interface SecondChance {
        boolean take(IpamerException refusal);
    }

    @Nullable
    Request request() {
        return caller.request();
    }

    /** Whether it has its answer, or its caller has left. */
    boolean isDone() {
        return caller.promise().isDone();
    }

    /** Whether the caller still waited. */
    boolean answer(Answer answer, long revision) {
        boolean heard = caller.answer(answer, revision, false);
        if (!heard) {
            // Not the call as a whole: it may hold megabytes of a caller's own text.
            LOG.info(
                    "a call stands although its caller has left: {}, {}",
                    call.getClass().getSimpleName(),
                    caller.request() == null
                            ? "without a request id"
                            : "request id " + caller.request().id());
        }
        return heard;
    }

    void refuse(IpamerException refusal) {
        if (!isDone() && !secondChance.take(refusal)) {
            caller.refuse(refusal);
        }
    }
}
