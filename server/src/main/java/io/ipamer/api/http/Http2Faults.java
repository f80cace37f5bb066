package io.ipamer.api.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.util.Set;

/**
 * Closes connections of HTTP/2 for what Armeria bears without end. It looks at the frames that the server sends:
 *
 * <ul>
 *   <li>One that resets a stream for a mistake of the client. Armeria lets the call of that stream run on, so that a
 *       client that makes many mistakes (CVE-2025-8671) has any number of calls, beyond all limits. HTTP/2 allows to
 *       take each for one of the connection (RFC 9113, 5.4).
 *   <li>Acknowledgements that the client does not read while it asks for more (CVE-2019-9512, CVE-2019-9515).
 * </ul>
 */
final class Http2Faults extends ChannelOutboundHandlerAdapter {
    private static final int HEAD_BYTES = 9;
    private static final int TYPE_AT = 3;
    private static final int RESET = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;

    /** PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR. */
    private static final Set<Integer> MISTAKES = Set.of(1, 3, 5, 6);

    /** As Netty's own servers have it. */
    private static final int MAX_UNREAD = 10_000;

    private int unread;

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the promise is what tells
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        ChannelPromise written = promise;
        boolean mistake = false;
        if (message instanceof ByteBuf frame && isControl(frame)) {
            if (frame.getByte(frame.readerIndex() + TYPE_AT) == RESET) {
                mistake = MISTAKES.contains(frame.getInt(frame.readerIndex() + HEAD_BYTES));
            } else {
                unread++;
                written = promise.unvoid();
                written.addListener(done -> unread--);
            }
        }
        if (mistake) {
            written = promise.unvoid();
            written.addListener(done -> context.close()); // at once: the channel itself would wait for its calls
            context.writeAndFlush(message, written);
            return;
        }
        context.write(message, written);
        if (unread > MAX_UNREAD) {
            context.close();
        }
    }

    /** Whether it is a whole frame of RESET, SETTINGS without any, or PING. */
    private static boolean isControl(ByteBuf frame) {
        int size = frame.readableBytes();
        if (size < HEAD_BYTES || frame.getMedium(frame.readerIndex()) != size - HEAD_BYTES) {
            return false;
        }
        return switch (frame.getByte(frame.readerIndex() + TYPE_AT)) {
            case RESET -> size == HEAD_BYTES + Integer.BYTES;
            case SETTINGS -> size == HEAD_BYTES;
            case PING -> size == HEAD_BYTES + Long.BYTES;
            default -> false;
        };
    }
}
