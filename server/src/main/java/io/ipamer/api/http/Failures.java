package io.ipamer.api.http;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * Refusals of requests that do not come whole, too large ones and slow ones, in the words of the protocol that they are
 * of: callers get the code that the other door would give, where HTTP's own status would tell them nothing.
 */
final class Failures implements ServerErrorHandler {
    private static final Status OUT_OF_TIME = Status.DEADLINE_EXCEEDED.withDescription("the deadline has passed");

    static final Status LATE = Status.DEADLINE_EXCEEDED.withDescription("the request did not come whole in time");

    /** A deadline that passes within the process is told of in words about the process. */
    static Status inOurWords(Status status, Metadata trailers) {
        boolean libraries = status.getCode() == Status.Code.DEADLINE_EXCEEDED
                && trailers.keys().isEmpty();
        return libraries ? OUT_OF_TIME : status;
    }

    @Override
    public @Nullable HttpResponse onServiceException(ServiceRequestContext context, Throwable cause) {
        return null; // as the library does, which asks for the status below
    }

    @Override
    public @Nullable AggregatedHttpResponse renderStatus(
            @Nullable ServiceRequestContext context,
            ServiceConfig config,
            @Nullable RequestHeaders headers,
            HttpStatus status,
            @Nullable String description,
            @Nullable Throwable cause) {
        StatusRuntimeException refusal = refusal(status);
        HttpResponse response = refusal == null || headers == null ? null : inWordsOf(headers, refusal);
        return response == null ? null : response.aggregate().join();
    }

    private static @Nullable StatusRuntimeException refusal(HttpStatus status) {
        if (status.equals(HttpStatus.REQUEST_ENTITY_TOO_LARGE)) {
            return Gzip.tooLarge();
        }
        return status.equals(HttpStatus.REQUEST_TIMEOUT) ? LATE.asRuntimeException() : null;
    }

    private static @Nullable HttpResponse inWordsOf(RequestHeaders request, StatusRuntimeException refusal) {
        String form = GrpcCalls.form(request.contentType());
        if (form != null) {
            return GrpcAnswer.refusal(form, refusal.getStatus());
        }
        return ConnectForm.of(request.contentType()) == null ? null : ConnectErrors.of(refusal);
    }
}
