package io.ipamer.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.protobuf.Any;
import com.google.protobuf.Field;
import com.google.rpc.ErrorInfo;
import com.sun.management.ThreadMXBean;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.ipamer.api.BuildFacts;
import io.ipamer.api.Services;
import io.ipamer.api.http.RawConnection.Answer;
import io.ipamer.api.http.pages.CallCounts;
import io.ipamer.api.http.pages.Site;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.stream.LongStream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/**
 * An HTTP door before a service that echoes, fails or waits. After every test it must still serve: a client that was
 * there before, and one that comes; and no fault of a client may have brought a stack trace into the log.
 */
final class TestDoor implements AfterEachCallback, AfterAllCallback {
    static final String SERVICE = "test.Service";
    static final String ECHO = "/test.Service/Echo";
    static final String FAIL = "/test.Service/Fail";
    static final String WAIT = "/test.Service/Wait";
    static final String COUNT = "/test.Service/Count";
    static final String COLLECT = "/test.Service/Collect";

    static final MethodDescriptor<Field, Field> ECHO_METHOD = method("Echo", MethodType.UNARY);
    static final MethodDescriptor<Field, Field> WAIT_METHOD = method("Wait", MethodType.UNARY);

    private static final Site SITE = new Site(
            new BuildFacts("1", "1", "a", "2026-01-31T12:00:00Z"),
            9090,
            () -> "memory",
            () -> new CallCounts(0, 0, 0, 0),
            () -> "");

