package io.ipamer.api.grpc;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.ipamer.api.CallMeters;
import io.ipamer.api.Limits;
import io.ipamer.api.Listening;
import io.ipamer.api.RunningCalls;
import io.ipamer.api.Services;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * Serves gRPC over HTTP/2 clear text, with health, reflection (v1 and v1alpha) and gzip.
 *
 * <p>Handlers run on Netty's threads (the direct executor): they only hand a call to its lane and none of them waits, so
 * a hop to a pool would cost more than the call. What a handler would have to wait for is the store's affair, which has
 * its own threads.
 */
public final class GrpcDoor implements AutoCloseable {
    /** Who connects says so in HTTP/2 within 10 s, or leaves. */
    private static final int HANDSHAKE_SECONDS = 10;

    /** A silent connection is asked for a sign of life after 30 s: below what firewalls and NAT forget after. */
    private static final int KEEP_ALIVE_SECONDS = 30;

    /** How often clients may ask the same of us: Go's do so every 10 s at the most. */
    private static final int PERMITTED_KEEP_ALIVE_SECONDS = 5;

    private final Server server;
    private final RunningCalls calls;

    private GrpcDoor(Server server, RunningCalls calls) {
        this.server = server;
        this.calls = calls;
    }

    /**
     * Opens the door.
     *
     * @param address port 0 takes a free one
     * @param meters where operators are shown its calls
     * @throws IOException when the address cannot be listened on; the message says why
     */
    public static GrpcDoor open(InetSocketAddress address, Services services, MeterRegistry meters) throws IOException {
        RunningCalls calls = new RunningCalls();
        CallMeters callMeters = new CallMeters(meters, "grpc", calls);
        NettyServerBuilder builder = NettyServerBuilder.forAddress(address)
                .directExecutor()
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                .maxInboundMetadataSize(Limits.MAX_METADATA_BYTES)
                .maxConcurrentCallsPerConnection(Limits.MAX_CALLS_PER_CONNECTION)
                .maxRstFramesPerWindow(Limits.MAX_RESETS_PER_SECOND, 1)
                .handshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveTime(PERMITTED_KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .maxConnectionIdle(Limits.MAX_IDLE_MINUTES, TimeUnit.MINUTES)
                .maxConnectionAge(Limits.MAX_AGE_MINUTES, TimeUnit.MINUTES)
                .maxConnectionAgeGrace(Limits.DRAIN_SECONDS, TimeUnit.SECONDS)
                .intercept(callMeters)
                .fallbackHandlerRegistry(callMeters.unknownMethods())
                .addService(services.health())
                .addService(ProtoReflectionServiceV1.newInstance())
                .addService(alphaReflection());
        services.contracts().forEach(contract -> builder.addService(ServerInterceptors.intercept(contract, calls)));
        try {
            return new GrpcDoor(builder.build().start(), calls);
        } catch (IOException refused) {
            throw Listening.refusal(refused);
        }
    }

    @SuppressWarnings("deprecation") // the clients that speak only v1alpha are not gone
    private static BindableService alphaReflection() {
        return io.grpc.protobuf.services.ProtoReflectionService.newInstance();
    }

    /** The port that it listens on. */
    public int port() {
        return server.getPort();
    }

    /**
     * Closes gracefully: takes no new connections, lets running calls finish for up to 30 s. Streams that tell of the
     * server itself (health, reflection) are not waited for: they end with it.
     */
    @Override
    public void close() {
        server.shutdown();
        calls.drain(millis -> server.awaitTermination(millis, TimeUnit.MILLISECONDS));
        try {
            server.shutdownNow().awaitTermination(Limits.DRAIN_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
