package io.ipamer.cli;

import io.ipamer.cli.terminal.Terminal;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import org.jspecify.annotations.Nullable;

/** A command that ran in this process, and what it wrote to what it took for a file, or for a terminal. */
record CommandRun(int exitCode, String out, String err) {
    /** Into a file, with nobody there. */
    static CommandRun of(String... arguments) {
        return run(null, arguments);
    }

    /** With somebody before a terminal who types that when asked. */
    static CommandRun typing(String answer, String... arguments) {
        return run(answer, arguments);
    }

    private static CommandRun run(@Nullable String answer, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Terminal terminal = new Terminal(
                new PrintWriter(out),
                new PrintWriter(err),
                false,
                false,
                false,
                Terminal.USUAL_WIDTH,
                true,
                answer == null ? null : new BufferedReader(new StringReader(answer)));
        int exitCode = Main.run(terminal, arguments);
        return new CommandRun(exitCode, out.toString(), err.toString());
    }
}
