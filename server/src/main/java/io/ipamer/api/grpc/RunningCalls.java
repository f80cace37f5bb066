package io.ipamer.api.grpc;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.concurrent.atomic.LongAdder;

/** Counts the calls that a drain has to wait for: those whose answer is not sent yet. */
final class RunningCalls implements ServerInterceptor {
    private final LongAdder running = new LongAdder();

    /** Exact while no call starts or ends; a drain therefore looks more than once. */
    boolean none() {
        return running.sum() == 0;
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
