package io.ipamer.api.http;

import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.HttpObject;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.RequestTimeoutException;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * gRPC over HTTP/1.1 and HTTP/2, and gRPC-Web in binary: messages are handed on as they are, both ways, no faster than
 * the other side takes them.
 */
final class GrpcCalls {
    private static final String ENCODINGS = "identity,gzip";
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
        Answer answer = type == MethodType.UNARY ? new WholeAnswer(form, web) : new StreamedAnswer(form, web, call);
        Conversation conversation = new Conversation(context, method, call, answer);
        call.start(conversation, new Metadata());
        call.request(type == MethodType.UNARY ? 2 : 1);
        request.decode(new GrpcFrames(encoding.equals("gzip"))).subscribe(conversation, context.eventLoop());
        HttpResponse response = answer.response();
        cancelWith(context, response, conversation);
        return response;
    }

    private HttpResponse refusal(String form, @Nullable MethodDescriptor<?, ?> method, Status status) {
        services.refused(method, status.getCode());
        return refusal(form, status);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for a cancellation
    private static void cancelWith(ServiceRequestContext context, HttpResponse response, Conversation conversation) {
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

    static HttpResponse refusal(String form, Status status) {
        return HttpResponse.of(refused(form, status, new Metadata()));
    }

    /** An answer without a message: the status is in its headers. */
    private static ResponseHeaders refused(String form, Status status, Metadata trailers) {
        ResponseHeadersBuilder headers = headers(form).toBuilder();
        trailers(headers, status, trailers);
        return headers.endOfStream(true).build();
    }

    private static ResponseHeaders headers(String form) {
        return ResponseHeaders.builder(HttpStatus.OK)
                .set(HttpHeaderNames.CONTENT_TYPE, form)
                .set("grpc-accept-encoding", ENCODINGS)
                .build();
    }

    private static void trailers(HttpHeadersBuilder target, Status status, Metadata trailers) {
        target.add("grpc-status", Integer.toString(status.getCode().value()));
        if (status.getDescription() != null) {
            target.add("grpc-message", GrpcText.escaped(status.getDescription()));
        }
        GrpcText.copy(trailers, target);
    }

    /** A whole call: what comes of the request goes to the service, what comes of the service goes to the answer. */
    private static final class Conversation extends ClientCall.Listener<byte[]> implements Subscriber<byte[]> {
        private final ServiceRequestContext context;
        private final MethodDescriptor<byte[], byte[]> method;
        private final ClientCall<byte[], byte[]> call;
        private final Answer answer;
        private boolean begun;
        private volatile boolean cancelled;
        private @Nullable Subscription request;
        private boolean waiting;

        Conversation(
                ServiceRequestContext context,
                MethodDescriptor<byte[], byte[]> method,
                ClientCall<byte[], byte[]> call,
                Answer answer) {
            this.context = context;
            this.method = method;
            this.call = call;
            this.answer = answer;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            synchronized (this) {
                request = subscription;
            }
            subscription.request(1);
        }

        @Override
        public void onNext(byte[] message) {
            if (cancelled) {
                return;
            }
            if (begun && method.getType().clientSendsOneMessage()) {
                onError(notOne("a second came"));
                return;
            }
            begun = true;
            call.sendMessage(message);
            next(true);
        }

        @Override
        public void onReady() {
            next(false);
        }

        /** One message at a time, and only when the service is ready for it. */
        private void next(boolean came) {
            Subscription more;
            synchronized (this) {
                waiting |= came;
                if (!waiting || request == null || !call.isReady()) {
                    return;
                }
                waiting = false;
                more = request;
            }
            more.request(1);
        }

        @Override
        public void onComplete() {
            context.clearRequestTimeout(); // which was for the request to come; for the answer there is the deadline
            if (cancelled) {
                return;
            }
            if (!begun && method.getType().clientSendsOneMessage()) {
                onError(notOne("none came"));
                return;
            }
            call.halfClose();
        }

        private StatusRuntimeException notOne(String came) {
            return Status.UNIMPLEMENTED
                    .withDescription(method.getFullMethodName() + " takes one message; " + came)
                    .asRuntimeException();
        }

        @Override
        public void onError(Throwable failure) {
            StatusRuntimeException refusal = failure instanceof StatusRuntimeException refused
                    ? refused
                    : failure instanceof ContentTooLargeException
                            ? Gzip.tooLarge()
                            : Status.CANCELLED
                                    .withDescription("the caller left")
                                    .asRuntimeException();
            answer.end(refusal.getStatus(), new Metadata());
            cancel("the request cannot be read", failure);
        }

        void cancel(String why, Throwable cause) {
            cancelled = true; // after which gRPC takes nothing more of the request
            call.cancel(why, cause);
        }

        @Override
        public void onMessage(byte[] message) {
            answer.message(message);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            answer.end(status, trailers);
        }
    }

    /** What the caller gets. Only the first end counts. */
    private interface Answer {
        HttpResponse response();

        void message(byte[] message);

        void end(Status status, Metadata trailers);
    }

    /** One message and the status, in one piece. */
    private static final class WholeAnswer implements Answer {
        private final String form;
        private final boolean web;
        private final CompletableFuture<HttpResponse> response = new CompletableFuture<>();
        private byte @Nullable [] message;

        WholeAnswer(String form, boolean web) {
            this.form = form;
            this.web = web;
        }

        @Override
        public HttpResponse response() {
            return HttpResponse.of(response);
        }

        @Override
        public void message(byte[] given) {
            message = given;
        }

        @Override
        public void end(Status status, Metadata trailers) {
            byte[] body = message;
            if (!status.isOk() || body == null) {
                response.complete(HttpResponse.of(refused(form, status, trailers)));
                return;
            }
            HttpHeadersBuilder end = HttpHeaders.builder();
            trailers(end, status, trailers);
            HttpData data = GrpcFrames.frame(0, body);
            response.complete(
                    web
                            ? HttpResponse.of(headers(form), data, GrpcText.frame(end.build()))
                            : HttpResponse.of(headers(form), data, end.build()));
        }
    }

    /** Messages as they come. */
    private static final class StreamedAnswer implements Answer {
        private final String form;
        private final boolean web;
        private final ClientCall<?, ?> call;
        private final HttpResponseWriter response = HttpResponse.streaming();
        private boolean begun;

        StreamedAnswer(String form, boolean web, ClientCall<?, ?> call) {
            this.form = form;
            this.web = web;
            this.call = call;
        }

        @Override
        public HttpResponse response() {
            return response;
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // a failure to write ends the call by itself
        public synchronized void message(byte[] message) {
            if (!begun) {
                begun = true;
                write(headers(form));
            }
            write(GrpcFrames.frame(0, message));
            response.whenConsumed().thenRun(() -> call.request(1));
        }

        @Override
        public synchronized void end(Status status, Metadata trailers) {
            if (!begun) {
                write(refused(form, status, trailers));
            } else {
                HttpHeadersBuilder end = HttpHeaders.builder();
                trailers(end, status, trailers);
                write(web ? GrpcText.frame(end.build()) : end.build());
            }
            response.close();
        }

        private void write(HttpObject part) {
            if (!response.tryWrite(part)) {
                call.cancel("the caller left", null);
            }
        }
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

    private static final class KnownBytes extends ByteArrayInputStream implements io.grpc.KnownLength {
        KnownBytes(byte[] bytes) {
            super(bytes);
        }
    }
}
