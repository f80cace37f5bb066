package io.ipamer.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where a server process says that it serves, each {@code host:port}. */
public final class Greeting {
    private static final Pattern DOOR = Pattern.compile("\\b(gRPC|HTTP) on (127\\.0\\.0\\.1:\\d+)");

    private final Map<String, String> addresses = new HashMap<>();

    private Greeting() {}

    /** Returns when it has said all of it. */
    public static Greeting read(BufferedReader output) throws IOException {
        Greeting greeting = new Greeting();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher door = DOOR.matcher(line);
            while (door.find()) {
                greeting.addresses.put(door.group(1), door.group(2));
            }
            if (line.startsWith("stop: ")) {
                return greeting;
            }
        }
        throw new IOException("the server ended without saying where it listens");
    }

    /** Of the door for gRPC alone. */
    public String grpcAddress() {
        return address("gRPC");
    }

    /** Of the door for everything that speaks HTTP. */
    public String httpAddress() {
        return address("HTTP");
    }

    private String address(String protocol) {
        @Nullable String address = addresses.get(protocol);
        if (address == null) {
            throw new IllegalStateException("the server did not say where it serves " + protocol);
        }
        return address;
    }
}
