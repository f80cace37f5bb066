package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ipamer.app.IpamerServer;
import io.ipamer.it.ConsoleBlock.Command;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/**
 * What the pages show of grpcurl, curl and buf is what these print. Every console block of a page that has one of them is
 * run, in order, against a server in memory for each page, and must print exactly what is shown below the command: no line
 * more, no line less. Only this may differ:
 *
 * <ul>
 *   <li>a line of three dots stands for one or more lines, three dots within a line for any text;
 *   <li>one UUID stands for any other.
 * </ul>
 *
 * <p>A command succeeds, unless what is shown of it begins with {@code ERROR:}. Commands of one page share a folder, and one
 * may need what another did: what comes behind a block that cannot be run on this machine is skipped like it.
 */
class ReadmeIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    /** Other tests run these. */
    private static final Set<String> PAGES_OF_OTHERS = Set.of("cli.md", "go.md", "java.md", "python.md");

    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final String DOTS = "...";
    private static final int MOST_SECONDS = 60;

    @TempDir
    Path folder;

    @TestFactory
    Stream<DynamicNode> everyPageShowsWhatHappens() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
        try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
            docs.filter(page -> page.toString().endsWith(".md"))
                    .filter(page -> !PAGES_OF_OTHERS.contains(page.getFileName().toString()))
                    .sorted()
                    .forEach(pages::add);
        }
        List<DynamicNode> tests = new ArrayList<>();
        for (Path page : pages) {
            List<ConsoleBlock> blocks = ConsoleBlock.of(page);
            if (!blocks.isEmpty()) {
                tests.add(dynamicContainer(
                        ROOT.relativize(page).toString(),
                        Stream.of(blocks)
                                .flatMap(all ->
                                        againstAServer(all, page.getFileName().toString()))));
            }
        }
        assertThat(tests).as("pages with something to run").hasSizeGreaterThan(1);
        return tests.stream();
    }

    /** The server runs while the stream does. */
    private Stream<DynamicNode> againstAServer(List<ConsoleBlock> blocks, String page) {
        Session session = new Session(folder.resolve(page));
        return blocks.stream()
                .map(block -> (DynamicNode) dynamicTest(page + ":" + block.line(), () -> session.run(block)))
                .onClose(session::close);
    }

    @Test
    void aPageThatLiesIsFoundOut() {
        String printed = "{\n  \"id\": \"ba3ae3c4-81ee-4ff0-80be-e770c9ca02cb\",\n  \"cidr\": \"10.0.0.0/8\"\n}\n";

        assertThat(shows(printed, "{", "  \"id\": \"d8614ed9-790e-45bb-9aed-185daa5ee1ae\",", "  ...", "}"))
                .isTrue();
        assertThat(shows(printed, "{", "  \"id\": \"...\",", "  \"cidr\": \"10.0.0.0/8\"", "}"))
                .isTrue();
        assertThat(shows(printed, "...")).isTrue();

        assertThat(shows(printed)).as("nothing").isFalse();
        assertThat(shows(printed, "{", "}")).as("lines left out in the middle").isFalse();
        assertThat(shows(printed, "{", "...")).as("lines left out, and said so").isTrue();
        assertThat(shows(printed, "...", "  \"cidr\": \"10.0.0.0/16\"", "}"))
                .as("another value")
                .isFalse();
        assertThat(shows(printed, "...", "}", "..."))
                .as("a line that is not there")
                .isFalse();
        assertThat(shows(printed, "...", "\"cidr\": \"10.0.0.0/8\"", "}"))
                .as("another indentation")
                .isFalse();
    }

    private static boolean shows(String printed, String... shown) {
        return whatIsShown(List.of(shown)).matcher(printed).matches();
    }

    private static Pattern whatIsShown(List<String> lines) {
        return Pattern.compile(lines.stream()
                .map(line -> line.strip().equals(DOTS) ? "(?:.*\n)+" : anyUuid(line) + "\n")
                .collect(Collectors.joining()));
    }

    private static String anyUuid(String line) {
        return Arrays.stream(UUID.split(line, -1)).map(ReadmeIT::anyText).collect(Collectors.joining(UUID.pattern()));
    }

    private static String anyText(String line) {
        return Arrays.stream(line.split(Pattern.quote(DOTS), -1))
                .map(Pattern::quote)
                .collect(Collectors.joining(".*"));
    }

    /** A server, and a folder with what the pages take for granted. */
    private static final class Session {
        private final IpamerServer server = Servers.inMemory();
        private final Path folder;
        private int notRun;

        Session(Path folder) {
            this.folder = folder;
            try {
                Files.createDirectories(folder);
                Files.copy(Path.of("src/test/resources/goipam-dump-small.json"), folder.resolve("tenant-a.json"));
                Files.writeString(folder.resolve(".curlrc"), "no-progress-meter\n");
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        void run(ConsoleBlock block) {
            assumeTrue(notRun == 0, "it needs the block in line " + notRun + ", which was not run");
            try {
                needs(block.programs());
            } catch (TestAbortedException missing) {
                notRun = block.line();
                throw missing;
            }
            for (Command command : block.commands()) {
                Ran ran = run(command.text());
                boolean refused = String.join("\n", command.shown()).startsWith("ERROR:");
                assertThat(ran.exitCode() != 0)
                        .as("%s fails, and prints:%n%s", command.text(), ran.output())
                        .isEqualTo(refused);
                String printed =
                        ran.output().isEmpty() || ran.output().endsWith("\n") ? ran.output() : ran.output() + "\n";
                assertThat(whatIsShown(command.shown()).matcher(printed).matches())
                        .as(
                                "%s%nthe page shows:%n%s%nit prints:%n%s",
                                command.text(), String.join("\n", command.shown()), printed)
                        .isTrue();
            }
        }

        private static void needs(Set<String> programs) {
            for (String program : programs) {
                switch (program) {
                    case "grpcurl" -> GoProgram.build();
                    case "buf" -> Buf.bring();
                    default -> assumeTrue(Ran.finds(program), "there is no " + program);
                }
            }
        }

        private Ran run(String command) {
            String path = String.join(
                    File.pathSeparator,
                    GoProgram.GRPCURL.path().getParent().toString(),
                    Buf.folder().toString(),
                    System.getenv("PATH"));
            return Ran.of(
                    folder,
                    Map.of("PATH", path, "CURL_HOME", folder.toString()),
                    MOST_SECONDS,
                    "bash",
                    "-c",
                    "set -o pipefail; "
                            + command.replace("127.0.0.1:9090", "127.0.0.1:" + server.grpcPort())
                                    .replace("127.0.0.1:8080", "127.0.0.1:" + server.httpPort()));
        }

        void close() {
            server.close();
        }
    }
}
