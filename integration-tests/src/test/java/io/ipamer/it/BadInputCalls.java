package io.ipamer.it;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.DynamicMessage;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.ipamer.proto.goipam.Ipam;
import io.ipamer.proto.v1.IpamerServiceProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The calls of both contracts as their descriptors have them: a new rpc, and a new field, is covered when it enters. */
final class BadInputCalls {
    private static final int IN_FLIGHT = 256;
    private static final int PATIENCE_SECONDS = 30;

    /**
     * What a field holds when it is not its turn: things that are there and things that are not, so that calls get far
     * before they meet the bad one. The prefixes are those of {@link BadInputFieldsIT}. Other fields stay empty.
     */
    private static final Map<String, List<String>> USUAL = Map.ofEntries(
            Map.entry("cidr", List.of("10.0.0.0/16", "10.0.0.0/24", "2001:db8::/64", "192.0.2.0/24")),
            Map.entry("cidrs", List.of("10.0.0.0/24", "2001:db8::/32")),
            Map.entry("parent_cidr", List.of("10.0.0.0/16", "10.0.0.0/24", "192.0.2.0/24")),
            Map.entry("prefix_cidr", List.of("10.0.0.0/24", "2001:db8::/64", "10.0.0.0/16", "192.0.2.0/24")),
            Map.entry("child_cidr", List.of("", "10.0.1.0/24", "10.0.0.0/24")),
            Map.entry("address", List.of("", "10.0.0.1", "10.0.0.77", "2001:db8::1")),
            Map.entry("ip", List.of("", "10.0.0.1", "10.0.0.77", "2001:db8::1")),
            Map.entry("from_address", List.of("", "10.0.0.1")),
            Map.entry("to_address", List.of("", "10.0.0.77")),
            Map.entry("owner", List.of("", "team-a")),
            Map.entry("key", List.of("tier", "example.org/tier")),
            Map.entry("value", List.of("", "gold")),
            Map.entry("description", List.of("", "what it is for")),
            Map.entry("paths", List.of("owner", "labels", "labels.tier", "description", "*")),
            Map.entry("namespace", List.of("", "", "tenant")),
            Map.entry("name", List.of("", "tenant")),
            Map.entry("dump", List.of("[]", "[{\"Cidr\":\"198.51.100.0/24\"}]")));

    /** Of many messages: TransferCallsTest of the server tries their fields. */
    static final Set<String> STREAMED = Set.of("Export", "Import");

    record Rpc(MethodDescriptor method, io.grpc.MethodDescriptor<DynamicMessage, DynamicMessage> wire) {
        String name() {
            return method.getFullName();
        }

        List<List<FieldDescriptor>> stringFields() {
            return paths(method.getInputType(), List.of());
        }

        DynamicMessage request(List<FieldDescriptor> path, String text, Random random) {
            return BadInputCalls.request(method.getInputType(), path, text, random);
        }
    }

    /** One call that may be sent again: the seed makes the same request of it. */
    record Attempt(Rpc rpc, List<FieldDescriptor> path, String text, long seed) {
        DynamicMessage request() {
            return rpc.request(path, text, new Random(seed));
        }

        @Override
        public String toString() {
            String field = path.stream().map(FieldDescriptor::getName).collect(Collectors.joining("."));
            return rpc.name() + " with " + field + " of " + text.length() + " characters: " + request();
        }
    }

    private BadInputCalls() {}

    static List<Rpc> all() {
        return Stream.of(
                        Ipam.getDescriptor().findServiceByName("IpamService"),
                        IpamerServiceProto.getDescriptor().findServiceByName("IpamerService"))
                .map(ServiceDescriptor::getMethods)
                .flatMap(List::stream)
                .filter(method -> !STREAMED.contains(method.getName()))
                .map(method -> new Rpc(method, wire(method)))
                .toList();
    }

