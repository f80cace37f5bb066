package io.ipamer.api;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the calls that a drain has to wait for: those whose answer is not sent yet. */
public final class RunningCalls implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(RunningCalls.class);

    /** How long no call may have run before those are cut off that never end: watches of the health. */
    public static final int QUIET_MILLIS = 100;

    private final LongAdder running = new LongAdder();

    /** Exact while no call starts or ends; a drain therefore looks more than once. */
    public boolean none() {
        return running.sum() == 0;
    }

    /** How many run at the moment, roughly while calls start and end. */
    public long count() {
        return running.sum();
    }

    /** A server that was told to stop: waits for a while, and says whether it has. */
    @FunctionalInterface
    public interface Stopping {
        boolean await(long millis) throws InterruptedException;
    }

    /**
     * Waits until no call has run for a moment, or the server has stopped by itself; for {@link Limits#DRAIN_SECONDS} at
     * the most.
     */
    public void drain(Stopping server) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Limits.DRAIN_SECONDS);
        try {
            while (System.nanoTime() - end < 0) {
                boolean quiet = none();
                if (server.await(QUIET_MILLIS) || (quiet && none())) {
                    return;
                }
            }
            LOG.warn("calls still ran {} s after the server was told to stop; they are cut off", Limits.DRAIN_SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        ServerCall.Listener<Q> listener = next.startCall(call, headers);
        running.increment();
        // Every call that got its listener ends in exactly one of the two.
        return new SimpleForwardingServerCallListener<>(listener) {
            @Override
            public void onComplete() {
                running.decrement();
                super.onComplete();
            }

            @Override
            public void onCancel() {
                running.decrement();
                super.onCancel();
            }
        };
    }
}
