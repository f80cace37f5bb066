package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.Printable;
import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;

/**
 * Writes JSON so that no terminal can be led astray by it: what {@link Printable} would not show stands as JSON's escape,
 * which is the same text for programs. Outside of strings JSON has nothing of that but line breaks.
 */
final class HarmlessJson extends FilterWriter {
    HarmlessJson(Writer out) {
        super(out);
    }

    @Override
    public void write(int one) throws IOException {
        write(Character.toString((char) one), 0, 1);
    }

    @Override
    public void write(char[] text, int offset, int length) throws IOException {
        write(new String(text, offset, length), 0, length);
    }

    @Override
    public void write(String text, int offset, int length) throws IOException {
        int end = offset + length;
        for (int from = offset; from < end; ) {
            int lineEnd = text.indexOf('\n', from);
            int to = lineEnd < 0 || lineEnd > end ? end : lineEnd;
            out.write(Printable.of(text.substring(from, to)));
            if (to < end) {
                out.write('\n');
            }
            from = to + 1;
        }
    }
}
