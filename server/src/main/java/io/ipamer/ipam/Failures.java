package io.ipamer.ipam;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import io.ipamer.store.StoreException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What callers are told of failures that they did not cause; the cause goes along for the log. */
final class Failures {
    private Failures() {}

    /** The same, failing with {@link IpamerException} only. */
    static <T> CompletableFuture<T> told(CompletableFuture<T> future) {
        CompletableFuture<T> told = new CompletableFuture<>();
        Promises.finish(future, told::complete, failure -> told.completeExceptionally(unavailable(failure)));
        return told;
    }

    /** Nothing was changed. */
    static IpamerException unavailable(Throwable failure) {
        Throwable cause = Promises.cause(failure);
        if (cause instanceof IpamerException refusal) {
            return refusal;
        }
        return isOutage(cause)
                ? new IpamerException(
                        Reason.STORE_UNAVAILABLE, reason(cause) + "; nothing was changed", Map.of(), cause)
                : internal(cause);
    }

    /** The store's own words; those of the engine are for the log. */
    private static String reason(Throwable outage) {
        Throwable root = outage;
        while (root.getCause() instanceof StoreException deeper) {
            root = deeper;
        }
        return root.getCause() == null
                ? "the database cannot be used: " + root.getMessage()
                : "the database cannot be reached";
    }

    static IpamerException unknown(Throwable failure) {
        return new IpamerException(
                Reason.OUTCOME_UNKNOWN,
                "the connection to the database was lost while it was writing: the call may or may not have been done",
                Map.of(),
                Promises.cause(failure));
    }

    static IpamerException internal(Throwable failure) {
        return new IpamerException(Reason.INTERNAL, "internal error", Map.of(), Promises.cause(failure));
    }

    static IpamerException deadlineExceeded() {
        return new IpamerException(
                Reason.DEADLINE_EXCEEDED, "the deadline passed before the call's turn came; nothing was changed");
    }

    static IpamerException overloaded() {
        return new IpamerException(
                Reason.OVERLOADED, "too many calls wait for the same prefix or namespace; nothing was changed");
    }

    static boolean isOutage(Throwable failure) {
        return Promises.cause(failure) instanceof StoreException store && store.kind() != StoreException.Kind.DEFECT;
    }

    /** Whether it says what became of the work. What nobody foresaw may have struck after the work was done. */
    static boolean isForeseen(Throwable failure) {
        return Promises.cause(failure) instanceof StoreException;
    }

    static boolean is(Throwable failure, StoreException.Kind kind) {
        return Promises.cause(failure) instanceof StoreException store && store.kind() == kind;
    }
}
