package io.ipamer.api.http;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.ipamer.api.Limits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Connect's unary calls (connectrpc.com/docs/protocol, "Unary-Request") in JSON and Protobuf, each as a call of gRPC
 * within this process: codes, deadlines and cancellation are the same as through the other door.
 */
final class ConnectCalls {
    private static final String VERSION = "connect-protocol-version";
    private static final String TIMEOUT = "connect-timeout-ms";
    private static final Pattern MILLIS = Pattern.compile("[0-9]{1,10}");

    /** Below it packing costs more than it saves. */
    private static final int WORTH_PACKING_BYTES = 1_024;

    /** What is read on the threads that read and write; what takes longer would keep other calls waiting. */
    private static final int SMALL_BYTES = 64 << 10;

    private final LocalServices services;

    /** Reads what is large: one at a time, which bounds the memory that it takes. */
    private final Executor large =
            new ThreadPoolExecutor(0, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                Thread thread = new Thread(task, "ipamer-http-large");
                thread.setDaemon(true);
                return thread;
            });

    ConnectCalls(LocalServices services) {
        this.services = services;
    }

    /** Calls. The method is unary, and its messages are Protobuf's. */
    HttpResponse call(
            ServiceRequestContext context, HttpRequest request, ConnectForm form, MethodDescriptor<?, ?> method) {
        @SuppressWarnings("unchecked") // what Protobuf generates is nothing else
        MethodDescriptor<Message, Message> messages = (MethodDescriptor<Message, Message>) method;
        CallOptions options;
        try {
            options = options(request.headers());
        } catch (StatusRuntimeException refused) {
            return refusal(method, refused);
        }
        return HttpResponse.of(request.aggregate().handle((whole, failure) -> {
            if (failure != null) {
                return unread(method, failure);
            }
            context.clearRequestTimeout(); // which was for the request to come; for the answer there is the deadline
            boolean small = whole.content().length() <= SMALL_BYTES && !isPacked(whole.headers());
            return HttpResponse.of(
                    () -> answer(context, whole, form, messages, options), small ? Runnable::run : large);
        }));
    }

    private HttpResponse answer(
            ServiceRequestContext context,
            AggregatedHttpRequest request,
            ConnectForm form,
            MethodDescriptor<Message, Message> method,
            CallOptions options) {
        try {
            return answer(context, request, form, method, message(request, form, method), options);
        } catch (StatusRuntimeException refused) {
            return refusal(method, refused);
        } catch (OutOfMemoryError tooLarge) { // of what is read, which is let go of
            return refusal(
                    method,
                    refused(
                            Status.RESOURCE_EXHAUSTED,
                            "the request is larger than this server has memory for; gRPC takes less for the same"));
        }
    }

    private HttpResponse refusal(MethodDescriptor<?, ?> method, StatusRuntimeException refused) {
        services.refused(method, refused.getStatus().getCode());
        return ConnectErrors.of(refused);
    }

    private static CallOptions options(RequestHeaders headers) {
        String version = headers.get(VERSION, "1");
        if (!version.equals("1")) {
            throw refused(Status.INVALID_ARGUMENT, "Connect-Protocol-Version is \"" + version + "\"; there is 1");
        }
        String encoding = headers.get(HttpHeaderNames.CONTENT_ENCODING, "");
        if (!isPacked(headers) && !encoding.isEmpty() && !encoding.equalsIgnoreCase("identity")) {
            throw refused(
                    Status.UNIMPLEMENTED, "Content-Encoding is \"" + encoding + "\"; there are gzip and identity");
        }
        String timeout = headers.get(TIMEOUT);
        if (timeout == null) {
            return CallOptions.DEFAULT;
        }
        if (!MILLIS.matcher(timeout).matches()) {
            throw refused(
                    Status.INVALID_ARGUMENT,
                    "Connect-Timeout-Ms is \"" + timeout + "\"; it must be a number of at most 10 digits");
        }
        return CallOptions.DEFAULT.withDeadlineAfter(Long.parseLong(timeout), TimeUnit.MILLISECONDS);
    }

    private static boolean isPacked(RequestHeaders headers) {
        return headers.get(HttpHeaderNames.CONTENT_ENCODING, "").equalsIgnoreCase("gzip");
    }

    private static StatusRuntimeException refused(Status status, String why) {
        return status.withDescription(why).asRuntimeException();
    }

    private static Message message(
            AggregatedHttpRequest request, ConnectForm form, MethodDescriptor<Message, Message> method) {
        byte[] body = request.content().array();
        if (body.length > Limits.MAX_MESSAGE_BYTES) {
            throw Gzip.tooLarge(); // though gRPC's, with a prefix, might be that long
        }
        try {
            return form.read(isPacked(request.headers()) ? Gzip.unpacked(body) : body, prototype(method));
        } catch (InvalidProtocolBufferException malformed) {
            throw refused(Status.INVALID_ARGUMENT, "malformed request: " + malformed.getMessage());
        } catch (IOException malformed) {
            throw refused(
                    Status.INVALID_ARGUMENT, "malformed request: it is not packed with gzip, as Content-Encoding says");
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for a cancellation
    private HttpResponse answer(
            ServiceRequestContext context,
            AggregatedHttpRequest request,
            ConnectForm form,
            MethodDescriptor<Message, Message> method,
            Message message,
            CallOptions options) {
        boolean packs = Gzip.accepted(String.join(",", request.headers().getAll(HttpHeaderNames.ACCEPT_ENCODING)));
        CompletableFuture<HttpResponse> response = new CompletableFuture<>();
        ClientCall<Message, Message> call = services.call(method, options);
        ClientCalls.asyncUnaryCall(call, message, new StreamObserver<>() {
            @Override
            public void onNext(Message answer) {
                response.complete(ok(form, answer, packs));
            }

            @Override
            public void onError(Throwable failure) {
                response.complete(ConnectErrors.of(inOurWords((StatusRuntimeException) failure)));
            }

            @Override
            public void onCompleted() {}
        });
        context.whenRequestCancelling().thenAccept(cause -> call.cancel("the caller left", cause));
        return HttpResponse.of(response);
    }

    private static StatusRuntimeException inOurWords(StatusRuntimeException failure) {
        Metadata trailers = failure.getTrailers() == null ? new Metadata() : failure.getTrailers();
        return Failures.inOurWords(failure.getStatus(), trailers).asRuntimeException(trailers);
    }

    private static Message prototype(MethodDescriptor<Message, Message> method) {
        PrototypeMarshaller<Message> requests = (PrototypeMarshaller<Message>) method.getRequestMarshaller();
        return Objects.requireNonNull(requests.getMessagePrototype());
    }

    private HttpResponse unread(MethodDescriptor<?, ?> method, Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof ContentTooLargeException
                ? refusal(method, Gzip.tooLarge())
                : HttpResponse.ofFailure(cause);
    }

    private static HttpResponse ok(ConnectForm form, Message answer, boolean packs) {
        ResponseHeadersBuilder headers = ResponseHeaders.builder(HttpStatus.OK)
                .contentType(form.type())
                .set(HttpHeaderNames.ACCEPT_ENCODING, "gzip");
        try {
            byte[] body = form.write(answer);
            if (packs && body.length >= WORTH_PACKING_BYTES) {
                headers.set(HttpHeaderNames.CONTENT_ENCODING, "gzip");
                body = Gzip.packed(body);
            }
            return HttpResponse.of(headers.build(), HttpData.wrap(body));
        } catch (InvalidProtocolBufferException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
