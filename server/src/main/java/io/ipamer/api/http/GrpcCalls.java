package io.ipamer.api.http;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.RequestTimeoutException;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * gRPC over HTTP/1.1 and HTTP/2, and gRPC-Web in binary: messages are handed on as they are, both ways, no faster than
 * the other side takes them.
 */
final class GrpcCalls {
    private static final Pattern TIMEOUT = Pattern.compile("([0-9]{1,8})([HMSmun])");
    private static final Map<String, TimeUnit> UNITS = Map.of(
            "H", TimeUnit.HOURS,
            "M", TimeUnit.MINUTES,
            "S", TimeUnit.SECONDS,
            "m", TimeUnit.MILLISECONDS,
            "u", TimeUnit.MICROSECONDS,
            "n", TimeUnit.NANOSECONDS);
    private static final MethodDescriptor.Marshaller<byte[]> BYTES = new Bytes();

    private final LocalServices services;

    GrpcCalls(LocalServices services) {
        this.services = services;
    }

    /** Whether a request is gRPC's, though maybe in a form that is not taken. */
    static boolean speaks(@Nullable MediaType type) {
        return type != null
                && type.type().equals("application")
                && type.subtype().startsWith("grpc");
    }

    /** The content type of the answer; null when that of the request is not taken. */
    static @Nullable String form(@Nullable MediaType type) {
        String form = type == null ? "" : (type.type() + "/" + type.subtype()).toLowerCase(Locale.ROOT);
        return switch (form) {
            case "application/grpc", "application/grpc+proto", "application/grpc-web", "application/grpc-web+proto" ->
                form;
            default -> null;
        };
    }

    /**
     * Calls.
     *
     * @param name of a method, though maybe of none that there is
     * @return null when the request's content type is not taken
     */
    @Nullable
    HttpResponse call(ServiceRequestContext context, HttpRequest request, String name) {
        String form = form(request.contentType());
        if (form == null) {
            return null;
        }
        boolean web = form.startsWith("application/grpc-web");
        MethodDescriptor<?, ?> known = services.method(name);
        String encoding = request.headers().get("grpc-encoding", "identity");
        if (!encoding.equals("identity") && !encoding.equals("gzip")) {
            return refusal(
                    form,
                    known,
                    Status.UNIMPLEMENTED.withDescription(
                            "grpc-encoding is \"" + encoding + "\"; there are gzip and identity"));
        }
        CallOptions options = CallOptions.DEFAULT;
        String timeout = request.headers().get("grpc-timeout");
        if (timeout != null) {
            Matcher parts = TIMEOUT.matcher(timeout);
            TimeUnit unit = parts.matches() ? UNITS.get(parts.group(2)) : null;
            if (unit == null) {
                return refusal(
                        form,
                        known,
                        Status.INVALID_ARGUMENT.withDescription("grpc-timeout is \"" + timeout
                                + "\"; it must be a number of at most 8 digits and H, M, S, m, u or n"));
            }
            options = options.withDeadlineAfter(Long.parseLong(parts.group(1)), unit);
        }
        MethodType type = known == null ? MethodType.UNARY : known.getType();
        MethodDescriptor<byte[], byte[]> method = MethodDescriptor.newBuilder(BYTES, BYTES)
                .setType(type)
                .setFullMethodName(name)
                .build();
        if (!type.clientSendsOneMessage()) {
            context.setMaxRequestLength(0); // each message has its limit
            context.clearRequestTimeout();
        }
        ClientCall<byte[], byte[]> call = services.call(method, options);
        GrpcAnswer answer =
                type == MethodType.UNARY ? new GrpcAnswer.Whole(form, web) : new GrpcAnswer.Streamed(form, web, call);
        GrpcConversation conversation = new GrpcConversation(context, method, call, answer);
        call.start(conversation, new Metadata());
        call.request(type == MethodType.UNARY ? 2 : 1);
        request.decode(new GrpcFrames(encoding.equals("gzip"))).subscribe(conversation, context.eventLoop());
        HttpResponse response = answer.response();
        cancelWith(context, response, conversation);
        return response;
    }

    private HttpResponse refusal(String form, @Nullable MethodDescriptor<?, ?> method, Status status) {
        services.refused(method, status.getCode());
        return GrpcAnswer.refusal(form, status);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for a cancellation
    private static void cancelWith(
            ServiceRequestContext context, HttpResponse response, GrpcConversation conversation) {
        context.whenRequestCancelling().thenAccept(cause -> {
            if (cause instanceof RequestTimeoutException) {
                conversation.onError(Failures.LATE.asRuntimeException());
            } else {
                conversation.cancel("the caller left", cause);
            }
        });
        response.whenComplete().whenComplete((done, failure) -> {
            if (failure != null) {
                conversation.cancel("the caller left", failure);
            }
        });
    }

    /** Messages stay as they are: the services read them, and write them. */
    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] message) {
            return new KnownBytes(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
        }
    }

    private static final class KnownBytes extends ByteArrayInputStream implements KnownLength {
        KnownBytes(byte[] bytes) {
            super(bytes);
        }
    }
}
