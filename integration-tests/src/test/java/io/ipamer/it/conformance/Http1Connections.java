package io.ipamer.it.conformance;

import io.grpc.Deadline;
import java.io.IOException;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;

/** The connections to one port. Each carries one request at a time, so there are as many as there are at once. */
final class Http1Connections implements AutoCloseable {
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final int port;
    private final Deque<Http1Connection> idle = new ConcurrentLinkedDeque<>();

    Http1Connections(int port) {
        this.port = port;
    }

    @Override
    public String toString() {
        return "127.0.0.1:" + port;
    }

    Http1Connection.Response post(String path, Map<String, String> headers, byte[] body, Optional<Deadline> deadline)
            throws IOException {
        Http1Connection connection = idle.poll();
        // A server may close what is idle, just when it is used again: long before that it is not used.
        while (connection != null && connection.idleNanos() > IDLE_NANOS) {
            connection.close();
            connection = idle.poll();
        }
        if (connection == null) {
            connection = new Http1Connection(port);
        }
        boolean reusable = false;
        try {
            Http1Connection.Response response = connection.post(path, headers, body, deadline);
            reusable = response.keepsAlive();
            return response;
        } finally {
            if (reusable) {
                idle.push(connection);
            } else {
                connection.close();
            }
        }
    }

    @Override
    public void close() {
        for (Http1Connection connection = idle.poll(); connection != null; connection = idle.poll()) {
            try {
                connection.close();
            } catch (IOException gone) {
                // It is closed all the same.
            }
        }
    }
}
