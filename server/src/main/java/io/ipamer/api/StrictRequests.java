package io.ipamer.api;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/**
 * Makes malformed requests, such as text that is not UTF-8, the caller's fault: INVALID_ARGUMENT, where gRPC would say
 * UNKNOWN. To see them, requests are read inside of an interceptor and not before all of them.
 */
public final class StrictRequests implements ServerInterceptor {
    private StrictRequests() {}

    public static ServerServiceDefinition in(ServerServiceDefinition service) {
        return ServerInterceptors.intercept(ServerInterceptors.useInputStreamMessages(service), new StrictRequests());
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            private boolean refused;

            @Override
            public void onMessage(Q request) {
                try {
                    super.onMessage(request);
                } catch (StatusRuntimeException unreadable) {
                    refused = true;
                    call.close(status(unreadable.getStatus()), new Metadata());
                }
            }

            @Override
            public void onHalfClose() {
                if (!refused) {
                    super.onHalfClose();
                }
            }
        };
    }

    /** A message that is too large once unpacked has its own code already. */
    private static Status status(Status unreadable) {
        return unreadable.getCode() == Status.Code.INTERNAL
                ? Status.INVALID_ARGUMENT.withDescription("malformed request: " + unreadable.getDescription())
                : unreadable;
    }
}
