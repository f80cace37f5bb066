package io.ipamer.cli.terminal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Where a command writes to, and what can be shown there: perhaps a terminal with somebody before it, perhaps a file. */
public final class Terminal {
    /** The width that is taken where there is no terminal, or one that does not say. */
    public static final int USUAL_WIDTH = 80;

    private static final int LEAST_WIDTH = 20;

    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean onTerminal;
    private final boolean errOnTerminal;
    private final boolean colours;
    private final int width;
    private final boolean unicode;
    private final @Nullable BufferedReader answers;

    /**
     * Makes one; {@link Surroundings} finds what the process has.
     *
     * @param onTerminal whether {@code out} leads to a terminal
     * @param errOnTerminal whether {@code err} leads to a terminal that can go back to the start of a line
     * @param colours whether {@code out} is to have colours
     * @param width columns
     * @param unicode whether {@code out} and {@code err} can show more than ASCII
     * @param answers what somebody before the terminal types, or null if nobody is there
     */
    public Terminal(
            PrintWriter out,
            PrintWriter err,
            boolean onTerminal,
            boolean errOnTerminal,
            boolean colours,
            int width,
            boolean unicode,
            @Nullable BufferedReader answers) {
        this.out = out;
        this.err = err;
        this.onTerminal = onTerminal;
        this.errOnTerminal = errOnTerminal;
        this.colours = colours;
        this.width = Math.max(width, LEAST_WIDTH);
        this.unicode = unicode;
        this.answers = answers;
    }

    /** The terminal of this process. */
    public static Terminal ofProcess() {
        return Surroundings.ofProcess().terminal(System.out, System.err, System.in);
    }

    /** For results. Its {@code checkError} tells whether the reader has gone away, as {@code head} does. */
    public PrintWriter out() {
        return out;
    }

    /** For what is not a result: questions, progress, complaints. */
    public PrintWriter err() {
        return err;
    }

    /** True if {@link #out()} leads to a terminal: somebody reads it, not a program. */
    public boolean onTerminal() {
        return onTerminal;
    }

    /** True if {@link #err()} leads to a terminal that can go back to the start of a line. */
    public boolean errOnTerminal() {
        return errOnTerminal;
    }

    /** Columns; {@link #USUAL_WIDTH} where there is no terminal. */
    public int width() {
        return width;
    }

    /** True if more than ASCII can be shown. */
    public boolean unicode() {
        return unicode;
    }

    /** True if {@link #out()} has colours. */
    public boolean colours() {
        return colours;
    }

    /** The text so that it stands out on {@link #out()}, or as it is where there are no colours. */
    public String styled(Style style, String text) {
        return colours && !text.isEmpty() ? style.on() + text + Style.off() : text;
    }

    /**
     * Asks before something that cannot be undone. No answer, or another one than yes, is no.
     *
     * @param question without a question mark, such as {@code delete namespace "lab" and all in it}
     * @throws NoAnswerException if nobody is there to be asked; its message names {@code --yes}
     */
    public boolean confirm(String question) {
        if (answers == null) {
            throw new NoAnswerException(
                    "nobody is there to be asked (" + Printable.of(question) + "); --yes does it without asking");
        }
        out.flush();
        err.print(Printable.of(question) + "? [y/N] ");
        err.flush();
        try {
            String answer = answers.readLine();
            if (answer == null) {
                err.println();
                err.flush();
                return false;
            }
            String word = answer.strip().toLowerCase(Locale.ROOT);
            return word.equals("y") || word.equals("yes");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the answer from the terminal", e);
        }
    }
}
