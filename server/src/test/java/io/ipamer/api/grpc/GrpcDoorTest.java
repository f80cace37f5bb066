package io.ipamer.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.ipamer.api.Services;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The door before a service that only echoes, fails or waits. */
@Timeout(60)
class GrpcDoorTest {
    private static final int MEBIBYTE = 1 << 20;
    private static final String SERVICE = "test.Service";

    private static final MethodDescriptor<BytesValue, BytesValue> ECHO = method("Echo");
    private static final MethodDescriptor<BytesValue, BytesValue> FAIL = method("Fail");
    private static final MethodDescriptor<BytesValue, BytesValue> WAIT = method("Wait");

    /** The calls of Wait, for the test to answer. */
    private final BlockingQueue<StreamObserver<BytesValue>> waiting = new LinkedBlockingQueue<>();

    /** Those of them whose callers did not wait for that. */
    private final BlockingQueue<StreamObserver<BytesValue>> cancelled = new LinkedBlockingQueue<>();

    private final BindableService service = () -> ServerServiceDefinition.builder(SERVICE)
            .addMethod(ECHO, ServerCalls.asyncUnaryCall((request, observer) -> {
                observer.onNext(request);
                observer.onCompleted();
            }))
            .addMethod(FAIL, ServerCalls.asyncUnaryCall((request, observer) -> {
                throw new IllegalStateException("disk secrets");
            }))
            .addMethod(WAIT, ServerCalls.asyncUnaryCall((request, observer) -> {
                ((ServerCallStreamObserver<BytesValue>) observer).setOnCancelHandler(() -> cancelled.add(observer));
                waiting.add(observer);
            }))
            .build();

    private final Services services = new Services(List.of(service), List.of());
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final GrpcDoor door;
    private final ManagedChannel channel;

    GrpcDoorTest() throws IOException {
        door = open(0);
        channel = connect();
    }

    @AfterEach
    void close() {
        waiting.forEach(StreamObserver::onCompleted);
        channels.forEach(ManagedChannel::shutdownNow);
        door.close();
    }

    private static MethodDescriptor<BytesValue, BytesValue> method(String name) {
        return MethodDescriptor.<BytesValue, BytesValue>newBuilder()
                .setType(MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
                .setRequestMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
                .setResponseMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
                .build();
    }

    private GrpcDoor open(int port) throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        return GrpcDoor.open(new InetSocketAddress(loopback, port), services, new SimpleMeterRegistry());
    }

    private ManagedChannel connect() {
        ManagedChannel made = NettyChannelBuilder.forAddress("127.0.0.1", door.port())
                .usePlaintext()
                .maxInboundMessageSize(Integer.MAX_VALUE)
                .build();
        channels.add(made);
        return made;
    }

    private static BytesValue bytes(int size) {
        return BytesValue.of(ByteString.copyFrom(new byte[size]));
    }

    private static BytesValue echo(Channel channel, CallOptions options, BytesValue request) {
        return ClientCalls.blockingUnaryCall(channel, ECHO, options, request);
    }

    private void assertServes() {
        assertThat(echo(channel, CallOptions.DEFAULT, bytes(1))).isEqualTo(bytes(1));
    }

