package io.ipamer.client;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.util.concurrent.TimeUnit;

/** What a client and its views share. */
final class Connection {
    private static final int CLOSE_SECONDS = 5;

    private final ManagedChannel channel;
    private final boolean ours;
    private final RequestIds ids = new RequestIds();
    private final Calls calls;
    private volatile boolean closed;

    /** {@code authorized}: the channel, with a token where there is one. */
    Connection(ManagedChannel channel, boolean ours, Channel authorized, RetryPolicy retry) {
        this.channel = channel;
        this.ours = ours;
        this.calls = new Calls(authorized, retry, () -> closed || channel.isShutdown());
    }

    RequestIds ids() {
        return ids;
    }

    Calls calls() {
        return calls;
    }

    void close() {
        closed = true;
        if (!ours) {
            return;
        }
        channel.shutdown();
        try {
            if (!channel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                channel.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            channel.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
