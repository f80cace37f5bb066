package io.ipamer.api.http.pages;

/**
 * What became of the calls so far, for people; programs read the metrics.
 *
 * @param answered all that have ended
 * @param refused those of them that were the caller's fault
 * @param failed those of them that were the server's, or its database's
 * @param running those that have not ended
 */
public record CallCounts(long answered, long refused, long failed, long running) {
    @Override
    public String toString() {
        return answered + " answered (" + refused + " refused, " + failed + " failed), " + running + " running";
    }
}