    /** What our loggers and those of the libraries say, with a trace. */
    private final ConcurrentLinkedQueue<String> traces = new ConcurrentLinkedQueue<>();

    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final Handler grpcLogged = new Handler() {
        @Override
        public void publish(LogRecord record) {
            if (record.getThrown() != null && record.getLevel().intValue() >= java.util.logging.Level.INFO.intValue()) {
                traces.add(record.getLoggerName() + ": " + record.getMessage() + ": " + record.getThrown());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    /** The calls of Wait, for the test to answer. */
    final BlockingQueue<StreamObserver<Field>> waiting = new LinkedBlockingQueue<>();

    /** Those of them whose callers did not wait for that. */
    final BlockingQueue<StreamObserver<Field>> cancelled = new LinkedBlockingQueue<>();

    private final List<StreamObserver<Field>> came = new ArrayList<>();

    final Services services = new Services(List.<BindableService>of(this::service), List.of());
    final MeterRegistry meters = new SimpleMeterRegistry();
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final HttpDoor door;
    private final int port;
    private final RawConnection bystander;
    private final boolean patient;

    private TestDoor(Set<String> origins, Duration idle, Duration body) {
        patient = idle.toMinutes() > 0;
        try {
            InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
            door = HttpDoor.open(new InetSocketAddress(loopback, 0), services, origins, meters, SITE, idle, body);
            port = door.port();
            bystander = new RawConnection(port);
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
        logged.start();
        for (String library : List.of("com.linecorp.armeria", "io.netty", "io.ipamer")) {
            Logger logger = (Logger) LoggerFactory.getLogger(library);
            logger.setLevel(Level.WARN);
            logger.addAppender(logged);
            logger.setAdditive(false);
        }
        java.util.logging.Logger.getLogger("io.grpc").addHandler(grpcLogged);
    }

    static TestDoor open(String... origins) {
        return new TestDoor(Set.of(origins), Duration.ofMinutes(5), Duration.ofMinutes(1));
    }

    /** Whose patience ends soon. */
    static TestDoor openBriefly(Duration idle, Duration body) {
        return new TestDoor(Set.of(), idle, body);
    }

    private ServerServiceDefinition service() {
        return ServerServiceDefinition.builder(SERVICE)
                .addMethod(ECHO_METHOD, ServerCalls.asyncUnaryCall((request, observer) -> {
                    observer.onNext(request);
                    observer.onCompleted();
                }))
                .addMethod(method("Fail", MethodType.UNARY), ServerCalls.asyncUnaryCall((request, observer) -> {
                    if (request.getNumber() == 0) {
                        throw new IllegalStateException("disk secrets");
                    }
                    observer.onError(failure(request));
                }))
                .addMethod(WAIT_METHOD, ServerCalls.asyncUnaryCall((request, observer) -> await(observer)))
                .addMethod(
                        method("Count", MethodType.SERVER_STREAMING),
                        ServerCalls.asyncServerStreamingCall((request, observer) -> {
                            for (int i = 0; i < request.getNumber(); i++) {
                                observer.onNext(Field.newBuilder().setNumber(i).build());
                            }
                            await(observer);
                        }))
                .addMethod(
                        method("Collect", MethodType.CLIENT_STREAMING), ServerCalls.asyncClientStreamingCall(Sum::new))
                .build();
    }

    private void await(StreamObserver<Field> observer) {
        ((ServerCallStreamObserver<Field>) observer).setOnCancelHandler(() -> cancelled.add(observer));
        waiting.add(observer);
    }

    /** The number is the code, the name the message; with the detail that our refusals have. */
    private static RuntimeException failure(Field request) {
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(request.getNumber())
                .setMessage(request.getName())
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setReason("TEST")
                        .setDomain("ipamer")
                        .build()))
                .build());
    }

    private static MethodDescriptor<Field, Field> method(String name, MethodType type) {
        return MethodDescriptor.<Field, Field>newBuilder()
                .setType(type)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
                .setRequestMarshaller(ProtoUtils.marshaller(Field.getDefaultInstance()))
                .setResponseMarshaller(ProtoUtils.marshaller(Field.getDefaultInstance()))
                .build();
    }

    /** Adds up the numbers. */
    private static final class Sum implements StreamObserver<Field> {
        private final StreamObserver<Field> answer;
        private int sum;

        Sum(StreamObserver<Field> answer) {
            this.answer = answer;
        }

        @Override
        public void onNext(Field value) {
            sum += value.getNumber();
        }

        @Override
        public void onError(Throwable left) {}

        @Override
        public void onCompleted() {
            answer.onNext(Field.newBuilder().setNumber(sum).build());
            answer.onCompleted();
        }
    }

    /** What all threads that there are have allocated so far. */
    static long allocatedBytes() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return LongStream.of(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
                .filter(bytes -> bytes > 0)
                .sum();
    }

    int port() {
        return port;
    }

    RawConnection connect() throws IOException {
        return new RawConnection(port());
    }

    /** A request alone on its connection. */
    Answer call(byte[] request) throws IOException {
        try (RawConnection connection = connect()) {
            return connection.call(request);
        }
    }

    Answer json(String path, String body, String... headers) throws IOException {
        return call(RawConnection.post(path, "application/json", RawConnection.bytes(body), headers));
    }

    ManagedChannel channel() {
        ManagedChannel made = NettyChannelBuilder.forAddress("127.0.0.1", port())
                .usePlaintext()
                .maxInboundMessageSize(Integer.MAX_VALUE)
                .build();
        channels.add(made);
        return made;
    }

    void assertServes() throws IOException {
        byte[] request = RawConnection.post(ECHO, "application/json", RawConnection.bytes("{\"name\":\"a\"}"));
        assertThat(call(request).body()).isEqualTo("{\"name\":\"a\"}");
        if (patient) {
            assertThat(bystander.call(request).body()).isEqualTo("{\"name\":\"a\"}");
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        assertServes();
        assertThat(waiting).isEmpty();
        assertThat(cancelled).isEmpty();
        assertNoTraces();
    }

    /** Waits until so many calls of Wait, or streams of Count, have come. */
    void awaitCame(int calls) throws InterruptedException {
        for (int i = 0; i < calls; i++) {
            came.add(waiting.take());
        }
    }

    /** Those that came, for the test to answer. */
    List<StreamObserver<Field>> takeCame() {
        List<StreamObserver<Field>> taken = List.copyOf(came);
        came.clear();
        return taken;
    }

    /** Waits until the callers of those that came have left. */
    void awaitLeft(int calls) throws InterruptedException {
        List<StreamObserver<Field>> left = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            left.add(cancelled.take());
        }
        assertThat(left).containsExactlyInAnyOrderElementsOf(came);
        came.clear();
    }

    void assertNoTraces() {
        synchronized (logged) {
            for (ILoggingEvent event : logged.list) {
                if (event.getLevel().equals(Level.ERROR)
                        && event.getThrowableProxy() != null
                        && !event.getMessage().startsWith("incident")) {
                    traces.add(event.getLoggerName() + ": " + event.getFormattedMessage() + ": "
                            + event.getThrowableProxy().getClassName());
                }
            }
            logged.list.clear();
        }
        List<String> found = List.copyOf(traces);
        traces.clear();
        assertThat(found).isEmpty();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        java.util.logging.Logger.getLogger("io.grpc").removeHandler(grpcLogged);
        channels.forEach(ManagedChannel::shutdownNow);
        bystander.close();
        door.close();
    }

    void leave() {
        services.leave();
        door.close();
    }
}
