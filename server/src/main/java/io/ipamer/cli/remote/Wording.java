package io.ipamer.cli.remote;

import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Pattern;

/** Numbers, numbers of things, and words for a shell, as sentences and tables have them. */
final class Wording {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._/:@%+=,-]+");

    private Wording() {}

    static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    static String number(BigInteger number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    static String count(long count, String one, String more) {
        return number(count) + ' ' + (count == 1 ? one : more);
    }

    /** A word of a command that is to be typed, in quotes if a POSIX shell would take it for something else. */
    static String typed(String word) {
        return PLAIN.matcher(word).matches() ? word : '\'' + word.replace("'", "'\\''") + '\'';
    }
}
