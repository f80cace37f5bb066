package io.ipamer.api.grpc;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.ipamer.api.RunningCalls;
import io.ipamer.api.Sentry;
import io.ipamer.api.StrictRequests;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves gRPC over HTTP/2 clear text, with health (grpc.health.v1), reflection (v1 and v1alpha) and gzip.
 *
 * <p>Handlers run on Netty's threads (the direct executor): they only hand a call to its lane and none of them waits, so
 * a hop to a pool would cost more than the call. What a handler would have to wait for is the store's affair, which has
 * its own threads.
 */
public final class GrpcDoor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GrpcDoor.class);

    /** 64 MiB: a load carries a whole address plan, some hundred thousand prefixes, in one message. */
    private static final int MAX_MESSAGE_BYTES = 64 << 20;

    /** 16 KiB: twice what gRPC allows by default, for the tokens and traces that proxies add. */
    private static final int MAX_METADATA_BYTES = 16 << 10;

    /** Many times what one client has under way; beyond it, its calls wait on its own side. */
    private static final int MAX_CALLS_PER_CONNECTION = 10_000;

    /**
     * All callers of a busy client may give up in the same second, and their calls are resets on one connection. A
     * flood of resets (CVE-2023-44487) has a hundred times as many; its connection is closed.
     */
    private static final int MAX_RESETS_PER_SECOND = 2_000;

    /** Who connects says so in HTTP/2 within 10 s, or leaves. */
    private static final int HANDSHAKE_SECONDS = 10;

    /** A silent connection is asked for a sign of life after 30 s: below what firewalls and NAT forget after. */
    private static final int KEEP_ALIVE_SECONDS = 30;

    /** How often clients may ask the same of us: Go's do so every 10 s at the most. */
    private static final int PERMITTED_KEEP_ALIVE_SECONDS = 5;

    /** A connection without a call for an hour belongs to nobody. */
    private static final int MAX_IDLE_MINUTES = 60;

    /** Every hour a client connects anew, so that new replicas get their share. */
    private static final int MAX_AGE_MINUTES = 60;

    /** How long running calls may take to finish when the server stops, or their connection is an hour old. */
    private static final int DRAIN_SECONDS = 30;

    /** In a drain, how long no call may have run before those are cut off that never end: watches of the health. */
    private static final int QUIET_MILLIS = 250;

    private final Server server;
    private final HealthStatusManager health;
    private final List<String> following;
    private final RunningCalls calls;

    private GrpcDoor(Server server, HealthStatusManager health, List<String> following, RunningCalls calls) {
        this.server = server;
        this.health = health;
        this.following = List.copyOf(following);
        this.calls = calls;
    }

    /**
     * Refuses an address that cannot be listened on before anything else is begun. It is not held: only {@link #open}
     * does that.
     *
     * @throws IOException as {@link #open} throws it
     */
    public static void requireFree(InetSocketAddress address) throws IOException {
        try (SocketChannel socket = SocketChannel.open()) {
            // As a server's would be, and unlike a server's not one that anybody could connect to.
            socket.setOption(StandardSocketOptions.SO_REUSEADDR, true).bind(address);
        } catch (IOException refused) {
            throw new IOException(reason(refused), refused);
        }
    }

    /**
     * Opens the door.
     *
     * @param address port 0 takes a free one
     * @param steady services that are healthy until the door is closed
     * @param following services whose health is what {@link #ready} says; NOT_SERVING before it says anything
     * @throws IOException when the address cannot be listened on; the message says why
     */
    public static GrpcDoor open(
            InetSocketAddress address,
            List<? extends BindableService> steady,
            List<? extends BindableService> following)
            throws IOException {
        HealthStatusManager health = new HealthStatusManager(); // says SERVING for "", the server as a whole
        RunningCalls calls = new RunningCalls();
        NettyServerBuilder builder = NettyServerBuilder.forAddress(address)
                .directExecutor()
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .maxInboundMetadataSize(MAX_METADATA_BYTES)
                .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                .maxRstFramesPerWindow(MAX_RESETS_PER_SECOND, 1)
                .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveTime(PERMITTED_KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .maxConnectionIdle(MAX_IDLE_MINUTES, TimeUnit.MINUTES)
                .maxConnectionAge(MAX_AGE_MINUTES, TimeUnit.MINUTES)
                .maxConnectionAgeGrace(DRAIN_SECONDS, TimeUnit.SECONDS)
                .intercept(new Sentry())
                .addService(health.getHealthService())
                .addService(ProtoReflectionServiceV1.newInstance())
                .addService(alphaReflection());
        List<String> names = new ArrayList<>();
        for (BindableService service : following) {
            names.add(add(builder, service, calls));
        }
        names.forEach(name -> health.setStatus(name, ServingStatus.NOT_SERVING));
        for (BindableService service : steady) {
            health.setStatus(add(builder, service, calls), ServingStatus.SERVING);
        }
        try {
            return new GrpcDoor(builder.build().start(), health, names, calls);
        } catch (IOException refused) {
            throw new IOException(reason(refused), refused);
        }
    }

    private static String add(NettyServerBuilder builder, BindableService service, RunningCalls calls) {
        ServerServiceDefinition definition = StrictRequests.in(service.bindService());
        builder.addService(ServerInterceptors.intercept(definition, calls));
        return definition.getServiceDescriptor().getName();
    }

    /** The operating system's words, such as "Address already in use", without those of Netty around them. */
    private static String reason(IOException refused) {
        Throwable cause = refused;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = String.valueOf(cause.getMessage());
        return message.substring(message.lastIndexOf(": ") + 1).strip();
    }

    @SuppressWarnings("deprecation") // the clients that speak only v1alpha are not gone
    private static BindableService alphaReflection() {
        return io.grpc.protobuf.services.ProtoReflectionService.newInstance();
    }

    /** Whether calls of the following services can be answered: what health says of them until the door is closed. */
    public void ready(boolean ready) {
        following.forEach(name -> health.setStatus(name, ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING));
    }

    /** The port that it listens on. */
    public int port() {
        return server.getPort();
    }

    /**
     * Closes gracefully: says NOT_SERVING, takes no new connections, lets running calls finish for up to 30 s. Streams
     * that tell of the server itself (health, reflection) are not waited for: they end with it.
     */
    @Override
    public void close() {
        health.enterTerminalState();
        server.shutdown();
        try {
            if (!drained()) {
                LOG.warn("calls still ran {} s after the server was told to stop; they are cut off", DRAIN_SECONDS);
            }
            server.shutdownNow().awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private boolean drained() throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
        while (System.nanoTime() - end < 0) {
            boolean quiet = calls.none();
            if (server.awaitTermination(QUIET_MILLIS, TimeUnit.MILLISECONDS) || (quiet && calls.none())) {
                return true;
            }
        }
        return false;
    }
}
