package io.ipamer.it.conformance;

import io.grpc.Status.Code;
import java.util.Locale;

/** How gRPC's codes look in HTTP, by the tables of gRPC and Connect. */
final class Codes {
    private Codes() {}

    /** What an answer means that only HTTP gave, not the service. */
    static Code ofHttp(int status) {
        return switch (status) {
            case 400 -> Code.INTERNAL;
            case 401 -> Code.UNAUTHENTICATED;
            case 403 -> Code.PERMISSION_DENIED;
            case 404 -> Code.UNIMPLEMENTED;
            case 429, 502, 503, 504 -> Code.UNAVAILABLE;
            default -> Code.UNKNOWN;
        };
    }

    /** {@code name}: as in Connect's errors. */
    static Code ofConnect(String name) {
        for (Code code : Code.values()) {
            if (connectName(code).equals(name)) {
                return code;
            }
        }
        throw new AssertionError("Connect has no code " + name);
    }

    private static String connectName(Code code) {
        return code == Code.CANCELLED ? "canceled" : code.name().toLowerCase(Locale.ROOT);
    }

    /** The HTTP status of an error of Connect. */
    static int connectStatus(Code code) {
        return switch (code) {
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
        };
    }
}
