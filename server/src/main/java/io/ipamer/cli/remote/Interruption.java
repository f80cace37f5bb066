package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.Printable;
import io.ipamer.cli.terminal.Terminal;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

/**
 * What is said when a command is cut short by Ctrl-C or SIGTERM, from when it is made until it is {@link #over}. The JVM runs
 * its hooks then, and ends with the exit code of the signal.
 *
 * <p>Once the sentence is being said, the command does not come to its end any more: it would say something else.
 */
final class Interruption {
    private final Thread hook;

    private Interruption(Thread hook) {
        this.hook = hook;
    }

    static Interruption says(Terminal terminal, Supplier<String> sentence) {
        Thread hook = new Thread(
                () -> {
                    terminal.err().println("ipamer: " + Printable.of(sentence.get()));
                    terminal.err().flush();
                },
                "ipamer-interrupted");
        Runtime.getRuntime().addShutdownHook(hook);
        return new Interruption(hook);
    }

    /** The command is through, or failed by itself. */
    void over() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            awaitEnd();
        }
    }

    private static void awaitEnd() {
        CountDownLatch never = new CountDownLatch(1);
        while (true) {
            try {
                never.await();
            } catch (InterruptedException goesOnEnding) {
                // The process ends; there is nothing else to do.
            }
        }
    }
}
