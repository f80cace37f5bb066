package io.ipamer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.app.IpamerServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/cli.md shows, from its first command to its last, and compares what it says they answer. */
class CliDocumentTest {
    private static final Path DOCUMENT = Path.of("../docs/cli.md");
    private static final Pattern BLOCK = Pattern.compile("```console\n(.*?)```", Pattern.DOTALL);
    private static final String ECHO = "; echo $?";

    /** A command, and what the page says it answers. */
    private record Step(String command, String answer) {}

    private static List<Step> steps() throws IOException {
        List<Step> steps = new ArrayList<>();
        Matcher blocks = BLOCK.matcher(Files.readString(DOCUMENT));
        while (blocks.find()) {
            for (String step : blocks.group(1).split("(?m)^\\$ ")) {
                if (!step.isEmpty()) {
                    int end = step.indexOf('\n');
                    steps.add(new Step(step.substring(0, end), step.substring(end + 1)));
                }
            }
        }
        return steps;
    }

    @Test
    void whatItShowsIsSo(@TempDir Path folder) throws IOException {
        List<Step> steps = steps();
        assertThat(steps).hasSizeGreaterThan(20);
        try (IpamerServer server = IpamerServer.inMemory()) {
            for (Step step : steps) {
                assertThat(normal(run(step.command(), server.grpcPort(), folder)))
                        .as(step.command())
                        .isEqualTo(normal(step.answer()));
            }
        }
    }

    private static String run(String command, int port, Path folder) {
        boolean echoes = command.endsWith(ECHO);
        String line = echoes ? command.substring(0, command.length() - ECHO.length()) : command;
        assertThat(line).startsWith("ipamer ");
        CommandRun run = CommandRun.typed(
                line.substring("ipamer ".length()),
                "127.0.0.1:" + port,
                word -> word.endsWith(".ndjson") ? folder.resolve(word).toString() : word);
        return (run.out() + run.err() + (echoes ? run.exitCode() + "\n" : ""))
                .replace(folder + "/", "")
                .replace("127.0.0.1:" + port, "127.0.0.1:9090");
    }

    /** Without what is another one each time. */
    private static String normal(String answer) {
        return answer.replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID")
                .replaceAll("(?m)^( *\"?(version|revision|built|java)\"?:?) .*", "$1");
    }
}
