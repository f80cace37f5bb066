package io.ipamer.bench;

/** The server answered what cannot be: a thing that is held already, or not what was asked for. */
public final class WrongAnswerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public WrongAnswerException(String message) {
        super(message);
    }
}
