package io.ipamer.client;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import java.io.IOException;

/** A server of another version, or one that fails as it is told to, and a client of it in the same process. */
final class FakeServer implements AutoCloseable {
    private final Server server;
    private final ManagedChannel channel;

    FakeServer(IpamerServiceGrpc.IpamerServiceImplBase service) throws IOException {
        String name = InProcessServerBuilder.generateName();
        server =
                InProcessServerBuilder.forName(name).addService(service).build().start();
        channel = InProcessChannelBuilder.forName(name).build();
    }

    IpamerClient.Builder client() {
        return IpamerClient.builder().channel(channel);
    }

    ManagedChannel channel() {
        return channel;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }
}
