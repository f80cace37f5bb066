package io.ipamer.api;

import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** Makes malformed requests, such as text that is not UTF-8, the caller's fault: INVALID_ARGUMENT, not INTERNAL. */
public final class StrictRequests {
    private StrictRequests() {}

    public static ServerServiceDefinition in(ServerServiceDefinition service) {
        ServiceDescriptor before = service.getServiceDescriptor();
        ServiceDescriptor.Builder after =
                ServiceDescriptor.newBuilder(before.getName()).setSchemaDescriptor(before.getSchemaDescriptor());
        List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
        for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
            ServerMethodDefinition<?, ?> strict = strict(method);
            methods.add(strict);
            after.addMethod(strict.getMethodDescriptor());
        }
        ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(after.build());
        methods.forEach(definition::addMethod);
        return definition.build();
    }

    private static <Q, A> ServerMethodDefinition<Q, A> strict(ServerMethodDefinition<Q, A> method) {
        MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor();
        MethodDescriptor.Marshaller<Q> lenient = descriptor.getRequestMarshaller();
        MethodDescriptor.Marshaller<Q> strict = new MethodDescriptor.Marshaller<>() {
            @Override
            public InputStream stream(Q request) {
                return lenient.stream(request);
            }

            @Override
            public Q parse(InputStream bytes) {
                try {
                    return lenient.parse(bytes);
                } catch (StatusRuntimeException malformed) {
                    throw Status.INVALID_ARGUMENT
                            .withDescription("malformed request: "
                                    + malformed.getStatus().getDescription())
                            .withCause(malformed.getCause())
                            .asRuntimeException();
                }
            }
        };
        return ServerMethodDefinition.create(
                descriptor.toBuilder(strict, descriptor.getResponseMarshaller()).build(),
                method.getServerCallHandler());
    }
}
