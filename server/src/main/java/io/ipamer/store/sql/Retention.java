package io.ipamer.store.sql;

import java.time.Duration;

/**
 * How long it is known which plan made a revision, and which request ids were used: until one of the two is exceeded.
 *
 * @param age after that a retry with the same request id is a new call; more than any caller goes on retrying
 * @param revisions of each prefix, namespace and the system; 1 or more
 */
public record Retention(Duration age, long revisions) {
    public static final Retention DEFAULT = new Retention(Duration.ofHours(24), 1_000_000);

    public Retention {
        if (age.isNegative() || age.isZero() || revisions < 1) {
            throw new IllegalArgumentException("a retention must keep something: " + age + ", " + revisions);
        }
    }
}
