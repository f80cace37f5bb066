package io.ipamer.cli.remote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCall.Listener;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.StreamObserver;
import io.ipamer.app.IpamerServer;
import io.ipamer.cli.remote.Failures.OutcomeUnknown;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.IpamerException;
import io.ipamer.proto.v1.GetVersionRequest;
import io.ipamer.proto.v1.GetVersionResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceImplBase;
import io.ipamer.store.sql.Wire;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS, with a server whose certificate was made for the test by the JDK's keytool. */
class LineTest {
    private static final char[] PASSWORD = "password".toCharArray();
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    @TempDir
    private Path folder;

    private Path certificate;
    private Server server;
    private volatile String authorization;

    @BeforeEach
    void start() throws Exception {
        Path store = folder.resolve("store.p12");
        String line = Path.of(System.getProperty("java.home"), "bin", "keytool")
                + " -genkeypair -keyalg EC -alias server" + " -dname CN=test -ext san=ip:127.0.0.1 -keystore " + store
                + " -storepass " + new String(PASSWORD);
        Process keytool =
                new ProcessBuilder(line.split(" ")).redirectErrorStream(true).start();
        assertThat(keytool.waitFor())
                .as(new String(keytool.getInputStream().readAllBytes(), UTF_8))
                .isZero();
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD);
        certificate = pem("CERTIFICATE", keys.getCertificate("server").getEncoded());
        Path key = pem("PRIVATE KEY", keys.getKey("server", PASSWORD).getEncoded());
        server = Grpc.newServerBuilderForPort(0, TlsServerCredentials.create(certificate.toFile(), key.toFile()))
                .addService(ServerInterceptors.intercept(new Version(), new Listening()))
                .build()
                .start();
    }

    @AfterEach
    void stop() {
        server.shutdownNow();
    }

    private Path pem(String kind, byte[] content) throws IOException {
        return Files.writeString(
                folder.resolve(kind + ".pem"),
                "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(content) + "\n-----END "
                        + kind + "-----\n");
    }

    private Target target(String scheme, boolean tls, Path ca, String token) {
        return Target.read("--server", scheme + "127.0.0.1:" + server.getPort(), tls, ca, token, null);
    }

    @Test
    void aServerOfTheCertificatesOfAFileIsSpokenToAndShownTheToken() {
        try (Line line = Line.to(target("", true, certificate, "secret"))) {
            assertThat(line.client().version().version()).isEqualTo("1");
        }
        assertThat(authorization).isEqualTo("Bearer secret");
    }

    @Test
    void aServerThatNobodyVouchesForIsNot() {
        Target target = target("https://", false, null, "secret");
        assertThat(failure(target).getMessage())
                .startsWith("no ipamer server at " + target.address() + ": TLS failed: ")
                .endsWith("; is its certificate trusted (--ca)?");
        assertThat(authorization).isNull();
    }

    @Test
    void whoForgetsTlsIsRemindedOfIt() {
        Target target = target("", false, null, null);
        CommandFailure failure = failure(target);
        assertThat(failure.getMessage())
                .startsWith("no ipamer server at " + target.address() + ": the connection broke")
                .endsWith("; does it speak gRPC, or want --tls?");
        assertThat(failure.exitCode()).isEqualTo(3);
    }

    /** The retry meets nobody, and that alone would say that nothing was done. */
    @Test
    void whatTheFirstAttemptMayHaveDoneIsNotForgottenWhenTheNextFindsNobody() throws Exception {
        RemoteCommand command = new IpCommands.Acquire(new Terminal(
                new PrintWriter(new StringWriter()),
                new PrintWriter(new StringWriter()),
                false,
                false,
                false,
                Terminal.USUAL_WIDTH,
                true,
                null));
        try (IpamerServer ipamer = IpamerServer.inMemory();
                Line direct = Line.to(Target.read("", "127.0.0.1:" + ipamer.grpcPort(), false, null, null, null))) {
            direct.client().newPrefix("10.0.0.0/24");
            Wire wire = new Wire("127.0.0.1", ipamer.grpcPort());
            try (Line line = Line.to(Target.read("", "127.0.0.1:" + wire.port(), false, null, null, null))) {
                line.client().version(); // there is a connection
                wire.set(Wire.State.ANSWERS_LOST);
                RequestIdOption request = new RequestIdOption();
                CompletableFuture<Throwable> failure = CompletableFuture.supplyAsync(
                        () -> catchThrowable(
                                () -> request.once(command, line.client(), view -> view.acquireIp("10.0.0.0/24"))),
                        task -> new Thread(task, "caller").start());
                while (direct.client().usage("10.0.0.0/24").acquired() == 0) {
                    Thread.onSpinWait(); // it has arrived, and was done, when the server says so
                }
                wire.close();
                assertThat(failure.join())
                        .isInstanceOf(OutcomeUnknown.class)
                        .hasMessage("whether it was done is not known; the same command with --request-id "
                                + request.id() + " does it once");
                assertThat(((OutcomeUnknown) failure.join()).failure().code()).isEqualTo(Status.Code.UNAVAILABLE);
            }
        }
    }

    private static CommandFailure failure(Target target) {
        try (Line line = Line.to(target)) {
            IpamerException failed = catchThrowableOfType(
                    IpamerException.class, () -> line.client().version());
            return Failures.of(failed, target, UnaryOperator.identity());
        }
    }

    /** All that is called here. */
    private static final class Version extends IpamerServiceImplBase {
        @Override
        public void getVersion(GetVersionRequest request, StreamObserver<GetVersionResponse> answers) {
            answers.onNext(GetVersionResponse.newBuilder().setVersion("1").build());
            answers.onCompleted();
        }
    }

    /** Remembers the token of the last call. */
    private final class Listening implements ServerInterceptor {
        @Override
        public <Q, A> Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            authorization = headers.get(AUTHORIZATION);
            return next.startCall(call, headers);
        }
    }
}
