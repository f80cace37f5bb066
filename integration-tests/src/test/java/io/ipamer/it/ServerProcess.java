package io.ipamer.it;

import io.grpc.ManagedChannel;
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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The one jar as a process that serves, and a channel to it. What it logs is in {@link #LOG}. */
final class ServerProcess implements AutoCloseable {
    private static final Pattern LISTENS = Pattern.compile("serves gRPC on 127\\.0\\.0\\.1:(\\d+)");
    static final File LOG = new File("target/server-processes.log");

    private final Process process;
    private final ManagedChannel channel;

    private ServerProcess(Process process, int port) {
        this.process = process;
        this.channel =
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    }

    /** Serves from a database; returns when it serves. */
    static ServerProcess start(String databaseUrl) throws IOException {
        return startWith("--db-url", databaseUrl);
    }

    /** Returns when it serves. */
    static ServerProcess startWith(String... settings) throws IOException {
        Process process = launch(settings);
        boolean serves = false;
        try {
            BufferedReader output =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                Matcher listens = LISTENS.matcher(line);
                if (listens.find()) {
                    serves = true;
                    return new ServerProcess(process, Integer.parseInt(listens.group(1)));
                }
            }
            throw new AssertionError("the server ended without saying where it listens, see " + LOG.getAbsolutePath());
        } finally {
            if (!serves) {
                process.destroyForcibly();
            }
        }
    }

    /** Returns at once. */
    static Process launch(String... settings) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                System.getProperty("ipamer.jar"),
                "serve",
                "--grpc-address",
                "127.0.0.1:0"));
        command.addAll(List.of(settings));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(LOG))
                .start();
    }

    /** Signals through it leave what it has written to be read. */
    ProcessHandle handle() {
        return process.toHandle();
    }

    /** For one call, which must be answered in 20 s unless it says otherwise. */
    IpamerServiceBlockingStub stub() {
        return IpamerServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
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
