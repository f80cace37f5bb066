package io.ipamer.it;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * go-ipam's server as a process, on a free port; what it logs is in {@link ServerProcess#LOG}. Of its own accord it opens
 * port 2113 for its profiler, too, and carries on without when that is taken.
 */
public final class GoIpamServer implements AutoCloseable {
    private final Process process;
    private final int port;
    private final ManagedChannel channel;

    private GoIpamServer(Process process, int port) {
        this.process = process;
        this.port = port;
        this.channel =
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    }

    /** Keeps everything in memory; returns when it serves. */
    public static GoIpamServer inMemory(Path program) throws IOException {
        return start(program, "memory");
    }

    /** Returns when it serves. */
    public static GoIpamServer onPostgres(Path program, String jdbcUrl) throws IOException {
        URI database = URI.create(jdbcUrl.substring("jdbc:".length()));
        Map<String, String> login = new LinkedHashMap<>();
        for (String parameter : database.getQuery().split("&")) {
            login.put(parameter.split("=")[0], parameter.split("=")[1]);
        }
        return start(
                program,
                "postgres",
                "--host",
                database.getHost(),
                "--port",
                String.valueOf(database.getPort()),
                "--user",
                String.valueOf(login.get("user")),
                "--password",
                login.getOrDefault("password", ""),
                "--dbname",
                database.getPath().substring(1));
    }

    private static GoIpamServer start(Path program, String... store) throws IOException {
        int port;
        int metricsPort;
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket free = new ServerSocket(0, 0, loopback);
                ServerSocket alsoFree = new ServerSocket(0, 0, loopback)) {
            port = free.getLocalPort();
            metricsPort = alsoFree.getLocalPort();
        }
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                "--grpc-server-endpoint",
                "127.0.0.1:" + port,
                "--metrics-endpoint",
                "127.0.0.1:" + metricsPort,
                "--log-level",
                "error"));
        command.addAll(List.of(store));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(ServerProcess.LOG))
                .start();
        GoIpamServer server = new GoIpamServer(process, port);
        try {
            HealthGrpc.newBlockingStub(server.channel)
                    .withWaitForReady()
                    .withDeadlineAfter(60, TimeUnit.SECONDS)
                    .check(HealthCheckRequest.getDefaultInstance());
        } catch (RuntimeException notServing) {
            server.close();
            throw notServing;
        }
        return server;
    }

    /** {@code host:port}. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    /** What its clients are configured with. */
    public String url() {
        return "http://" + address();
    }

    /** gRPC over HTTP/2. */
    public Channel channel() {
        return channel;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        process.destroyForcibly();
        process.onExit().join();
    }
}
