package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
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
import io.ipamer.proto.goipam.CreatePrefixRequest;
import io.ipamer.proto.goipam.DumpRequest;
import io.ipamer.proto.goipam.Ipam;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceProto;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever comes in, the answer is the caller's fault, and nothing changes. */
class BadInputIT {
    private static final Set<Code> NEVER = EnumSet.of(Code.INTERNAL, Code.UNKNOWN, Code.UNAVAILABLE, Code.DATA_LOSS);
    private static final String ALPHABET = "0123456789abcdef:./%+- \0\u0001\t\n\u007f\u0085éλ\u202e\"'\\;--{}";

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

    /** Every rpc of both contracts in turn, rubbish in every string field. */
    @ParameterizedTest(name = "10,000 strings of seed {0}")
    @ValueSource(ints = 20261124)
    void noStringInAnyFieldIsTheServersFault(int seed) {
        Random random = new Random(seed);
        IpamServiceGrpc.IpamServiceBlockingStub goipam = IpamServiceGrpc.newBlockingStub(channel);
        goipam.createPrefix(
                CreatePrefixRequest.newBuilder().setCidr("10.0.0.0/24").build());
        String before = dump(goipam);
        List<MethodDescriptor> methods = methods();
        Map<Code, Integer> codes = new EnumMap<>(Code.class);
        for (int i = 0; i < 10_000; i++) {
            MethodDescriptor method = methods.get(i % methods.size());
            Message request = request(method.getInputType(), random);
            Code code = call(method, request);
            assertThat(code).as("%s %s", method.getFullName(), request).isNotIn(NEVER);
            codes.merge(code, 1, Integer::sum);
        }
        assertThat(dump(goipam)).as("what refused calls leave behind").isEqualTo(before);
        assertThat(codes.get(Code.INVALID_ARGUMENT)).isGreaterThan(3_000);
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
                .toList();
    }

    private static String dump(IpamServiceGrpc.IpamServiceBlockingStub goipam) {
        return goipam.dump(DumpRequest.getDefaultInstance()).getDump().replaceAll("\"Version\":\\d+", "");
    }

    /** Every string field holds rubbish, so that no call can do anything. */
    private static Message request(Descriptor type, Random random) {
        DynamicMessage.Builder request = DynamicMessage.newBuilder(type);
        for (FieldDescriptor field : type.getFields()) {
            if (field.getJavaType() == FieldDescriptor.JavaType.STRING && !field.isRepeated()) {
                request.setField(field, string(random));
            } else if (field.getJavaType() == FieldDescriptor.JavaType.STRING) {
                request.addRepeatedField(field, string(random));
            } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && field.isRepeated()) {
                request.addRepeatedField(field, request(field.getMessageType(), random));
            } else if (field.getJavaType() == FieldDescriptor.JavaType.INT) {
                request.setField(field, random.nextInt());
            }
        }
        return request.build();
    }

    private static String string(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> "n".repeat(3_000);
            case 1 ->
                random.nextInt(300) + "." + random.nextInt(300) + ".0." + random.nextInt(9) + "/"
                        + (33 + random.nextInt(200));
            case 2 -> "2001:db8::" + Integer.toHexString(random.nextInt()) + "/" + (129 + random.nextInt(900));
            case 3 -> "\0" + random.nextInt();
            default -> {
                StringBuilder text = new StringBuilder("\u0001");
                for (int i = random.nextInt(40); i > 0; i--) {
                    text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
                }
                yield text.toString();
            }
        };
    }

    private Code call(MethodDescriptor method, Message request) {
        return callRaw(method, request.toByteArray());
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
