package io.ipamer.store;

/**
 * The store could not do what was asked of it. The message is for the log, as it may hold the engine's own words; where
 * nothing but other store exceptions caused it, it is the store's own and may be told to callers.
 */
public final class StoreException extends RuntimeException {

    /** What the failure means for what was asked. */
    public enum Kind {
        /** Certainly not done; doing it again at once may help (two transactions got in each other's way). */
        ABORTED,
        /** Certainly not done: the store cannot be reached or does not take work now. */
        UNAVAILABLE,
        /** Done or not, or still under way: nobody can say. */
        UNKNOWN,
        /** Certainly not done, and doing it again will not help. */
        DEFECT
    }

    private final Kind kind;

    public StoreException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public StoreException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
