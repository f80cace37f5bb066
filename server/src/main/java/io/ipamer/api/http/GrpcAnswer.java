package io.ipamer.api.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.HttpObject;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What a caller of gRPC gets. Only the first end counts. */
interface GrpcAnswer {
    /** By content type, of which there are four. */
    Map<String, ResponseHeaders> HEADERS = new ConcurrentHashMap<>();

    HttpHeaders OK = HttpHeaders.of("grpc-status", "0");

    HttpResponse response();

    void message(byte[] message);

    void end(Status status, Metadata trailers);

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
        return HEADERS.computeIfAbsent(
                form,
                type -> ResponseHeaders.builder(HttpStatus.OK)
                        .set(HttpHeaderNames.CONTENT_TYPE, type)
                        .set("grpc-accept-encoding", "identity,gzip")
                        .build());
    }

    private static HttpHeaders trailers(Status status, Metadata trailers) {
        if (status.isOk() && trailers.keys().isEmpty()) {
            return OK;
        }
        HttpHeadersBuilder end = HttpHeaders.builder();
        trailers(end, status, trailers);
        return end.build();
    }

    private static void trailers(HttpHeadersBuilder target, Status status, Metadata trailers) {
        target.add("grpc-status", Integer.toString(status.getCode().value()));
        if (status.getDescription() != null) {
            target.add("grpc-message", GrpcText.escaped(status.getDescription()));
        }
        GrpcText.copy(trailers, target);
    }

    /** One message and the status, in one piece. */
    final class Whole implements GrpcAnswer {
        private final String form;
        private final boolean web;
        private final CompletableFuture<HttpResponse> response = new CompletableFuture<>();
        private byte @Nullable [] message;

        Whole(String form, boolean web) {
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
            HttpHeaders end = trailers(status, trailers);
            HttpData data = GrpcFrames.frame(0, body);
            response.complete(
                    web
                            ? HttpResponse.of(headers(form), data, GrpcText.frame(end))
                            : HttpResponse.of(headers(form), data, end));
        }
    }

    /** Messages as they come. */
    final class Streamed implements GrpcAnswer {
        private final String form;
        private final boolean web;
        private final ClientCall<?, ?> call;
        private final HttpResponseWriter response = HttpResponse.streaming();
        private boolean begun;

        Streamed(String form, boolean web, ClientCall<?, ?> call) {
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
                HttpHeaders end = trailers(status, trailers);
                write(web ? GrpcText.frame(end) : end);
            }
            response.close();
        }

        /** What is not taken any more is told to nobody: whoever ends a response early has its call cancelled. */
        @SuppressWarnings("CheckReturnValue")
        private void write(HttpObject part) {
            response.tryWrite(part);
        }
    }
}
