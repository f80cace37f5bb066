package io.ipamer.it.conformance;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.TimeUnit;

/** How a client reaches the server: one row of the suite, whatever carries it. */
interface Transport extends AutoCloseable {
    Channel channel();

    @Override
    void close();

    /** gRPC over clear-text HTTP/2 with prior knowledge. */
    static Transport h2c(int port) {
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .maxInboundMessageSize(64 << 20)
                .build();
        return new Transport() {
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
