package io.ipamer.it.conformance;

import static io.grpc.Status.Code.NOT_FOUND;
import static io.grpc.Status.Code.OK;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.gson.JsonParser;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Deadline;
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
import io.ipamer.it.Callers;
import io.ipamer.it.ServerProcess;
import io.ipamer.it.Servers;
import io.ipamer.proto.goipam.GetPrefixRequest;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.VersionRequest;
import io.ipamer.proto.goipam.VersionResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** In memory; and the rows that are about the wire. G19 is {@code GoClientsIT}. */
class GoIpamConformanceIT extends GoIpamConformance {
    private static final Metadata.Key<String> ENCODING =
            Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);
    private static final String EVERY_ENCODING = "s2,snappy,zstd,gzip";

    @Override
    String store() {
        return "memory";
    }

    @Override
    IpamerServer serve() {
        return Servers.inMemory();
    }

    @TestFactory
    List<DynamicTest> grpcOverHttp1() {
        test("G1", "an answer is a chunk, then its trailers", Transport.GRPC_OVER_HTTP1, () -> {
            try (Http1Connection connection = new Http1Connection(server().httpPort())) {
                Http1Connection.Response response = version(connection);
                assertThat(response.statusLine()).isEqualTo("HTTP/1.1 200 OK");
                assertThat(response.headers().get("content-type")).matches(GrpcOverHttp1::isGrpc);
                assertThat(response.headers()).doesNotContainKey("grpc-status");
                assertThat(response.chunked()).isTrue();
                assertThat(response.trailers()).containsEntry("grpc-status", "0");
                assertThat(VersionResponse.parseFrom(GrpcOverHttp1.message(response))
                                .getRevision())
                        .isNotEmpty();
            }
        });
        test("G2", "a refusal is a status and a percent-encoded message", Transport.GRPC_OVER_HTTP1, () -> {
            try (Http1Connection connection = new Http1Connection(server().httpPort())) {
                Map<String, String> missing = refusal(get(connection, "192.0.2.0/24"));
                assertThat(missing).containsEntry("grpc-status", "5");
                assertThat(missing.get("grpc-message")).matches("[ -~]*").contains("192.0.2.0/24 not found");
                Map<String, String> malformed = refusal(get(connection, "10.0.0.0/\u00fc%"));
                assertThat(malformed).containsEntry("grpc-status", "3");
                assertThat(malformed.get("grpc-message")).matches("[ -~]*").contains("10.0.0.0/%C3%BC%25");
            }
        });
        test("G4", "a connection carries 100 calls", Transport.GRPC_OVER_HTTP1, () -> {
            try (Http1Connection connection = new Http1Connection(server().httpPort())) {
                for (int call = 0; call < 100; call += 2) {
                    assertThat(version(connection).trailers()).containsEntry("grpc-status", "0");
                    assertThat(refusal(get(connection, "192.0.2.0/24"))).containsEntry("grpc-status", "5");
                }
            }
        });
        test("G13", "gzip from a client that knows other encodings, too", Transport.GRPC_OVER_HTTP1, () -> {
            try (Http1Connection connection = new Http1Connection(server().httpPort())) {
                Map<String, String> headers = GrpcOverHttp1.headers();
                headers.put("Grpc-Encoding", "gzip");
                headers.put("Grpc-Accept-Encoding", EVERY_ENCODING);
                Http1Connection.Response response =
                        call(connection, "Version", headers, GrpcOverHttp1.frame(1, gzip(new byte[0])));
                assertThat(response.headers().get("grpc-encoding")).isIn(null, "identity", "gzip");
                assertThat(VersionResponse.parseFrom(GrpcOverHttp1.message(response))
                                .getRevision())
                        .isNotEmpty();
            }
        });
        return take();
    }

    @TestFactory
    List<DynamicTest> connectJson() {
        test("G5", "create", Transport.CONNECT_JSON, () -> {
            try (Http1Connection connection = new Http1Connection(server().httpPort())) {
                Http1Connection.Response response = json(connection, "CreatePrefix", "{\"cidr\":\"10.0.0.0/24\"}");
                assertThat(response.statusLine()).isEqualTo("HTTP/1.1 200 OK");
                assertThat(response.headers()).containsEntry("content-type", "application/json");
                assertThat(text(response)).isEqualTo("{\"prefix\":{\"cidr\":\"10.0.0.0/24\"}}");
            }
        });
        test("G7", "numbers are strings, and names are in camel case", Transport.CONNECT_JSON, () -> {
            try (Http1Connection connection = new Http1Connection(server().httpPort())) {
                json(connection, "CreatePrefix", "{\"cidr\":\"10.1.0.0/24\"}");
                assertThat(JsonParser.parseString(text(json(connection, "PrefixUsage", "{\"cidr\":\"10.1.0.0/24\"}"))))
                        .isEqualTo(JsonParser.parseString("{\"availableIps\":\"256\",\"acquiredIps\":\"2\","
                                + "\"availableSmallestPrefixes\":\"64\",\"availablePrefixes\":[\"10.1.0.0/24\"]}"));
            }
        });
        test("G8", "a field that nobody knows is none", Transport.CONNECT_JSON, () -> {
            try (Http1Connection connection = new Http1Connection(server().httpPort())) {
                Http1Connection.Response response = json(connection, "AcquireIP", "{\"unknown\":1}");
                assertThat(response.statusLine()).isEqualTo("HTTP/1.1 400 Bad Request");
                assertThat(response.headers()).containsEntry("content-type", "application/json");
                assertThat(text(response))
                        .startsWith("{\"code\":\"invalid_argument\",\"message\":\"")
                        .contains("unable to find prefix");
            }
        });
        return take();
    }

    @TestFactory
    List<DynamicTest> services() {
        row("G3", "HTTP/2 with prior knowledge", Transport.GRPC_OVER_H2C, c -> {
            c.cp("10.0.0.0/8").ok();
            c.gp("192.0.2.0/24").notFound("NotFound prefix 192.0.2.0/24 not found");
        });
        row("G10", "health", c -> {
            for (String service : List.of("", "api.v1.IpamService", "ipamer.v1.IpamerService")) {
                assertThat(health(c, service)).isEqualTo(ServingStatus.SERVING);
            }
            assertThat(catchThrowableOfType(StatusRuntimeException.class, () -> health(c, "other"))
                            .getStatus()
                            .getCode())
                    .isEqualTo(NOT_FOUND);
        });
        // A stream: the others carry one message there and one back.
        for (Transport transport : List.of(Transport.GRPC, Transport.GRPC_OVER_H2C)) {
            row("G11", "reflection", transport, c -> {
                assertThat(servicesByV1(c)).contains("api.v1.IpamService", "ipamer.v1.IpamerService");
                assertThat(servicesByV1Alpha(c)).contains("api.v1.IpamService", "ipamer.v1.IpamerService");
            });
        }
        test(
                "G13",
                "gzip from a client that knows other encodings, too",
                Transport.GRPC,
                () -> gzip(server().grpcPort()));
        test(
                "G13",
                "gzip from a client that knows other encodings, too",
                Transport.GRPC_OVER_H2C,
                () -> gzip(server().httpPort()));
        row("G14", "the revision is told", c -> assertThat(c.revision()).isNotEmpty());
        return take();
    }

    @TestFactory
    List<DynamicTest> replicas() {
        processRow("G16", "64 writers on one prefix through two servers", GoIpamConformanceIT::g16);
        processRow("G17", "overlapping prefixes through two servers at once", GoIpamConformanceIT::g17);
        return take();
    }

    private static void g16(String databaseUrl) throws Exception {
        try (ServerProcess one = ServerProcess.start(databaseUrl);
                ServerProcess other = ServerProcess.start(databaseUrl)) {
            List<Client> replicas = List.of(new Client(one.channel(), ""), new Client(other.channel(), ""));
            replicas.get(0).cp("10.0.0.0/8").ok();
            Set<String> held = ConcurrentHashMap.newKeySet();
            Queue<Long> nanos = new ConcurrentLinkedQueue<>();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
            try (Callers writers = Callers.start(64, writer -> {
                Client c = replicas.get(writer % 2);
                for (boolean keep = true; System.nanoTime() < end; keep = !keep) {
                    String address = timed(nanos, () -> c.aip("10.0.0.0/8")).replaceAll("@.*", "");
                    assertThat(held.add(address))
                            .as("%s is given once", address)
                            .isTrue();
                    if (!keep) {
                        held.remove(address);
                        timed(nanos, () -> c.rip("10.0.0.0/8", address));
                    }
                }
            })) {
                writers.join();
            }
            long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
            assertThat(Duration.ofNanos(sorted[sorted.length * 99 / 100]))
                    .as("the 99th percentile of %s calls", sorted.length)
                    .isLessThan(Duration.ofSeconds(1));
            assertThat(replicas.get(0).usage("10.0.0.0/8").getAcquiredIps()).isEqualTo(held.size() + 2);
        }
    }

    /** The value that it gives; how long that took goes to {@code nanos}. */
    private static String timed(Queue<Long> nanos, Supplier<Client.Result> call) {
        long start = System.nanoTime();
        Client.Result result = call.get();
        nanos.add(System.nanoTime() - start);
        return result.ok().value();
    }

    private static void g17(String databaseUrl) throws Exception {
        int pairs = 1_000;
        int couples = 8;
        try (ServerProcess one = ServerProcess.start(databaseUrl);
                ServerProcess other = ServerProcess.start(databaseUrl)) {
            List<Client> replicas = List.of(new Client(one.channel(), ""), new Client(other.channel(), ""));
            List<CyclicBarrier> starts =
                    Stream.generate(() -> new CyclicBarrier(2)).limit(couples).toList();
            AtomicIntegerArray created = new AtomicIntegerArray(pairs);
            try (Callers callers = Callers.start(2 * couples, caller -> {
                int side = caller % 2;
                for (int pair = caller / 2; pair < pairs; pair += couples) {
                    String net = "10." + pair / 256 + "." + pair % 256;
                    starts.get(caller / 2).await(30, TimeUnit.SECONDS);
                    Client.Result result = replicas.get(side).cp(net + (side == 0 ? ".0/24" : ".128/25"));
                    if (result.code() == OK) {
                        created.incrementAndGet(pair);
                    } else {
                        result.invalid("overlaps " + net);
                    }
                }
            })) {
                callers.join();
            }
            for (int pair = 0; pair < pairs; pair++) {
                assertThat(created.get(pair)).as("created of pair %s", pair).isOne();
            }
            assertThat(replicas.get(0).lp().ok().value().split(" ")).hasSize(pairs);
        }
    }

    private static Http1Connection.Response version(Http1Connection connection) throws IOException {
        return call(connection, "Version", GrpcOverHttp1.headers(), GrpcOverHttp1.frame(0, new byte[0]));
    }

    private static Http1Connection.Response get(Http1Connection connection, String cidr) throws IOException {
        return call(
                connection,
                "GetPrefix",
                GrpcOverHttp1.headers(),
                GrpcOverHttp1.frame(
                        0, GetPrefixRequest.newBuilder().setCidr(cidr).build().toByteArray()));
    }

    private static Http1Connection.Response json(Http1Connection connection, String method, String request)
            throws IOException {
        return call(connection, method, Map.of("Content-Type", "application/json"), request.getBytes(UTF_8));
    }

    private static Http1Connection.Response call(
            Http1Connection connection, String method, Map<String, String> headers, byte[] body) throws IOException {
        return connection.post(
                "/api.v1.IpamService/" + method, headers, body, Optional.of(Deadline.after(30, TimeUnit.SECONDS)));
    }

    /** The fields that tell it: trailers, or headers of an answer that has no more. */
    private static Map<String, String> refusal(Http1Connection.Response response) {
        assertThat(response.statusLine()).isEqualTo("HTTP/1.1 200 OK");
        assertThat(response.headers().get("content-type")).matches(GrpcOverHttp1::isGrpc);
        assertThat(response.body()).isEmpty();
        return response.trailers().isEmpty() ? response.headers() : response.trailers();
    }

    private static String text(Http1Connection.Response response) {
        return response.body().toStringUtf8();
    }

    private static byte[] gzip(byte[] message) throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(message);
        }
        return compressed.toByteArray();
    }

    private static void gzip(int port) {
        DecompressorRegistry encodings = DecompressorRegistry.getDefaultInstance();
        for (String encoding : EVERY_ENCODING.split(",")) {
            if (!encoding.equals("gzip")) {
                encodings = encodings.with(named(encoding), true);
            }
        }
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .decompressorRegistry(encodings)
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
    }

    private static ServingStatus health(Client c, String service) {
        return HealthGrpc.newBlockingStub(c.channel())
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    private static List<String> servicesByV1(Client c) throws Exception {
        ServerReflectionRequest list =
                ServerReflectionRequest.newBuilder().setListServices("").build();
        ServerReflectionResponse services = ask(ServerReflectionGrpc.newStub(c.channel())::serverReflectionInfo, list);
        return services.getListServicesResponse().getServiceList().stream()
                .map(ServiceResponse::getName)
                .toList();
    }

    @SuppressWarnings("deprecation") // it is what the row asks for
    private static List<String> servicesByV1Alpha(Client c) throws Exception {
        var list = io.grpc.reflection.v1alpha.ServerReflectionRequest.newBuilder()
                .setListServices("")
                .build();
        io.grpc.reflection.v1alpha.ServerReflectionResponse services =
                ask(io.grpc.reflection.v1alpha.ServerReflectionGrpc.newStub(c.channel())::serverReflectionInfo, list);
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
