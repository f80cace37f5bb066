package io.ipamer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.app.Build;
import io.ipamer.app.IpamerServer;
import io.ipamer.cli.terminal.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the commands print where, and how they end. */
@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
@Isolated // it replaces the streams of the process
class MainTest {
    private record Run(int exitCode, String out, String err) {}

    /** The program writes where the process does, so its streams stand in for the process's. */
    private static Run run(String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        ByteArrayOutputStream complained = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
            int exitCode = Main.run(Terminal.ofProcess(), arguments);
            return new Run(
                    exitCode, printed.toString(StandardCharsets.UTF_8), complained.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    private static void assertWrongUse(Run run, String line) {
        assertThat(run.err()).isEqualTo(line + System.lineSeparator());
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "-V"})
    void versionIsOneLineThatSaysWhatWasBuiltWhenAndRunsOnWhat(String flag) {
        Run run = run(flag);
        assertThat(run.out())
                .isEqualTo("ipamer " + Build.description() + System.lineSeparator())
                .contains("built", "Java " + Runtime.version());
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "serve --help", "check-config --help", "bench --help"})
    void helpIsNoFault(String line) {
        Run run = run(line.split(" "));
        assertThat(run.out()).startsWith("Usage: ipamer ");
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void theWordHelpShowsWhatTheOptionDoes() {
        assertThat(run("help")).isEqualTo(run("--help"));
        assertThat(run("help", "ip", "acquire")).isEqualTo(run("ip", "acquire", "--help"));
    }

    @Test
    void theListOfCommandsShowsEachDescriptionWhole() {
        assertThat(run("--help").out().replaceAll("\\s+", " "))
                .contains("and who has it; or list all prefixes and addresses that an owner has or that have labels.");
    }

    @Test
    void helpNamesTheCommands() {
        assertThat(run("--help").out())
                .contains("serve", "check-config", "bench", "completion")
                .doesNotContain("load-classes");
    }

    @Test
    void helpNamesTheSettings() {
        assertThat(run("serve", "--help").out())
                .contains(
                        "--grpc-address=HOST:PORT",
                        "--http-address=HOST:PORT",
                        "--http-origins=SITES",
                        "--store=KIND",
                        "--data-dir=FOLDER",
                        "--config=FILE",
                        "IPAMER_GRPC_ADDRESS");
    }

    @Test
    void noCommandIsWrongUseAndShowsWhatThereIs() {
        Run run = run();
        assertThat(run.out()).startsWith("Usage: ipamer ");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void anUnknownFlagIsOneLine() {
        assertWrongUse(run("serve", "--nope"), "ipamer: Unknown option: '--nope'; see ipamer serve --help");
    }

    @Test
    void aMistypedFlagIsAnsweredWithTheLikelyOne() {
        assertWrongUse(
                run("serve", "--grpc-adress"),
                "ipamer: Unknown option: '--grpc-adress' (did you mean --grpc-address?); see ipamer serve --help");
    }

    @Test
    void aMistypedCommandIsAnsweredWithTheLikelyOne() {
        assertWrongUse(
                run("serv"), "ipamer: Unmatched argument at index 0: 'serv' (did you mean serve?); see ipamer --help");
    }

    @Test
    void aFlagWithoutItsValueIsOneLine() {
        Run run = run("check-config", "--store");
        assertThat(run.err().strip().lines())
                .singleElement()
                .asString()
                .startsWith("ipamer: ")
                .contains("'--store'");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "check-config"})
    void aValueThatCannotBeIsOneLine(String command) {
        assertWrongUse(
                run(command, "--store", "disk"),
                "ipamer: store cannot be \"disk\" (flag --store): there are memory and sql");
        assertWrongUse(
                run(command, "--grpc-address", "127.0.0.1:70000"),
                "ipamer: grpc-address cannot be \"127.0.0.1:70000\" (flag --grpc-address): it must be host:port, "
                        + "such as 127.0.0.1:9090 or [::1]:9090, with port 0 to 65535");
    }

    @Test
    void aValueWithLineBreaksIsStillOneLine() {
        assertWrongUse(
                run("check-config", "--store", "a\nb\r\n c"),
                "ipamer: store cannot be \"a b c\" (flag --store): there are memory and sql");
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "check-config"})
    void anUnknownKeyIsOneLine(String command, @TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("ipamer.properties"), "grpc-adress=127.0.0.1:9090\n");
        assertWrongUse(
                run(command, "--config", file.toString()),
                "ipamer: config file " + file
                        + ": unknown key grpc-adress; there are grpc-address, http-address, http-origins, store, db-url, data-dir, migrate, journal-age, journal-revisions");
    }

    @Test
    void aFileThatIsNotThereIsOneLine(@TempDir Path folder) {
        Path file = folder.resolve("none");
        assertWrongUse(
                run("check-config", "--config", file.toString()), "ipamer: config file " + file + " does not exist");
    }

    @Test
    void aTakenPortIsOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            assertWrongUse(
                    run("serve", "--grpc-address", address),
                    "ipamer: cannot listen on " + address + " (flag --grpc-address): Address already in use");
        }
    }

    /** 192.0.2.0/24 is for documentation: no machine has it. */
    @Test
    void anAddressOfAnotherMachineIsOneLineWithTheSystemsReason() {
        Run run = run("serve", "--grpc-address", "192.0.2.1:0");
        assertThat(run.err().strip().lines())
                .singleElement()
                .asString()
                .matches(
                        "ipamer: cannot listen on 192\\.0\\.2\\.1:0 \\(flag --grpc-address\\): .* assign requested address");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void checkConfigSaysWhatCountsAndWhereItCameFrom(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("ipamer.properties"), "grpc-address=10.0.0.1:1\nstore=memory\n");
        Run run = run("check-config", "--grpc-address", "[::1]:0", "--config", file.toString());
        assertThat(run.out().lines())
                .startsWith(
                        "grpc-address=[::1]:0  (flag --grpc-address)",
                        "http-address=127.0.0.1:8080  (default)",
                        "http-origins=  (default)",
                        "store=memory  (file " + file + ")");
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void helpOfBenchNamesItsScenariosAndOptions() {
        assertThat(run("bench", "--help").out())
                .contains("SCENARIO", "acquire-release  each caller")
                .contains("ipamer.v1, api.v1")
                .contains("--target", "--callers", "--rate", "--request-ids", "--tolerate-errors", "--keep");
    }

    @Test
    void aScenarioThatIsNotThereIsOneLine() {
        Run run = run("bench", "aquire");
        assertThat(run.err().strip().lines())
                .singleElement()
                .asString()
                .contains("SCENARIO", "'aquire'", "acquire-release");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--callers 0                        | --callers must be 1 to 100000, not 0",
                "--prefixes 0                       | --prefixes must be 1 to 1000000, not 0",
                "--channels -1                      | --channels must be 1 to 1000, not -1",
                "--duration 0s                      | --duration must be more than 0 and less than a day",
                "--warm-up 1440m                    | --warm-up must be less than a day",
                "--rate -1                          | --rate must be up to 10000000 calls a second, not -1.0",
                "--target nowhere                   | --target must be host:port",
                "--target 127.0.0.1:70000           | --target must be host:port",
                "--target 127.0.0.1:9090,           | --target must be host:port",
                "--contract api.v1 --request-ids    | --request-ids cannot be with --contract api.v1",
                "--contract v2                      | --contract: ",
                "--duration 5                       | --duration: ",
                "-o xml                             | --output: "
            })
    void anOptionOfBenchThatCannotBeIsOneLineThatNamesIt(String options, String complaint) {
        Run run = run(("bench acquire " + options).split(" "));
        assertThat(run.err().strip().lines()).singleElement().asString().startsWith("ipamer: " + complaint);
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void aTargetThatCannotBeReachedIsOneLine() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            free = socket.getLocalPort();
        }
        Run run = run("bench", "read", "--target", "127.0.0.1:" + free);
        assertThat(run.err().strip().lines())
                .singleElement()
                .asString()
                .startsWith("ipamer: --target 127.0.0.1:" + free + " cannot be reached: ")
                .contains("Connection refused");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void benchReportsOnStandardOutput() {
        try (IpamerServer server = IpamerServer.inMemory()) {
            Run run = run(("bench read --duration 50ms --warm-up 0s -o json --target 127.0.0.1:" + server.grpcPort())
                    .split(" "));
            assertThat(run.out()).startsWith("{").contains("\"scenario\": \"read\"");
            assertThat(run.err()).isEmpty();
            assertThat(run.exitCode()).isZero();
        }
    }
}
