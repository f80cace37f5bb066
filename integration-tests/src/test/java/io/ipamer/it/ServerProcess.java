package io.ipamer.it;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The one jar as a process that serves, and a channel to it. What it logs is in {@link #LOG}. */
public final class ServerProcess implements AutoCloseable {
    private static final String HTTP = "--http-address";

    static final File LOG = new File("target/server-processes.log");

    private final Process process;
    private final Greeting greeting;
    private final ManagedChannel channel;

    private ServerProcess(Process process, Greeting greeting) {
        this.process = process;
        this.greeting = greeting;
        this.channel =
                NettyChannelBuilder.forTarget(grpcAddress()).usePlaintext().build();
    }

    /** Serves from a database; returns when it serves. */
    public static ServerProcess start(String databaseUrl) throws IOException {
        return startWith("--db-url", databaseUrl);
    }

    /** The same with both doors open; a start takes longer then. */
    static ServerProcess startWithHttp(String... settings) throws IOException {
        return startWith(Stream.concat(Stream.of(settings), Stream.of(HTTP, "127.0.0.1:0"))
                .toArray(String[]::new));
    }

    /** Returns when it serves. */
    static ServerProcess startWith(String... settings) throws IOException {
        ServerProcess server = listening(command(List.of(), settings));
        server.awaitServing();
        return server;
    }

    /** Returns when it listens. {@code before}: folders of classes and files that come before those of the jar. */
    static ServerProcess listening(String databaseUrl, Path... before) throws IOException {
        return listening(command(databaseUrl, before));
    }

    private static ServerProcess listening(ProcessBuilder command) throws IOException {
        Process process =
                command.redirectError(ProcessBuilder.Redirect.appendTo(LOG)).start();
        try {
            return new ServerProcess(
                    process,
                    Greeting.read(new BufferedReader(
                            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))));
        } catch (IOException ended) {
            process.destroyForcibly();
            throw new AssertionError("no server, see " + LOG.getAbsolutePath(), ended);
        }
    }

    /** Returns at once. */
    static Process launch(String... settings) throws IOException {
        return command(List.of(), settings)
                .redirectError(ProcessBuilder.Redirect.appendTo(LOG))
                .start();
    }

    /** {@code before}: folders of classes and files that come before those of the jar. */
    static ProcessBuilder command(String databaseUrl, Path... before) {
        return command(List.of(before), "--db-url", databaseUrl);
    }

    private static ProcessBuilder command(List<Path> before, String... settings) {
        String classPath = Stream.concat(
                        before.stream().map(Path::toString), Stream.of(System.getProperty("ipamer.jar")))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                "io.ipamer.cli.Main",
                "serve",
                "--grpc-address",
                "127.0.0.1:0"));
        command.addAll(List.of(settings));
        if (!command.contains(HTTP)) {
            command.addAll(List.of(HTTP, "off"));
        }
        return new ProcessBuilder(command);
    }

    /** Signals through it leave what it has written to be read. */
    public ProcessHandle handle() {
        return process.toHandle();
    }

    /** Of the door for gRPC alone, {@code host:port}. */
    String grpcAddress() {
        return greeting.grpcAddress();
    }

    /** Of the door for everything that speaks HTTP, {@code host:port}. */
    String httpAddress() {
        return greeting.httpAddress();
    }

    /** What go-ipam's clients are configured with. */
    String httpUrl() {
        return "http://" + httpAddress();
    }

    public Channel channel() {
        return channel;
    }

    /** For one call, which must be answered in 20 s unless it says otherwise. */
    IpamerServiceBlockingStub stub() {
        return IpamerServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
    }

    /** Waits until its health says that it can answer calls, for a minute at the most. */
    void awaitServing() {
        await(readiness(), ServingStatus.SERVING);
    }

    /** What its health says, from now on. */
    Iterator<HealthCheckResponse> readiness() {
        return HealthGrpc.newBlockingStub(channel)
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .watch(HealthCheckRequest.newBuilder()
                        .setService("ipamer.v1.IpamerService")
                        .build());
    }

    static void await(Iterator<HealthCheckResponse> readiness, ServingStatus status) {
        while (readiness.next().getStatus() != status) {
            // The other one, for now.
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Kills it with whatever it is doing; returns when it is gone. */
    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
        channel.shutdownNow();
    }
}
