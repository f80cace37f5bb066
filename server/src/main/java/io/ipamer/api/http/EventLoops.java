package io.ipamer.api.http;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The threads of the door's connections. They end at once when the door is closed, by when all connections are: by default
 * they would listen for another two seconds whether somebody still has work for them.
 */
final class EventLoops extends MultiThreadIoEventLoopGroup {
    private static final long PATIENCE_SECONDS = 5;

    EventLoops(int threads, String name) {
        super(threads, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
    }

    @Override
    public Future<?> shutdownGracefully() {
        return shutdownGracefully(0, PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
