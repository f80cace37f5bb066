package io.ipamer.ipam;

import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Reply;
import io.ipamer.plan.Request;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who waits for an answer.
 *
 * @param request the request id of the call; null without
 * @param promise completed with the answer; the caller leaves by cancelling it
 * @param learn is told what a call did, before its caller is
 */
record Caller<A extends Answer>(
        @Nullable Request request, CompletableFuture<Reply<A>> promise, Consumer<? super A> learn) {

    /** Whether the caller still waited. */
    @SuppressWarnings("unchecked") // an answer comes from the call's own rule, or from the row of an equal call
    boolean answer(Answer answer, long revision, boolean replayed) {
        A mine = (A) answer;
        if (!replayed) {
            learn.accept(mine);
        }
        return promise.complete(new Reply<>(mine, revision, replayed));
    }

    void refuse(IpamerException refusal) {
        promise.completeExceptionally(refusal);
    }
}
