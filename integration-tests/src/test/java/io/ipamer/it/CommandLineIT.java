package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands as processes: signals, pipes, the environment. */
class CommandLineIT {
    private static final int MOST_SECONDS = 60;
    private static final Pattern REQUEST_ID = Pattern.compile("--request-id ([-0-9a-f]{36})");

    private static ServerProcess server;

    private final List<Process> processes = new ArrayList<>();

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws IOException {
        server = ServerProcess.startWith("--store", "memory");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void stopAll() {
        processes.forEach(Process::destroyForcibly);
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** A command that runs. What it complains about comes when it has ended. */
    private final class Command {
        private final Process process;
        private final File errors;

        Command(String... arguments) throws IOException {
            this(Stream.concat(Stream.of(java(), "-jar", System.getProperty("ipamer.jar")), Stream.of(arguments))
                    .toList());
        }

        private Command(List<String> command) throws IOException {
            errors = Files.createTempFile(folder, "errors", ".txt").toFile();
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors);
            builder.environment().put("IPAMER_SERVER", server.grpcAddress());
            process = builder.start();
            processes.add(process);
        }

        /** As Ctrl-C does. Who is run in the background is deaf to that, and so are its children: SIGTERM does the same. */
        void interrupt() throws IOException, InterruptedException {
            signal(hearsCtrlC() ? "INT" : "TERM", process.toHandle());
        }

        void assertInterrupted() throws InterruptedException, IOException {
            assertThat(exitCode()).isEqualTo(hearsCtrlC() ? 130 : 143);
        }

        private boolean hearsCtrlC() throws IOException {
            Path status = Path.of("/proc/self/status");
            if (!Files.exists(status)) {
                return true;
            }
            String ignored = Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("SigIgn:"))
                    .findFirst()
                    .orElse("SigIgn: 0");
            return (Long.parseUnsignedLong(
                                    ignored.substring(ignored.indexOf(':') + 1).strip(), 16)
                            & 1 << 1)
                    == 0;
        }

        int exitCode() throws InterruptedException {
            assertThat(process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)).isTrue();
            return process.exitValue();
        }

        String errors() throws IOException {
            return Files.readString(errors.toPath());
        }

