package io.ipamer.api.http;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import io.ipamer.api.Limits;
import io.ipamer.api.Listening;
import io.ipamer.api.Services;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Serves HTTP/1.1 and HTTP/2 clear text on one port: gRPC, gRPC-Web, Connect, and pages. */
public final class HttpDoor {
    private final Server server;

    private HttpDoor(Server server) {
        this.server = server;
    }

    /**
     * Opens the door.
     *
     * @param address port 0 takes a free one
     * @throws IOException when the address cannot be listened on; the message says why
     */
    public static HttpDoor open(InetSocketAddress address, Services services) throws IOException {
        ServerBuilder builder = Server.builder()
                .http(address)
                .workerGroup(Runtime.getRuntime().availableProcessors())
                .requestTimeoutMillis(0)
                .maxRequestLength(Limits.MAX_MESSAGE_BYTES + 5)
                .disableServerHeader();
        LocalServices local = new LocalServices(services);
        builder.serviceUnder("/", new Rpcs(local));
        builder.service(
                "/healthz", (context, request) -> HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, "ok\n"));
        Server server = builder.build();
        try {
            server.start().join();
        } catch (CompletionException refused) {
            throw Listening.refusal(refused);
        }
        return new HttpDoor(server);
    }

    /** The port that it listens on. */
    public int port() {
        return server.activeLocalPort();
    }

    /** Closes gracefully. */
    public CompletableFuture<Void> close() {
        return server.stop();
    }
}
