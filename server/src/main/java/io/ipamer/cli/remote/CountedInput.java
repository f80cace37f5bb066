package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.ProgressBar;
import java.io.IOException;
import java.io.InputStream;

/** Shows how much has been read, and remembers whether that was all. */
final class CountedInput extends InputStream {
    private final InputStream in;
    private final ProgressBar progress;
    private long count;
    private volatile boolean ended;

    CountedInput(InputStream in, ProgressBar progress) {
        this.in = in;
        this.progress = progress;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int some = in.read(bytes, offset, length);
        if (some < 0) {
            ended = true;
        } else {
            count += some;
            progress.at(count);
        }
        return some;
    }

    boolean ended() {
        return ended;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
