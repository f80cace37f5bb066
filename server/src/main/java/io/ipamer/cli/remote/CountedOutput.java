package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.ProgressBar;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Shows how much has been written. */
final class CountedOutput extends OutputStream {
    private final OutputStream out;
    private final ProgressBar progress;
    private long count;

    CountedOutput(OutputStream out, ProgressBar progress) {
        this.out = new BufferedOutputStream(out, 1 << 16);
        this.progress = progress;
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
        count += length;
        progress.at(count);
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    long count() {
        return count;
    }
}
