package io.ipamer.cli.remote;

import java.util.Locale;

/** Numbers of things in sentences. */
final class Counts {
    private Counts() {}

    static String of(long count, String one, String more) {
        return String.format(Locale.ROOT, "%,d ", count) + (count == 1 ? one : more);
    }
}
