package io.ipamer.api.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.EmptyHttp2Headers;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A connection of HTTP/2 that sends what frames it is told to. */
final class Http2Connection implements AutoCloseable {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int RESET = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GO_AWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;

    static final int ENHANCE_YOUR_CALM = 11;

    private static final Http2Headers NONE = EmptyHttp2Headers.INSTANCE;
    private static final int PATIENCE_MILLIS = 30_000;
    private static final byte[] LOOPBACK = {127, 0, 0, 1};

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final DataOutputStream out;
    private final DefaultHttp2HeadersDecoder headers = new DefaultHttp2HeadersDecoder();

    Http2Connection(int port) throws IOException {
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port));
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16));
        out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        frame(SETTINGS, 0, 0);
    }

    /** What came. */
    record Frame(int type, int flags, int stream, ByteBuffer payload, Http2Headers headers) {
        /** Why, of a RESET or a GO_AWAY. */
        int code() {
            return payload.getInt(type == GO_AWAY ? 4 : 0);
        }

        boolean ends() {
            return type == RESET || (type <= HEADERS && (flags & END_STREAM) != 0);
        }
    }

    void frame(int type, int flags, int stream, byte... payload) throws IOException {
        out.writeByte(payload.length >>> 16);
        out.writeShort(payload.length);
        out.writeByte(type);
        out.writeByte(flags);
        out.writeInt(stream);
        out.write(payload);
    }

    void bytes(byte[] given) throws IOException {
        out.write(given);
    }

    void flush() throws IOException {
        out.flush();
    }

    /** The head of a POST. */
    static byte[] post(String path, String type, String... more) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        header(block, ":method", "POST");
        header(block, ":scheme", "http");
        header(block, ":authority", "127.0.0.1");
        header(block, ":path", path);
        header(block, "content-type", type);
        header(block, "te", "trailers");
        for (int i = 0; i < more.length; i += 2) {
            header(block, more[i], more[i + 1]);
        }
        return block.toByteArray();
    }

    /** As it is: literal, without an index (RFC 7541, 6.2.2). */
    private static void header(ByteArrayOutputStream block, String name, String value) {
        block.write(0);
        for (String text : new String[] {name, value}) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            if (bytes.length < 127) {
                block.write(bytes.length);
            } else {
                block.write(127);
                int rest = bytes.length - 127;
                for (; rest >= 128; rest >>>= 7) {
                    block.write(rest & 0x7f | 0x80);
                }
                block.write(rest);
            }
            block.writeBytes(bytes);
        }
    }

    /** A whole request. */
    void request(int stream, byte[] head, byte[] body) throws IOException {
        frame(HEADERS, END_HEADERS, stream, head);
        frame(DATA, END_STREAM, stream, body);
    }

    void reset(int stream) throws IOException {
        frame(RESET, 0, stream, new byte[] {0, 0, 0, 8});
    }

    Frame read() throws IOException {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = in.readNBytes(length);
        if (payload.length < length) {
            throw new EOFException();
        }
        if (type == SETTINGS && (flags & 1) == 0) {
            frame(SETTINGS, 1, 0);
            flush();
        }
        return new Frame(type, flags, stream, ByteBuffer.wrap(payload), type == HEADERS ? head(stream, payload) : NONE);
    }

    /** All heads are decoded, as each may refer to those before it. */
    private Http2Headers head(int stream, byte[] block) throws IOException {
        try {
            return headers.decodeHeaders(stream, Unpooled.wrappedBuffer(block));
        } catch (Http2Exception malformed) {
            throw new IOException(malformed);
        }
    }

    Frame await(Predicate<Frame> due) throws IOException {
        Frame frame = read();
        while (!due.test(frame)) {
            frame = read();
        }
        return frame;
    }

    /** Reads until the server closes the connection; why, or null when it did not say so, or nobody could hear it. */
    @Nullable
    Integer closes() throws IOException {
        Integer why = null;
        try {
            while (true) {
                Frame frame = read();
                why = frame.type == GO_AWAY ? Integer.valueOf(frame.code()) : why;
            }
        } catch (EOFException | SocketException closed) {
            return why;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
