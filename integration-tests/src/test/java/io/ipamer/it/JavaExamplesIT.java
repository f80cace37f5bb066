package io.ipamer.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.app.IpamerServer;
import io.ipamer.client.IpamerClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compiles and runs the examples of the Java client, those of a page one after the other against one server: what its
 * readers see works, and prints what stands below it. They see a client, {@code ipamer}, the common
 * packages of the JDK and the client's; what else it needs it imports.
 */
class JavaExamplesIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern IN_JAVADOC = Pattern.compile("<pre>\\{@code\\n(?<code>.*?)}</pre>", Pattern.DOTALL);
    private static final Pattern IMPORT = Pattern.compile("(?m)^import .*;\\n");
    private static final String ADDRESS = "127.0.0.1:9090";

    /** What javadoc, which cannot show imports well, leaves to its readers. */
    private static final String STUBS = """
            import io.ipamer.proto.v1.AcquireIpRequest;
            import io.ipamer.proto.v1.AcquireIpResponse;
            import io.ipamer.proto.v1.IpamerServiceGrpc;
            """;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README.md",
                "docs/java.md",
                "client-java/src/main/java/io/ipamer/client/Ipamer.java",
                "client-java/src/main/java/io/ipamer/client/IpamerClient.java",
                "client-java/src/main/java/io/ipamer/client/IpamerAsync.java"
            })
    void examplesDoWhatTheySay(String page) throws Exception {
        try (IpamerServer server = IpamerServer.inMemory();
                IpamerClient client = IpamerClient.builder()
                        .target("127.0.0.1:" + server.grpcPort())
                        .plaintext()
                        .build()) {
            Snippets examples = examples(page, "127.0.0.1:" + server.grpcPort());
            assertThat(examples.sources()).isNotEmpty();
            List<String> printed = run(examples.sources(), client);
            if (page.endsWith(".md")) {
                assertThat(printed).isEqualTo(examples.outputs());
            } else {
                assertThat(printed).noneMatch(String::isEmpty);
            }
        }
    }

    private static Snippets examples(String page, String address) throws IOException {
        Path file = ROOT.resolve(page);
        if (page.endsWith(".md")) {
            return Snippets.of(file, "java", address);
        }
        List<String> sources = IN_JAVADOC
                .matcher(Files.readString(file))
                .results()
                .map(block ->
                        STUBS + block.group(1).replaceAll("(?m)^ *\\* ?", "").replace(ADDRESS, address))
                .toList();
        return new Snippets(sources, List.of());
    }

    /** What they print, all in one method of one class. */
    private List<String> run(List<String> sources, IpamerClient client) throws Exception {
        String code =
                String.join("out.println(\"" + Snippets.CUT + "\");\n", sources).replace("System.out", "out");
        Path file = Files.writeString(folder.resolve("Examples.java"), """
                import io.ipamer.client.*;
                import java.io.*;
                import java.nio.file.*;
                import java.time.*;
                import java.util.*;
                import java.util.concurrent.*;
                %s
                public class Examples {
                    public static IpamerClient ipamer;
                    public static PrintStream out;

                    public static void run() throws Exception {
                        %s
                    }
                }
                """.formatted(
                        IMPORT.matcher(code).results().map(MatchResult::group).collect(Collectors.joining()),
                        IMPORT.matcher(code).replaceAll("")));
        compile(file);
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(
                new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
            Class<?> program = loader.loadClass("Examples");
            program.getField("ipamer").set(null, client);
            program.getField("out").set(null, new PrintStream(printed, true, UTF_8));
            program.getMethod("run").invoke(null);
        }
        return List.of(printed.toString(UTF_8).split(Snippets.CUT + "\n", -1));
    }

    private void compile(Path file) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter errors = new StringWriter();
        boolean compiled = compiler.getTask(
                        errors,
                        null,
                        null,
                        List.of("-d", folder.toString(), "-classpath", classPath()),
                        null,
                        compiler.getStandardFileManager(null, null, UTF_8).getJavaFileObjects(file))
                .call();
        assertThat(compiled).as(errors.toString()).isTrue();
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }
}
