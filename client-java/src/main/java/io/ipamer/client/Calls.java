package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Sends operations, again where the retry policy says so, until they are answered or their deadline has passed. */
final class Calls {
    private static final String CANCELLED = "cancelled by the caller";

    private final Channel channel;
    private final RetryPolicy retry;
    private final BooleanSupplier closed;

    Calls(Channel channel, RetryPolicy retry, BooleanSupplier closed) {
        this.channel = channel;
        this.retry = retry;
        this.closed = closed;
    }

    /** The connection, while it is open. */
    Channel channel() {
        if (closed.getAsBoolean()) {
            throw new IllegalStateException("the client is closed");
        }
        return channel;
    }

    /** Waits for the answer. */
    <Q, A, T> T run(Operation<Q, A, T> operation, Duration deadline) {
        long end = System.nanoTime() + deadline.toNanos();
        IpamerException before = null;
        for (int attempt = 1; ; attempt++) {
            A answer;
            try {
                answer = ClientCalls.blockingUnaryCall(channel(), operation.method(), until(end), operation.request());
            } catch (StatusRuntimeException thrown) {
                IpamerException failure = IpamerException.of(thrown, operation.requestId(), before);
                sleep(nanosToWait(failure, attempt, end), failure);
                before = failure;
                continue;
            }
            return operation.reader().apply(answer);
        }
    }

    /** Does not wait. */
    <Q, A, T> CompletableFuture<T> start(Operation<Q, A, T> operation, Duration deadline) {
        Started<Q, A, T> started = new Started<>(operation, System.nanoTime() + deadline.toNanos());
        started.send();
        return started;
    }

    /** A call that nobody waits for. Cancelling it cancels what is under way. */
    private final class Started<Q, A, T> extends CompletableFuture<T> implements StreamObserver<A> {
        private final Operation<Q, A, T> operation;
        private final long end;
        private int attempts;
        private @Nullable IpamerException before;
        private @Nullable A answer;
        private volatile @Nullable ClientCall<Q, A> call;

        Started(Operation<Q, A, T> operation, long end) {
            this.operation = operation;
            this.end = end;
        }

        void send() {
            attempts++;
            ClientCall<Q, A> attempt = channel().newCall(operation.method(), until(end));
            call = attempt;
            ClientCalls.asyncUnaryCall(attempt, operation.request(), this);
            if (isCancelled()) {
                attempt.cancel(CANCELLED, null);
            }
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            ClientCall<Q, A> attempt = call;
            if (cancelled && attempt != null) {
                attempt.cancel(CANCELLED, null);
            }
            return cancelled;
        }

        @Override
        public void onNext(A value) {
            answer = value;
        }

        @Override
        public void onCompleted() {
            complete(operation.reader().apply(requireNonNull(answer)));
        }

        @Override
        public void onError(Throwable thrown) {
            IpamerException failure = IpamerException.of(thrown, operation.requestId(), before);
            before = failure;
            long wait = nanosToWait(failure, attempts, end);
            if (wait < 0) {
                completeExceptionally(failure);
            } else {
                delayedExecutor(wait, TimeUnit.NANOSECONDS, Runnable::run).execute(this::sendAgain);
            }
        }

        private void sendAgain() {
            if (!isDone()) {
                try {
                    send();
                } catch (IllegalStateException closedMeanwhile) {
                    completeExceptionally(closedMeanwhile);
                }
            }
        }
    }

    private long nanosToWait(IpamerException failure, int attempt, long end) {
        return closed.getAsBoolean() ? -1 : retry.nanosToWait(failure, attempt, end - System.nanoTime());
    }

    private static CallOptions until(long end) {
        return CallOptions.DEFAULT.withDeadlineAfter(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    /** Gives up with the failure where there is nothing to wait for, or the wait is cut short. */
    private static void sleep(long nanos, IpamerException failure) {
        if (nanos < 0) {
            throw failure;
        }
        try {
            TimeUnit.NANOSECONDS.sleep(nanos);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw IpamerException.of(
                    Status.CANCELLED
                            .withDescription("interrupted while it waited to send the call again")
                            .withCause(failure)
                            .asRuntimeException(),
                    failure.requestId().orElse(""),
                    failure);
        }
    }
}
