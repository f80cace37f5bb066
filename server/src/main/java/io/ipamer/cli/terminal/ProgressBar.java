package io.ipamer.cli.terminal;

import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Says how far a long piece of work is: a line on the terminal that is written over, and taken away at the end. Where
 * there is no terminal it says nothing. Work that is done at once shows none.
 *
 * <p>For any number of threads.
 */
public final class ProgressBar implements AutoCloseable {
    private static final long UNKNOWN = -1;
    private static final long FIRST_AFTER_NANOS = 300_000_000;
    private static final long NEXT_AFTER_NANOS = 100_000_000;
    private static final int WIDEST_BAR = 30;
    private static final int NARROWEST_BAR = 8;

    /** What is counted. */
    public enum Unit {
        THINGS,
        BYTES
    }

    private final Terminal terminal;
    private final String what;
    private final Unit unit;
    private final long total;
    private final LongSupplier nanoTime;
    private final long start;

    private long nextDue;
    private long done;
    private int shown;
    /** Grows shorter as the numbers grow longer, and never longer again: it would jump about. */
    private int bar = WIDEST_BAR;

    private boolean closed;

    private ProgressBar(Terminal terminal, String what, Unit unit, long total, LongSupplier nanoTime) {
        this.terminal = terminal;
        this.what = what;
        this.unit = unit;
        this.total = total;
        this.nanoTime = nanoTime;
        start = nanoTime.getAsLong();
        nextDue = start + FIRST_AFTER_NANOS;
    }

    /**
     * Of work whose size is known.
     *
     * @param what what is counted, such as {@code addresses}; of bytes what is being done with them, such as {@code sent}
     * @param nanoTime a clock that only goes on, such as {@code System::nanoTime}
     */
    public static ProgressBar of(Terminal terminal, String what, Unit unit, long total, LongSupplier nanoTime) {
        return new ProgressBar(terminal, what, unit, Math.max(total, 0), nanoTime);
    }

    /** Of work that ends when it ends. */
    public static ProgressBar ofUnknown(Terminal terminal, String what, Unit unit, LongSupplier nanoTime) {
        return new ProgressBar(terminal, what, unit, UNKNOWN, nanoTime);
    }

    /** So much more is done. */
    public synchronized void add(long more) {
        at(done + more);
    }

    /** So much is done now, in all. */
    public synchronized void at(long doneNow) {
        done = doneNow;
        if (closed || !terminal.errOnTerminal()) {
            return;
        }
        long now = nanoTime.getAsLong();
        if (now - nextDue >= 0) {
            nextDue = now + NEXT_AFTER_NANOS;
            show(line(now - start));
        }
    }

    /** Takes the line away. */
    @Override
    public synchronized void close() {
        closed = true;
        if (shown > 0) {
            show("");
        }
    }

    private void show(String line) {
        int width = Printable.width(line);
        terminal.err().print('\r' + line + " ".repeat(Math.max(0, shown - width)) + (line.isEmpty() ? "\r" : ""));
        terminal.err().flush();
        shown = width;
    }

    private String line(long nanos) {
        double rate = done * 1e9 / nanos;
        String speed = ", " + amount(Math.round(rate)) + "/s";
        if (total == UNKNOWN) {
            return fit(List.of(amount(done), ' ' + what, speed));
        }
        double part = total == 0 ? 1 : Math.min(1, (double) done / total);
        String left = rate > 0 ? ", " + time(Math.round(Math.max(0, total - done) / rate)) + " left" : "";
        String percent = String.format(Locale.ROOT, "%3d%%", (int) (part * 100));
        List<String> parts = List.of(percent, "  " + amount(done) + " of " + amount(total), ' ' + what, speed, left);
        String text = String.join("", parts);
        // The last column stays empty: some terminals go to the next line when it is written to.
        bar = Math.min(bar, terminal.width() - 1 - Printable.width(text) - 3);
        if (bar < NARROWEST_BAR) {
            return fit(parts);
        }
        int filled = (int) (part * bar);
        return '[' + (terminal.unicode() ? "█" : "#").repeat(filled)
                + (terminal.unicode() ? "░" : ".").repeat(bar - filled) + "] " + text;
    }

    /** As many of the parts as there is room for: a number of which a part is missing would be another one. */
    private String fit(List<String> parts) {
        StringBuilder line = new StringBuilder();
        for (String part : parts) {
            if (Printable.width(line + part) >= terminal.width()) {
                break;
            }
            line.append(part);
        }
        return line.toString();
    }

    private String amount(long number) {
        if (unit == Unit.THINGS || number < 1_000) {
            return String.format(Locale.ROOT, "%,d", number) + (unit == Unit.BYTES ? " B" : "");
        }
        double size = number;
        int prefix = -1;
        while (size >= 999.95) {
            size /= 1_000;
            prefix++;
        }
        return String.format(Locale.ROOT, "%.1f %cB", size, "kMGTPE".charAt(prefix));
    }

    private static String time(long seconds) {
        return seconds < 3_600
                ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    }
}
