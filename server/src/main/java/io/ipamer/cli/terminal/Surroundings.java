package io.ipamer.cli.terminal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What the process was started with: which of its streams are terminals, how wide, in which charset.
 *
 * <p>The launcher knows best and says so in system properties. Without it Linux tells by what the descriptors are
 * links to. Elsewhere Java's console is what is left: it is there when both input and output are terminals.
 */
final class Surroundings {
    /** From the launcher: which of the descriptors 0, 1 and 2 are terminals, such as {@code 012} or {@code 2}. */
    static final String TERMINALS = "ipamer.terminals";

    /** From the launcher: how many columns the terminal has. */
    static final String COLUMNS = "ipamer.columns";

    /** From the launcher, where it had Java take another locale than the one in force: the terminal's charset. */
    static final String CHARSET = "ipamer.charset";

    private static final int WIDEST = 1_000;

    private final UnaryOperator<@Nullable String> variables;
    private final UnaryOperator<@Nullable String> properties;
    private final IntPredicate terminalByItself;

    Surroundings(
            UnaryOperator<@Nullable String> variables,
            UnaryOperator<@Nullable String> properties,
            IntPredicate terminalByItself) {
        this.variables = variables;
        this.properties = properties;
        this.terminalByItself = terminalByItself;
    }

    static Surroundings ofProcess() {
        return new Surroundings(System::getenv, System::getProperty, Surroundings::isTerminal);
    }

    Terminal terminal(PrintStream out, PrintStream err, InputStream in) {
        boolean onTerminal = isOnTerminal(1);
        boolean errOnTerminal = isOnTerminal(2);
        boolean dumb = "dumb".equals(variables.apply("TERM"));
        Charset charset = localeCharset();
        // A question is not asked where nobody sees it.
        BufferedReader answers =
                isOnTerminal(0) && errOnTerminal ? new BufferedReader(new InputStreamReader(in, charset)) : null;
        return new Terminal(
                writer(out, charset, onTerminal),
                writer(err, charset, errOnTerminal),
                onTerminal,
                errOnTerminal && !dumb,
                onTerminal && !dumb && isEmpty(variables.apply("NO_COLOR")),
                onTerminal || errOnTerminal ? width() : Terminal.USUAL_WIDTH,
                charset.equals(UTF_8),
                answers);
    }

    /**
     * What is written for programs is UTF-8, whatever the locale. A terminal gets what its locale says; but the locale C
     * says only that nobody has set one, and bytes that the terminal may well show are better than question marks.
     */
    private static PrintWriter writer(PrintStream stream, Charset charset, boolean terminal) {
        return new PrintWriter(new OutputStreamWriter(
                new CheckedOutput(stream), terminal && !charset.equals(US_ASCII) ? charset : UTF_8));
    }

    private boolean isOnTerminal(int descriptor) {
        String told = properties.apply(TERMINALS);
        return told != null ? told.indexOf('0' + descriptor) >= 0 : terminalByItself.test(descriptor);
    }

    private int width() {
        for (String told : new @Nullable String[] {properties.apply(COLUMNS), variables.apply("COLUMNS")}) {
            // What is no number, or none that a terminal has, says nothing.
            if (told != null && told.matches("[1-9][0-9]{0,3}")) {
                return Math.min(Integer.parseInt(told), WIDEST);
            }
        }
        return Terminal.USUAL_WIDTH;
    }

    private Charset localeCharset() {
        String told = properties.apply(CHARSET);
        String name = told != null ? told : properties.apply("native.encoding");
        try {
            return name == null ? Charset.defaultCharset() : Charset.forName(name);
        } catch (IllegalArgumentException unknownHere) {
            return US_ASCII;
        }
    }

    private static boolean isEmpty(@Nullable String value) {
        return value == null || value.isEmpty();
    }

    private static boolean isTerminal(int descriptor) {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                    .toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException noProc) {
            return hasConsole();
        }
    }

    /** From Java 22 on there may be a console without a terminal, and the method that tells is not there before. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean hasConsole() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException before22) {
            return true;
        }
    }
}
