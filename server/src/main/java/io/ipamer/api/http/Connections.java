package io.ipamer.api.http;

import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.util.concurrent.GlobalEventExecutor;

/**
 * The connections that there are. A door that closes must take no new calls, or those that run would never be the last;
 * Armeria by itself goes on to take them until then.
 */
final class Connections {
    private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private volatile boolean leaving;

    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for it
    void admit(ChannelPipeline pipeline) {
        pipeline.addFirst(new Http2Faults());
        open.add(pipeline.channel());
        if (leaving) {
            pipeline.channel().close();
        }
    }

    /** Of a door that closes, a connection ends with the answer to what came on it. */
    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for it
    void came(ServiceRequestContext request) {
        if (leaving) {
            request.initiateConnectionShutdown();
        }
    }

    /** From now on new connections are closed, and those of HTTP/2 told to go: each ends with its last call. */
    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for it
    void leave() {
        leaving = true;
        for (Channel connection : open) {
            if (connection.pipeline().get(Http2ConnectionHandler.class) != null) {
                connection.close();
            }
        }
    }
}
