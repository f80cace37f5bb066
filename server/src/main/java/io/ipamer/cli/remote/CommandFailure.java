package io.ipamer.cli.remote;

/** A command that did not do what it was told. Its message is the sentence for people. */
public final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The server refused, or this machine did. */
    static final int REFUSED = 1;

    /** It cannot be meant so. */
    static final int WRONG_USE = 2;

    /** There was no answer from a server. */
    static final int NOT_REACHABLE = 3;

    private final int exitCode;

    CommandFailure(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    CommandFailure(int exitCode, String message, Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    /** What the process ends with. */
    public int exitCode() {
        return exitCode;
    }
}
