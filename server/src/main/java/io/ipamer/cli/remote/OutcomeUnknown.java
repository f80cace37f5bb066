package io.ipamer.cli.remote;

import io.ipamer.client.IpamerException;

/** A change that may have been made or not. */
final class OutcomeUnknown extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final IpamerException failure;

    /** {@code hint}: what became of it, and how to go on. */
    OutcomeUnknown(IpamerException failure, String hint) {
        super(hint, failure);
        this.failure = failure;
    }

    IpamerException failure() {
        return failure;
    }

    String hint() {
        return String.valueOf(getMessage());
    }
}
