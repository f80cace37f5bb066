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
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
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
        Channel open = channel();
        IpamerException before = null;
        for (int attempt = 1; ; attempt++) {
            A answer;
            try {
                answer = ClientCalls.blockingUnaryCall(open, operation.method(), until(end), operation.request());
            } catch (StatusRuntimeException thrown) {
                before = IpamerException.of(thrown, operation.requestId(), before);
                sleep(nanosToWait(before, attempt, end), before);
                continue;
            }
            return operation.read(answer);
        }
    }

    /** Waits until all steps are done. */
    <S extends Steps<S>> S finish(Operation<?, ?, S> operation, Duration deadline) {
        S done = run(operation, deadline);
        while (done.unfinished()) {
            try {
                done = done.and(run(operation, deadline));
            } catch (IpamerException failed) {
                if (Steps.somebodyElseWasFaster(failed)) {
                    return done;
                }
                throw failed;
            }
        }
        return done;
    }

    /** Does not wait. */
    <Q, A, T> CompletableFuture<T> start(Operation<Q, A, T> operation, Duration deadline) {
        Started<Q, A, T> started = new Started<>(operation, System.nanoTime() + deadline.toNanos(), channel());
        started.send();
        return started;
    }

    /** Does not wait; {@code result} of all steps. */
    <S extends Steps<S>, T> CompletableFuture<T> startAll(
            Operation<?, ?, S> operation, Duration deadline, Function<S, T> result) {
        Stepping<S, T> stepping = new Stepping<>(operation, deadline, result);
        stepping.step(null);
        return stepping;
    }

    /** A call that nobody waits for. Cancelling it cancels what is under way. */
    private final class Started<Q, A, T> extends CompletableFuture<T> implements StreamObserver<A> {
        private final Operation<Q, A, T> operation;
        private final long end;
        private final Channel open;
        private int attempts;
        private @Nullable IpamerException before;
        private @Nullable A answer;
        private volatile @Nullable ClientCall<Q, A> call;

        Started(Operation<Q, A, T> operation, long end, Channel open) {
            this.operation = operation;
            this.end = end;
            this.open = open;
        }

        void send() {
            attempts++;
            ClientCall<Q, A> attempt = open.newCall(operation.method(), until(end));
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
            orFail(() -> complete(operation.read(answer)));
        }

        @Override
        public void onError(Throwable thrown) {
            orFail(() -> {
                IpamerException failure = IpamerException.of(thrown, operation.requestId(), before);
                before = failure;
                long wait = nanosToWait(failure, attempts, end);
                if (wait < 0) {
                    completeExceptionally(failure);
                } else {
                    delayedExecutor(wait, TimeUnit.NANOSECONDS).execute(() -> sendAgain(failure));
                }
            });
        }

        private void sendAgain(IpamerException last) {
            if (closed.getAsBoolean()) {
                completeExceptionally(last);
            } else if (!isDone()) {
                orFail(this::send);
            }
        }

        /** Nobody else would hear of it, and somebody waits. */
        private void orFail(Runnable step) {
            try {
                step.run();
            } catch (RuntimeException failed) {
                completeExceptionally(failed);
            }
        }
    }

    /** A call of many steps that nobody waits for. Cancelling it cancels the step that is under way. */
    private final class Stepping<S extends Steps<S>, T> extends CompletableFuture<T> {
        private final Operation<?, ?, S> operation;
        private final Duration deadline;
        private final Function<S, T> result;
        private volatile @Nullable CompletableFuture<S> current;

        Stepping(Operation<?, ?, S> operation, Duration deadline, Function<S, T> result) {
            this.operation = operation;
            this.deadline = deadline;
            this.result = result;
        }

        void step(@Nullable S done) {
            CompletableFuture<S> step = start(operation, deadline);
            current = step;
            if (isCancelled()) {
                step.cancel(true);
            }
            CompletableFuture<S> unused = step.whenComplete((next, thrown) -> {
                try {
                    after(done, next, thrown);
                } catch (RuntimeException failed) {
                    completeExceptionally(failed);
                }
            });
        }

        private void after(@Nullable S done, S next, @Nullable Throwable thrown) {
            if (thrown == null) {
                S sum = done == null ? next : done.and(next);
                if (sum.unfinished() && !isDone()) {
                    step(sum);
                } else {
                    complete(result.apply(sum));
                }
                return;
            }
            Throwable failure = thrown instanceof CompletionException ? requireNonNull(thrown.getCause()) : thrown;
            if (done != null && failure instanceof IpamerException refusal && Steps.somebodyElseWasFaster(refusal)) {
                complete(result.apply(done));
            } else {
                completeExceptionally(failure);
            }
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            CompletableFuture<S> step = current;
            if (cancelled && step != null) {
                step.cancel(mayInterruptIfRunning);
            }
            return cancelled;
        }
    }

    private long nanosToWait(IpamerException failure, int attempt, long end) {
        return closed.getAsBoolean() ? -1 : retry.nanosToWait(failure, attempt, end - System.nanoTime());
    }

    private static CallOptions until(long end) {
        return CallOptions.DEFAULT.withDeadlineAfter(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    /** Gives up with the failure where there is nothing to wait for, the wait is cut short, or the client was closed. */
    private void sleep(long nanos, IpamerException failure) {
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
                            .asRuntimeException(),
                    failure.requestId().orElse(""),
                    failure);
        }
        if (closed.getAsBoolean()) {
            throw failure;
        }
    }
}
