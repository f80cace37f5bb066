package io.ipamer.api.http;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.metric.NoopMeterRegistry;
import com.linecorp.armeria.server.Server;
import io.ipamer.api.Limits;
import io.ipamer.api.Listening;
import io.ipamer.api.RunningCalls;
import io.ipamer.api.Services;
import io.ipamer.api.http.pages.Pages;
import io.ipamer.api.http.pages.Site;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.RecvByteBufAllocator;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Serves HTTP/1.1 and HTTP/2 clear text on one port: gRPC, gRPC-Web, Connect, and pages. */
public final class HttpDoor implements AutoCloseable {
    /**
     * A silent connection is closed after 5 minutes, one whose request is not whole too: later than clients close theirs
     * (Go's after 90 s), as one that is closed while a call is on its way loses it.
     */
    private static final Duration IDLE = Duration.ofMinutes(5);

    /** How long the body of a call that has one message may take to come. */
    private static final Duration BODY = Duration.ofMinutes(1);

    /** A silent connection of HTTP/2 is asked for a sign of life, as at the other door. */
    private static final Duration PING = Duration.ofSeconds(30);

    /** A connection that has much to say is read in small pieces, so that it can be stopped before it has said all. */
    private static final RecvByteBufAllocator READS =
            new AdaptiveRecvByteBufAllocator(512, 4 << 10, 16 << 10).maxMessagesPerRead(1);

    /** When all calls are answered, how long the answers may take to go out; what is half sent is not waited for. */
    private static final Duration FLUSH = Duration.ofMillis(10);

    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    private final Server server;
    private final LocalServices services;
    private final Connections connections;

    private HttpDoor(Server server, LocalServices services, Connections connections) {
        this.server = server;
        this.services = services;
        this.connections = connections;
    }

    /**
     * Opens the door.
     *
     * @param address port 0 takes a free one
     * @param origins the sites whose pages may call, as browsers name them; {@code *} for all
     * @param meters where operators are shown its calls
     * @param site what the pages tell
     * @throws IOException when the address cannot be listened on; the message says why
     */
    public static HttpDoor open(
            InetSocketAddress address, Services services, Set<String> origins, MeterRegistry meters, Site site)
            throws IOException {
        return open(address, services, origins, meters, site, IDLE, BODY);
    }

    static HttpDoor open(
            InetSocketAddress address,
            Services services,
            Set<String> origins,
            MeterRegistry meters,
            Site site,
            Duration idle,
            Duration body)
            throws IOException {
        LocalServices local = new LocalServices(services, meters);
        Origins admitted = new Origins(origins);
        Connections connections = new Connections();
        Server server = Server.builder()
                .http(address)
                .workerGroup(new EventLoops(Runtime.getRuntime().availableProcessors(), "ipamer-http"), true)
                .bossGroupFactory(name -> new EventLoops(1, "ipamer-http-accept"))
                .maxRequestLength(GrpcFrames.PREFIX_BYTES + Limits.MAX_MESSAGE_BYTES)
                .requestTimeout(body)
                .idleTimeout(idle)
                .maxConnectionAge(Duration.ofMinutes(Limits.MAX_AGE_MINUTES))
                // For calls that are on their way when a connection is told to end; it does not bound those that run.
                .connectionDrainDuration(Duration.ofMillis(RunningCalls.QUIET_MILLIS))
                .gracefulShutdownTimeout(FLUSH, LAST_WORDS)
                .http1MaxHeaderSize(Limits.MAX_METADATA_BYTES)
                .http2MaxHeaderListSize(Limits.MAX_METADATA_BYTES)
                .http2MaxStreamsPerConnection(Limits.MAX_CALLS_PER_CONNECTION)
                .http2MaxResetFramesPerWindow(Limits.MAX_RESETS_PER_SECOND, 1)
                .disableServerHeader()
                .meterRegistry(NoopMeterRegistry.get()) // calls are counted by us, as those of the other door
                .defaultHostname("localhost")
                .childChannelPipelineCustomizer(connections::admit)
                .childChannelOption(ChannelOption.RECVBUF_ALLOCATOR, READS)
                .childChannelOption(ChannelOption.SO_KEEPALIVE, true)
                .pingInterval(PING)
                .absoluteUriTransformer(HttpDoor::path)
                .errorHandler(new Failures())
                .decorator((calls, context, request) -> {
                    HttpResponse response = calls.serve(context, request);
                    connections.came(context, response);
                    return response;
                })
                .service(new Pages(services, site))
                .serviceUnder("/", admitted.announcing(new Rpcs(local, admitted)))
                .build();
        try {
            server.start().join();
        } catch (CompletionException refused) {
            local.cut();
            throw Listening.refusal(refused);
        }
        return new HttpDoor(server, local, connections);
    }

    /** Of a whole address, as clients behind a proxy may send it in place of its path. */
    private static String path(String address) {
        int path = address.indexOf('/', address.indexOf("://") + "://".length());
        return path < 0 ? "/" : address.substring(path);
    }

    /**
     * Loads what opening a door takes, a quarter of a second for the first one of a process: to be done while other
     * things are.
     */
    public static void prepare() {
        Server.builder()
                .service("/", (context, request) -> HttpResponse.of(HttpStatus.OK))
                .build();
    }

    /** The port that it listens on. */
    public int port() {
        return server.activeLocalPort();
    }

    /**
     * Closes gracefully: takes no new connections, lets running calls finish for up to 30 s. Streams that tell of the
     * server itself (health, reflection) are not waited for: they end with it.
     */
    @Override
    public void close() {
        connections.leave();
        services.running().drain(millis -> {
            TimeUnit.MILLISECONDS.sleep(millis);
            return false;
        });
        services.cut();
        server.stop().join();
    }
}
