package io.ipamer.api.http;

import com.google.protobuf.ByteString;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A connection that sends what it is given, byte for byte, and reads the answers of HTTP/1.1. */
final class RawConnection implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 30_000;

    private static final byte[] LOOPBACK = {127, 0, 0, 1};

    private final Socket socket = new Socket();
    private final InputStream in;
    private final OutputStream out;

    RawConnection(int port) throws IOException {
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port));
        in = new BufferedInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    /** An answer; names of headers are in lower case, values of one name are joined as HTTP joins them. */
    record Answer(int status, Map<String, String> headers, ByteString content, Map<String, String> trailers) {
        byte[] bytes() {
            return content.toByteArray();
        }

        String header(String name) {
            return headers.getOrDefault(name, "");
        }

        String body() {
            return content.toStringUtf8();
        }

        /** Of gRPC: from the trailers, or from the headers of an answer that has no body. */
        String grpc(String name) {
            return trailers.getOrDefault(name, header(name));
        }
    }

    /** A request with a body of a known length. */
    static byte[] request(String method, String path, byte[] body, String... headers) {
        List<String> all = new ArrayList<>(List.of(headers));
        all.add("Content-Length: " + body.length);
        return join(head(method, path, all.toArray(String[]::new)), body);
    }

    static byte[] post(String path, String type, byte[] body, String... headers) {
        List<String> all = new ArrayList<>(List.of(headers));
        all.add("Content-Type: " + type);
        return request("POST", path, body, all.toArray(String[]::new));
    }

    /** Everything that comes before a body. */
    static byte[] head(String method, String path, String... headers) {
        StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
        if (List.of(headers).stream().noneMatch(header -> header.startsWith("Host:"))) {
            head.append("Host: 127.0.0.1\r\n");
        }
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return bytes(head.append("\r\n").toString());
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }

    void send(byte[] given) throws IOException {
        out.write(given);
        out.flush();
    }

    void send(String text) throws IOException {
        send(bytes(text));
    }

    Answer call(byte[] request) throws IOException {
        send(request);
        return read();
    }

    /** Says that nothing more is sent, and goes on to listen. */
    void finish() throws IOException {
        socket.shutdownOutput();
    }

    /** Waits until the server has closed the connection, in whatever way; what it sent before is passed over. */
    boolean closes() throws IOException {
        try {
            in.readAllBytes();
        } catch (SocketException reset) {
            return true; // unlike a SocketTimeoutException, which is none of these
        }
        return true;
    }

    /** Sends the same again and again, at an interval, and says whether the server closes the connection meanwhile. */
    boolean closesThough(String text, int everyMillis) throws IOException {
        socket.setSoTimeout(everyMillis);
        for (int sent = 0; sent < PATIENCE_MILLIS / everyMillis; sent++) {
            try {
                if (in.read() < 0) {
                    return true;
                }
            } catch (SocketTimeoutException stillOpen) {
                try {
                    send(text);
                } catch (SocketException closed) {
                    return true;
                }
            } catch (SocketException closed) {
                return true;
            }
        }
        return false;
    }

    /** All that comes until the server closes the connection. */
    String rest() throws IOException {
        ByteArrayOutputStream rest = new ByteArrayOutputStream();
        try {
            for (int next = in.read(); next >= 0; next = in.read()) {
                rest.write(next);
            }
        } catch (SocketException reset) {
            // It is closed, then.
        }
        return rest.toString(StandardCharsets.ISO_8859_1);
    }

    /** Leaves at once, with a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Reads an answer of which there is no body, whatever it says: that to HEAD. */
    Answer readHead() throws IOException {
        int status = Integer.parseInt(line().split(" ", 3)[1]);
        return new Answer(status, fields(), ByteString.EMPTY, Map.of());
    }

    /** Reads one answer of any status. */
    Answer read() throws IOException {
        String[] first = line().split(" ", 3);
        int status = Integer.parseInt(first[1]);
        Map<String, String> headers = fields();
        if (status < 200 || status == 204 || status == 304) {
            return new Answer(status, headers, ByteString.EMPTY, Map.of());
        }
        if (headers.getOrDefault("transfer-encoding", "").equals("chunked")) {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            for (int size = chunk(); size > 0; size = chunk()) {
                body.writeBytes(exactly(size));
                line();
            }
            return new Answer(status, headers, ByteString.copyFrom(body.toByteArray()), fields());
        }
        String length = headers.get("content-length");
        byte[] body = length == null ? in.readAllBytes() : exactly(Integer.parseInt(length));
        return new Answer(status, headers, ByteString.copyFrom(body), Map.of());
    }

    private int chunk() throws IOException {
        return Integer.parseInt(line(), 16);
    }

    private byte[] exactly(int size) throws IOException {
        byte[] read = in.readNBytes(size);
        if (read.length < size) {
            throw new EOFException("after " + read.length + " of " + size + " bytes");
        }
        return read;
    }

    private Map<String, String> fields() throws IOException {
        Map<String, String> fields = new TreeMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            fields.merge(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip(),
                    (one, other) -> one + ", " + other);
        }
        return fields;
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("after \"" + line.toString(StandardCharsets.ISO_8859_1) + "\"");
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.ISO_8859_1).strip();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
