package io.ipamer.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.app.Config.Setting;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.GetPrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class IpamerServerTest {
    private static <T> T call(IpamerServer server, Function<ManagedChannel, T> call) {
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
        try {
            return call.apply(channel);
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void oneInMemoryServesOnAFreePortUntilItIsClosed() throws IOException {
        int port;
        try (IpamerServer server = IpamerServer.inMemory()) {
            port = server.grpcPort();
            CreatePrefixRequest request =
                    CreatePrefixRequest.newBuilder().setCidr("10.0.0.0/24").build();
            String created = call(
                    server,
                    channel -> IpamerServiceGrpc.newBlockingStub(channel)
                            .createPrefix(request)
                            .getPrefix()
                            .getCidr());
            assertThat(created).isEqualTo("10.0.0.0/24");
        }
        // What is closed is free again.
        new ServerSocket(port).close();
    }

    @Test
    void twoInMemoryShareNothing() {
        try (IpamerServer one = IpamerServer.inMemory();
                IpamerServer other = IpamerServer.inMemory()) {
            CreatePrefixRequest request =
                    CreatePrefixRequest.newBuilder().setCidr("10.0.0.0/24").build();
            call(one, channel -> IpamerServiceGrpc.newBlockingStub(channel).createPrefix(request));

            assertThatThrownBy(() -> call(
                            other,
                            channel -> IpamerServiceGrpc.newBlockingStub(channel)
                                    .getPrefix(GetPrefixRequest.newBuilder()
                                            .setCidr("10.0.0.0/24")
                                            .build())))
                    .hasMessageStartingWith("NOT_FOUND");
        }
    }

    @Test
    void anAddressThatIsTakenSaysSo() throws Exception {
        try (IpamerServer first = IpamerServer.inMemory()) {
            Config second = Config.read(Map.of(Setting.GRPC_ADDRESS, "127.0.0.1:" + first.grpcPort()), Map.of(), null);

            assertThatThrownBy(() -> IpamerServer.start(second))
                    .isInstanceOf(IOException.class)
                    .hasMessage("Address already in use");
        }
    }
}
