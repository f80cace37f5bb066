package io.ipamer.bench;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** Says how it is going: one line that is written over each second, or, where nobody watches, a line each 5 s. */
public final class Progress {
    private static final int WIDTH = 96;

    private final PrintWriter out;
    private final boolean terminal;

    /**
     * Makes one.
     *
     * @param terminal whether the writer leads to a terminal, which can go back to the start of a line
     */
    public Progress(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** How long to wait between lines. */
    Duration interval() {
        return Duration.ofSeconds(terminal ? 1 : 5);
    }

    void phase(String what) {
        print(what, false);
    }

    /** What was measured since the last line. */
    void measured(String phase, double seconds, double sinceLast, Histogram interval, long errors) {
        String line = String.format(
                Locale.ROOT,
                "%-15s %5.0f s %,10.0f/s  p50 %.2f ms  p99 %.2f ms  max %.2f ms  errors %,d",
                phase,
                seconds,
                interval.getTotalCount() / sinceLast,
                interval.getValueAtPercentile(50) / 1e6,
                interval.getValueAtPercentile(99) / 1e6,
                interval.getMaxValue() / 1e6,
                errors);
        print(line, true);
    }

    /** Leaves a terminal's line clean for what comes. */
    void end() {
        if (terminal) {
            out.print("\r" + " ".repeat(WIDTH) + "\r");
            out.flush();
        }
    }

    private void print(String line, boolean live) {
        if (terminal) {
            out.printf("\r%-" + WIDTH + "s", line);
        } else if (live) {
            out.println(line);
        }
        out.flush();
    }
}
