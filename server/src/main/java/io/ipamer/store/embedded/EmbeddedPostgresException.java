package io.ipamer.store.embedded;

import org.jspecify.annotations.Nullable;

/** The embedded PostgreSQL cannot run; the message says what to do, in words for whoever runs the program. */
public final class EmbeddedPostgresException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EmbeddedPostgresException(String message) {
        super(message);
    }

    EmbeddedPostgresException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
