package io.ipamer.api.http.pages;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Calls to be pasted into a shell. */
final class Examples {
    private final Properties requests = new Properties();

    Examples() {
        try (InputStream in = Examples.class.getResourceAsStream("examples.properties")) {
            if (in == null) {
                throw new IllegalStateException("the build left no examples.properties");
            }
            requests.load(in);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** A request of that method as JSON; of a method that takes a stream, one or several. */
    String request(String method) {
        return requests.getProperty(method, "{}");
    }

    /** By Connect's JSON; not for streams. */
    String curl(String authority, String method) {
        return "curl -H 'Content-Type: application/json' -d '" + request(method) + "' http://" + authority + "/"
                + method;
    }

    /** By gRPC. */
    String grpcurl(String authority, String method) {
        return "grpcurl -plaintext -d '" + request(method) + "' " + authority + " " + method;
    }
}
