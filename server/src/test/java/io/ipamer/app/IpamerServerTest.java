package io.ipamer.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.app.Config.Setting;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.GetPrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.store.embedded.TestPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    private static Config onFolder(int port, Path folder) throws ConfigException {
        return Config.read(
                Map.of(
                        Setting.GRPC_ADDRESS,
                        "127.0.0.1:" + port,
                        Setting.HTTP_ADDRESS,
                        "127.0.0.1:0",
                        Setting.DATA_DIR,
                        folder.toString()),
                Map.of(),
                null);
    }

    @Test
    void anAddressThatIsTakenSaysSoAndLeavesNoDataFolder(@TempDir Path folder) throws Exception {
        try (IpamerServer first = IpamerServer.inMemory()) {
            Config second = onFolder(first.grpcPort(), folder.resolve("data"));

            assertThatThrownBy(() -> IpamerServer.start(second))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("grpc-address")
                    .hasMessageEndingWith("Address already in use");
            assertThat(folder).isEmptyDirectory();
        }
    }

    /** Both find it free at first, while neither has a database yet. */
    @Test
    void ofTwoThatWantOneAddressAtOnceTheLoserLeavesNoDatabaseRunning(@TempDir Path folder) throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            port = socket.getLocalPort();
        }
        List<Path> homes = List.of(folder.resolve("one"), folder.resolve("other"));
        List<Future<IpamerServer>> starts = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(homes.size());
        try {
            for (Path home : homes) {
                TestPostgres.bringProgramsInto(home);
                Config config = onFolder(port, home);
                starts.add(threads.submit(() -> IpamerServer.start(config)));
            }
            int losers = 0;
            for (int i = 0; i < homes.size(); i++) {
                Path running = homes.get(i).resolve("db/data/postmaster.pid");
                try {
                    starts.get(i).get();
                    assertThat(running).exists();
                } catch (ExecutionException failed) {
                    losers++;
                    assertThat(failed.getCause())
                            .isInstanceOf(ConfigException.class)
                            .hasMessageEndingWith("Address already in use");
                    assertThat(running).doesNotExist();
                }
            }
            assertThat(losers).isEqualTo(1);
        } finally {
            threads.shutdown();
            for (Future<IpamerServer> start : starts) {
                try {
                    start.get().close();
                } catch (ExecutionException failed) {
                    // It is the one that lost.
                }
            }
        }
    }

    @Test
    void aDataFolderThatCannotBeIsRefused(@TempDir Path folder) throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> IpamerServer.start(onFolder(0, file)).close())
                .isInstanceOf(ConfigException.class)
                .hasMessage("cannot keep a database in the data folder " + file + ": " + file
                        + " is not a folder: choose a folder this user may write to with --data-dir");
    }
}
