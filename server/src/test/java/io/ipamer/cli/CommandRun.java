package io.ipamer.cli;

import io.ipamer.cli.terminal.Terminal;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A command that ran in this process, and what it wrote to what it took for a file, or for a terminal. */
record CommandRun(int exitCode, String out, String err) {
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");

    /** Commands that are none without another word. */
    private static final Set<String> HALF = Set.of("namespace", "prefix", "child", "ip");

    /** Into a file, with nobody there. */
    static CommandRun of(String... arguments) {
        return run(null, arguments);
    }

    /** With somebody before a terminal who types that when asked. */
    static CommandRun typing(String answer, String... arguments) {
        return run(answer, arguments);
    }

    /** As it is typed in a shell, with quotes; {@code word} turns words into others. Asks the server unless it names one. */
    static CommandRun typed(String line, String server, UnaryOperator<String> word) {
        List<String> arguments = new ArrayList<>();
        Matcher words = WORD.matcher(line);
        while (words.find()) {
            arguments.add(word.apply(words.group(1) == null ? words.group(2) : words.group(1)));
        }
        boolean half = arguments.size() == 1 && HALF.contains(arguments.get(0));
        if (!half && !arguments.contains("--server")) {
            arguments.add("--server");
            arguments.add(server);
        }
        return of(arguments.toArray(String[]::new));
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
