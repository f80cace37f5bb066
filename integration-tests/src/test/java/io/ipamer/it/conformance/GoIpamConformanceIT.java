package io.ipamer.it.conformance;

import static io.grpc.Status.Code.NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Decompressor;
import io.grpc.DecompressorRegistry;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.VersionRequest;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Over gRPC on clear-text HTTP/2, and the rows that are about that. */
class GoIpamConformanceIT extends GoIpamConformance {
    private static final Metadata.Key<String> ENCODING =
            Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);

    @Override
    Transport connect(IpamerServer to) {
        return Transport.h2c(to.grpcPort());
    }

    @TestFactory
    List<DynamicTest> wire() {
        for (String id : List.of("G1", "G2", "G4")) {
            laterRow(id, "gRPC over HTTP/1.1 comes with the HTTP door");
        }
        row("G3", "HTTP/2 with prior knowledge", c -> {
            c.cp("10.0.0.0/8").ok();
            c.gp("192.0.2.0/24").notFound("NotFound prefix 192.0.2.0/24 not found");
        });
        for (String id : List.of("G5", "G7", "G8")) {
            laterRow(id, "Connect JSON comes with the HTTP door");
        }
        row("G10", "health", c -> {
            for (String service : List.of("", "api.v1.IpamService", "ipamer.v1.IpamerService")) {
                assertThat(health(service)).isEqualTo(ServingStatus.SERVING);
            }
            assertThat(catchThrowableOfType(StatusRuntimeException.class, () -> health("other"))
                            .getStatus()
                            .getCode())
                    .isEqualTo(NOT_FOUND);
        });
        row("G11", "reflection", c -> {
            assertThat(servicesByV1()).contains("api.v1.IpamService", "ipamer.v1.IpamerService");
            assertThat(servicesByV1Alpha()).contains("api.v1.IpamService", "ipamer.v1.IpamerService");
        });
        row("G13", "gzip from a client that knows other encodings, too", c -> {
            ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port())
                    .usePlaintext()
                    .decompressorRegistry(DecompressorRegistry.getDefaultInstance()
                            .with(named("s2"), true)
                            .with(named("snappy"), true)
                            .with(named("zstd"), true))
                    .build();
            AtomicReference<Metadata> headers = new AtomicReference<>();
            try {
                assertThat(IpamServiceGrpc.newBlockingStub(ClientInterceptors.intercept(channel, headersTo(headers)))
                                .withCompression("gzip")
                                .version(VersionRequest.getDefaultInstance())
                                .getRevision())
                        .isNotEmpty();
                assertThat(headers.get().get(ENCODING)).isIn(null, "identity", "gzip");
            } finally {
                channel.shutdownNow();
            }
        });
        row("G14", "the revision is told", c -> assertThat(c.revision()).isNotEmpty());
        laterRow("G16", "needs two server processes on one database");
        laterRow("G17", "needs two server processes on one database");
        laterRow("G19", "go-ipam's own CLI speaks gRPC over HTTP/1.1, which comes with the HTTP door");
        return take();
    }

    private ServingStatus health(String service) {
        return HealthGrpc.newBlockingStub(transport().channel())
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    private List<String> servicesByV1() throws Exception {
        ServerReflectionRequest list =
                ServerReflectionRequest.newBuilder().setListServices("").build();
        ServerReflectionResponse services =
                ask(ServerReflectionGrpc.newStub(transport().channel())::serverReflectionInfo, list);
        return services.getListServicesResponse().getServiceList().stream()
                .map(ServiceResponse::getName)
                .toList();
    }

    @SuppressWarnings("deprecation") // it is what the row asks for
    private List<String> servicesByV1Alpha() throws Exception {
        var list = io.grpc.reflection.v1alpha.ServerReflectionRequest.newBuilder()
                .setListServices("")
                .build();
        io.grpc.reflection.v1alpha.ServerReflectionResponse services = ask(
                io.grpc.reflection.v1alpha.ServerReflectionGrpc.newStub(
                        transport().channel())::serverReflectionInfo,
                list);
        return services.getListServicesResponse().getServiceList().stream()
                .map(io.grpc.reflection.v1alpha.ServiceResponse::getName)
                .toList();
    }

    /** One question on a stream, and its one answer. */
    private static <Q, A> A ask(Function<StreamObserver<A>, StreamObserver<Q>> call, Q question) throws Exception {
        CompletableFuture<A> answer = new CompletableFuture<>();
        StreamObserver<Q> questions = call.apply(new StreamObserver<>() {
            @Override
            public void onNext(A value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                answer.completeExceptionally(new AssertionError("the stream ended without an answer"));
            }
        });
        questions.onNext(question);
        questions.onCompleted();
        return answer.get(30, TimeUnit.SECONDS);
    }

    /** An encoding that is offered, and must not be used. */
    private static Decompressor named(String encoding) {
        return new Decompressor() {
            @Override
            public String getMessageEncoding() {
                return encoding;
            }

            @Override
            public InputStream decompress(InputStream message) {
                throw new AssertionError("the server used " + encoding);
            }
        };
    }

    private static ClientInterceptor headersTo(AtomicReference<Metadata> answered) {
        return new ClientInterceptor() {
            @Override
            public <Q, A> ClientCall<Q, A> interceptCall(
                    MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
                return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                    @Override
                    public void start(Listener<A> listener, Metadata headers) {
                        super.start(
                                new SimpleForwardingClientCallListener<>(listener) {
                                    @Override
                                    public void onHeaders(Metadata received) {
                                        answered.set(received);
                                        super.onHeaders(received);
                                    }
                                },
                                headers);
                    }
                };
            }
        };
    }
}
