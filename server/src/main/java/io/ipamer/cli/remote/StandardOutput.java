package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.Terminal;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Standard output, for text that comes as UTF-8; and whether it took what it was given. */
public final class StandardOutput extends OutputStream {
    private static final int BUFFER = 8_192;

    private final PrintWriter out;
    private final Writer shown;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER);
    private final CharBuffer chars = CharBuffer.allocate(BUFFER);

    StandardOutput(Terminal terminal) {
        this.out = terminal.out();
        this.shown = terminal.onTerminal() ? new HarmlessJson(out) : out; // all dumps are JSON
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        int done = 0;
        while (done < length) {
            int some = Math.min(length - done, bytes.remaining());
            bytes.put(from, offset + done, some);
            done += some;
            decode(false);
        }
        if (out.checkError()) {
            throw new IOException("standard output takes no more");
        }
    }

    @Override
    public void flush() {
        out.flush();
    }

    /** What is left of a character that was cut off is shown as one that cannot be. */
    @Override
    public void close() throws IOException {
        decode(true);
        out.flush();
    }

    private void decode(boolean end) throws IOException {
        bytes.flip();
        decoder.decode(bytes, chars, end);
        bytes.compact();
        chars.flip();
        shown.append(chars);
        chars.clear();
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
