package io.ipamer.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.grpc.Grpc;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.StreamObserver;
import io.ipamer.proto.v1.GetVersionRequest;
import io.ipamer.proto.v1.GetVersionResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS with a server whose certificate was made for the test, by the JDK's keytool. */
class TlsTest {
    private static final char[] PASSWORD = "password".toCharArray();
    private static final io.grpc.Metadata.Key<String> AUTHORIZATION =
            io.grpc.Metadata.Key.of("authorization", io.grpc.Metadata.ASCII_STRING_MARSHALLER);

    @TempDir
    Path folder;

    private Path certificate;
    private Path key;
    private Server server;
    private volatile String authorization;

    @BeforeEach
    void start() throws Exception {
        Path store = folder.resolve("store.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-alias",
                        "server",
                        "-dname",
                        "CN=test",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .start();
        assertThat(keytool.waitFor())
                .as(new String(keytool.getInputStream().readAllBytes(), UTF_8))
                .isZero();
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD);
        certificate = pem("CERTIFICATE", keys.getCertificate("server").getEncoded());
        key = pem("PRIVATE KEY", keys.getKey("server", PASSWORD).getEncoded());
        server = Grpc.newServerBuilderForPort(
                        0,
                        TlsServerCredentials.newBuilder()
                                .keyManager(certificate.toFile(), key.toFile())
                                .trustManager(certificate.toFile())
                                .clientAuth(TlsServerCredentials.ClientAuth.OPTIONAL)
                                .build())
                .addService(ServerInterceptors.intercept(new Version(), new Listening()))
                .build()
                .start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        server.shutdownNow().awaitTermination();
    }

    @Test
    void theTokenGoesWithEveryCallAndIsAskedForEachTime() throws Exception {
        Iterator<String> tokens = List.of("first", "second").iterator();
        try (IpamerClient client =
                builder().trust(certificate).token(tokens::next).build()) {
            assertThat(client.version().version()).isEqualTo("9.9.9");
            assertThat(authorization).isEqualTo("Bearer first");
            client.async().version().get(20, TimeUnit.SECONDS);
            assertThat(authorization).isEqualTo("Bearer second");
        }
    }

    @Test
    void aTokenThatCannotBeSentIsRefusedAndTheCallNotMadeWithoutIt() throws Exception {
        try (IpamerClient client =
                builder().trust(certificate).token(() -> "secret\n").build()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(client::version)
                    .withMessageContaining("token")
                    .withMessageNotContaining("secret");
        }
        assertThat(authorization).isNull();
    }

    @Test
    void aCertificateOfOurOwnIsShown() throws Exception {
        try (IpamerClient client =
                builder().trust(certificate).certificate(certificate, key).build()) {
            assertThat(client.version().version()).isEqualTo("9.9.9");
        }
    }

    @Test
    void aServerThatNobodyVouchesForIsNotSpokenTo() {
        try (IpamerClient client = builder().retry(RetryPolicy.NONE).build()) {
            assertThatExceptionOfType(IpamerException.class)
                    .isThrownBy(client::version)
                    .extracting(IpamerException::code)
                    .isEqualTo(Status.Code.UNAVAILABLE);
        }
        assertThat(authorization).isNull();
    }

    private IpamerClient.Builder builder() {
        return IpamerClient.builder().target("127.0.0.1:" + server.getPort());
    }

    private Path pem(String kind, byte[] der) throws Exception {
        String text = "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END "
                + kind + "-----\n";
        return Files.writeString(folder.resolve(kind + ".pem"), text);
    }

    private static final class Version extends IpamerServiceGrpc.IpamerServiceImplBase {
        @Override
        public void getVersion(GetVersionRequest request, StreamObserver<GetVersionResponse> answers) {
            answers.onNext(GetVersionResponse.newBuilder().setVersion("9.9.9").build());
            answers.onCompleted();
        }
    }

    private final class Listening implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, io.grpc.Metadata headers, ServerCallHandler<Q, A> next) {
            authorization = headers.get(AUTHORIZATION);
            return next.startCall(call, headers);
        }
    }
}
