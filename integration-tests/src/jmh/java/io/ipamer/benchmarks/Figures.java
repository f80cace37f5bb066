package io.ipamer.benchmarks;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ipamer.bench.Bench;
import io.ipamer.bench.BenchException;
import io.ipamer.bench.BenchSettings;
import io.ipamer.bench.ContractKind;
import io.ipamer.bench.Progress;
import io.ipamer.bench.Report;
import io.ipamer.bench.Scenario;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The table of the README: Ipamer and go-ipam on one PostgreSQL, and what that PostgreSQL and gRPC alone can do, in
 * interleaved rounds. Prints medians.
 */
@Command(name = "Figures", description = "The README's table of figures.", mixinStandardHelpOptions = true)
public final class Figures implements Callable<Integer> {
    private static final Pattern LISTENS = Pattern.compile("serves gRPC on (127\\.0\\.0\\.1:\\d+)");
    private static final String COMMITS = "INSERTs of one row, best of 8, 16, 32 connections";
    private static final String COMMITS_OF_ONE = "INSERTs of one row, 1 connection";
    private static final String ADDRESS = "one hot prefix, 1 caller";
    private static final String PREFIX = "top-level prefixes, 1 caller";
    private static final String GO_IPAM = "go-ipam";
    private static final List<Integer> FLATNESS_CALLERS = List.of(1, 64);
    private static final int JOURNAL_REVISIONS = 10_000;
    private static final String EMPTY_CALLS = "empty gRPC calls, 64 callers";

    @Parameters(
            paramLabel = "JDBC_URL",
            description = "A PostgreSQL database to work in, such as jdbc:postgresql://127.0.0.1:5432/figures?user=me.")
    private String url;

    @Option(names = "--go-ipam", description = "go-ipam's server, to measure it too. Default: none.")
    private @Nullable Path goIpam;

    @Option(names = "--rounds", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "5", description = "Of each measurement. Default: ${DEFAULT-VALUE}.")
    private int seconds;

    @Option(
            names = "--jar",
            defaultValue = "../server/target/ipamer.jar",
            description = "The program. Default: ${DEFAULT-VALUE}.")
    private Path jar;

    private final Progress silent = new Progress(new PrintWriter(PrintWriter.nullWriter()), false);
    private final List<Process> processes = new ArrayList<>();
    private final Map<String, List<Measured>> rows = new LinkedHashMap<>();

    private record Measured(double perSecond, double p50Millis, double p99Millis) {}

    /** One line of the table. {@code against}: the line that it is a ratio of. */
    private record Line(
            String name,
            String target,
            ContractKind contract,
            Scenario scenario,
            int prefixes,
            int callers,
            boolean requestIds,
            String against) {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Figures()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        try {
            List<Line> lines = lines();
            for (Line line : lines) {
                measure(line, 8); // compiles what the rounds will run
            }
            System.err.println("filling");
            try (Flatness flatness = new Flatness(lines.get(0).target, silent)) {
                for (int round = 1; round <= rounds; round++) {
                    System.err.println("round " + round + " of " + rounds);
                    ceilings();
                    for (Line line : lines) {
                        add(line.name, measure(line, 2));
                    }
                    flatness(flatness);
                }
            }
            print(lines);
            printFlatness();
            System.out.printf(
                    Locale.ROOT,
                    "one caller, p50: a top-level prefix %.2f ms, an address %.2f ms%n",
                    median(rows.get(PREFIX).stream().map(Measured::p50Millis).toList()),
                    median(rows.get(ADDRESS).stream().map(Measured::p50Millis).toList()));
            System.out.println("journal rows of the longest scope at the end, of at most " + JOURNAL_REVISIONS
                    + " to be kept: " + longest());
            return 0;
        } finally {
            processes.forEach(Process::destroy);
        }
    }

