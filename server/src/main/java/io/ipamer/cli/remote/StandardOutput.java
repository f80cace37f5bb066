package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.Terminal;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import org.apache.commons.io.output.CloseShieldWriter;
import org.apache.commons.io.output.ProxyOutputStream;
import org.apache.commons.io.output.WriterOutputStream;
import org.jspecify.annotations.Nullable;

/** Standard output, for text that comes as UTF-8; and whether it took what it was given. */
public final class StandardOutput extends ProxyOutputStream {
    private final PrintWriter standard;

    StandardOutput(Terminal terminal) throws IOException {
        super(WriterOutputStream.builder()
                .setWriter(CloseShieldWriter.wrap(shown(terminal)))
                .setCharset(StandardCharsets.UTF_8)
                .setWriteImmediately(true)
                .get());
        standard = terminal.out();
    }

    private static Writer shown(Terminal terminal) {
        return terminal.onTerminal() ? new HarmlessJson(terminal.out()) : terminal.out(); // all dumps are JSON
    }

    @Override
    protected void afterWrite(int bytes) throws IOException {
        if (standard.checkError()) {
            throw new IOException("standard output takes no more");
        }
    }

    /**
     * Passes if all was taken, or if the reader has gone away, as {@code head} does: it has what it wanted.
     *
     * @throws CommandFailure if it could not be written
     */
    public static void requireTaken(Terminal terminal) {
        requireTaken(terminal, "");
    }

    /** The same; {@code more} is added to the sentence. */
    static void requireTaken(Terminal terminal, String more) {
        String why = failure(terminal);
        if (why != null && !readerHasGone(why)) {
            throw new CommandFailure(CommandFailure.REFUSED, "the answer cannot be written: " + why + more);
        }
    }

    /** The reader of a pipe. */
    static boolean readerHasGone(String failure) {
        return failure.contains("Broken pipe");
    }

    /** Why not all was taken, or null. */
    static @Nullable String failure(Terminal terminal) {
        if (!terminal.out().checkError()) {
            return null;
        }
        try {
            // Only to hear why, which the writer has kept to itself. It is the process's, and stays open.
            new FileOutputStream(FileDescriptor.out).write('\n');
        } catch (IOException failed) {
            return String.valueOf(failed.getMessage());
        }
        return "it was not taken whole";
    }
}
