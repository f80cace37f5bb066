package io.ipamer.it;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program that ran to its end.
 *
 * @param output what it said, on both streams
 */
record Ran(int exitCode, String output) {
    private static final int MOST_SECONDS = 120;

    static Ran of(String... command) {
        return of(Path.of("."), Map.of(), MOST_SECONDS, command);
    }

    static Ran of(Path folder, Map<String, String> environment, int mostSeconds, String... command) {
        try {
            // A file, for nobody may have to read what a program says that hangs.
            Path output = Files.createTempFile("ran", ".out");
            try {
                ProcessBuilder builder = new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
                builder.environment().putAll(environment);
                Process process = builder.start();
                try {
                    if (!process.waitFor(mostSeconds, TimeUnit.SECONDS)) {
                        throw new AssertionError(String.join(" ", command) + " ran for more than " + mostSeconds
                                + " s and said: " + Files.readString(output));
                    }
                    return new Ran(process.exitValue(), Files.readString(output));
                } finally {
                    process.destroyForcibly();
                }
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException failed) {
            throw new AssertionError("cannot run " + command[0], failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while " + command[0] + " ran", interrupted);
        }
    }

    /** Where most programs say what went wrong. */
    String lastLine() {
        return output.lines().reduce("", (earlier, later) -> later);
    }

    /** Whether there is a program of this name on this machine. */
    static boolean finds(String program) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            if (Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }
}
