package io.ipamer.cli.terminal;

/**
 * Text that others wrote, made fit to be shown: nothing in it moves the cursor, changes colours, turns the direction
 * of writing, begins a line, or is there without being seen, so that texts that differ look different. And how many
 * columns text takes.
 */
public final class Printable {
    /**
     * What Unicode calls letters, marks or symbols, though nothing of it is seen, first and last of each range: the
     * combining joiner, fillers, Khmer's inherent vowels, variation selectors, the empty Braille cell, the note without
     * a head, and the plane of such characters, with those in it that are yet to come.
     */
    private static final int[] INVISIBLE = {
        0x34f, 0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f, 0x2065, 0x2065, 0x2800, 0x2800, 0x3164, 0x3164,
        0xfe00, 0xfe0f, 0xffa0, 0xffa0, 0xfff0, 0xfff8, 0x1d159, 0x1d159, 0xe0000, 0xe0fff
    };

    /** Where characters are two columns wide, by Unicode's East Asian Width; first and last of each range. */
    private static final int[] WIDE = {
        0x1100, 0x115f, 0x231a, 0x231b, 0x2329, 0x232a, 0x23e9, 0x23ec, 0x2e80, 0x303e, 0x3041, 0x4dbf, 0x4e00, 0xa4cf,
        0xa960, 0xa97f, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe30, 0xfe6f, 0xff00, 0xff60, 0xffe0, 0xffe6, 0x16fe0,
        0x18dff, 0x1b000, 0x1b2ff, 0x1f18e, 0x1f18e, 0x1f191, 0x1f19a, 0x1f200, 0x1f320, 0x1f32d, 0x1f64f, 0x1f680,
        0x1f6fc, 0x1f7e0, 0x1f7eb, 0x1f900, 0x1f9ff, 0x1fa70, 0x1faff, 0x20000, 0x3fffd
    };

    private Printable() {}

    /** The text; what must not reach a terminal is written as Java writes it, such as {@code \u001b}. */
    public static String of(String text) {
        StringBuilder safe = null;
        for (int i = 0; i < text.length(); ) {
            int point = text.codePointAt(i);
            boolean show = isShown(point);
            if (!show && safe == null) {
                safe = new StringBuilder(text.length() + 16).append(text, 0, i);
            }
            if (safe != null) {
                if (show) {
                    safe.appendCodePoint(point);
                } else {
                    escape(point, safe);
                }
            }
            i += Character.charCount(point);
        }
        return safe == null ? text : safe.toString();
    }

    /** How many columns a terminal gives the text. */
    static int width(String text) {
        int width = 0;
        for (int i = 0; i < text.length(); ) {
            int point = text.codePointAt(i);
            width += width(point);
            i += Character.charCount(point);
        }
        return width;
    }

    /** The text if it has that many columns at most, else as much of it as leaves room for the mark of a cut. */
    static String cut(String text, int columns, String mark) {
        if (width(text) <= columns) {
            return text;
        }
        int room = columns - width(mark);
        int width = 0;
        int end = 0;
        while (end < text.length()) {
            int point = text.codePointAt(end);
            width += width(point);
            if (width > room) {
                break;
            }
            end += Character.charCount(point);
        }
        return text.substring(0, end) + mark;
    }

    private static int width(int point) {
        if (point < 0x300) {
            return 1;
        }
        switch (Character.getType(point)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> {
                return 0;
            }
            default -> {
                return isIn(WIDE, point) ? 2 : 1;
            }
        }
    }

    private static boolean isIn(int[] ranges, int point) {
        for (int i = 0; i < ranges.length && ranges[i] <= point; i += 2) {
            if (point <= ranges[i + 1]) {
                return true;
            }
        }
        return false;
    }

    private static boolean isShown(int point) {
        if (point >= ' ' && point <= '~') {
            return true;
        }
        return switch (Character.getType(point)) {
            // Among the separators are spaces that look like the one above, or are none; among the formats is what
            // turns
            // the direction of writing, and what joins without being seen.
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.SPACE_SEPARATOR,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE -> false;
            // Also what Java does not know yet: letters and pictures of a newer Unicode.
            default -> !isIn(INVISIBLE, point);
        };
    }

    private static void escape(int point, StringBuilder into) {
        for (char unit : Character.toChars(point)) {
            into.append(String.format("\\u%04x", (int) unit));
        }
    }
}
