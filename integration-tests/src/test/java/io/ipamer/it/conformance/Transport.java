package io.ipamer.it.conformance;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.app.IpamerServer;
import java.util.concurrent.TimeUnit;

/** How a client reaches a server: the same row of the suite, whatever carries it. */
enum Transport {
    GRPC("gRPC"),
    GRPC_OVER_HTTP1("gRPC over HTTP/1.1"),
    GRPC_OVER_H2C("gRPC over h2c on the HTTP door"),
    CONNECT_JSON("Connect JSON");

    private final String text;

    Transport(String text) {
        this.text = text;
    }

    /** What stubs call through. */
    interface Connection extends AutoCloseable {
        Channel channel();

        @Override
        void close();
    }

    Connection to(IpamerServer server) {
        return switch (this) {
            case GRPC -> http2(server.grpcPort());
            case GRPC_OVER_HTTP1 -> new GrpcOverHttp1(server.httpPort());
            case GRPC_OVER_H2C -> http2(server.httpPort());
            case CONNECT_JSON -> new ConnectJson(server.httpPort());
        };
    }

    @Override
    public String toString() {
        return text;
    }

    /** gRPC over clear-text HTTP/2 with prior knowledge. */
    private static Connection http2(int port) {
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .maxInboundMessageSize(64 << 20)
                .build();
        return new Connection() {
            @Override
            public Channel channel() {
                return channel;
            }

            @Override
            public void close() {
                channel.shutdownNow();
                try {
                    channel.awaitTermination(5, TimeUnit.SECONDS);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        };
    }
}
