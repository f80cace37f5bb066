package io.ipamer.api.http;

import com.linecorp.armeria.common.HttpStatus;
import io.grpc.Status;
import java.util.Locale;

/** How the Connect protocol says gRPC's codes (connectrpc.com/docs/protocol, "Error codes"). */
final class ConnectCode {
    private ConnectCode() {}

    static String name(Status.Code code) {
        return code == Status.Code.CANCELLED ? "canceled" : code.name().toLowerCase(Locale.ROOT);
    }

    static HttpStatus httpStatus(Status.Code code) {
        return HttpStatus.valueOf(
                switch (code) {
                    case OK -> 200;
                    case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> 400;
                    case UNAUTHENTICATED -> 401;
                    case PERMISSION_DENIED -> 403;
                    case NOT_FOUND -> 404;
                    case ALREADY_EXISTS, ABORTED -> 409;
                    case RESOURCE_EXHAUSTED -> 429;
                    case CANCELLED -> 499;
                    case UNKNOWN, INTERNAL, DATA_LOSS -> 500;
                    case UNIMPLEMENTED -> 501;
                    case UNAVAILABLE -> 503;
                    case DEADLINE_EXCEEDED -> 504;
                });
    }
}
