package io.ipamer.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.app.Config.Setting;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the first page and the scrape say of calls is what became of them. */
final class CallCountsTest {
    @Test
    void callsAreCountedByWhoseFaultTheirEndWas() throws Exception {
        Map<Setting, String> settings = Map.of(
                Setting.STORE, "memory",
                Setting.GRPC_ADDRESS, "127.0.0.1:0",
                Setting.HTTP_ADDRESS, "127.0.0.1:0");
        try (IpamerServer server = IpamerServer.start(Config.read(settings, Map.of(), null))) {
            ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                    .usePlaintext()
                    .build();
            try {
                IpamerServiceBlockingStub stub = IpamerServiceGrpc.newBlockingStub(channel);
                CreatePrefixRequest request =
                        CreatePrefixRequest.newBuilder().setCidr("10.0.0.0/24").build();
                stub.createPrefix(request);
                assertThatThrownBy(() -> stub.createPrefix(request)).hasMessageContaining("ALREADY_EXISTS");
            } finally {
                channel.shutdownNow();
            }

            assertThat(get(server, "")).contains("calls:    2 answered (1 refused, 0 failed)");
            assertThat(get(server, "metrics"))
                    .contains("rpc_method=\"CreatePrefix\"", "ipamer_build_info", "jvm_memory_used_bytes");
        }
    }

    private static String get(IpamerServer server, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.httpPort() + "/" + path);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
    }
}
