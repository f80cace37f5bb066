package io.ipamer.it.conformance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.google.protobuf.ByteString;
import io.grpc.Deadline;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** An HTTP/1.1 connection, one request after the other. It shows what java.net.http hides: chunks, and trailers. */
final class Http1Connection implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;
    private Optional<Deadline> deadline = Optional.empty();
    private long usedAt = System.nanoTime();

    /** Names of headers and trailers are found in any case. */
    record Response(
            String statusLine,
            Map<String, String> headers,
            boolean chunked,
            ByteString body,
            Map<String, String> trailers) {
        int status() {
            return Integer.parseInt(statusLine.split(" ", 3)[1]);
        }

        boolean keepsAlive() {
            return !"close".equalsIgnoreCase(headers.get("connection"));
        }
    }

    Http1Connection(int port) throws IOException {
        socket = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(new InTime(socket.getInputStream()), 16 << 10);
    }

    /** {@code headers}: besides {@code Host} and {@code Content-Length}. */
    Response post(String path, Map<String, String> headers, byte[] body, Optional<Deadline> until) throws IOException {
        deadline = until;
        StringBuilder head = new StringBuilder("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + socket.getPort());
        headers.forEach(
                (name, value) -> head.append("\r\n").append(name).append(": ").append(value));
        head.append("\r\nContent-Length: ").append(body.length).append("\r\n\r\n");
        ByteArrayOutputStream request = new ByteArrayOutputStream(head.length() + body.length);
        request.writeBytes(head.toString().getBytes(ISO_8859_1));
        request.writeBytes(body);
        request.writeTo(socket.getOutputStream());
        Response response = response();
        usedAt = System.nanoTime();
        return response;
    }

    /** For how long it has carried nothing. */
    long idleNanos() {
        return System.nanoTime() - usedAt;
    }

    private Response response() throws IOException {
        String statusLine = line();
        Map<String, String> headers = fields();
        if (!"chunked".equalsIgnoreCase(headers.get("transfer-encoding"))) {
            String length = headers.get("content-length");
            if (length == null) {
                throw new ProtocolException("neither chunks nor a Content-Length: " + statusLine + " " + headers);
            }
            return new Response(
                    statusLine, headers, false, ByteString.copyFrom(bytes(Integer.parseInt(length))), Map.of());
        }
        ByteString.Output body = ByteString.newOutput();
        for (int size = chunkSize(); size > 0; size = chunkSize()) {
            body.write(bytes(size));
            if (!line().isEmpty()) {
                throw new ProtocolException("a chunk is longer than it says");
            }
        }
        return new Response(statusLine, headers, true, body.toByteString(), fields());
    }

    private int chunkSize() throws IOException {
        return Integer.parseInt(line().replaceAll(";.*", ""), 16);
    }

    private Map<String, String> fields() throws IOException {
        Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            fields.merge(
                    line.substring(0, colon),
                    line.substring(colon + 1).strip(),
                    (before, another) -> before + ", " + another);
        }
        return fields;
    }

    private byte[] bytes(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("ended " + (count - bytes.length) + " bytes too early");
        }
        return bytes;
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\r'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("ended after \"" + line.toString(ISO_8859_1) + "\"");
            }
            line.write(next);
        }
        if (in.read() != '\n') {
            throw new ProtocolException("a line without its end: " + line.toString(ISO_8859_1));
        }
        return line.toString(ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** Reads until the deadline, however many reads that takes. */
    private final class InTime extends FilterInputStream {
        InTime(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int millis = 0;
            if (deadline.isPresent()) {
                millis = (int) deadline.get().timeRemaining(MILLISECONDS);
                if (millis <= 0) {
                    throw new SocketTimeoutException("the deadline has passed");
                }
            }
            socket.setSoTimeout(millis);
            return super.read(into, offset, length);
        }
    }
}
