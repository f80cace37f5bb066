package io.ipamer.api;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.concurrent.atomic.LongAdder;

/** Counts the calls that a drain has to wait for: those whose answer is not sent yet. */
public final class RunningCalls implements ServerInterceptor {
    private final LongAdder running = new LongAdder();

    /** Exact while no call starts or ends; a drain therefore looks more than once. */
    public boolean none() {
        return running.sum() == 0;
    }

    /** How many run at the moment, roughly while calls start and end. */
    public long count() {
        return running.sum();
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
