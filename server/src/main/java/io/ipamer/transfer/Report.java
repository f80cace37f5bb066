package io.ipamer.transfer;

import io.ipamer.model.Reason;
import java.util.ArrayList;
import java.util.List;

/** How an import goes; may be asked and told by several threads. */
public final class Report {
    /** Of each kind of issues; all are counted. */
    private static final int MOST_TOLD = 1_000;

    private static final int MAX_MESSAGE = 400;

    // Guarded by this.
    private List<Issue> untold = new ArrayList<>();
    private long prefixes;
    private long addresses;
    private long leaked;
    private long mended;
    private long refused;

    /**
     * How far it is.
     *
     * @param issues found since the last time that somebody asked
     */
    public record News(List<Issue> issues, long prefixes, long addresses, long leaked, long mended, long refused) {}

    /** Told once. */
    public synchronized News news() {
        News news = new News(untold, prefixes, addresses, leaked, mended, refused);
        untold = new ArrayList<>();
        return news;
    }

    synchronized void mended(long line, Reason reason, String message) {
        if (mended++ < MOST_TOLD) {
            untold.add(new Issue(line, true, reason, bounded(message)));
        }
    }

    synchronized void refused(long line, Reason reason, String message) {
        if (refused++ < MOST_TOLD) {
            untold.add(new Issue(line, false, reason, bounded(message)));
        }
    }

    synchronized void imported(int newPrefixes, int newAddresses, int newLeaked) {
        prefixes += newPrefixes;
        addresses += newAddresses;
        leaked += newLeaked;
    }

    synchronized long refused() {
        return refused;
    }

    /** Messages quote what came. */
    private static String bounded(String message) {
        return message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE) + "...";
    }
}
