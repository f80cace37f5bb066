package io.ipamer.api;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes malformed requests, such as text that is not UTF-8, the caller's fault: INVALID_ARGUMENT, where gRPC would say
 * UNKNOWN. Requests are read before any interceptor sees them, so what cannot be read is handed on as such, for the
 * interceptor to refuse. (gRPC's own way to read later, as input streams, copies each answer twice.)
 */
public final class StrictRequests implements ServerInterceptor {
    private StrictRequests() {}

    public static ServerServiceDefinition in(ServerServiceDefinition service) {
        ServiceDescriptor given = service.getServiceDescriptor();
        ServiceDescriptor.Builder descriptor =
                ServiceDescriptor.newBuilder(given.getName()).setSchemaDescriptor(given.getSchemaDescriptor());
        List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
        for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
            methods.add(strict(method));
        }
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder strict = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(strict::addMethod);
        return ServerInterceptors.intercept(strict.build(), new StrictRequests());
    }

    private static <Q, A> ServerMethodDefinition<Q, A> strict(ServerMethodDefinition<Q, A> method) {
        MethodDescriptor<Q, A> given = method.getMethodDescriptor();
        Reader<Q> reader = new Reader<>(given.getRequestMarshaller());
        return ServerMethodDefinition.create(
                given.toBuilder(reader, given.getResponseMarshaller()).build(), method.getServerCallHandler());
    }

    private record Unreadable(Status status) {}

    private record Reader<Q>(Marshaller<Q> messages) implements PrototypeMarshaller<Q> {
        @Override
        public @Nullable Q getMessagePrototype() {
            return messages instanceof PrototypeMarshaller<Q> prototypes ? prototypes.getMessagePrototype() : null;
        }

        @Override
        @SuppressWarnings("unchecked")
        public Class<Q> getMessageClass() {
            return (Class<Q>) Objects.requireNonNull(getMessagePrototype()).getClass();
        }

        @Override
        public InputStream stream(Q message) {
            return messages.stream(message);
        }

        @Override
        @SuppressWarnings("unchecked") // the interceptor is the only one to see it
        public Q parse(InputStream stream) {
            try {
                return messages.parse(stream);
            } catch (StatusRuntimeException unreadable) {
                return (Q) new Unreadable(status(unreadable.getStatus()));
            }
        }
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            private boolean refused;

            @Override
            public void onMessage(Q request) {
                if (request instanceof Unreadable unreadable) {
                    refused = true;
                    call.close(unreadable.status, new Metadata());
                } else {
                    super.onMessage(request);
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
