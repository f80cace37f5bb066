package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.DynamicMessage;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.goipam.Ipam;
import io.ipamer.proto.v1.IpamerServiceProto;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bytes that are no message, and text that is not UTF-8, are the caller's fault. */
class MalformedRequestIT {
    private IpamerServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() {
        server = IpamerServer.inMemory();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    @Test
    void aRequestThatIsNoMessageIsTheCallersFault() {
        byte[] truncated = {10, 100, 1};
        byte[] notUtf8 = {10, 2, (byte) 0xC3, 0x28};
        for (MethodDescriptor method : methods()) {
            if (!method.getInputType().getFields().isEmpty()) {
                assertThat(callRaw(method, truncated)).as(method.getFullName()).isEqualTo(Code.INVALID_ARGUMENT);
            }
        }
        assertThat(callRaw(method("ipamer.v1.IpamerService", "GetNamespace"), notUtf8))
                .isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(callRaw(method("api.v1.IpamService", "GetPrefix"), notUtf8)).isEqualTo(Code.INVALID_ARGUMENT);
    }

    private static MethodDescriptor method(String service, String name) {
        return methods().stream()
                .filter(method -> method.getService().getFullName().equals(service)
                        && method.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<MethodDescriptor> methods() {
        return List.<FileDescriptor>of(IpamerServiceProto.getDescriptor(), Ipam.getDescriptor()).stream()
                .map(FileDescriptor::getServices)
                .flatMap(List::stream)
                .map(ServiceDescriptor::getMethods)
                .flatMap(List::stream)
                .filter(method -> !BadInputCalls.STREAMED.contains(method.getName()))
                .toList();
    }

    private Code callRaw(MethodDescriptor method, byte[] request) {
        Marshaller<byte[]> bytes = new Marshaller<>() {
            @Override
            public InputStream stream(byte[] value) {
                return new ByteArrayInputStream(value);
            }

            @Override
            public byte[] parse(InputStream stream) {
                throw new UnsupportedOperationException("requests are only sent");
            }
        };
        io.grpc.MethodDescriptor<byte[], DynamicMessage> call =
                io.grpc.MethodDescriptor.<byte[], DynamicMessage>newBuilder()
                        .setType(MethodType.UNARY)
                        .setFullMethodName(io.grpc.MethodDescriptor.generateFullMethodName(
                                method.getService().getFullName(), method.getName()))
                        .setRequestMarshaller(bytes)
                        .setResponseMarshaller(
                                ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(method.getOutputType())))
                        .build();
        try {
            ClientCalls.blockingUnaryCall(channel, call, CallOptions.DEFAULT, request);
            return Code.OK;
        } catch (StatusRuntimeException failure) {
            return failure.getStatus().getCode();
        }
    }
}
