package io.ipamer.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A call that was refused or that failed, with the reason that callers may act on and the facts behind it. It carries
 * no stack trace of its own: a refusal is an answer, made thousands of times a second; what went wrong inside is the
 * cause, for the log only.
 */
public final class IpamerException extends RuntimeException {
    private final Reason reason;
    private final transient Map<String, String> metadata;

    public IpamerException(Reason reason, String message, Map<String, String> metadata, @Nullable Throwable cause) {
        super(message, cause, false, false);
        this.reason = reason;
        this.metadata = Map.copyOf(metadata);
    }

    public IpamerException(Reason reason, String message, Map<String, String> metadata) {
        this(reason, message, metadata, null);
    }

    public IpamerException(Reason reason, String message) {
        this(reason, message, Map.of(), null);
    }

    public Reason reason() {
        return reason;
    }

    /** The facts behind the refusal by name, such as {@code free} or {@code largest_free_block}; may be empty. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** The sentence for people; never driver text. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