        String output() throws IOException {
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Command shell(String script) throws IOException {
        String ipamer = "'" + java() + "' -jar '" + System.getProperty("ipamer.jar") + "'";
        return new Command(List.of("bash", "-o", "pipefail", "-c", script.replace("IPAMER", ipamer)));
    }

    private static void signal(String name, ProcessHandle process) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private String run(String... arguments) throws IOException, InterruptedException {
        Command command = new Command(arguments);
        String output = command.output();
        assertThat(command.exitCode()).as(command.errors()).isZero();
        assertThat(command.errors()).isEmpty();
        return output;
    }

    @Test
    void aLoadThatIsInterruptedLeavesNothingAndSaysSo() throws IOException, InterruptedException {
        Command load = new Command("load", "-n", "interrupted");
        // When it has taken more than a pipe holds, it is at it.
        try (OutputStream text = load.process.getOutputStream()) {
            text.write("{\"ipamer\":1}\n{\"cidr\":\"10.0.0.0/8\"}\n".getBytes(StandardCharsets.UTF_8));
            for (int i = 1; i < 50_000; i++) {
                text.write(
                        ("{\"address\":\"10.0." + i / 256 + "." + i % 256 + "\"}\n").getBytes(StandardCharsets.UTF_8));
            }
            text.flush();
            load.interrupt();
            load.assertInterrupted();
        } catch (IOException closed) {
            load.assertInterrupted();
        }
        assertThat(load.errors()).isEqualTo("ipamer: stopped: nothing was loaded\n");
        assertThat(load.output()).isEmpty();
        assertThat(run("namespace", "list")).doesNotContain("interrupted");
    }

    @Test
    void manyAddressesThatWereInterruptedAreGoneOnWithByTheirRequestId() throws IOException, InterruptedException {
        run("prefix", "create", "10.64.0.0/12");
        String[] acquire = {"ip", "acquire", "10.64.0.0/12", "--count", "40960", "--owner", "bulk", "-o", "json"};
        Command first = new Command(acquire);
        // It waits for somebody to read on, for there are far more than a pipe holds.
        BufferedReader output =
                new BufferedReader(new InputStreamReader(first.process.getInputStream(), StandardCharsets.UTF_8));
        assertThat(output.readLine()).isEqualTo("[");
        assertThat(output.readLine()).contains("10.64.0.1");
        first.interrupt();
        first.assertInterrupted();
        assertThat(first.errors()).startsWith("ipamer: stopped: ").contains(" of 40,960 addresses are acquired");
        Matcher id = REQUEST_ID.matcher(first.errors());
        assertThat(id.find()).isTrue();

        JsonArray all = JsonParser.parseString(
                        run(Stream.concat(Stream.of(acquire), Stream.of("--request-id", id.group(1)))
                                .toArray(String[]::new)))
                .getAsJsonArray();
        Set<String> addresses = new HashSet<>();
        for (JsonElement one : all) {
            addresses.add(one.getAsJsonObject().get("address").getAsString());
        }
        assertThat(addresses).hasSize(40_960);
        assertThat(run("usage", "10.64.0.0/12", "-o", "json")).contains("\"acquired\": 40960");
    }

    @Test
    void aDumpThatIsInterruptedLeavesNoFile() throws IOException, InterruptedException {
        Path files = Files.createDirectory(folder.resolve("dumps"));
        Path file = files.resolve("root.ndjson");
        signal("STOP", server.handle());
        try {
            Command dump = new Command("dump", "-f", file.toString());
            while (dump.process.isAlive() && list(files).isEmpty()) {
                Thread.onSpinWait(); // until it has begun
            }
            dump.interrupt();
            dump.assertInterrupted();
            assertThat(dump.errors()).isEqualTo("ipamer: stopped: " + file + " was not written\n");
        } finally {
            signal("CONT", server.handle());
        }
        assertThat(list(files)).isEmpty();
    }

    private static List<Path> list(Path files) throws IOException {
        try (Stream<Path> names = Files.list(files)) {
            return names.toList();
        }
    }

    @Test
    void whatHadNoAnswerIsDoneOnceByTheSameCommandWithItsRequestId() throws IOException, InterruptedException {
        run("prefix", "create", "10.128.0.0/24");
        Command first;
        signal("STOP", server.handle());
        try {
            first = new Command("ip", "acquire", "10.128.0.0/24", "--timeout", "3s");
            assertThat(first.exitCode()).isEqualTo(3);
        } finally {
            signal("CONT", server.handle());
        }
        assertThat(first.errors().lines()).hasSize(1);
        assertThat(first.errors()).startsWith("ipamer: no answer from ").contains("whether it was done is not known");
        Matcher id = REQUEST_ID.matcher(first.errors());
        assertThat(id.find()).isTrue();
        for (int again = 0; again < 2; again++) {
            assertThat(run("ip", "acquire", "10.128.0.0/24", "--request-id", id.group(1)))
                    .contains("10.128.0.1 ");
        }
        assertThat(run("usage", "10.128.0.0/24", "-o", "json")).contains("\"acquired\": 1,");
    }

    @Test
    void aReaderThatHasEnoughIsNoFailure() throws IOException, InterruptedException {
        run("prefix", "create", "10.129.0.0/16");
        run("ip", "acquire", "10.129.0.0/16", "--count", "4096");
        for (String form : List.of("table", "json")) {
            Command command = shell("IPAMER ip list 10.129.0.0/16 -o " + form + " | head -n 1");
            assertThat(command.output().lines()).hasSize(1);
            assertThat(command.exitCode()).as(form).isZero();
            assertThat(command.errors()).as(form).isEmpty();
        }
        Command dump = shell("IPAMER dump | head -n 1");
        assertThat(dump.output()).isEqualTo("{\"ipamer\":1,\"namespace\":\"root\"}\n");
        assertThat(dump.exitCode()).isZero();
        assertThat(dump.errors()).isEmpty();
    }

    @Test
    void aFullDiskIsAFailure() throws IOException, InterruptedException {
        for (String line : List.of(
                "namespace list", "namespace list -o json", "dump", "--help", "ip acquire --help", "completion bash")) {
            Command command = shell("IPAMER " + line + " > /dev/full");
            assertThat(command.exitCode()).as(line).isEqualTo(1);
            assertThat(command.errors())
                    .as(line)
                    .isEqualTo("ipamer: the answer cannot be written: No space left on device\n");
        }
    }

    @Test
    void aChangeWhoseAnswerCannotBeWrittenSaysThatItWasDone() throws IOException, InterruptedException {
        run("prefix", "create", "10.131.0.0/24");
        Command command = shell("IPAMER ip acquire 10.131.0.0/24 --request-id 'full disk' > /dev/full");
        assertThat(command.exitCode()).isEqualTo(1);
        assertThat(command.errors())
                .isEqualTo(
                        "ipamer: the answer cannot be written: No space left on device; it was done: the same command"
                                + " with --request-id 'full disk' shows it again\n");
        assertThat(run("ip", "acquire", "10.131.0.0/24", "--request-id", "full disk"))
                .contains("10.131.0.1 ");
    }

    @Test
    void aDeleteOfAllWhoseAnswerCannotBeWrittenPromisesNoRepeat() throws IOException, InterruptedException {
        run("prefix", "create", "10.133.0.0/24");
        Command command = shell("IPAMER prefix delete 10.133.0.0/24 --force --yes > /dev/full");
        assertThat(command.exitCode()).isEqualTo(1);
        assertThat(command.errors())
                .isEqualTo("ipamer: the answer cannot be written: No space left on device; it was done\n");
    }

    @Test
    void manyAddressesThatNobodyReadsAreNotAcquiredOn() throws IOException, InterruptedException {
        run("prefix", "create", "10.132.0.0/16");
        String acquire = "IPAMER ip acquire 10.132.0.0/16 --count 20000 --request-id many-1 ";
        String goOn = "4,096 of 20,000 addresses are acquired; the same command with --request-id many-1 lists them and"
                + " goes on\n";
        Command full = shell(acquire + "> /dev/full");
        assertThat(full.exitCode()).isEqualTo(1);
        assertThat(full.errors()).isEqualTo("ipamer: the answer cannot be written: No space left on device; " + goOn);
        Command closed = shell(acquire + "| true");
        assertThat(closed.exitCode()).isEqualTo(1);
        assertThat(closed.errors()).isEqualTo("ipamer: nobody reads the answer any more: " + goOn);
        assertThat(run("usage", "10.132.0.0/16", "-o", "json")).contains("\"acquired\": 4096,");
    }

    @Test
    void anInputThatCannotBeReadIsSaidToBeSo() throws IOException, InterruptedException {
        Command command = shell("IPAMER load < /");
        assertThat(command.exitCode()).isEqualTo(1);
        assertThat(command.errors())
                .isEqualTo("ipamer: standard input cannot be read: Is a directory; nothing was loaded\n");
    }

    @Test
    void whatComesThroughAPipeIsLoaded() throws IOException, InterruptedException {
        run("namespace", "create", "from");
        run("prefix", "create", "2001:db8::/64", "-n", "from");
        Command pipe = shell("IPAMER dump -n from | IPAMER load -n to");
        assertThat(pipe.output()).isEqualTo("loaded 1 prefix, 0 addresses into namespace to\n");
        assertThat(pipe.exitCode()).isZero();
        assertThat(pipe.errors()).isEmpty();
    }

    @Test
    void aServerThatIsNotThereIsSaidInOneLineAtOnce() throws IOException, InterruptedException {
        for (String address : List.of("127.0.0.1:1", "nosuch.invalid:9090")) {
            Command command = new Command("ip", "acquire", "10.0.0.0/24", "--server", address);
            assertThat(command.exitCode()).isEqualTo(3);
            assertThat(command.errors().lines())
                    .singleElement()
                    .asString()
                    .startsWith("ipamer: no ipamer server at " + address + ": ");
            assertThat(command.output()).isEmpty();
        }
    }

    @Test
    void nothingButTextGoesWhereNoTerminalIs() throws IOException, InterruptedException {
        run("prefix", "create", "10.130.0.0/24");
        assertThat(run("map", "10.130.0.0/24")).doesNotContain("\u001b").contains("10.130.0.0", "reserved");
    }
}
