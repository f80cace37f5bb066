package io.ipamer.api.v1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import com.google.protobuf.TextFormat.ParseException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.v1.IpamerServiceProto;
import java.util.List;
import java.util.Map;

/** {@code ipamer.v1} over a connection, with requests in protobuf's text form, so that tests are tables. */
final class Wire implements AutoCloseable {
    private final IpamerServer server = IpamerServer.inMemory();
    private final ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
            .usePlaintext()
            .build();

    /** A refusal with its details taken apart. */
    record Refusal(Code code, String message, ErrorInfo info, List<BadRequest> badRequests, List<RetryInfo> retries) {
        Map<String, String> facts() {
            return info.getMetadataMap();
        }
    }

    static List<MethodDescriptor> methods() {
        return IpamerServiceProto.getDescriptor()
                .findServiceByName("IpamerService")
                .getMethods();
    }

    static MethodDescriptor method(String name) {
        return methods().stream()
                .filter(method -> method.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Later texts count before earlier ones; to a list they add. */
    static Message request(String method, String... texts) {
        DynamicMessage.Builder request =
                DynamicMessage.newBuilder(method(method).getInputType());
        try {
            for (String text : texts) {
                TextFormat.getParser().merge(text, request);
            }
        } catch (ParseException malformed) {
            throw new AssertionError(malformed);
        }
        return request.build();
    }

    Message call(String method, String... texts) {
        return call(method, request(method, texts));
    }

    private Message call(String method, Message request) {
        MethodDescriptor descriptor = method(method);
        return ClientCalls.blockingUnaryCall(
                channel,
                io.grpc.MethodDescriptor.<Message, Message>newBuilder()
                        .setType(MethodType.UNARY)
                        .setFullMethodName(io.grpc.MethodDescriptor.generateFullMethodName(
                                descriptor.getService().getFullName(), method))
                        .setRequestMarshaller(
                                ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(descriptor.getInputType())))
                        .setResponseMarshaller(
                                ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(descriptor.getOutputType())))
                        .build(),
                CallOptions.DEFAULT,
                request);
    }

    /** A text of the answer: {@code text(answer, "prefix", "id")}. */
    static String text(Message answer, String message, String field) {
        Message inner = (Message) answer.getField(answer.getDescriptorForType().findFieldByName(message));
        return text(inner, field);
    }

    static String text(Message answer, String field) {
        return (String) answer.getField(answer.getDescriptorForType().findFieldByName(field));
    }

    Refusal refusal(String method, String... texts) {
        return refusal(method, request(method, texts));
    }

    Refusal refusal(String method, Message request) {
        StatusRuntimeException refusal =
                catchThrowableOfType(StatusRuntimeException.class, () -> call(method, request));
        assertThat(refusal).as("%s %s", method, request).isNotNull();
        return refusal(refusal);
    }

    static Refusal refusal(Exception refusal) {
        com.google.rpc.Status status = StatusProto.fromThrowable(refusal);
        assertThat(details(status, ErrorInfo.class)).hasSize(1);
        return new Refusal(
                io.grpc.Status.fromCodeValue(status.getCode()).getCode(),
                status.getMessage(),
                details(status, ErrorInfo.class).get(0),
                details(status, BadRequest.class),
                details(status, RetryInfo.class));
    }

    private static <T extends Message> List<T> details(com.google.rpc.Status status, Class<T> type) {
        return status.getDetailsList().stream()
                .filter(detail -> detail.is(type))
                .map(detail -> unpack(detail, type))
                .toList();
    }

    private static <T extends Message> T unpack(Any detail, Class<T> type) {
        try {
            return detail.unpack(type);
        } catch (InvalidProtocolBufferException malformed) {
            throw new AssertionError(malformed);
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.close();
    }
}
