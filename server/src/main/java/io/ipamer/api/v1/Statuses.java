package io.ipamer.api.v1;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.StatusException;
import io.grpc.protobuf.StatusProto;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import io.ipamer.proto.v1.ErrorReason;
import java.util.EnumMap;
import java.util.Map;

/** The error table of {@code ipamer.v1}: the contract's enum says each reason's code, as its number divided by 100. */
final class Statuses {
    private static final String DOMAIN = "ipamer.io";
    private static final String REASON_PREFIX = "ERROR_REASON_";
    private static final int RETRY_MILLIS = 100;

    /** Fields that a rule, and not their own form, can find wrong. */
    private static final Map<Reason, String> FIELDS = new EnumMap<>(Map.of(
            Reason.LENGTH_OUT_OF_RANGE, "length",
            Reason.ADDRESS_OUTSIDE_PREFIX, "address",
            Reason.PREFIX_OUTSIDE_PARENT, "cidr",
            Reason.INVALID_REQUEST_ID, "request_id"));

    private Statuses() {}

    static ErrorReason reason(Reason reason) {
        return ErrorReason.valueOf(REASON_PREFIX + reason.name());
    }

    static int code(Reason reason) {
        return reason(reason).getNumber() / 100;
    }

    static StatusException of(IpamerException refusal) {
        Reason reason = refusal.reason();
        Status.Builder status = Status.newBuilder().setCode(code(reason)).setMessage(refusal.getMessage());
        ErrorInfo.Builder info = ErrorInfo.newBuilder()
                .setDomain(DOMAIN)
                .setReason(reason.name())
                .putAllMetadata(refusal.metadata());
        String field = refusal.metadata().getOrDefault("field", FIELDS.getOrDefault(reason, ""));
        if (!field.isEmpty()) {
            Map<String, String> facts = refusal.metadata();
            info.putMetadata("field", field);
            info.putMetadata("value", Fields.quotable(facts.getOrDefault("value", facts.getOrDefault(field, ""))));
            status.addDetails(Any.pack(info.build()))
                    .addDetails(Any.pack(BadRequest.newBuilder()
                            .addFieldViolations(BadRequest.FieldViolation.newBuilder()
                                    .setField(field)
                                    .setDescription(refusal.getMessage()))
                            .build()));
        } else {
            status.addDetails(Any.pack(info.build()));
        }
        if (reason == Reason.OVERLOADED || reason == Reason.STORE_UNAVAILABLE) {
            Duration delay =
                    Duration.newBuilder().setNanos(RETRY_MILLIS * 1_000_000).build();
            status.addDetails(
                    Any.pack(RetryInfo.newBuilder().setRetryDelay(delay).build()));
        }
        return StatusProto.toStatusException(status.build());
    }
}
