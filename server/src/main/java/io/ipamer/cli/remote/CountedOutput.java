package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.ProgressBar;
import java.io.BufferedOutputStream;
import java.io.OutputStream;
import org.apache.commons.io.output.ProxyOutputStream;

/** Shows how much has been written. */
final class CountedOutput extends ProxyOutputStream {
    private final ProgressBar progress;
    private long count;

    CountedOutput(OutputStream out, ProgressBar progress) {
        super(new BufferedOutputStream(out, 1 << 16));
        this.progress = progress;
    }

    @Override
    protected void afterWrite(int bytes) {
        count += bytes;
        progress.at(count);
    }

    long count() {
        return count;
    }
}
