package io.ipamer.bench;

/** Why there is nothing to report: one sentence for people, with the option to look at. */
public final class BenchException extends Exception {
    private static final long serialVersionUID = 1L;

    public BenchException(String message) {
        super(message);
    }
}
