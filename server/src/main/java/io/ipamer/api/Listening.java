package io.ipamer.api;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/** Addresses to listen on, and why one cannot be had. */
public final class Listening {
    private Listening() {}

    /**
     * Refuses an address that cannot be listened on before anything else is begun. It is not held: only a door that is
     * opened does that.
     *
     * @throws IOException saying why in the words of the operating system
     */
    public static void requireFree(InetSocketAddress address) throws IOException {
        try (SocketChannel socket = SocketChannel.open()) {
            // As a server's would be, and unlike a server's not one that anybody could connect to.
            socket.setOption(StandardSocketOptions.SO_REUSEADDR, true).bind(address);
        } catch (IOException refused) {
            throw refusal(refused);
        }
    }

    /** The operating system's words, such as "Address already in use", without those of Netty around them. */
    public static IOException refusal(Throwable refused) {
        Throwable cause = refused;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = String.valueOf(cause.getMessage());
        return new IOException(message.substring(message.lastIndexOf(": ") + 1).strip(), refused);
    }
}
