package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.ProgressBar;
import java.io.InputStream;
import org.apache.commons.io.IOUtils;
import org.apache.commons.io.input.ProxyInputStream;

/** Shows how much has been read, and remembers whether that was all. */
final class CountedInput extends ProxyInputStream {
    private final ProgressBar progress;
    private long count;
    private volatile boolean ended;

    CountedInput(InputStream in, ProgressBar progress) {
        super(in);
        this.progress = progress;
    }

    @Override
    protected void afterRead(int bytes) {
        if (bytes == IOUtils.EOF) {
            ended = true;
        } else {
            count += bytes;
            progress.at(count);
        }
    }

    boolean ended() {
        return ended;
    }
}
