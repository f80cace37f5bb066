package io.ipamer.api.http.pages;

/**
 * What became of the calls so far, for people; programs read the metrics.
 *
 * @param answered all that have ended
 * @param refused those of them that the caller must make otherwise, or gave up
 * @param failed those of them that were not done in time, or not done for the server's sake or its database's
 * @param running those that have not ended
 */
public record CallCounts(long answered, long refused, long failed, long running) {
    @Override
    public String toString() {
        return answered + " answered (" + refused + " refused, " + failed + " failed), " + running + " running";
    }
}
