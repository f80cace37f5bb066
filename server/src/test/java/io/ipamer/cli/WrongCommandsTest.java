package io.ipamer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.grpc.Grpc;
import io.grpc.HandlerRegistry;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.ipamer.app.IpamerServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What people type wrong, command by command, and what they are told: wrong-commands.txt has a line each of exit code,
 * command and message. None of them changes anything.
 */
class WrongCommandsTest {
    private static IpamerServer server;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void start() throws IOException {
        server = IpamerServer.inMemory();
        Files.writeString(folder.resolve("there"), "x\n");
        Files.createFile(folder.resolve("empty"));
        for (String command : List.of(
                "prefix create 10.0.0.0/24",
                "prefix create 10.2.0.0/16",
                "child acquire 10.2.0.0/16 --length 24",
                "ip acquire 10.0.0.0/24",
                "prefix create 10.4.0.0/24 --request-id used")) {
            assertThat(run(command).exitCode()).as(command).isZero();
        }
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** A line of the table. */
    private record Row(int exitCode, String command, String message) {
        static Row read(String line) {
            String[] cells = line.split(" \\| ", 3);
            return new Row(Integer.parseInt(cells[0]), cells[1], cells[2]);
        }

        @Override
        public String toString() {
            return "ipamer " + command;
        }
    }

    static Stream<Row> rows() {
        try (var table = WrongCommandsTest.class.getResourceAsStream("wrong-commands.txt")) {
            return new String(table.readAllBytes(), StandardCharsets.UTF_8).lines().map(Row::read).toList().stream();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    static CommandRun run(String command) {
        return CommandRun.typed(
                command,
                "127.0.0.1:" + server.grpcPort(),
                word -> word.replace("FOLDER", folder.toString()).replace("LONG", "x".repeat(2_000)));
    }

    static String shown(String text) {
        return text.replace(folder.toString(), "FOLDER")
                .replace("127.0.0.1:" + server.grpcPort(), "SERVER")
                .replaceAll("x{50,}", "LONG")
                .strip();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void isToldInOneSentenceWhatIsWrongAndWhatWouldBeRight(Row row) {
        CommandRun run = run(row.command());
        assertThat(shown(run.err())).isEqualTo("ipamer: " + row.message());
        assertThat(run.exitCode()).isEqualTo(row.exitCode());
    }

    @Test
    void everyCommandIsInTheTable() {
        assertThat(rows().map(row -> row.command().split(" ")[0]))
                .contains(
                        "namespace",
                        "prefix",
                        "child",
                        "ip",
                        "usage",
                        "free",
                        "lookup",
                        "overlap",
                        "map",
                        "dump",
                        "load",
                        "health");
    }

    @Test
    void aServerThatDoesNotAnswerIsNotReachable() throws IOException {
        try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + deaf.getLocalPort();
            CommandRun read = CommandRun.of("usage", "--server", address, "--timeout", "200ms");
            assertThat(read.err())
                    .isEqualToNormalizingNewlines(
                            "ipamer: no answer from " + address + " within 200 ms; --timeout waits longer\n");
            assertThat(read.exitCode()).isEqualTo(3);

            CommandRun change = CommandRun.of(
                    "ip", "acquire", "10.0.0.0/24", "--server", address, "--timeout", "200ms", "--request-id", "web-1");
            assertThat(change.err())
                    .isEqualToNormalizingNewlines(
                            "ipamer: no answer from " + address + " within 200 ms; --timeout waits"
                                    + " longer; whether it was done is not known; the same command with --request-id web-1 does it"
                                    + " once\n");
            assertThat(change.exitCode()).isEqualTo(3);
        }
    }

    @Test
    void aWebServerIsNoServerOfOurs() throws IOException {
        HttpServer web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
        web.start();
        try {
            String address = "127.0.0.1:" + web.getAddress().getPort();
            for (String command : List.of("health", "namespace list")) {
                CommandRun run = CommandRun.typed(command, address, word -> word);
                assertThat(run.err().strip().lines())
                        .singleElement()
                        .asString()
                        .startsWith("ipamer: no ipamer server at " + address + ": ");
                assertThat(run.exitCode()).isEqualTo(3);
            }
        } finally {
            web.stop(0);
        }
    }

    /** As a proxy for HTTP/2 before something else does. */
    @Test
    void aServerOfSomethingElseThatSpeaksHttp2IsNoServerOfOurs() throws IOException {
        Server other = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .fallbackHandlerRegistry(new HandlerRegistry() {
                    @Override
                    public ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
                        throw new IllegalStateException("something else");
                    }
                })
                .build()
                .start();
        try {
            String address = "127.0.0.1:" + other.getPort();
            CommandRun run = CommandRun.typed("health", address, word -> word);
            assertThat(run.err())
                    .startsWith("ipamer: no ipamer server at " + address + ": what answers there is something else");
            assertThat(run.exitCode()).isEqualTo(3);
        } finally {
            other.shutdownNow();
        }
    }

    @Test
    void whoSaysNoHasChangedNothing() {
        String server = "127.0.0.1:" + WrongCommandsTest.server.grpcPort();
        for (String answer : List.of("n\n", "", "\n", "of course\n")) {
            CommandRun run = CommandRun.typing(answer, "prefix", "delete", "10.4.0.0/24", "--server", server);
            assertThat(run.err())
                    .startsWith("delete prefix 10.4.0.0/24 of namespace root? [y/N] ")
                    .endsWith("ipamer: not confirmed: nothing was done\n");
            assertThat(run.exitCode()).isEqualTo(1);
        }
        assertThat(run("prefix get 10.4.0.0/24").exitCode()).isZero();
    }
}
