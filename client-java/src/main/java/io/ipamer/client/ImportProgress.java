package io.ipamer.client;

import java.util.List;

/**
 * How an import goes.
 *
 * @param issues found since the progress before
 * @param prefixes so far, children included
 * @param ips acquired addresses so far
 * @param leaked leaked blocks so far
 * @param mended lines mended so far; of these only the first 1,000 are told of
 * @param refused lines refused so far; of these only the first 1,000 are told of
 * @param done whether this is the last of it and everything is visible now; never of a dry run
 */
public record ImportProgress(
        List<Issue> issues, long prefixes, long ips, long leaked, long mended, long refused, boolean done) {
    public ImportProgress {
        issues = List.copyOf(issues);
    }

    /**
     * Something that could not stand as it was.
     *
     * @param line where in the text, from 1
     * @param mended false: it was refused; true: it was mended, and the message says how
     * @param reason what was wrong
     * @param message the same for people
     */
    public record Issue(long line, boolean mended, Reason reason, String message) {}
}
