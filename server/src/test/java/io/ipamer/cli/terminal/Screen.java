package io.ipamer.cli.terminal;

import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import org.jspecify.annotations.Nullable;

/** A terminal, or what stands for none, that remembers all that was written to it. */
final class Screen {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Terminal terminal;

    private Screen(boolean onTerminal, boolean colours, int width, boolean unicode, @Nullable String typed) {
        terminal = new Terminal(
                new PrintWriter(out),
                new PrintWriter(err),
                onTerminal,
                onTerminal,
                colours,
                width,
                unicode,
                typed == null ? null : new BufferedReader(new StringReader(typed)));
    }

    static Screen ofTerminal(int width) {
        return new Screen(true, false, width, true, null);
    }

    static Screen inAscii(int width) {
        return new Screen(true, false, width, false, null);
    }

    static Screen inColours(int width) {
        return new Screen(true, true, width, true, null);
    }

    static Screen ofFile() {
        return new Screen(false, false, Terminal.USUAL_WIDTH, true, null);
    }

    /** With somebody before it who types that. */
    static Screen typing(String typed) {
        return new Screen(true, false, Terminal.USUAL_WIDTH, true, typed);
    }

    Terminal terminal() {
        return terminal;
    }

    String out() {
        return out.toString();
    }

    String err() {
        return err.toString();
    }
}
