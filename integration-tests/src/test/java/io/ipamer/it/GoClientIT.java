package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our client for Go: its own tests, and every snippet of the pages about it. A snippet that begins with {@code package} is
 * a program. The others come after those, and are the body of one function {@code run(ctx, client) error}, whose imports
 * are left to the reader.
 */
class GoClientIT {
    private static final Path CLIENT =
            Path.of("..", "proto", "clients", "go").toAbsolutePath().normalize();
    private static final String MODULE = "github.com/ipamer/ipamer/proto/clients/go";
    private static final Map<String, String> PACKAGES = new TreeMap<>(Map.ofEntries(
            Map.entry("context", "context"),
            Map.entry("errors", "errors"),
            Map.entry("fmt", "fmt"),
            Map.entry("io", "io"),
            Map.entry("ipamer", MODULE + "/ipamer"),
            Map.entry("ipamerv1", MODULE + "/ipamerv1"),
            Map.entry("log", "log"),
            Map.entry("os", "os"),
            Map.entry("status", "google.golang.org/grpc/status"),
            Map.entry("time", "time"),
            Map.entry("tls", "crypto/tls"),
            Map.entry("x509", "crypto/x509")));
    private static final int MOST_SECONDS = 600;

    @TempDir
    Path folder;

    @BeforeEach
    void needsGoAndItsModules() {
        assumeTrue(Ran.finds("go"), "there is no go to build the client for Go with");
        Ran modules = go(CLIENT, Map.of(), "list", "-deps", "-test", "./...");
        assumeTrue(modules.exitCode() == 0, "go does not get what the client for Go needs: " + modules.lastLine());
    }

    @Test
    void itsOwnTestsPass() throws IOException {
        Ran vet = go(CLIENT, Map.of(), "vet", "./...");
        assertThat(vet.exitCode()).as(vet.output()).isZero();
        try (ServerProcess server = ServerProcess.startWith("--store", "memory")) {
            Ran tests =
                    go(CLIENT, Map.of("IPAMER_TEST_TARGET", server.grpcAddress()), "test", "-count=1", "-v", "./...");
            assertThat(tests.exitCode()).as(tests.output()).isZero();
            assertThat(tests.output())
                    .contains("--- PASS: TestACallWhoseAnswerWasLostIsDoneOnce")
                    .doesNotContain("--- SKIP");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"docs/go.md", "proto/clients/go/README.md"})
    void everySnippetPrintsWhatThePageSays(String page) throws IOException, GeneralSecurityException {
        try (ServerProcess server = ServerProcess.startWith("--store", "memory")) {
            Snippets snippets = Snippets.of(Path.of("..", page), "go", server.grpcAddress());
            List<String> programs = new ArrayList<>(
                    snippets.sources().stream().filter(GoClientIT::isProgram).toList());
            List<String> statements =
                    snippets.sources().stream().filter(text -> !isProgram(text)).toList();
            if (!statements.isEmpty()) {
                programs.add(program(statements, server.grpcAddress()));
            }
            writeModule();
            Snippets.writeRoot(folder.resolve("ca.pem"));
            List<Ran> ran = new ArrayList<>();
            for (int i = 0; i < programs.size(); i++) {
                ran.add(run("program" + i, programs.get(i)));
            }
            snippets.arePrintedBy(ran);
        }
    }

    private static boolean isProgram(String text) {
        return text.startsWith("package ");
    }

    private static String program(List<String> statements, String address) {
        String run = "func run(ctx context.Context, client *ipamer.Client) error {\n"
                + String.join("fmt.Println(\"" + Snippets.CUT + "\")\n", statements)
                + "return nil\n}\n"
                + "func main() {\n"
                + "client, err := ipamer.Dial(\"" + address + "\", ipamer.WithPlaintext())\n"
                + "if err == nil { err = run(context.Background(), client) }\n"
                + "if err != nil { log.Fatal(err) }\n"
                + "}\n";
        String imports = PACKAGES.entrySet().stream()
                .filter(imported -> Pattern.compile("\\b" + imported.getKey() + "\\.")
                        .matcher(run)
                        .find())
                .map(imported -> "import \"" + imported.getValue() + "\"\n")
                .collect(Collectors.joining());
        return "package main\n" + imports + run;
    }

    /** A user's module, which has the client from this checkout as docs/go.md says. */
    private void writeModule() throws IOException {
        String needed = Files.readString(CLIENT.resolve("go.mod")).replace("module " + MODULE, "module snippets");
        Files.writeString(
                folder.resolve("go.mod"),
                needed + "require " + MODULE + " v0.0.0\nreplace " + MODULE + " => \"" + CLIENT + "\"\n");
        Files.copy(CLIENT.resolve("go.sum"), folder.resolve("go.sum"));
    }

    private Ran run(String name, String program) throws IOException {
        Path source = Files.createDirectory(folder.resolve(name)).resolve("main.go");
        Files.writeString(source, program);
        Path built = folder.resolve(name + ".program");
        Ran build = go(folder, Map.of(), "build", "-o", built.toString(), "./" + name);
        assertThat(build.exitCode()).as(build.output()).isZero();
        return Ran.of(folder, Map.of(), MOST_SECONDS, built.toString());
    }

    private static Ran go(Path folder, Map<String, String> environment, String... arguments) {
        List<String> command = new ArrayList<>(List.of("go"));
        command.addAll(List.of(arguments));
        Map<String, String> all = new TreeMap<>(environment);
        all.put("GOFLAGS", "-mod=readonly -buildvcs=false");
        return Ran.of(folder, all, MOST_SECONDS, command.toArray(String[]::new));
    }
}
