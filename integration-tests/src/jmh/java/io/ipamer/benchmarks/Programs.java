package io.ipamer.benchmarks;

import io.ipamer.it.GoIpamServer;
import io.ipamer.it.Greeting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The programs that a benchmark starts; they end with it. */
final class Programs implements AutoCloseable {
    private final List<Process> processes = new ArrayList<>();
    private final List<GoIpamServer> goIpams = new ArrayList<>();

    /** Returns when it listens, on free ports. */
    Greeting ipamer(Path jar, String... settings) throws IOException {
        List<String> command = java("-jar", jar.toString());
        command.addAll(List.of("serve", "--grpc-address", "127.0.0.1:0", "--http-address", "127.0.0.1:0"));
        command.addAll(List.of(settings));
        return Greeting.read(start(command).inputReader(StandardCharsets.UTF_8));
    }

    GoIpamServer goIpam(Path program, String jdbcUrl) throws IOException {
        GoIpamServer server = GoIpamServer.onPostgres(program, jdbcUrl);
        goIpams.add(server);
        return server;
    }

    /** A command for the JVM that a benchmark runs on. */
    static List<String> java(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:+UseSerialGC");
        command.addAll(List.of(arguments));
        return command;
    }

    /** What it complains of is complained of here. */
    Process start(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        processes.add(process);
        return process;
    }

    @Override
    public void close() {
        processes.forEach(Process::destroy);
        goIpams.forEach(GoIpamServer::close);
    }
}
