package io.ipamer.cli.terminal;

/** Somebody has to be asked, and nobody is there. */
public final class NoAnswerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoAnswerException(String message) {
        super(message);
    }
}
