package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A Python of its own below {@code target}, with our client and what its {@code requirements-dev.txt} pins. Only the first
 * run on a machine gets the latter.
 */
final class PythonClient {
    static final Path SOURCES =
            Path.of("..", "proto", "clients", "python").toAbsolutePath().normalize();

    private static final Path ENVIRONMENT = Path.of("target", "python").toAbsolutePath();
    private static final String PYTHON = ENVIRONMENT.resolve("bin/python").toString();
    private static final int MOST_SECONDS = 600;

    private PythonClient() {}

    /** Installs it once, or skips the test that asks. */
    static void install() {
        assumeTrue(Ran.finds("python3"), "there is no python3 to run the client for Python with");
        assumeTrue(
                Packages.GOT.exitCode() == 0,
                "pip does not get what the client for Python needs: " + Packages.GOT.lastLine());
        assertThat(Client.INSTALLED.exitCode()).as(Client.INSTALLED.output()).isZero();
    }

    /** Runs Python, in the folder and with what is added to the environment. */
    static Ran run(Path folder, Map<String, String> environment, String... arguments) {
        List<String> command = new ArrayList<>(List.of(PYTHON));
        command.addAll(List.of(arguments));
        Map<String, String> all = new TreeMap<>(environment);
        all.put("PYTHONDONTWRITEBYTECODE", "1");
        all.put("GRPC_VERBOSITY", "NONE");
        return Ran.of(folder, all, MOST_SECONDS, command.toArray(String[]::new));
    }

    /** Checks types as strictly as mypy can. */
    static Ran mypy(Path folder, String... what) {
        List<String> arguments = new ArrayList<>(List.of(
                "-m",
                "mypy",
                "--strict",
                "--cache-dir",
                ENVIRONMENT.resolve("mypy").toString()));
        arguments.addAll(List.of(what));
        return run(folder, Map.of(), arguments.toArray(String[]::new));
    }

    /** What comes from the network, which a machine may not have. */
    private static final class Packages {
        private static final Ran GOT = get();

        private static Ran get() {
            Path wanted = SOURCES.resolve("requirements-dev.txt");
            Path got = ENVIRONMENT.resolve("requirements-dev.txt");
            try {
                if (Files.exists(got) && Files.mismatch(wanted, got) == -1) {
                    return new Ran(0, "");
                }
                Ran made = Ran.of(
                        Path.of("."),
                        Map.of(),
                        MOST_SECONDS,
                        "python3",
                        "-m",
                        "venv",
                        "--clear",
                        ENVIRONMENT.toString());
                if (made.exitCode() != 0) {
                    return made;
                }
                Ran installed = pip("install", "--quiet", "--requirement", wanted.toString());
                if (installed.exitCode() == 0) {
                    Files.copy(wanted, got);
                }
                return installed;
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    private static final class Client {
        private static final Ran INSTALLED = pip(
                "install",
                "--quiet",
                "--no-index",
                "--no-build-isolation",
                "--no-deps",
                "--force-reinstall",
                SOURCES.toString());
    }

    private static Ran pip(String... arguments) {
        List<String> command = new ArrayList<>(List.of("-m", "pip", "--disable-pip-version-check"));
        command.addAll(List.of(arguments));
        return run(Path.of("."), Map.of(), command.toArray(String[]::new));
    }
}