    private static io.grpc.MethodDescriptor<DynamicMessage, DynamicMessage> wire(MethodDescriptor method) {
        return io.grpc.MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
                .setType(MethodType.UNARY)
                .setFullMethodName(io.grpc.MethodDescriptor.generateFullMethodName(
                        method.getService().getFullName(), method.getName()))
                .setRequestMarshaller(ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(method.getInputType())))
                .setResponseMarshaller(ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(method.getOutputType())))
                .build();
    }

    /** The ways from a message to its strings, through messages inside of it. */
    private static List<List<FieldDescriptor>> paths(Descriptor type, List<FieldDescriptor> before) {
        List<List<FieldDescriptor>> paths = new ArrayList<>();
        for (FieldDescriptor field : type.getFields()) {
            List<FieldDescriptor> path =
                    Stream.concat(before.stream(), Stream.of(field)).toList();
            if (field.getJavaType() == FieldDescriptor.JavaType.STRING) {
                paths.add(path);
            } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && !before.contains(field)) {
                paths.addAll(paths(field.getMessageType(), path));
            }
        }
        return paths;
    }

    /** A request that is as usual but for the text at the end of {@code path}; wholly usual for an empty path. */
    private static DynamicMessage request(Descriptor type, List<FieldDescriptor> path, String text, Random random) {
        DynamicMessage.Builder request = DynamicMessage.newBuilder(type);
        FieldDescriptor bad = path.isEmpty() ? null : path.get(0);
        for (FieldDescriptor field : type.getFields()) {
            if (field != bad && !chosen(field, bad, random)) {
                continue;
            }
            Object value;
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                List<FieldDescriptor> rest = field == bad ? path.subList(1, path.size()) : List.of();
                value = request(field.getMessageType(), rest, text, random);
            } else {
                value = field == bad ? text : usual(field, random);
            }
            if (field.isRepeated()) {
                request.addRepeatedField(field, value);
            } else {
                request.setField(field, value);
            }
        }
        return request.build();
    }

    /** Of the fields of a oneof only one is set: the bad one, or any. */
    private static boolean chosen(FieldDescriptor field, FieldDescriptor bad, Random random) {
        OneofDescriptor oneof = field.getRealContainingOneof();
        if (oneof == null) {
            return true;
        }
        if (bad != null && bad.getRealContainingOneof() == oneof) {
            return false;
        }
        return field == oneof.getField(random.nextInt(oneof.getFieldCount()));
    }

    private static Object usual(FieldDescriptor field, Random random) {
        return switch (field.getJavaType()) {
            case STRING -> {
                List<String> texts = USUAL.getOrDefault(field.getName(), List.of(""));
                yield texts.get(random.nextInt(texts.size()));
            }
            case INT -> field.getName().equals("length") ? 24 + random.nextInt(60) : 1 + random.nextInt(3);
            case LONG -> 1L + random.nextInt(3);
            // A forced delete would take away what the other calls are about.
            case BOOLEAN -> !field.getName().equals("force") && random.nextBoolean();
            case ENUM -> {
                List<EnumValueDescriptor> values = field.getEnumType().getValues();
                yield values.get(random.nextInt(values.size()));
            }
            case FLOAT, DOUBLE, BYTE_STRING, MESSAGE -> field.getDefaultValue();
        };
    }

    /** Sends all, many at a time; {@code outcome} is told of each, one at a time in no order: null when it succeeded. */
    static void send(Channel channel, List<Attempt> attempts, BiConsumer<Attempt, StatusRuntimeException> outcome)
            throws InterruptedException {
        Semaphore free = new Semaphore(IN_FLIGHT);
        for (Attempt attempt : attempts) {
            free.acquire();
            ListenableFuture<DynamicMessage> answer = ClientCalls.futureUnaryCall(
                    channel.newCall(
                            attempt.rpc().wire(),
                            CallOptions.DEFAULT.withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)),
                    attempt.request());
            answer.addListener(
                    () -> {
                        try {
                            StatusRuntimeException failure = failure(answer);
                            synchronized (outcome) {
                                outcome.accept(attempt, failure);
                            }
                        } finally {
                            free.release();
                        }
                    },
                    Runnable::run);
        }
        free.acquire(IN_FLIGHT);
    }

    private static StatusRuntimeException failure(ListenableFuture<DynamicMessage> answered) {
        try {
            answered.get();
            return null;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return Status.CANCELLED.asRuntimeException();
        } catch (ExecutionException failure) {
            return (StatusRuntimeException) failure.getCause();
        }
    }
}
