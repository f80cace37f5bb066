package io.ipamer.api;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

/** What no handler foresaw becomes INTERNAL with an incident id; the cause goes to the log, not to the caller. */
public final class Sentry implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            @Override
            public void onHalfClose() {
                try {
                    super.onHalfClose();
                } catch (RuntimeException defect) {
                    String message = Unary.incident(defect).getMessage();
                    call.close(Status.INTERNAL.withDescription(message), new Metadata());
                }
            }
        };
    }
}
