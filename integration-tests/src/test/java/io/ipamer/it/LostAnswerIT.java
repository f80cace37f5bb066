package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.app.IpamerServer;
import io.ipamer.client.Allocation;
import io.ipamer.client.IpFilter;
import io.ipamer.client.Ipamer;
import io.ipamer.client.IpamerClient;
import io.ipamer.client.Metadata;
import io.ipamer.store.sql.Wire;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The Java client, and a network that takes its calls to the server and loses the first answer. */
class LostAnswerIT {
    private static final String PREFIX = "10.0.0.0/24";

    private IpamerServer server;
    private Wire wire;
    private IpamerClient direct;
    private IpamerClient client;

    @BeforeEach
    void start() {
        server = IpamerServer.inMemory();
        wire = new Wire("127.0.0.1", server.grpcPort());
        direct = client(server.grpcPort());
        client = client(wire.port());
        direct.newPrefix(PREFIX);
        client.version(); // there is a connection
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        direct.close();
        wire.close();
        server.close();
    }

    @Test
    void aBlockingCallIsDoneOnce() {
        acquiresOnce(ipamer -> CompletableFuture.supplyAsync(
                () -> ipamer.acquireIp(PREFIX), task -> new Thread(task, "caller").start()));
    }

    @Test
    void aCallThatNobodyWaitsForIsDoneOnce() {
        acquiresOnce(ipamer -> ipamer.async().acquireIp(PREFIX, Metadata.NONE));
    }

    private void acquiresOnce(Function<Ipamer, CompletableFuture<Allocation>> call) {
        wire.set(Wire.State.ANSWERS_LOST);
        CompletableFuture<Allocation> answer = call.apply(client);
        while (direct.usage(PREFIX).acquired() == 0) {
            Thread.onSpinWait(); // it has arrived, and was done, when the server says so
        }
        assertThat(answer).isNotDone();
        wire.set(Wire.State.CUT);
        wire.set(Wire.State.WHOLE);
        assertThat(answer.join()).isEqualTo(direct.ip(PREFIX, "10.0.0.1"));
        assertThat(direct.ips(PREFIX, IpFilter.ALL)).containsExactly(answer.join());
    }

    private static IpamerClient client(int port) {
        return IpamerClient.builder().target("127.0.0.1:" + port).plaintext().build();
    }
}
