package io.ipamer.client;

/** What became of one address of several that were to be released. */
public sealed interface ReleaseResult {
    /** The address, as it was asked for or canonical. */
    String address();

    /**
     * It is free.
     *
     * @param allocation the one that has ended
     */
    record Released(Allocation allocation) implements ReleaseResult {
        @Override
        public String address() {
            return allocation.address();
        }
    }

    /**
     * It stays as it was.
     *
     * @param reason why
     * @param message the same for people
     */
    record Refused(String address, Reason reason, String message) implements ReleaseResult {}
}
