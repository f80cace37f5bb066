package io.ipamer.benchmarks;

import io.ipamer.app.IpamerServer;
import io.ipamer.client.IpamerClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How long people wait: for a server in memory within a test, and for a command of the program against a server that
 * runs. {@code Starts JAR [LAUNCHER]}: the launcher is {@code bin/ipamer} of an unpacked distribution, beside the plain
 * {@code java -jar}. Medians; run it on a quiet machine.
 */
public final class Starts {
    private static final int ROUNDS = 21;
    private static final String PREFIX = "10.0.0.0/16";

    private Starts() {}

    public static void main(String[] args) throws Exception {
        if (args.length == 0) {
            System.err.println("usage: Starts JAR [LAUNCHER]");
            System.exit(2);
        }
        inMemory();
        try (Programs programs = new Programs()) {
            String address =
                    programs.ipamer(Path.of(args[0]), "--store", "memory").grpcAddress();
            try (IpamerClient client =
                    IpamerClient.builder().target(address).plaintext().build()) {
                client.newPrefix(PREFIX);
            }
            String[] acquire = {"ip", "acquire", PREFIX, "--server", address};
            command("java -jar ipamer.jar ip acquire", Programs.java("-jar", args[0]), acquire);
            if (args.length > 1) {
                command("bin/ipamer ip acquire", List.of(args[1]), acquire);
                command("bin/ipamer --version", List.of(args[1]), "--version");
            }
        }
    }

    private static void inMemory() {
        long[] starts = new long[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            long begin = System.nanoTime();
            try (IpamerServer server = IpamerServer.inMemory()) {
                starts[i] = System.nanoTime() - begin;
                if (server.grpcPort() <= 0) {
                    throw new AssertionError("it does not listen");
                }
            }
        }
        report("IpamerServer.inMemory(), the first in a JVM", starts[0]);
        report("IpamerServer.inMemory(), later ones", median(Arrays.copyOfRange(starts, 1, ROUNDS)));
    }

    /** The first run may make an archive of classes for the later ones: it is told apart. */
    private static void command(String name, List<String> program, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of(arguments));
        long first = timed(command);
        long[] later = new long[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            later[i] = timed(command);
        }
        report(name + ", the first time", first);
        report(name, median(later));
    }

    private static long timed(List<String> command) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        int code = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
        long time = System.nanoTime() - begin;
        if (code != 0) {
            throw new IllegalStateException(command + " ended with " + code);
        }
        return time;
    }

    private static long median(long[] times) {
        Arrays.sort(times);
        return times[times.length / 2];
    }

    private static void report(String what, long nanos) {
        System.out.printf("%-50s %6.0f ms%n", what, nanos / 1e6);
    }
}