    private ServingStatus health(String name) {
        return HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.newBuilder().setService(name).build())
                .getStatus();
    }

    // health and reflection

    @ParameterizedTest
    @ValueSource(strings = {"", SERVICE})
    void healthKnowsTheServerAndItsServices(String name) {
        assertThat(health(name)).isEqualTo(ServingStatus.SERVING);
    }

    @Test
    void healthDoesNotKnowOtherNames() {
        assertThatThrownBy(() -> health("other"))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        refused -> assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
    }

    @Test
    void reflectionListsTheServices() throws Exception {
        CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
        StreamObserver<ServerReflectionRequest> requests =
                ServerReflectionGrpc.newStub(channel).serverReflectionInfo(first(answer));
        requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
        requests.onCompleted();

        assertThat(answer.get().getListServicesResponse().getServiceList())
                .extracting(ServiceResponse::getName)
                .contains("grpc.health.v1.Health");
    }

    @Test
    @SuppressWarnings("deprecation") // the older version of it is what is tried
    void reflectionIsThereForOldClientsToo() throws Exception {
        CompletableFuture<io.grpc.reflection.v1alpha.ServerReflectionResponse> answer = new CompletableFuture<>();
        StreamObserver<io.grpc.reflection.v1alpha.ServerReflectionRequest> requests =
                io.grpc.reflection.v1alpha.ServerReflectionGrpc.newStub(channel).serverReflectionInfo(first(answer));
        requests.onNext(io.grpc.reflection.v1alpha.ServerReflectionRequest.newBuilder()
                .setListServices("")
                .build());
        requests.onCompleted();

        assertThat(answer.get().getListServicesResponse().getServiceList())
                .extracting(io.grpc.reflection.v1alpha.ServiceResponse::getName)
                .contains("grpc.health.v1.Health");
    }

    private static <T> StreamObserver<T> first(CompletableFuture<T> answer) {
        return new StreamObserver<>() {
            @Override
            public void onNext(T value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {}
        };
    }

    // limits

    @Test
    void messagesMayBeLarge() {
        assertThat(echo(channel, CallOptions.DEFAULT, bytes(20 * MEBIBYTE))
                        .getValue()
                        .size())
                .isEqualTo(20 * MEBIBYTE);
    }

    @Test
    void messagesThatAreTooLargeAreRefusedAndTheServerGoesOn() {
        assertThatThrownBy(() -> echo(channel, CallOptions.DEFAULT, bytes(64 * MEBIBYTE)))
                .hasMessageStartingWith("RESOURCE_EXHAUSTED")
                .hasMessageContaining("67108864");
        assertServes();
    }

    @Test
    void metadataMayHoldATokenAndTooMuchOfItIsRefusedAndTheServerGoesOn() {
        assertThat(echo(withMetadata(12 << 10), CallOptions.DEFAULT, bytes(1))).isEqualTo(bytes(1));

        assertThatThrownBy(() -> echo(withMetadata(17 << 10), CallOptions.DEFAULT, bytes(1)))
                .isInstanceOf(StatusRuntimeException.class);

        assertServes();
    }

    private Channel withMetadata(int size) {
        Metadata metadata = new Metadata();
        metadata.put(Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER), "x".repeat(size));
        return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    @Test
    void aThousandCallersMayGiveUpAtOnce() throws Exception {
        Future<BytesValue> bystander = startWaiting(channel, 1).get(0);
        StreamObserver<BytesValue> observer = waiting.take();
        List<Future<BytesValue>> calls = startWaiting(channel, 1_000);
        takeWaiting(1_000);

        calls.forEach(call -> assertThat(call.cancel(true)).isTrue());

        assertServes();
        observer.onNext(bytes(2));
        observer.onCompleted();
        assertThat(bystander.get()).isEqualTo(bytes(2));
    }

    @Test
    void aFloodOfResetsClosesItsConnectionAndNoOther() throws Exception {
        ManagedChannel flooder = connect();
        Future<BytesValue> bystander = startWaiting(flooder, 1).get(0);
        List<Future<BytesValue>> calls = startWaiting(flooder, 9_000);
        takeWaiting(1 + 9_000);

        calls.forEach(call -> assertThat(call.cancel(true)).isTrue());

        assertThatThrownBy(bystander::get).hasMessageContaining("UNAVAILABLE");
        assertServes();
    }

    private static List<Future<BytesValue>> startWaiting(Channel channel, int number) {
        List<Future<BytesValue>> calls = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            calls.add(ClientCalls.futureUnaryCall(channel.newCall(WAIT, CallOptions.DEFAULT), bytes(1)));
        }
        return calls;
    }

    private void takeWaiting(int number) throws InterruptedException {
        for (int i = 0; i < number; i++) {
            waiting.take();
        }
    }

    // calls

    @Test
    void callersDeadlinesAreHonoured() throws Exception {
        CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(200, TimeUnit.MILLISECONDS);
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, WAIT, options, bytes(1)))
                .hasMessageStartingWith("DEADLINE_EXCEEDED");

        assertThat(cancelled.take()).isSameAs(waiting.take());
    }

    @Test
    void requestsMayBeCompressed() {
        assertThat(echo(channel, CallOptions.DEFAULT.withCompression("gzip"), bytes(MEBIBYTE)))
                .isEqualTo(bytes(MEBIBYTE));
    }

    @Test
    void compressedRequestsAreMeasuredAsTheyAreWhenUnpacked() {
        assertThatThrownBy(() -> echo(channel, CallOptions.DEFAULT.withCompression("gzip"), bytes(65 * MEBIBYTE)))
                .hasMessageStartingWith("RESOURCE_EXHAUSTED");
        assertServes();
    }

    @Test
    void theServerSaysThatItTakesGzip() {
        AtomicReference<Metadata> headers = new AtomicReference<>();
        echo(ClientInterceptors.intercept(channel, captureHeaders(headers)), CallOptions.DEFAULT, bytes(1));

        assertThat(headers.get().get(Metadata.Key.of("grpc-accept-encoding", Metadata.ASCII_STRING_MARSHALLER)))
                .contains("gzip");
    }

    private static ClientInterceptor captureHeaders(AtomicReference<Metadata> target) {
        return new ClientInterceptor() {
            @Override
            public <Q, A> ClientCall<Q, A> interceptCall(
                    MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
                return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                    @Override
                    public void start(Listener<A> listener, Metadata metadata) {
                        super.start(
                                new SimpleForwardingClientCallListener<>(listener) {
                                    @Override
                                    public void onHeaders(Metadata headers) {
                                        target.set(headers);
                                        super.onHeaders(headers);
                                    }
                                },
                                metadata);
                    }
                };
            }
        };
    }

    @Test
    void whatNoHandlerForesawIsAnIncidentWhoseCauseIsNotTold() {
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, FAIL, CallOptions.DEFAULT, bytes(1)))
                .hasMessageMatching("INTERNAL: .*incident [0-9a-f]{8}.*")
                .hasMessageNotContaining("disk secrets");
        assertServes();
    }

    // opening and closing

    @Test
    void aTakenPortSaysSoInTheWordsOfTheSystem() {
        assertThatThrownBy(() -> open(door.port()))
                .isInstanceOf(IOException.class)
                .hasMessage("Address already in use");
    }

    @Test
    void closingSaysNotServingThenLetsRunningCallsFinishAndTakesNoNewOnes() throws Exception {
        Iterator<HealthCheckResponse> watch = HealthGrpc.newBlockingStub(connect())
                .watch(HealthCheckRequest.newBuilder().setService(SERVICE).build());
        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);
        Future<BytesValue> running = startWaiting(channel, 1).get(0);
        StreamObserver<BytesValue> observer = waiting.take();

        Thread closer = new Thread(() -> {
            services.leave();
            door.close();
        });
        closer.start();

        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
        // It takes no new connections once the old ones were told to go.
        ManagedChannel late = connect();
        Throwable refused = null;
        while (refused == null) {
            try {
                echo(late, CallOptions.DEFAULT, bytes(1));
            } catch (StatusRuntimeException unavailable) {
                refused = unavailable;
            }
        }
        assertThat(refused).hasMessageStartingWith("UNAVAILABLE");
        assertThat(running.isDone()).isFalse();
        assertThat(closer.isAlive()).isTrue();

        observer.onNext(bytes(2));
        observer.onCompleted();
        assertThat(running.get()).isEqualTo(bytes(2));
        closer.join();
    }

    @Test
    void closingDoesNotWaitForWatchesOfTheHealth() throws Exception {
        Iterator<HealthCheckResponse> watch =
                HealthGrpc.newBlockingStub(channel).watch(HealthCheckRequest.getDefaultInstance());
        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);

        long started = System.nanoTime();
        services.leave();
        door.close();

        assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - started)).isLessThan(10);
        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
        assertThatThrownBy(watch::hasNext).isInstanceOf(StatusRuntimeException.class);
    }
}
