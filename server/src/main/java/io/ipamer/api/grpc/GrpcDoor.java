package io.ipamer.api.grpc;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.ipamer.api.Sentry;
import io.ipamer.api.StrictRequests;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves gRPC over HTTP/2 clear text, with health (grpc.health.v1), reflection (v1 and v1alpha) and gzip.
 *
 * <p>Handlers run on Netty's threads: none of them blocks, and a hop to a pool would cost more than a call.
 */
public final class GrpcDoor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GrpcDoor.class);

    /** A load carries a whole address plan in one message. */
    private static final int MAX_MESSAGE_BYTES = 64 << 20;

    private static final int MAX_METADATA_BYTES = 16 << 10;
    private static final int MAX_CALLS_PER_CONNECTION = 10_000;
    private static final int MAX_RESETS_PER_SECOND = 200;
    private static final int KEEP_ALIVE_SECONDS = 30;
    private static final int PERMITTED_KEEP_ALIVE_SECONDS = 5;
    private static final int MAX_IDLE_MINUTES = 60;

    /** Now and then a client connects anew, so that new replicas get their share. */
    private static final int MAX_AGE_MINUTES = 60;

    private static final int DRAIN_SECONDS = 30;

    private final Server server;
    private final HealthStatusManager health;

    private GrpcDoor(Server server, HealthStatusManager health) {
        this.server = server;
        this.health = health;
    }

    /**
     * Opens the door.
     *
     * @param address port 0 takes a free one
     * @throws IOException when the address cannot be listened on
     */
    public static GrpcDoor open(InetSocketAddress address, List<? extends BindableService> services)
            throws IOException {
        HealthStatusManager health = new HealthStatusManager();
        NettyServerBuilder builder = NettyServerBuilder.forAddress(address)
                .directExecutor()
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .maxInboundMetadataSize(MAX_METADATA_BYTES)
                .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                .maxRstFramesPerWindow(MAX_RESETS_PER_SECOND, 1)
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
        for (BindableService service : services) {
            ServerServiceDefinition definition = StrictRequests.in(service.bindService());
            builder.addService(definition);
            health.setStatus(definition.getServiceDescriptor().getName(), ServingStatus.SERVING);
        }
        return new GrpcDoor(builder.build().start(), health);
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
     * Closes gracefully: says NOT_SERVING, takes no new calls, lets running ones finish for up to 30 s.
     */
    @Override
    public void close() {
        health.enterTerminalState();
        server.shutdown();
        try {
            if (!server.awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("calls still ran {} s after the server was told to stop; they are cut off", DRAIN_SECONDS);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            server.shutdownNow();
        }
    }
}
