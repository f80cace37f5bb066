package io.ipamer.api.http;

import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.ipamer.api.CallMeters;
import io.ipamer.api.RunningCalls;
import io.ipamer.api.Services;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The services behind the HTTP door, to be called within this process: a server of gRPC as the other door's, without a
 * network. Whatever protocol a call came by, codes, deadlines, cancellation and interceptors are gRPC's own.
 */
final class LocalServices {
    private final RunningCalls running = new RunningCalls();
    private final Map<String, MethodDescriptor<?, ?>> methods = new HashMap<>();
    private final CallMeters meters;
    private final Server server;
    private final ManagedChannel channel;

    LocalServices(Services services, MeterRegistry meters) throws IOException {
        List<ServerServiceDefinition> definitions = new ArrayList<>();
        services.contracts().forEach(contract -> definitions.add(ServerInterceptors.intercept(contract, running)));
        definitions.add(services.health().bindService());
        definitions.add(ProtoReflectionServiceV1.newInstance().bindService());
        definitions.add(alphaReflection().bindService());
        for (ServerServiceDefinition definition : definitions) {
            for (ServerMethodDefinition<?, ?> method : definition.getMethods()) {
                methods.put(method.getMethodDescriptor().getFullMethodName(), method.getMethodDescriptor());
            }
        }
        this.meters = new CallMeters(meters, "http", running);
        String name = InProcessServerBuilder.generateName();
        server = InProcessServerBuilder.forName(name)
                .directExecutor()
                .intercept(this.meters)
                .fallbackHandlerRegistry(this.meters.unknownMethods())
                .addServices(definitions)
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    @SuppressWarnings("deprecation") // the clients that speak only v1alpha are not gone
    private static BindableService alphaReflection() {
        return io.grpc.protobuf.services.ProtoReflectionService.newInstance();
    }

    /** The method of that name, such as {@code ipamer.v1.IpamerService/GetVersion}; null when there is none. */
    @Nullable
    MethodDescriptor<?, ?> method(String fullName) {
        return methods.get(fullName);
    }

    <Q, A> ClientCall<Q, A> call(MethodDescriptor<Q, A> method, CallOptions options) {
        return channel.newCall(method, options);
    }

    /** Tells operators of a call that was refused before it was one; {@code method} is null where there is none. */
    void refused(@Nullable MethodDescriptor<?, ?> method, Status.Code code) {
        if (method == null) {
            meters.unknownMethod();
        } else {
            meters.refused(method, code);
        }
    }

    /** Calls of the contracts that are not answered yet. */
    RunningCalls running() {
        return running;
    }

    /** Ends what still runs. */
    void cut() {
        channel.shutdownNow();
        server.shutdownNow();
    }
}
