package io.ipamer.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Connect's unary calls in JSON over HTTP/1.1. Holds every refusal to the HTTP status that Connect gives its code. */
final class ConnectJson extends UnaryChannel {
    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final int port;

    ConnectJson(int port) {
        this.port = port;
    }

    @Override
    public String authority() {
        return "127.0.0.1:" + port;
    }

    @Override
    <Q, A> A exchange(MethodDescriptor<Q, A> method, Optional<Deadline> deadline, Q request)
            throws StatusException, IOException {
        HttpRequest.Builder post = HttpRequest.newBuilder(
                        URI.create("http://" + authority() + "/" + method.getFullMethodName()))
                .header("Content-Type", "application/json")
                .header("Connect-Protocol-Version", "1")
                .POST(BodyPublishers.ofString(PRINTER.print((MessageOrBuilder) request)));
        if (deadline.isPresent()) {
            long millis = Math.max(1, deadline.get().timeRemaining(TimeUnit.MILLISECONDS));
            post.timeout(Duration.ofMillis(millis)).header("Connect-Timeout-Ms", "" + millis);
        }
        HttpResponse<String> response = response(post.build());
        assertThat(response.headers().firstValue("content-type"))
                .as("%s", response)
                .contains("application/json");
        if (response.statusCode() != 200) {
            throw refusal(response);
        }
        Message.Builder answer = ((Message)
                        ((PrototypeMarshaller<A>) method.getResponseMarshaller()).getMessagePrototype())
                .newBuilderForType();
        try {
            JsonFormat.parser().merge(response.body(), answer);
        } catch (InvalidProtocolBufferException wrong) {
            throw new AssertionError(response.body(), wrong);
        }
        @SuppressWarnings("unchecked") // it is a builder of the method's answers
        A whole = (A) answer.build();
        return whole;
    }

    private HttpResponse<String> response(HttpRequest request) throws IOException {
        try {
            return client.send(request, BodyHandlers.ofString());
        } catch (HttpTimeoutException late) {
            throw (InterruptedIOException) new InterruptedIOException("the deadline has passed").initCause(late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }

    private static StatusException refusal(HttpResponse<String> response) {
        JsonObject error = JsonParser.parseString(response.body()).getAsJsonObject();
        Code code = Codes.ofConnect(error.get("code").getAsString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(Codes.connectStatus(code));
        return code.toStatus()
                .withDescription(error.has("message") ? error.get("message").getAsString() : "")
                .asException();
    }

    @Override
    public void close() {
        // Its connections end with it.
    }
}
