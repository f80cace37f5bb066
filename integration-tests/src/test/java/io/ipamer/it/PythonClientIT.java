package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our client for Python, installed as users install it: its own tests, its types, and every snippet of the pages about it.
 * The snippets of a page are one program.
 */
class PythonClientIT {
    @TempDir
    Path folder;

    @BeforeEach
    void installTheClient() {
        PythonClient.install();
    }

    @Test
    void itsOwnTestsPass() throws IOException {
        try (ServerProcess server = ServerProcess.startWith("--store", "memory")) {
            Ran tests = PythonClient.run(
                    PythonClient.SOURCES,
                    Map.of("IPAMER_TEST_TARGET", server.grpcAddress()),
                    "-m",
                    "unittest",
                    "discover",
                    "-v",
                    "-s",
                    "tests");
            assertThat(tests.exitCode()).as(tests.output()).isZero();
            assertThat(tests.output()).contains("test_a_call_whose_answer_was_lost_is_done_once");
            assertThat(tests.lastLine()).as("none is skipped").isEqualTo("OK");
        }
    }

    @Test
    void itsTypesAreStrict() {
        hasStrictTypes(PythonClient.SOURCES, "-p", "ipamer");
    }

    @ParameterizedTest
    @ValueSource(strings = {"docs/python.md", "proto/clients/python/README.md"})
    void everySnippetPrintsWhatThePageSays(String page) throws IOException, GeneralSecurityException {
        try (ServerProcess server = ServerProcess.startWith("--store", "memory")) {
            Snippets snippets = Snippets.of(Path.of("..", page), "python", server.grpcAddress());
            Path program = folder.resolve("snippets.py");
            Files.writeString(program, String.join("print('" + Snippets.CUT + "')\n", snippets.sources()));
            Snippets.writeRoot(folder.resolve("ca.pem"));

            snippets.arePrintedBy(List.of(PythonClient.run(folder, Map.of(), program.toString())));

            hasStrictTypes(folder, program.toString());
        }
    }

    private static void hasStrictTypes(Path folder, String... what) {
        Ran mypy = PythonClient.mypy(folder, what);
        assertThat(mypy.exitCode()).as(mypy.output()).isZero();
    }
}
