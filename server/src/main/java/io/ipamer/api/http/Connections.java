package io.ipamer.api.http;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The connections that there are. A door that closes must take no new calls, or those that run would never be the last;
 * Armeria by itself goes on to take them until then.
 */
final class Connections {
    /** By the address of the client, which none shares with another. */
    private final Map<SocketAddress, Channel> open = new ConcurrentHashMap<>();

    private volatile boolean leaving;

    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for it
    void admit(ChannelPipeline pipeline) {
        Channel channel = pipeline.channel();
        SocketAddress client = channel.remoteAddress();
        if (leaving || client == null) {
            channel.close();
            return;
        }
        pipeline.addFirst(new Connection());
        open.put(client, channel);
        channel.closeFuture().addListener(closed -> open.remove(client, channel));
        if (leaving) { // since it was looked at
            channel.close();
        }
    }

    /**
     * A request came, in its connection's event loop, and is being answered so. Of a door that closes, a connection ends
     * with the answer to what came on it.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for it
    void came(ServiceRequestContext request, HttpResponse response) {
        if (leaving) {
            request.initiateConnectionShutdown();
        }
        if (request.sessionProtocol().isMultiplex()) {
            return; // which has a limit of its own
        }
        Channel channel = open.get(request.remoteAddress());
        ChannelHandlerContext context =
                channel == null ? null : channel.pipeline().context(Connection.class);
        if (context != null) {
            Connection connection = (Connection) context.handler();
            connection.begun();
            response.whenComplete()
                    .whenCompleteAsync((done, failure) -> connection.answered(context), context.executor());
        }
    }

    /** From now on new connections are closed, and those of HTTP/2 told to go: each ends with its last call. */
    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for it
    void leave() {
        leaving = true;
        for (Channel connection : open.values()) {
            if (connection.pipeline().get(Http2ConnectionHandler.class) != null) {
                connection.close();
            }
        }
    }
}
