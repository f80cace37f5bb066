package io.ipamer.it.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;

/**
 * gRPC over HTTP/1.1 with trailers, which go-ipam's clients speak to an {@code http://} address. Sends what they send, and
 * refuses what they would refuse.
 */
final class GrpcOverHttp1 extends UnaryChannel {
    private final Http1Connections connections;

    GrpcOverHttp1(int port) {
        connections = new Http1Connections(port);
    }

    @Override
    public String authority() {
        return connections.toString();
    }

    @Override
    <Q, A> A exchange(MethodDescriptor<Q, A> method, Optional<Deadline> deadline, Q request)
            throws StatusException, IOException {
        Map<String, String> headers = headers();
        deadline.ifPresent(until ->
                headers.put("Grpc-Timeout", Math.max(1, until.timeRemaining(TimeUnit.MILLISECONDS)) + "m"));
        byte[] body;
        try (InputStream message = method.streamRequest(request)) {
            body = frame(0, message.readAllBytes());
        }
        return method.parseResponse(
                message(connections.post("/" + method.getFullMethodName(), headers, body, deadline)));
    }

    /** What go-ipam's clients send with every call. */
    static Map<String, String> headers() {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Accept-Encoding", "identity");
        headers.put("Content-Type", "application/grpc");
        headers.put("Grpc-Accept-Encoding", "gzip");
        headers.put("Te", "trailers");
        return headers;
    }

    /** One message as the body of a call. {@code flag}: 1 when it is compressed. */
    static byte[] frame(int flag, byte[] message) {
        return ByteBuffer.allocate(5 + message.length)
                .put((byte) flag)
                .putInt(message.length)
                .put(message)
                .array();
    }

    /** The one message of a call that went well. */
    static InputStream message(Http1Connection.Response response) throws StatusException, IOException {
        String type = response.headers().get("content-type");
        if (response.status() != 200 || !isGrpc(type)) {
            throw Codes.ofHttp(response.status())
                    .toStatus()
                    .withDescription(response.statusLine() + ", " + type)
                    .asException();
        }
        // A refusal may come as headers alone, as in HTTP/2; a success must end with trailers.
        boolean trailersOnly = response.body().isEmpty() && response.trailers().isEmpty();
        Status status = status(trailersOnly ? response.headers() : response.trailers());
        if (!status.isOk()) {
            throw status.asException();
        }
        if (trailersOnly) {
            throw Status.INTERNAL.withDescription("a success without trailers").asException();
        }
        ByteBuffer body = response.body().asReadOnlyByteBuffer();
        if (body.remaining() < 5) {
            throw Status.INTERNAL.withDescription("no message").asException();
        }
        byte flag = body.get();
        if (body.getInt() != body.remaining()) {
            throw Status.INTERNAL.withDescription("not one message").asException();
        }
        InputStream message = response.body().substring(body.position()).newInput();
        if (flag == 0) {
            return message;
        }
        assertThat(response.headers().get("grpc-encoding")).isEqualTo("gzip");
        return new GZIPInputStream(message);
    }

    /** As connect-go has it: the two that mean Protocol Buffers, and nothing after them. */
    static boolean isGrpc(String contentType) {
        return "application/grpc".equals(contentType) || "application/grpc+proto".equals(contentType);
    }

    private static Status status(Map<String, String> fields) {
        String code = fields.get("grpc-status");
        if (code == null) {
            return Status.INTERNAL.withDescription("no grpc-status in " + fields);
        }
        return Status.fromCodeValue(Integer.parseInt(code))
                .withDescription(decoded(fields.getOrDefault("grpc-message", "")));
    }

    /** A {@code grpc-message} as it was before it was percent-encoded. */
    static String decoded(String message) {
        return URLDecoder.decode(message.replace("+", "%2B"), UTF_8);
    }

    @Override
    public void close() {
        connections.close();
    }
}
