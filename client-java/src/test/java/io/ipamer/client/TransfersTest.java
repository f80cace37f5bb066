package io.ipamer.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.ipamer.proto.v1.ExportRequest;
import io.ipamer.proto.v1.ExportResponse;
import io.ipamer.proto.v1.ImportRequest;
import io.ipamer.proto.v1.ImportResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams that end as they should, and those that somebody ends before. */
class TransfersTest {
    private static final byte[] TEXT = "x".repeat(3 << 20).getBytes(UTF_8);

    private final CountDownLatch cancelled = new CountDownLatch(1);
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private boolean refuses;
    private boolean silent;
    private boolean breaksAtTheEnd;
    private FakeServer server;
    private Ipamer client;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer(new IpamerServiceGrpc.IpamerServiceImplBase() {
            @Override
            public void export(ExportRequest request, StreamObserver<ExportResponse> answers) {
                Context.current().addListener(context -> cancelled.countDown(), Runnable::run);
                answers.onNext(ExportResponse.newBuilder()
                        .setData(ByteString.copyFromUtf8("one\n"))
                        .build());
                if (!silent) {
                    answers.onNext(ExportResponse.newBuilder()
                            .setData(ByteString.copyFromUtf8("two\n"))
                            .build());
                    answers.onCompleted();
                }
            }

            @Override
            public StreamObserver<ImportRequest> import_(StreamObserver<ImportResponse> answers) {
                Context.current().addListener(context -> cancelled.countDown(), Runnable::run);
                return new Receiver(answers);
            }
        });
        client = server.client().build();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private final class Receiver implements StreamObserver<ImportRequest> {
        private final StreamObserver<ImportResponse> answers;

        Receiver(StreamObserver<ImportResponse> answers) {
            this.answers = answers;
        }

        @Override
        public void onNext(ImportRequest part) {
            if (part.hasHeader() && refuses) {
                answers.onError(Status.INVALID_ARGUMENT.withDescription("no").asRuntimeException());
            } else {
                received.writeBytes(part.getData().toByteArray());
                answers.onNext(ImportResponse.newBuilder().setPrefixes(1).build());
            }
        }

        @Override
        public void onError(Throwable abandoned) {
            // the context tells
        }

        @Override
        public void onCompleted() {
            if (breaksAtTheEnd) {
                answers.onError(Status.UNAVAILABLE.asRuntimeException());
                return;
            }
            answers.onNext(
                    ImportResponse.newBuilder().setPrefixes(2).setDone(true).build());
            answers.onCompleted();
        }
    }

    @Test
    void anExportArrivesInOrder() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        client.exportNamespace(ExportFormat.IPAMER, out);
        assertThat(out.toString(UTF_8)).isEqualTo("one\ntwo\n");
    }

    @Test
    void anExportThatCannotBeWrittenIsGivenUp() throws InterruptedException {
        silent = true;
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("full");
            }
        };
        assertThatIOException()
                .isThrownBy(() -> client.exportNamespace(ExportFormat.IPAMER, full))
                .withMessage("full");
        assertThat(cancelled.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void anImportArrivesWhole() throws IOException {
        ImportProgress last =
                client.importNamespace(ExportFormat.IPAMER, new ByteArrayInputStream(TEXT), progress -> {});
        assertThat(last.done()).isTrue();
        assertThat(received.toByteArray()).isEqualTo(TEXT);
    }

    @Test
    void anImportThatTheServerEndsEarlyFailsAsItSays() {
        refuses = true;
        IpamerException refusal = catchThrowableOfType(
                IpamerException.class,
                () -> client.importNamespace(ExportFormat.IPAMER, new ByteArrayInputStream(TEXT), progress -> {}));
        assertThat(refusal.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void ofAnImportThatBreaksAtItsEndTheOutcomeIsUnknown() {
        breaksAtTheEnd = true;
        IpamerException failure = catchThrowableOfType(
                IpamerException.class,
                () -> client.importNamespace(ExportFormat.IPAMER, new ByteArrayInputStream(TEXT), progress -> {}));
        assertThat(failure.outcomeUnknown()).isTrue();
        IpamerException rehearsed = catchThrowableOfType(
                IpamerException.class,
                () -> client.dryRun()
                        .importNamespace(ExportFormat.IPAMER, new ByteArrayInputStream(TEXT), progress -> {}));
        assertThat(rehearsed.outcomeUnknown()).isFalse();
    }

    @Test
    void anImportWhoseTextCannotBeReadIsGivenUp(@TempDir Path folder) throws Exception {
        InputStream closed = Files.newInputStream(Files.createFile(folder.resolve("text")));
        closed.close();
        assertThatIOException().isThrownBy(() -> client.importNamespace(ExportFormat.IPAMER, closed, progress -> {}));
        assertThat(cancelled.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whatTheListenerThrowsEndsTheImportAndIsThrown() {
        assertThatIllegalStateException()
                .isThrownBy(
                        () -> client.importNamespace(ExportFormat.IPAMER, new ByteArrayInputStream(TEXT), progress -> {
                            throw new IllegalStateException("mine");
                        }))
                .withMessage("mine");
    }

    @Test
    void anInterruptEndsAnImport() {
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(IpamerException.class)
                .isThrownBy(() ->
                        client.importNamespace(ExportFormat.IPAMER, new ByteArrayInputStream(TEXT), progress -> {}))
                .extracting(IpamerException::code)
                .isEqualTo(Status.Code.CANCELLED);
        assertThat(Thread.interrupted()).isTrue();
    }
}
