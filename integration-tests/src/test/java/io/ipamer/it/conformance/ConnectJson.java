package io.ipamer.it.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Connect's unary calls in JSON over HTTP/1.1. Holds every refusal to the HTTP status that Connect gives its code. */
final class ConnectJson extends UnaryChannel {
    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();

    private final Http1Connections connections;

    ConnectJson(int port) {
        connections = new Http1Connections(port);
    }

    @Override
    public String authority() {
        return connections.toString();
    }

    @Override
    <Q, A> A exchange(MethodDescriptor<Q, A> method, Optional<Deadline> deadline, Q request)
            throws StatusException, IOException {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", "application/json");
        headers.put("Connect-Protocol-Version", "1");
        deadline.ifPresent(until ->
                headers.put("Connect-Timeout-Ms", "" + Math.max(1, until.timeRemaining(TimeUnit.MILLISECONDS))));
        Http1Connection.Response response = connections.post(
                "/" + method.getFullMethodName(),
                headers,
                PRINTER.print((MessageOrBuilder) request).getBytes(UTF_8),
                deadline);
        String json = response.body().toStringUtf8();
        assertThat(response.headers()).as(response.statusLine()).containsEntry("content-type", "application/json");
        if (response.status() != 200) {
            throw refusal(response.status(), json);
        }
        Message.Builder answer = ((Message)
                        ((PrototypeMarshaller<A>) method.getResponseMarshaller()).getMessagePrototype())
                .newBuilderForType();
        try {
            JsonFormat.parser().merge(json, answer);
        } catch (InvalidProtocolBufferException wrong) {
            throw new AssertionError(json, wrong);
        }
        @SuppressWarnings("unchecked") // it is a builder of the method's answers
        A whole = (A) answer.build();
        return whole;
    }

    private static StatusException refusal(int status, String json) {
        JsonObject error = JsonParser.parseString(json).getAsJsonObject();
        Code code = Codes.ofConnect(error.get("code").getAsString());
        assertThat(status).as(json).isEqualTo(Codes.connectStatus(code));
        return code.toStatus()
                .withDescription(error.has("message") ? error.get("message").getAsString() : "")
                .asException();
    }

    @Override
    public void close() {
        connections.close();
    }
}
