package io.ipamer.api.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Base64;

/** Refusals as the Connect protocol tells them: a JSON object, whatever the request was written in. */
final class ConnectErrors {
    /** What our refusals have in their details: also told in JSON, for people with curl. */
    private static final JsonFormat.Printer DETAILS = JsonFormat.printer()
            .usingTypeRegistry(JsonFormat.TypeRegistry.newBuilder()
                    .add(ErrorInfo.getDescriptor())
                    .add(BadRequest.getDescriptor())
                    .add(RetryInfo.getDescriptor())
                    .build());

    private ConnectErrors() {}

    static HttpResponse of(Status.Code code, String message) {
        return of(code.toStatus().withDescription(message).asRuntimeException());
    }

    static HttpResponse of(StatusRuntimeException refusal) {
        Status.Code code = refusal.getStatus().getCode();
        return of(ConnectCode.httpStatus(code), refusal);
    }

    /** With a status of HTTP that is not that of the code. */
    static HttpResponse of(HttpStatus status, StatusRuntimeException refusal) {
        JsonObject error = new JsonObject();
        error.addProperty("code", ConnectCode.name(refusal.getStatus().getCode()));
        String message = refusal.getStatus().getDescription();
        if (message != null) {
            error.addProperty("message", message);
        }
        JsonArray details = details(refusal);
        if (!details.isEmpty()) {
            error.add("details", details);
        }
        return HttpResponse.of(status, MediaType.create("application", "json"), error.toString());
    }

    private static JsonArray details(StatusRuntimeException refusal) {
        JsonArray details = new JsonArray();
        Metadata trailers = refusal.getTrailers();
        com.google.rpc.Status status =
                trailers == null ? null : StatusProto.fromStatusAndTrailers(refusal.getStatus(), trailers);
        if (status != null) {
            status.getDetailsList().forEach(detail -> details.add(detail(detail)));
        }
        return details;
    }

    private static JsonObject detail(Any given) {
        JsonObject detail = new JsonObject();
        detail.addProperty(
                "type", given.getTypeUrl().substring(given.getTypeUrl().lastIndexOf('/') + 1));
        detail.addProperty(
                "value",
                Base64.getEncoder()
                        .withoutPadding()
                        .encodeToString(given.getValue().toByteArray()));
        try {
            JsonObject debug = JsonParser.parseString(DETAILS.print(given)).getAsJsonObject();
            debug.remove("@type");
            detail.add("debug", debug);
        } catch (InvalidProtocolBufferException unknownType) {
            // The value alone, then: the debug form is for convenience.
        }
        return detail;
    }
}