    private List<Line> lines() throws IOException {
        String one = ipamer("--db-url", url, "--journal-revisions", String.valueOf(JOURNAL_REVISIONS));
        String other = ipamer("--db-url", url, "--journal-revisions", String.valueOf(JOURNAL_REVISIONS));
        String memory = ipamer("--store", "memory");
        ContractKind v1 = ContractKind.IPAMER_V1;
        ContractKind old = ContractKind.API_V1;
        Scenario acquire = Scenario.ACQUIRE;
        List<Line> lines = new ArrayList<>(List.of(
                new Line(ADDRESS, one, v1, acquire, 1, 1, false, COMMITS_OF_ONE),
                new Line("one hot prefix, 64 callers", one, v1, acquire, 1, 64, false, COMMITS),
                new Line("one hot prefix, 256 callers", one, v1, acquire, 1, 256, false, COMMITS),
                new Line("one hot prefix, 64 callers, request ids", one, v1, acquire, 1, 64, true, COMMITS),
                new Line("one hot prefix, 256 callers, request ids", one, v1, acquire, 1, 256, true, COMMITS),
                new Line("one hot prefix, 64 callers, api.v1", one, old, acquire, 1, 64, false, COMMITS),
                new Line("1,000 prefixes, 64 callers", one, v1, acquire, 1_000, 64, false, COMMITS),
                new Line(
                        "acquire and release, 64 callers",
                        one,
                        v1,
                        Scenario.ACQUIRE_RELEASE,
                        1,
                        64,
                        false,
                        "one hot prefix, 64 callers"),
                new Line("children of one parent, 64 callers", one, v1, Scenario.CHILD, 1, 64, false, COMMITS),
                new Line("top-level prefixes, 64 callers", one, v1, Scenario.CREATE_PREFIX, 1, 64, false, COMMITS),
                new Line(PREFIX, one, v1, Scenario.CREATE_PREFIX, 1, 1, false, COMMITS_OF_ONE),
                new Line(
                        "two servers, one hot prefix, 64 callers",
                        one + "," + other,
                        v1,
                        acquire,
                        1,
                        64,
                        false,
                        "one hot prefix, 64 callers"),
                new Line("in memory, one hot prefix, 64 callers", memory, v1, acquire, 1, 64, false, EMPTY_CALLS)));
        if (goIpam != null) {
            String theirs = goIpam(goIpam);
            lines.add(new Line(
                    GO_IPAM + ", one hot prefix, 1 caller", theirs, old, acquire, 1, 1, false, COMMITS_OF_ONE));
            lines.add(new Line(GO_IPAM + ", one hot prefix, 64 callers", theirs, old, acquire, 1, 64, false, COMMITS));
        }
        return lines;
    }

    private Measured measure(Line line, int warmUpSeconds) throws BenchException, InterruptedException {
        BenchSettings settings = new BenchSettings(
                line.target,
                line.contract,
                line.scenario,
                line.prefixes,
                line.callers,
                1,
                Duration.ofSeconds(seconds),
                Duration.ofSeconds(warmUpSeconds),
                0,
                line.requestIds,
                10,
                line.name.startsWith(GO_IPAM), // which fails some calls when they are many
                false,
                1);
        Report report = Bench.run(settings, silent);
        if (report.failure() != null) {
            throw new IllegalStateException(line.name + ": " + report.failure());
        }
        double perSecond = 0;
        double p50 = 0;
        double p99 = 0;
        JsonObject json = JsonParser.parseString(report.toJson()).getAsJsonObject();
        for (JsonElement each : json.getAsJsonArray("results")) {
            perSecond += each.getAsJsonObject().get("callsPerSecond").getAsDouble();
            p50 = Math.max(p50, each.getAsJsonObject().get("p50Micros").getAsDouble() / 1e3);
            p99 = Math.max(p99, each.getAsJsonObject().get("p99Micros").getAsDouble() / 1e3);
        }
        Measured measured = new Measured(perSecond, p50, p99);
        System.err.printf(Locale.ROOT, "  %-44s %,10.0f/s%n", line.name, perSecond);
        return measured;
    }

    private void flatness(Flatness flatness) throws InterruptedException {
        for (Flatness.Kind kind : Flatness.Kind.values()) {
            for (int callers : FLATNESS_CALLERS) {
                for (boolean many : new boolean[] {false, true}) {
                    Histogram latencies =
                            flatness.measure(kind, many, callers, Duration.ofSeconds(2), Duration.ofSeconds(seconds));
                    Measured measured = new Measured(
                            latencies.getTotalCount() / (double) seconds,
                            latencies.getValueAtPercentile(50) / 1e6,
                            latencies.getValueAtPercentile(99) / 1e6);
                    add(name(kind, many, callers), measured);
                    System.err.printf(
                            Locale.ROOT, "  %-44s %,10.0f/s%n", name(kind, many, callers), measured.perSecond);
                }
            }
        }
    }

    private static String name(Flatness.Kind kind, boolean many, int callers) {
        return String.format(
                Locale.ROOT,
                "%s acquired beside %,d, %d caller%s",
                kind.name().toLowerCase(Locale.ROOT),
                many ? kind.many() : Flatness.FEW,
                callers,
                callers == 1 ? "" : "s");
    }

    private void ceilings() throws IOException {
        List<Measured> inserts = ceiling(4, "inserts", url, "--connections", "1,8,16,32");
        add(COMMITS_OF_ONE, inserts.get(0));
        add(
                COMMITS,
                inserts.stream().max(Comparator.comparing(Measured::perSecond)).orElseThrow());
        add(EMPTY_CALLS, ceiling(8, "grpc").get(0));
    }

    private void add(String name, Measured measured) {
        rows.computeIfAbsent(name, unknown -> new ArrayList<>()).add(measured);
    }

