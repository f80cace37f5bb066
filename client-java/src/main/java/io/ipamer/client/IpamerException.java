package io.ipamer.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The server refused a call, or it failed on the way. Its message is for people, and its wording may change; programs
 * act on {@link #reason} and {@link #code}.
 *
 * <p>After {@link io.grpc.Status.Code#DEADLINE_EXCEEDED}, {@link io.grpc.Status.Code#UNAVAILABLE} and {@link
 * io.grpc.Status.Code#CANCELLED} with {@link Reason#NONE}, and after {@link Reason#OUTCOME_UNKNOWN}, it is not known
 * whether a change was made: send it again with the same {@link #requestId}, by {@link Ipamer#withRequestId}, or look.
 * After everything else it was not made.
 */
public final class IpamerException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private static final String DOMAIN = "ipamer.io";

    private final Status.Code code;
    private final String reasonName;
    private final transient @Nullable Map<String, String> metadata;
    private final transient @Nullable Duration wait;
    private final String requestId;

    private IpamerException(
            String message,
            Throwable cause,
            Status.Code code,
            String reasonName,
            Map<String, String> metadata,
            Duration wait,
            String requestId) {
        super(message, cause);
        this.code = code;
        this.reasonName = reasonName;
        this.metadata = metadata;
        this.wait = wait;
        this.requestId = requestId;
    }

    /** What gRPC threw; {@code requestId} is empty where the call has none. */
    static IpamerException of(Throwable thrown, String requestId) {
        Status status = Status.fromThrowable(thrown);
        ErrorInfo info = ErrorInfo.getDefaultInstance();
        Duration wait = Duration.ZERO;
        com.google.rpc.@Nullable Status details = details(thrown);
        if (details != null) {
            try {
                for (Any detail : details.getDetailsList()) {
                    if (detail.is(ErrorInfo.class)) {
                        ErrorInfo one = detail.unpack(ErrorInfo.class);
                        info = one.getDomain().equals(DOMAIN) ? one : info;
                    } else if (detail.is(RetryInfo.class)) {
                        com.google.protobuf.Duration delay =
                                detail.unpack(RetryInfo.class).getRetryDelay();
                        wait = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
                    }
                }
            } catch (InvalidProtocolBufferException notOurs) {
                // Then the status alone has to say it.
            }
        }
        String description = status.getDescription();
        return new IpamerException(
                description == null ? status.getCode().name() : description,
                thrown,
                status.getCode(),
                info.getReason(),
                Map.copyOf(info.getMetadataMap()),
                wait,
                requestId);
    }

    /** gRPC's code of the failure. */
    public Status.Code code() {
        return code;
    }

    /** Why, as far as this client knows reasons. */
    public Reason reason() {
        return Reason.named(reasonName);
    }

    /** Why, as the server said it, also when it is newer than this client; empty if not the server said so. */
    public String reasonName() {
        return reasonName;
    }

    /** Facts for programs: which keys there are, the contract says with each reason. */
    public Map<String, String> metadata() {
        return metadata == null ? Map.of() : metadata; // it is not serialized
    }

    /** The request id that the call carried; none if it changes nothing. */
    public Optional<String> requestId() {
        return requestId.isEmpty() ? Optional.empty() : Optional.of(requestId);
    }

    /** How long the server wants us to wait before the call is sent again. */
    Duration serverWait() {
        return wait == null ? Duration.ZERO : wait;
    }

    private static com.google.rpc.@Nullable Status details(Throwable thrown) {
        if (thrown instanceof StatusRuntimeException unchecked) {
            return StatusProto.fromThrowable(unchecked);
        }
        return thrown instanceof StatusException checked ? StatusProto.fromThrowable(checked) : null;
    }
}
