package io.ipamer.store.embedded;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Programs run in the surroundings that PostgreSQL's want: in English, and unmoved by settings meant for clients. */
final class Command {
    /**
     * What a program that ended left behind.
     *
     * @param status its exit status
     * @param output what it wrote, errors too
     */
    record Outcome(int status, String output) {}

    /** What programs of PostgreSQL's say of failures, after the time and the process, which are of no interest here. */
    private static final Pattern FAILURE = Pattern.compile("(?:FATAL|PANIC|HINT|error|hint): .*|.*could not .*");

    private static final String USUAL_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

    private Command() {}

    static ProcessBuilder builder(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command);
        Map<String, String> environment = builder.environment();
        environment
                .keySet()
                .removeIf(name -> name.startsWith("PG") || name.startsWith("LC_") || name.equals("LANGUAGE"));
        environment.put("LC_ALL", "C");
        environment.put("TZ", "UTC");
        // The account it runs as may not be allowed into the folder that this program was started in.
        builder.directory(new File("/"));
        builder.redirectErrorStream(true);
        return builder;
    }

    /** Runs to the end. An interrupt ends the program. */
    static Outcome run(List<String> command) throws IOException, InterruptedException {
        Process process = builder(command).start();
        try {
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Outcome(process.waitFor(), output.strip());
        } finally {
            process.destroyForcibly();
        }
    }

    /** What went wrong, in one line, from all that one of PostgreSQL's programs has written. */
    static String failures(String output) {
        String failures = output.lines()
                .map(FAILURE::matcher)
                .filter(Matcher::find)
                .map(Matcher::group)
                .collect(Collectors.joining("; "));
        return failures.isEmpty() ? output : failures;
    }

    static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", USUAL_PATH).split(":"))
                .filter(folder -> folder.startsWith("/"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** Sends a signal, by its name without SIG; to processes that are gone, nothing. */
    static void signal(String name, Iterable<Long> pids) throws IOException, InterruptedException {
        for (long pid : pids) {
            run(List.of("/bin/sh", "-c", "kill -s \"$1\" \"$2\"", "sh", name, String.valueOf(pid)));
        }
    }
}
