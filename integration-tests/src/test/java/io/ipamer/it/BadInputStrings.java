package io.ipamer.it;

import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/** Texts that nobody should send. No unpaired surrogates: those have no UTF-8. */
final class BadInputStrings {
    /** What goes wrong elsewhere: null bytes, other spaces and digits, direction marks, quotes, other people's syntax. */
    private static final List<String> PIECES = List.of(
            "\0",
            "\u0001",
            "\t",
            "\n",
            "\r\n",
            "\u001b[2J",
            "\u007f",
            "\u0085",
            "\u00a0",
            "\u2028",
            "\u200b",
            "\u202e",
            "\ufeff",
            "\ufffd",
            "\uffff",
            "\u0660",
            "\uff11",
            "\u0301",
            "é",
            "ß",
            "İ",
            "λ",
            "字",
            "\ud83d\ude00",
            "\udbff\udfff",
            "\"",
            "'",
            "`",
            "\\",
            "\\u0000",
            "%",
            "%00",
            "%s",
            "%n",
            "{}",
            "${x}",
            "[",
            "]",
            ";",
            "--",
            "' OR 1=1 --",
            "../",
            "/",
            "//",
            ":",
            "::",
            ".",
            "-",
            "+",
            " ",
            "*",
            "?",
            "null",
            "NaN",
            "1e9",
            "0x1f",
            "08",
            "root",
            "eth0");

    private static final List<String> ALIKE = List.of(
            "10.0.0.0/16",
            "10.0.0.0/24",
            "10.0.0.1",
            "192.0.2.255",
            "0.0.0.0/0",
            "2001:db8::/64",
            "2001:db8::1",
            "::ffff:10.0.0.1/120",
            "fe80::1%eth0",
            "::/0",
            "123e4567-e89b-42d3-a456-426614174000",
            "[{\"Cidr\":\"203.0.113.0/24\",\"IPs\":{\"203.0.113.0\":true}}]");

    private static final String EDITS = "0123456789abcdefABCDEFx:./%+-, \t\0\"{}[]";

    private BadInputStrings() {}

    static List<String> of(long seed, int count) {
        Random random = new Random(seed);
        return random.ints(count, 0, 8).mapToObj(kind -> text(kind, random)).collect(Collectors.toList());
    }

    private static String text(int kind, Random random) {
        return switch (kind) {
            case 0 -> long3000(random);
            case 1, 2 -> pieces(random, 1 + random.nextInt(12));
            case 3 -> characters(random, random.nextInt(60));
            default -> alike(random);
        };
    }

    /** 3,000 bytes of UTF-8, of one to four bytes a character. */
    private static String long3000(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> "n".repeat(3_000);
            case 1 -> "\0".repeat(3_000);
            case 2 -> "é".repeat(1_500);
            case 3 -> "字".repeat(1_000);
            case 4 -> "\ud83d\ude00".repeat(750);
            default -> "10.0.0.0/24,".repeat(250);
        };
    }

    private static String pieces(Random random, int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(PIECES.get(random.nextInt(PIECES.size())));
        }
        return text.toString();
    }

    /** From all of Unicode, assigned or not. */
    private static String characters(Random random, int count) {
        StringBuilder text = new StringBuilder();
        while (count > 0) {
            int character = random.nextInt(1 << (7 + 7 * random.nextInt(3)));
            if (Character.isValidCodePoint(character)
                    && !(character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE)) {
                text.appendCodePoint(character);
                count--;
            }
        }
        return text.toString();
    }

    /** Something well-formed with one to three edits. */
    private static String alike(Random random) {
        StringBuilder text = new StringBuilder(ALIKE.get(random.nextInt(ALIKE.size())));
        for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
            int at = random.nextInt(text.length() + 1);
            char edit = EDITS.charAt(random.nextInt(EDITS.length()));
            switch (random.nextInt(4)) {
                case 0 -> text.insert(at, edit);
                case 1 -> text.replace(at, Math.min(at + 1, text.length()), String.valueOf(edit));
                case 2 -> text.delete(at, Math.min(at + 1, text.length()));
                default -> text.insert(at, text.substring(at, Math.min(at + 4, text.length())));
            }
        }
        return text.toString();
    }
}
