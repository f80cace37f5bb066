package io.ipamer.cli.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Which server a command line and its environment mean. */
class TargetTest {
    private static Target read(String text) {
        return Target.read("--server", text, false, null, null, null);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:9091, 127.0.0.1:9091, false",
        "ipam.example.net, ipam.example.net:9090, false",
        "[::1]:9091, [::1]:9091, false",
        "[::1], [::1]:9090, false",
        "http://ipam:8080, ipam:8080, false",
        "https://ipam/, ipam:9090, true",
        "HTTPS://ipam:443, ipam:443, true"
    })
    void schemesAndMissingPortsAreForgiven(String text, String address, boolean tls) {
        Target target = read(text);
        assertThat(target.address()).isEqualTo(address);
        assertThat(target.tls()).isEqualTo(tls);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                "a:",
                "a:b",
                "a:0",
                "a:65536",
                "a:090909",
                "[::1]9090",
                "[a]:1",
                "[]:1",
                "a/b",
                "a b",
                "é:1",
                "a,b"
            })
    void whatIsNoHostAndPortIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(text))
                .withMessageContaining("\"" + text + "\"")
                .withMessageContaining("HOST:PORT");
    }

    @Test
    void certificatesMeanTls() {
        assertThat(Target.read("--server", "a", false, Path.of("ca.pem"), null, null)
                        .tls())
                .isTrue();
    }

    @Test
    void aTokenIsNotShownToEverybodyOnTheWay() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Target.read("--server", "a", false, null, "secret", null))
                .withMessageContaining("--tls")
                .withMessageNotContaining("secret");
    }

    private static Target target(Map<String, String> environment, String... arguments) {
        ServerOptions options = new ServerOptions();
        CommandLine line = new CommandLine(CommandSpec.forAnnotatedObject(options));
        line.parseArgs(arguments);
        return options.target(line.getCommandSpec(), environment::get);
    }

    @Test
    void anOptionCountsBeforeTheEnvironmentBeforeTheUsual() {
        Map<String, String> environment = Map.of("IPAMER_SERVER", "b:2");
        assertThat(target(environment, "--server", "a:1").address()).isEqualTo("a:1");
        assertThat(target(environment).address()).isEqualTo("b:2");
        assertThat(target(Map.of()).address()).isEqualTo("127.0.0.1:9090");
        assertThat(target(Map.of("IPAMER_SERVER", "")).address()).isEqualTo("127.0.0.1:9090");
    }

    @Test
    void whoeverSetTheEnvironmentWrongIsToldSo() {
        assertThatExceptionOfType(ParameterException.class)
                .isThrownBy(() -> target(Map.of("IPAMER_SERVER", "b:x")))
                .withMessageStartingWith("IPAMER_SERVER cannot be \"b:x\"");
    }

    @Test
    void theTokenIsThatOfTheEnvironment() {
        assertThat(target(Map.of("IPAMER_TOKEN", "secret"), "--tls").token()).isEqualTo("secret");
        assertThat(target(Map.of("IPAMER_TOKEN", "")).token()).isNull();
    }
}
