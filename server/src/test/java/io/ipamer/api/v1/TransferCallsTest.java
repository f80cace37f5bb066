package io.ipamer.api.v1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.v1.CreateNamespaceRequest;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.ErrorReason;
import io.ipamer.proto.v1.ExportFormat;
import io.ipamer.proto.v1.ExportRequest;
import io.ipamer.proto.v1.ExportResponse;
import io.ipamer.proto.v1.ImportHeader;
import io.ipamer.proto.v1.ImportIssue;
import io.ipamer.proto.v1.ImportRequest;
import io.ipamer.proto.v1.ImportResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.ListNamespacesRequest;
import io.ipamer.proto.v1.Namespace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Export and Import over a connection: what comes in what order, and what becomes of callers who do otherwise. */
class TransferCallsTest {
    private static final String TEXT = """
            {"ipamer":1,"namespace":"n"}
            {"cidr":"10.0.0.0/24","owner":"Zoë"}
            {"address":"10.0.0.1","allocation_id":"0a0a0a0a-0000-4000-8000-000000000001"}
            {"end":{"prefixes":1,"leaked":0,"addresses":1}}
            """;

    private IpamerServer server;
    private ManagedChannel channel;
    private IpamerServiceBlockingStub ipamer;

    @BeforeEach
    void start() {
        server = IpamerServer.inMemory();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
        ipamer = IpamerServiceGrpc.newBlockingStub(channel);
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    /** What one call of Import was told. */
    private static final class Told implements ClientResponseObserver<ImportRequest, ImportResponse> {
        private final List<ImportResponse> answers = Collections.synchronizedList(new ArrayList<>());
        private final CompletableFuture<Boolean> end = new CompletableFuture<>();
        private final CompletableFuture<ImportResponse> first = new CompletableFuture<>();
        private ClientCallStreamObserver<ImportRequest> call;

        @Override
        public void beforeStart(ClientCallStreamObserver<ImportRequest> requests) {
            call = requests;
        }

        @Override
        public void onNext(ImportResponse answer) {
            answers.add(answer);
            first.complete(answer);
        }

        @Override
        public void onError(Throwable failure) {
            end.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {
            end.complete(true);
        }

        Told sends(ImportRequest... requests) {
            for (ImportRequest request : requests) {
                call.onNext(request);
            }
            return this;
        }

        Told ends() {
            call.onCompleted();
            return this;
        }

        ImportResponse last() {
            assertThat(end.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();
            return answers.get(answers.size() - 1);
        }

        StatusRuntimeException refusal() {
            CompletionException failed = catchThrowableOfType(
                    CompletionException.class,
                    () -> end.orTimeout(60, TimeUnit.SECONDS).join());
            return (StatusRuntimeException) failed.getCause();
        }

        List<ImportIssue> issues() {
            return answers.stream()
                    .flatMap(answer -> answer.getIssuesList().stream())
                    .toList();
        }
    }

    private Told begin() {
        Told told = new Told();
        IpamerServiceGrpc.newStub(channel).import_(told);
        return told;
    }

    private static ImportRequest header(String namespace) {
        return header(ImportHeader.newBuilder().setNamespace(namespace));
    }

    private static ImportRequest header(ImportHeader.Builder header) {
        return ImportRequest.newBuilder().setHeader(header).build();
    }

    private static ImportRequest data(String text) {
        return ImportRequest.newBuilder().setData(ByteString.copyFromUtf8(text)).build();
    }

    private static ErrorInfo info(StatusRuntimeException refusal) {
        try {
            for (Any detail : StatusProto.fromThrowable(refusal).getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    return detail.unpack(ErrorInfo.class);
                }
            }
        } catch (InvalidProtocolBufferException malformed) {
            throw new AssertionError(malformed);
        }
        throw new AssertionError("no details: " + refusal);
    }

    private static void assertRefused(StatusRuntimeException refusal, Code code, String reason, String field) {
        assertThat(refusal.getStatus().getCode()).as("%s", refusal.getStatus()).isEqualTo(code);
        assertThat(info(refusal).getReason()).isEqualTo(reason);
        assertThat(info(refusal).getMetadataMap().getOrDefault("field", "")).isEqualTo(field);
    }

    private List<String> namespaces() {
        return ipamer.listNamespaces(ListNamespacesRequest.getDefaultInstance()).getNamespacesList().stream()
                .map(Namespace::getName)
                .toList();
    }

    private String export(String namespace, ExportFormat format) {
        ByteString text = ByteString.EMPTY;
        Iterator<ExportResponse> parts = ipamer.export(ExportRequest.newBuilder()
                .setNamespace(namespace)
                .setFormat(format)
                .build());
        while (parts.hasNext()) {
            text = text.concat(parts.next().getData());
        }
        return text.toStringUtf8();
    }

    @Test
    void whatIsImportedIsExported() {
        ImportResponse last =
                begin().sends(header("n"), data(TEXT), data("")).ends().last();

        assertThat(last)
                .isEqualTo(ImportResponse.newBuilder()
                        .setPrefixes(1)
                        .setIps(1)
                        .setDone(true)
                        .build());
        assertThat(export("n", ExportFormat.EXPORT_FORMAT_UNSPECIFIED).replaceAll(",\"id\":\"[-0-9a-f]*\"", ""))
                .isEqualTo(TEXT);
        assertThat(export("n", ExportFormat.EXPORT_FORMAT_GO_IPAM)).startsWith("[{\"Cidr\":\"10.0.0.0/24\"");
    }

    @Test
    void issuesAreToldWithTheirLineAndReason() {
        Told told = begin().sends(
                        header("n"), data(TEXT.replace(".0/24", ".5/24").replace(".0.1", ".1.1")))
                .ends();

        assertRefused(told.refusal(), Code.INVALID_ARGUMENT, "INVALID_DUMP", "");
        assertThat(info(told.refusal()).getMetadataMap()).isEqualTo(Map.of("refused", "1"));
        assertThat(told.issues())
                .containsExactly(
                        ImportIssue.newBuilder()
                                .setLine(2)
                                .setMended(true)
                                .setReason(ErrorReason.ERROR_REASON_INVALID_CIDR)
                                .setMessage("host bits are cleared: 10.0.0.0/24")
                                .build(),
                        ImportIssue.newBuilder()
                                .setLine(3)
                                .setReason(ErrorReason.ERROR_REASON_ADDRESS_OUTSIDE_PREFIX)
                                .setMessage("address 10.0.1.1 does not lie in 10.0.0.0/24")
                                .build());
        assertThat(namespaces()).containsExactly("root");
    }

    @Test
    void aTryIsNotDone() {
        ImportResponse last = begin().sends(header(ImportHeader.newBuilder().setDryRun(true)), data(TEXT))
                .ends()
                .last();

        assertThat(last.getDone()).isFalse();
        assertThat(last.getIps()).isEqualTo(1);
        assertThat(namespaces()).containsExactly("root");
    }

    @Test
    void callersAreToldHowFarItIsWhileItRuns() {
        Told told = begin().sends(header("n"), data(TEXT.substring(0, TEXT.indexOf("{\"end\""))), data("\n"));

        assertThat(told.first.orTimeout(60, TimeUnit.SECONDS).join().getDone()).isFalse();

        told.sends(data(TEXT.substring(TEXT.indexOf("{\"end\"")))).ends();
        assertThat(told.last().getDone()).isTrue();
    }

    @Test
    void theHeaderComesFirstAndOnce() {
        assertRefused(begin().sends(data(TEXT)).refusal(), Code.INVALID_ARGUMENT, "FIELD_MISSING", "header");
        assertRefused(begin().ends().refusal(), Code.INVALID_ARGUMENT, "FIELD_MISSING", "header");
        assertRefused(
                begin().sends(ImportRequest.getDefaultInstance()).refusal(),
                Code.INVALID_ARGUMENT,
                "FIELD_MISSING",
                "data");
        assertRefused(
                begin().sends(header("n"), data(TEXT), header("n")).refusal(),
                Code.INVALID_ARGUMENT,
                "INVALID_COUNT",
                "header");
        assertRefused(
                begin().sends(header("n"), ImportRequest.getDefaultInstance()).refusal(),
                Code.INVALID_ARGUMENT,
                "FIELD_MISSING",
                "data");
        assertThat(namespaces()).containsExactly("root");
    }

    @Test
    void theHeaderIsReadStrictly() {
        assertRefused(
                begin().sends(header("\u0001IMPORT 1 x")).refusal(),
                Code.INVALID_ARGUMENT,
                "INVALID_NAMESPACE",
                "header.namespace");
        assertRefused(
                begin().sends(header(ImportHeader.newBuilder().setFormatValue(7)))
                        .refusal(),
                Code.INVALID_ARGUMENT,
                "INVALID_ENUM_VALUE",
                "header.format");
    }

    @Test
    void aPartMayHaveFourMebibytes() {
        String most = "\n".repeat(4 << 20);
        assertThat(begin().sends(header("n"), data(most), data(TEXT))
                        .ends()
                        .last()
                        .getDone())
                .isTrue();

        assertRefused(
                begin().sends(header("m"), data(most + " ")).refusal(), Code.INVALID_ARGUMENT, "INVALID_COUNT", "data");
        assertThat(namespaces()).containsExactly("n", "root");
    }

    @Test
    void aCallerWhoLeavesLeavesNothing() {
        Told told = begin().sends(header("n"), data(TEXT));
        told.call.cancel("enough", null);
        assertThat(told.refusal().getStatus().getCode()).isEqualTo(Code.CANCELLED);

        Told late = new Told();
        IpamerServiceGrpc.newStub(channel)
                .withDeadlineAfter(200, TimeUnit.MILLISECONDS)
                .import_(late);
        late.sends(header("n"), data(TEXT));
        assertThat(late.refusal().getStatus().getCode()).isEqualTo(Code.DEADLINE_EXCEEDED);

        // Two run at once: these would wait for ever behind imports that nobody waits for.
        assertThat(begin().sends(header("n"), data(TEXT)).ends().last().getDone())
                .isTrue();
        assertThat(namespaces()).containsExactly("n", "root");
    }

    @Test
    void whatIsThereIsNotReplaced() {
        ipamer.createNamespace(CreateNamespaceRequest.newBuilder().setName("n").build());
        ipamer.createPrefix(CreatePrefixRequest.newBuilder()
                .setNamespace("n")
                .setCidr("10.0.0.0/24")
                .build());

        assertRefused(begin().sends(header("n")).refusal(), Code.FAILED_PRECONDITION, "NAMESPACE_NOT_EMPTY", "");
    }

    @Test
    void exportsAreRefusedAtSight() {
        assertRefused(
                exportRefusal(ExportRequest.newBuilder().setNamespace("n")), Code.NOT_FOUND, "NAMESPACE_NOT_FOUND", "");
        assertRefused(
                exportRefusal(ExportRequest.newBuilder().setFormatValue(-1)),
                Code.INVALID_ARGUMENT,
                "INVALID_ENUM_VALUE",
                "format");
        assertRefused(
                exportRefusal(ExportRequest.newBuilder().setNamespace("\u0001")),
                Code.INVALID_ARGUMENT,
                "INVALID_NAMESPACE",
                "namespace");
    }

    private StatusRuntimeException exportRefusal(ExportRequest.Builder request) {
        return catchThrowableOfType(
                StatusRuntimeException.class,
                () -> ipamer.export(request.build()).next());
    }

    /** Two are read at once: a third one comes only when those who do not read have gone. */
    @Test
    void callersWhoDoNotReadOnAreCutOff() {
        StringBuilder text = new StringBuilder("{\"ipamer\":1}\n{\"cidr\":\"10.0.0.0/8\"}\n");
        int addresses = 30_000;
        for (int i = 1; i <= addresses; i++) {
            text.append("{\"address\":\"10.1.")
                    .append(i / 256)
                    .append('.')
                    .append(i % 256)
                    .append("\"}\n");
        }
        text.append("{\"end\":{\"prefixes\":1,\"leaked\":0,\"addresses\":" + addresses + "}}");
        begin().sends(header("n"), data(text.toString())).ends().last();
        ExportRequest request = ExportRequest.newBuilder().setNamespace("n").build();

        Iterator<ExportResponse> slow = ipamer.export(request);
        slow.next();
        Iterator<ExportResponse> stopped = ipamer.export(request);
        stopped.next();
        assertThat(export("n", ExportFormat.EXPORT_FORMAT_IPAMER).lines()).hasSize(addresses + 3);

        assertRefused(
                catchThrowableOfType(StatusRuntimeException.class, () -> slow.forEachRemaining(part -> {})),
                Code.UNAVAILABLE,
                "OVERLOADED",
                "");
    }
}
