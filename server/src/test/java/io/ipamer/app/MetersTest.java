package io.ipamer.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.ipamer.app.Config.Setting;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.GetPrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.store.embedded.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What a scrape of a whole server has, and that docs/metrics.md names just that. */
class MetersTest {
    private static final Path DOCUMENT = Path.of("../docs/metrics.md");
    private static final Pattern FAMILY = Pattern.compile("(?m)^# TYPE (\\S+) ");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z0-9_]+)` \\|");

    private static Set<String> all(Pattern pattern, String text) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private static void call(IpamerServer server) {
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
        try {
            IpamerServiceGrpc.IpamerServiceBlockingStub stub = IpamerServiceGrpc.newBlockingStub(channel);
            stub.createPrefix(
                    CreatePrefixRequest.newBuilder().setCidr("10.0.0.0/24").build());
            refused(() -> stub.getPrefix(
                    GetPrefixRequest.newBuilder().setCidr("10.1.0.0/24").build()));
            for (String method : new String[] {"One", "Other"}) {
                MethodDescriptor<GetPrefixRequest, ?> unknown = IpamerServiceGrpc.getGetPrefixMethod().toBuilder()
                        .setFullMethodName("by.the.Caller/" + method)
                        .build();
                refused(() -> ClientCalls.blockingUnaryCall(
                        channel, unknown, CallOptions.DEFAULT, GetPrefixRequest.getDefaultInstance()));
            }
        } finally {
            channel.shutdownNow();
        }
    }

    private static void refused(Runnable call) {
        try {
            call.run();
        } catch (StatusRuntimeException expected) {
            return;
        }
        throw new AssertionError("it was answered");
    }

    @Test
    void eachCallIsInTheScrapeAndNoNameThatACallerMadeUp() {
        try (IpamerServer server = IpamerServer.inMemory()) {
            call(server);

            String text = server.meters().text();

            String prefix = "rpc_server_duration_seconds_count{door=\"grpc\",";
            String service = "rpc_service=\"ipamer.v1.IpamerService\"} ";
            assertThat(text)
                    .contains(prefix + "rpc_grpc_status_code=\"0\",rpc_method=\"CreatePrefix\"," + service + "1\n")
                    .contains(prefix + "rpc_grpc_status_code=\"5\",rpc_method=\"GetPrefix\"," + service + "1\n")
                    .contains(prefix + "rpc_grpc_status_code=\"12\",rpc_method=\"_OTHER\",rpc_service=\"_OTHER\"} 2\n")
                    .contains("ipamer_build_info{revision=\"" + Build.facts().revision() + "\",version=\""
                            + Build.version() + "\"} 1")
                    .doesNotContain("by.the.Caller", "10.0.0.0");
        }
    }

    @Test
    void theDocumentNamesAllThatAScrapeHasAndNothingElse() throws Exception {
        TestPostgres.Database database = TestPostgres.database();
        Config config = Config.read(
                Map.of(
                        Setting.GRPC_ADDRESS,
                        "127.0.0.1:0",
                        Setting.HTTP_ADDRESS,
                        "127.0.0.1:0",
                        Setting.DB_URL,
                        database.jdbcUrl() + "?user=" + database.user() + "&password=" + database.password()),
                Map.of(),
                null);
        try (IpamerServer server = IpamerServer.start(config)) {
            call(server);
            server.meters().text();

            String text = server.meters().text();

            assertThat(withoutCollections(all(ROW, document()))).isEqualTo(withoutCollections(all(FAMILY, text)));
        }
    }

    /** Without what is there only once there was a collection of garbage, and by some collectors only. */
    private static Set<String> withoutCollections(Set<String> names) {
        names.removeIf(name -> name.startsWith("jvm_gc_pause_") || name.startsWith("jvm_gc_concurrent_"));
        return names;
    }

    private static String document() throws IOException {
        return Files.readString(DOCUMENT);
    }
}
