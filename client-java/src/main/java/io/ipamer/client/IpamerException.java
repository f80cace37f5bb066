package io.ipamer.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * The server refused a call, or it failed on the way. Its message is for people, and its wording may change; programs
 * act on {@link #reason} and {@link #code}.
 *
 * <p>Failures of earlier attempts are {@link #getSuppressed suppressed}. When {@link #outcomeUnknown} says so, send the change
 * again with the same {@link #requestId}, by {@link Ipamer#withRequestId}, or look.
 */
public final class IpamerException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private static final String DOMAIN = "ipamer.io";

    private final Status.Code code;
    private final String reasonName;
    private final transient @Nullable Map<String, String> metadata;
    private final transient @Nullable Duration wait;
    private final String requestId;
    private final boolean outcomeUnknown;

    private IpamerException(
            String message,
            Throwable cause,
            Status.Code code,
            String reasonName,
            Map<String, String> metadata,
            Duration wait,
            String requestId,
            boolean changes,
            @Nullable IpamerException before) {
        super(message, cause);
        this.code = code;
        this.reasonName = reasonName;
        this.metadata = metadata;
        this.wait = wait;
        this.requestId = requestId;
        this.outcomeUnknown = changes && mayBeDone() || before != null && before.outcomeUnknown && !decides();
        if (before != null) {
            addSuppressed(before);
        }
    }

    /** What gRPC threw; {@code requestId} is empty where the call has none, {@code before} what the last attempt met. */
    static IpamerException of(Throwable thrown, String requestId, @Nullable IpamerException before) {
        return of(thrown, requestId, !requestId.isEmpty(), before);
    }

    /** What gRPC threw at a stream; {@code changes}: whether it would have changed something. */
    static IpamerException of(Throwable thrown, boolean changes) {
        return of(thrown, "", changes, null);
    }

    private static IpamerException of(
            Throwable thrown, String requestId, boolean changes, @Nullable IpamerException before) {
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
                requestId,
                changes,
                before);
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

    /**
     * Whether a change may have been made: in this attempt or, if it did not even come so far, in an earlier one. False after
     * a refusal: once a server has refused a request id, no earlier sending of it is done any more.
     */
    public boolean outcomeUnknown() {
        return outcomeUnknown;
    }

    private boolean mayBeDone() {
        if (reason() != Reason.NONE) {
            return reason() == Reason.OUTCOME_UNKNOWN;
        }
        return switch (code) {
            case UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED -> false;
            case UNAVAILABLE -> !neverSent();
            default -> true; // also an answer that is too long: RESOURCE_EXHAUSTED
        };
    }

    /** Whether it settles what became of earlier attempts. */
    private boolean decides() {
        return switch (code) {
            case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> false;
            default -> reason() != Reason.NONE;
        };
    }

    /** There was no connection to send it over. */
    private boolean neverSent() {
        for (Throwable cause = getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException
                    || cause instanceof NoRouteToHostException
                    || cause instanceof UnknownHostException
                    || cause instanceof SSLHandshakeException
                    || cause.getClass().getSimpleName().equals("NotSslRecordException")) {
                return true;
            }
        }
        return false;
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
