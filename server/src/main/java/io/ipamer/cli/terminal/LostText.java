package io.ipamer.cli.terminal;

import org.jspecify.annotations.Nullable;

/**
 * Finds arguments that were destroyed before the program began: for bytes that are none in the charset of the locale
 * Java puts U+FFFD, and the server would keep that for a name.
 */
public final class LostText {
    private static final char LOST = '\ufffd';

    private LostText() {}

    /**
     * What is wrong with the first such argument, or null if there is none.
     *
     * @param charset the one that arguments were read in
     */
    public static @Nullable String complaint(@Nullable String charset, String... arguments) {
        for (String argument : arguments) {
            if (argument.indexOf(LOST) >= 0) {
                return "argument \"" + argument.replace(LOST, '?') + "\" must be in the charset of the locale, "
                        + charset + ", and where the ? are it is not; with LC_ALL=C.UTF-8 arguments are UTF-8";
            }
        }
        return null;
    }
}
