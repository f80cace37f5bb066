package io.ipamer.ipam;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Reason;
import org.jspecify.annotations.Nullable;

/**
 * What a caller says about a changing call beside the call itself.
 *
 * @param requestId 1 to 128 characters, for safe retries; null without. Not looked at, and null, with {@code dryRun}
 * @param deadline when the caller stops waiting, on the {@link Surroundings#clock}; {@link #NO_DEADLINE} without
 * @param metadata of what the call creates or acquires
 * @param dryRun only says what would be answered now; only of calls that acquire. Nothing is changed
 */
public record CallOptions(@Nullable String requestId, long deadline, Metadata metadata, boolean dryRun) {
    private static final int MAX_REQUEST_ID = 128;
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    /** No request id, no deadline. */
    public static final CallOptions NONE = new CallOptions(null, NO_DEADLINE);

    public CallOptions(@Nullable String requestId, long deadline) {
        this(requestId, deadline, Metadata.NONE, false);
    }

    public static CallOptions withRequestId(String requestId) {
        return new CallOptions(requestId, NO_DEADLINE);
    }

    /** Refuses a malformed request id with INVALID_REQUEST_ID. */
    public CallOptions {
        requestId = dryRun ? null : requestId;
        if (requestId != null
                && (requestId.isEmpty()
                        || requestId.codePointCount(0, requestId.length()) > MAX_REQUEST_ID
                        || requestId.chars().anyMatch(Character::isISOControl))) {
            throw new IpamerException(
                    Reason.INVALID_REQUEST_ID,
                    "request_id must have 1 to " + MAX_REQUEST_ID + " characters, none of them a control character");
        }
    }
}
