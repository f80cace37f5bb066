package io.ipamer.cli.terminal;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;

/** A print stream that does not keep to itself that it could not write. */
final class CheckedOutput extends OutputStream {
    private final PrintStream stream;

    CheckedOutput(PrintStream stream) {
        this.stream = stream;
    }

    @Override
    public void write(int one) throws IOException {
        stream.write(one);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        stream.write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
        if (stream.checkError()) { // flushes
            throw new IOException("what was written was not taken");
        }
    }
}
