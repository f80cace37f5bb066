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

/**
 * Counts the calls that a drain has to wait for: those whose request is there, or comes in many messages, and whose answer
 * is not sent yet.
 */
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
        boolean atOnce = !call.getMethodDescriptor().getType().clientSendsOneMessage();
        ServerCall.Listener<Q> listener = next.startCall(call, headers);
        if (atOnce) {
            running.increment();
        }
        // Every call that got its listener ends in exactly one of the two last ones.
        return new SimpleForwardingServerCallListener<>(listener) {
            private boolean counted = atOnce;

            @Override
            public void onHalfClose() {
                if (!counted) {
                    counted = true;
                    running.increment();
                }
                super.onHalfClose();
            }

            @Override
            public void onComplete() {
                end();
                super.onComplete();
            }

            @Override
            public void onCancel() {
                end();
                super.onCancel();
            }

            private void end() {
                if (counted) {
                    running.decrement();
                }
            }
        };
    }
}
