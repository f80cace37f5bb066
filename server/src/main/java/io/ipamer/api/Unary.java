package io.ipamer.api;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers unary calls with what promises bring; the caller's thread never waits. */
public final class Unary {
    private static final Logger LOG = LoggerFactory.getLogger(Unary.class);

    private Unary() {}

    /**
     * Starts a call and sends its answer or its failure. When the caller leaves first, the promise is cancelled: a call
     * that is not planned by then has no effect.
     *
     * @param call throws {@link IpamerException} for a request that is refused at sight
     * @param message from the promise's value to the contract's message
     * @param status the contract's way to tell of a failure
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the observer is told either way
    public static <T, M> void answer(
            StreamObserver<M> observer,
            Supplier<CompletableFuture<T>> call,
            Function<T, M> message,
            Function<IpamerException, ? extends Throwable> status) {
        CompletableFuture<T> promise;
        try {
            promise = call.get();
        } catch (RuntimeException failure) {
            observer.onError(status.apply(refusal(failure)));
            return;
        }
        if (!promise.isDone() && observer instanceof ServerCallStreamObserver<M> server) {
            server.setOnCancelHandler(() -> promise.cancel(false));
        }
        promise.whenComplete((value, failure) -> {
            M answer;
            try {
                if (failure != null) {
                    observer.onError(status.apply(refusal(failure)));
                    return;
                }
                answer = message.apply(value);
            } catch (RuntimeException defect) {
                observer.onError(status.apply(refusal(defect)));
                return;
            }
            observer.onNext(answer);
            observer.onCompleted();
        });
    }

    /** When the caller stops waiting, on the clock of {@link System#nanoTime}; {@link Long#MAX_VALUE} for never. */
    public static long deadline() {
        Deadline deadline = Context.current().getDeadline();
        return deadline == null ? Long.MAX_VALUE : System.nanoTime() + deadline.timeRemaining(TimeUnit.NANOSECONDS);
    }

    /** What is told of a failure: itself when it is a refusal, else an incident whose cause only the log knows. */
    public static IpamerException refusal(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof CancellationException) {
            return new IpamerException(Reason.CANCELLED, "the caller cancelled the call");
        }
        if (cause instanceof IpamerException known && known.reason() != Reason.INTERNAL) {
            return known;
        }
        return incident(cause instanceof IpamerException known && known.getCause() != null ? known.getCause() : cause);
    }

    /** An unforeseen failure: a number for the caller, the cause for the log. */
    public static IpamerException incident(Throwable cause) {
        String incident = String.format("%08x", ThreadLocalRandom.current().nextInt());
        LOG.error("incident {}", incident, cause);
        return new IpamerException(
                Reason.INTERNAL,
                "internal error, incident " + incident + ": the server's log has the cause",
                Map.of("incident", incident),
                cause);
    }
}
