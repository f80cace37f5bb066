package io.ipamer.cli.terminal;

/** How text can stand out; each is one of the sixteen colours that every terminal's own palette makes readable. */
public enum Style {
    BOLD("1"),
    DIM("2"),
    RED("31"),
    GREEN("32"),
    YELLOW("33"),
    BLUE("34"),
    MAGENTA("35"),
    CYAN("36");

    private final String code;

    Style(String code) {
        this.code = code;
    }

    String on() {
        return "\u001b[" + code + 'm';
    }

    static String off() {
        return "\u001b[0m";
    }
}
