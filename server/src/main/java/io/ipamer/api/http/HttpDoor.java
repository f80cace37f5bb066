package io.ipamer.api.http;

import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.ipamer.api.Limits;
import io.ipamer.api.Listening;
import io.ipamer.api.Services;
import io.ipamer.api.http.pages.Pages;
import io.ipamer.api.http.pages.Site;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.ChannelPipeline;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Serves HTTP/1.1 and HTTP/2 clear text on one port: gRPC, gRPC-Web, Connect, and pages. */
public final class HttpDoor implements AutoCloseable {
    /**
     * A silent connection is closed after 5 minutes, one whose request is not whole too: later than clients close theirs
     * (Go's after 90 s), as one that is closed while a call is on its way loses it.
     */
    private static final Duration IDLE = Duration.ofMinutes(5);

    /** How long the body of a call that has one message may take to come. */
    private static final Duration BODY = Duration.ofMinutes(1);

    /** In a drain, for how long no request may have come. */
    private static final Duration QUIET = Duration.ofMillis(50);

    private final Server server;
    private final LocalServices services;
    private final AtomicBoolean closing;

    private HttpDoor(Server server, LocalServices services, AtomicBoolean closing) {
        this.server = server;
        this.services = services;
        this.closing = closing;
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
        AtomicBoolean closing = new AtomicBoolean();
        Server server = Server.builder()
                .http(address)
                .workerGroup(new EventLoops(Runtime.getRuntime().availableProcessors(), "ipamer-http"), true)
                .bossGroupFactory(name -> new EventLoops(1, "ipamer-http-accept"))
                .maxRequestLength(GrpcFrames.PREFIX_BYTES + Limits.MAX_MESSAGE_BYTES)
                .requestTimeout(body)
                .idleTimeout(idle)
                .maxConnectionAge(Duration.ofMinutes(Limits.MAX_AGE_MINUTES))
                // How long calls may still come on a connection that was told to end; those that run are not bound by
                // it.
                .connectionDrainDuration(QUIET)
                .gracefulShutdownTimeout(QUIET, Duration.ofSeconds(Limits.DRAIN_SECONDS))
                .http1MaxHeaderSize(Limits.MAX_METADATA_BYTES)
                .http2MaxHeaderListSize(Limits.MAX_METADATA_BYTES)
                .http2MaxStreamsPerConnection(Limits.MAX_CALLS_PER_CONNECTION)
                .http2MaxResetFramesPerWindow(Limits.MAX_RESETS_PER_SECOND, 1)
                .disableServerHeader()
                .childChannelPipelineCustomizer(pipeline -> pipeline.addFirst(new Http2Faults()))
                .childChannelPipelineCustomizer(pipeline -> turnAway(closing, pipeline))
                .absoluteUriTransformer(HttpDoor::path)
                .errorHandler(new Failures())
                .decorator((calls, context, request) -> {
                    bidFarewell(closing, context);
                    return calls.serve(context, request);
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
        return new HttpDoor(server, local, closing);
    }

    /** Of a whole address, as clients behind a proxy may send it in place of its path. */
    private static String path(String address) {
        int path = address.indexOf('/', address.indexOf("://") + "://".length());
        return path < 0 ? "/" : address.substring(path);
    }

    /** What a connection has under way is answered, and nothing after it. */
    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for it
    private static void bidFarewell(AtomicBoolean closing, ServiceRequestContext context) {
        if (closing.get()) {
            context.initiateConnectionShutdown();
        }
    }

    /** The library goes on listening for as long as calls run. */
    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for it
    private static void turnAway(AtomicBoolean closing, ChannelPipeline connection) {
        if (closing.get()) {
            connection.channel().close();
        }
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
        closing.set(true);
        CompletableFuture<Void> stopped = server.stop();
        services.running().drain(millis -> ended(stopped, millis));
        services.cut();
        stopped.join();
    }

    private static boolean ended(CompletableFuture<Void> stopped, long millis) throws InterruptedException {
        try {
            stopped.get(millis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException notYet) {
            return false;
        } catch (ExecutionException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