    private List<Measured> ceiling(int warmUpSeconds, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(java("-classpath", System.getProperty("java.class.path")));
        command.add(Ceilings.class.getName());
        command.addAll(List.of(arguments));
        command.addAll(List.of(
                "-o", "json", "--warm-up", String.valueOf(warmUpSeconds), "--duration", String.valueOf(seconds)));
        Process process = start(command, false);
        List<Measured> measured = new ArrayList<>();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (JsonElement each : JsonParser.parseReader(output).getAsJsonArray()) {
                JsonObject row = each.getAsJsonObject();
                measured.add(new Measured(
                        row.get("callsPerSecond").getAsDouble(),
                        row.get("p50Micros").getAsDouble() / 1e3,
                        row.get("p99Micros").getAsDouble() / 1e3));
            }
        }
        return measured;
    }

    private String ipamer(String... settings) throws IOException {
        List<String> command = new ArrayList<>(java("-jar", jar.toString()));
        command.addAll(List.of("serve", "--grpc-address", "127.0.0.1:0", "--http-address", "off"));
        command.addAll(List.of(settings));
        BufferedReader output = start(command, false).inputReader(StandardCharsets.UTF_8);
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher listens = LISTENS.matcher(line);
            if (listens.find()) {
                return listens.group(1);
            }
        }
        throw new IOException("the server ended before it listened");
    }

    private String goIpam(Path program) throws IOException {
        URI database = URI.create(url.substring("jdbc:".length()));
        Map<String, String> login = new LinkedHashMap<>();
        for (String parameter : database.getQuery().split("&")) {
            login.put(parameter.split("=")[0], parameter.split("=")[1]);
        }
        int port;
        int metricsPort;
        try (ServerSocket free = new ServerSocket(0);
                ServerSocket alsoFree = new ServerSocket(0)) {
            port = free.getLocalPort();
            metricsPort = alsoFree.getLocalPort();
        }
        start(
                List.of(
                        program.toString(),
                        "--grpc-server-endpoint",
                        "127.0.0.1:" + port,
                        "--metrics-endpoint",
                        "127.0.0.1:" + metricsPort,
                        "--log-level",
                        "error",
                        "postgres",
                        "--host",
                        database.getHost(),
                        "--port",
                        String.valueOf(database.getPort()),
                        "--user",
                        String.valueOf(login.get("user")),
                        "--password",
                        login.getOrDefault("password", ""),
                        "--dbname",
                        database.getPath().substring(1)),
                true);
        return "127.0.0.1:" + port;
    }

    private static List<String> java(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:+UseSerialGC");
        command.addAll(List.of(arguments));
        return command;
    }

    private Process start(List<String> command, boolean discardOutput) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        if (discardOutput) {
            builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
        }
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private long longest() throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                ResultSet row = connection
                        .createStatement()
                        .executeQuery(
                                "SELECT max(n) FROM (SELECT count(*) AS n FROM journal GROUP BY scope_id) AS s")) {
            row.next();
            return row.getLong(1);
        }
    }

    private void print(List<Line> lines) {
        System.out.println("| | calls/s | ratio | p50 ms | p99 ms |");
        System.out.println("|---|---|---|---|---|");
        for (String ceiling : List.of(COMMITS_OF_ONE, COMMITS, EMPTY_CALLS)) {
            print(ceiling, "");
        }
        for (Line line : lines) {
            List<Double> ratios = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                ratios.add(rows.get(line.name).get(round).perSecond
                        / rows.get(line.against).get(round).perSecond);
            }
            print(line.name, String.format(Locale.ROOT, "%.2f of %s", median(ratios), line.against));
        }
    }

    /** What a call costs beside many as a ratio of what it costs beside few. */
    private void printFlatness() {
        for (Flatness.Kind kind : Flatness.Kind.values()) {
            for (int callers : FLATNESS_CALLERS) {
                String few = name(kind, false, callers);
                String many = name(kind, true, callers);
                List<Double> ratios = new ArrayList<>();
                for (int round = 0; round < rounds; round++) {
                    ratios.add(
                            rows.get(few).get(round).perSecond / rows.get(many).get(round).perSecond);
                }
                print(few, "");
                print(many, String.format(Locale.ROOT, "%.2f of the cost beside %d", median(ratios), Flatness.FEW));
            }
        }
    }

    private void print(String name, String ratio) {
        List<Measured> measured = rows.get(name);
        System.out.printf(
                Locale.ROOT,
                "| %s | %,.0f | %s | %.2f | %.2f |%n",
                name,
                median(measured.stream().map(Measured::perSecond).toList()),
                ratio,
                median(measured.stream().map(Measured::p50Millis).toList()),
                median(measured.stream().map(Measured::p99Millis).toList()));
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
