package io.ipamer.api.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.stream.HttpDecoder;
import com.linecorp.armeria.common.stream.StreamDecoderInput;
import com.linecorp.armeria.common.stream.StreamDecoderOutput;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.ipamer.api.Limits;
import io.netty.buffer.ByteBuf;
import java.io.IOException;

/**
 * gRPC's messages in a body (grpc.io, "gRPC over HTTP2", Length-Prefixed-Message): a byte that says whether it is
 * packed, four of length, the message. What cannot be taken ends the stream with a {@link StatusRuntimeException}.
 */
final class GrpcFrames implements HttpDecoder<byte[]> {
    static final int PREFIX_BYTES = 5;
    private static final int PACKED = 1;

    private final boolean gzip;
    private int flag;

    /** Of the message whose prefix was read; -1 between messages. */
    private int length = -1;

    /** {@code gzip}: what packed messages are packed with; false when the request named nothing. */
    GrpcFrames(boolean gzip) {
        this.gzip = gzip;
    }

    /** A message behind its prefix. */
    static HttpData frame(int flag, byte[] message) {
        byte[] frame = new byte[PREFIX_BYTES + message.length];
        frame[0] = (byte) flag;
        frame[1] = (byte) (message.length >>> 24);
        frame[2] = (byte) (message.length >>> 16);
        frame[3] = (byte) (message.length >>> 8);
        frame[4] = (byte) message.length;
        System.arraycopy(message, 0, frame, PREFIX_BYTES, message.length);
        return HttpData.wrap(frame);
    }

    @Override
    public ByteBuf toByteBuf(HttpData in) {
        return in.byteBuf();
    }

    @Override
    public void process(StreamDecoderInput in, StreamDecoderOutput<byte[]> out) {
        while (in.readableBytes() >= (length < 0 ? PREFIX_BYTES : length)) {
            if (length < 0) {
                readPrefix(in);
            } else {
                byte[] message = new byte[length];
                in.readBytes(message);
                length = -1;
                out.add(flag == PACKED ? unpacked(message) : message);
            }
        }
    }

    private void readPrefix(StreamDecoderInput in) {
        flag = in.readUnsignedByte();
        int given = in.readInt();
        if (flag > PACKED) {
            throw Status.INTERNAL
                    .withDescription("the first byte of a message is " + flag + "; it must be 0, or 1 for a packed one")
                    .asRuntimeException();
        }
        if (flag == PACKED && !gzip) {
            throw Status.INTERNAL
                    .withDescription("a message is packed, and grpc-encoding does not say with what")
                    .asRuntimeException();
        }
        if (given < 0 || given > Limits.MAX_MESSAGE_BYTES) {
            throw Gzip.tooLarge();
        }
        length = given;
    }

    private static byte[] unpacked(byte[] message) {
        try {
            return Gzip.unpacked(message);
        } catch (IOException malformed) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("a message is not packed with gzip, as grpc-encoding says")
                    .asRuntimeException();
        }
    }

    @Override
    public void processOnComplete(StreamDecoderInput in, StreamDecoderOutput<byte[]> out) {
        if (length >= 0 || in.readableBytes() > 0) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("the request ends in the middle of a message")
                    .asRuntimeException();
        }
    }
}
