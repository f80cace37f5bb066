package io.ipamer.api.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.util.Set;

/**
 * A connection, and what Armeria bears from it without end:
 *
 * <ul>
 *   <li>Requests whose answers nobody reads, and over HTTP/1.1 any number of requests before the first one is answered.
 *       Nothing more is read from such a connection until answers have gone out, so that it holds what it holds.
 *   <li>Over HTTP/2 a mistake of the client in a stream whose call runs. Armeria resets the stream and lets the call run
 *       on, so that a client that makes many mistakes (CVE-2025-8671) has any number of calls, beyond all limits. HTTP/2
 *       allows to take each for one of the connection (RFC 9113, 5.4), which is closed then.
 * </ul>
 */
final class Connection extends ChannelDuplexHandler {
    /** Real clients wait for each answer; those that do not are a browser's, long ago. */
    private static final int MAX_UNANSWERED = 100;

    /** Many times what the calls of a busy client leave to be done at any moment. */
    private static final int MAX_PENDING = 1_000;

    /** What may wait for the client to read it; Armeria itself sets no bound. */
    private static final WriteBufferWaterMark UNREAD = new WriteBufferWaterMark(64 << 10, 256 << 10);

    private static final int HEAD_BYTES = 9;
    private static final int TYPE_AT = 3;
    private static final int STREAM_AT = 5;
    private static final int RESET = 3;

    /** PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR. */
    private static final Set<Integer> MISTAKES = Set.of(1, 3, 5, 6);

    // The event loop's.
    private int unanswered;
    private boolean held;

    /** Of HTTP/1.1: a request is to be answered. In the connection's event loop. */
    void begun() {
        unanswered++;
    }

    /** It is. In the connection's event loop. */
    void answered(ChannelHandlerContext context) {
        unanswered--;
        readOn(context);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        context.channel().config().setWriteBufferWaterMark(UNREAD);
        context.fireChannelActive();
    }

    @Override
    public void read(ChannelHandlerContext context) {
        if (mayRead(context) && !isBehind(context)) {
            context.read();
            return;
        }
        held = true;
        context.channel().config().setAutoRead(false); // or its selector would go on reading
        if (mayRead(context)) {
            context.executor().execute(() -> readOn(context)); // when what came has been dealt with
        }
    }

    private boolean mayRead(ChannelHandlerContext context) {
        return context.channel().isWritable() && unanswered < MAX_UNANSWERED;
    }

    /** An event loop reads for as long as there is something to read, and answers when there is time. */
    private static boolean isBehind(ChannelHandlerContext context) {
        return context.executor() instanceof SingleThreadEventExecutor loop && loop.pendingTasks() > MAX_PENDING;
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        readOn(context);
        context.fireChannelWritabilityChanged();
    }

    private void readOn(ChannelHandlerContext context) {
        if (held && mayRead(context)) {
            held = false;
            context.channel().config().setAutoRead(true);
        }
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the promise is what tells
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf frame && isMistake(context, frame)) {
            ChannelPromise written = promise.unvoid();
            written.addListener(done -> context.close()); // at once: the channel itself would wait for its calls
            context.writeAndFlush(message, written);
        } else {
            context.write(message, promise);
        }
    }

    /**
     * Whether it is a whole frame that resets a stream for a mistake. What comes late for a stream that was answered is
     * none: the client cannot know yet.
     */
    private static boolean isMistake(ChannelHandlerContext context, ByteBuf frame) {
        int start = frame.readerIndex();
        if (frame.readableBytes() != HEAD_BYTES + Integer.BYTES
                || frame.getMedium(start) != Integer.BYTES
                || frame.getByte(start + TYPE_AT) != RESET
                || !MISTAKES.contains(frame.getInt(start + HEAD_BYTES))) {
            return false;
        }
        Http2ConnectionHandler http2 = context.pipeline().get(Http2ConnectionHandler.class);
        return http2 != null && http2.connection().stream(frame.getInt(start + STREAM_AT)) != null;
    }
}
