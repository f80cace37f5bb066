package io.ipamer.it;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.ipamer.it.InteropScenario.Step;
import io.ipamer.it.InteropScenario.Variables;
import io.ipamer.proto.v1.ExportRequest;
import io.ipamer.proto.v1.ImportRequest;
import io.ipamer.proto.v1.ImportResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Makes the scenario's calls through the stubs that are generated for Java. */
final class InteropInJava {
    private static final int MOST_SECONDS = 20;

    private static final Map<String, MethodDescriptor<?, ?>> METHODS =
            IpamerServiceGrpc.getServiceDescriptor().getMethods().stream()
                    .collect(Collectors.toMap(MethodDescriptor::getBareMethodName, Function.identity()));

    private final ManagedChannel channel;

    private InteropInJava(ManagedChannel channel) {
        this.channel = channel;
    }

    static List<JsonObject> transcript(int port, InteropScenario scenario)
            throws InvalidProtocolBufferException, ReflectiveOperationException {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
        try {
            InteropInJava caller = new InteropInJava(channel);
            Variables variables = scenario.variables();
            List<JsonObject> transcript = new ArrayList<>();
            for (Step step : scenario.steps()) {
                JsonObject seen = caller.call(step.rpc(), step.requests(variables));
                variables.save(step, seen);
                transcript.add(seen);
            }
            return transcript;
        } finally {
            channel.shutdownNow();
        }
    }

    private JsonObject call(String rpc, JsonArray json)
            throws InvalidProtocolBufferException, ReflectiveOperationException {
        List<Message> requests = new ArrayList<>();
        for (JsonElement request : json) {
            Message.Builder builder = prototype(rpc).newBuilderForType();
            JsonFormat.parser().merge(request.toString(), builder);
            giveId(builder);
            requests.add(builder.build());
        }
        IpamerServiceBlockingStub stub =
                IpamerServiceGrpc.newBlockingStub(channel).withDeadlineAfter(MOST_SECONDS, TimeUnit.SECONDS);
        JsonObject seen = new JsonObject();
        JsonArray answers = new JsonArray();
        try {
            switch (rpc) {
                case "Export" -> {
                    seen.add("answers", answers);
                    stub.export((ExportRequest) requests.get(0)).forEachRemaining(part -> answers.add(json(part)));
                }
                case "Import" -> {
                    seen.add("answers", answers);
                    importAll(requests, part -> answers.add(json(part)));
                }
                default -> seen.add("answer", json(unary(stub, rpc, requests.get(0))));
            }
        } catch (StatusRuntimeException refused) {
            seen.add("refusal", refusal(refused));
        }
        return seen;
    }

    /** As the clients for Go and Python do: it shows in revisions, which count refusals of calls that have one. */
    private static void giveId(Message.Builder request) {
        FieldDescriptor id = request.getDescriptorForType().findFieldByName("request_id");
        if (id != null && request.getField(id).equals("")) {
            request.setField(id, UUID.randomUUID().toString());
        }
    }

    private static Message prototype(String rpc) {
        return (Message) ((PrototypeMarshaller<?>) METHODS.get(rpc).getRequestMarshaller()).getMessagePrototype();
    }

    private static MessageOrBuilder unary(IpamerServiceBlockingStub stub, String rpc, Message request)
            throws ReflectiveOperationException {
        String name = Character.toLowerCase(rpc.charAt(0)) + rpc.substring(1);
        try {
            return (MessageOrBuilder)
                    stub.getClass().getMethod(name, request.getClass()).invoke(stub, request);
        } catch (InvocationTargetException thrown) {
            if (thrown.getCause() instanceof StatusRuntimeException refused) {
                throw refused;
            }
            throw thrown;
        }
    }

    private void importAll(List<Message> requests, Consumer<ImportResponse> answers) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        StreamObserver<ImportRequest> parts = IpamerServiceGrpc.newStub(channel).import_(new StreamObserver<>() {
            @Override
            public void onNext(ImportResponse answer) {
                answers.accept(answer);
            }

            @Override
            public void onError(Throwable refused) {
                ended.completeExceptionally(refused);
            }

            @Override
            public void onCompleted() {
                ended.complete(null);
            }
        });
        requests.forEach(part -> parts.onNext((ImportRequest) part));
        parts.onCompleted();
        try {
            ended.get(MOST_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw (StatusRuntimeException) failed.getCause();
        } catch (InterruptedException | TimeoutException neverEnded) {
            throw new AssertionError("the import does not end", neverEnded);
        }
    }

    private static JsonObject json(MessageOrBuilder message) {
        try {
            return JsonParser.parseString(JsonFormat.printer().print(message)).getAsJsonObject();
        } catch (InvalidProtocolBufferException impossible) {
            throw new AssertionError("no message of ours has an Any", impossible);
        }
    }

    private static JsonObject refusal(StatusRuntimeException refused) {
        ErrorInfo info = Caller.errorInfo(refused);
        JsonObject metadata = new JsonObject();
        new TreeMap<>(info.getMetadataMap()).forEach(metadata::addProperty);
        JsonObject refusal = new JsonObject();
        refusal.addProperty("code", refused.getStatus().getCode().name());
        refusal.addProperty("reason", info.getReason());
        refusal.add("metadata", metadata);
        return refusal;
    }
}
