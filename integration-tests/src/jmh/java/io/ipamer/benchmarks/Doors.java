package io.ipamer.benchmarks;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ipamer.bench.BenchException;
import io.ipamer.bench.BenchSettings;
import io.ipamer.bench.ContractKind;
import io.ipamer.bench.Scenario;
import io.ipamer.it.Greeting;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * What a call costs through which door, and what go-ipam's clients gain: 64 callers acquire addresses of one prefix, by
 * api.v1, everything on one PostgreSQL, in interleaved rounds. Prints medians.
 */
@Command(name = "Doors", description = "The doors, and go-ipam's clients.", mixinStandardHelpOptions = true)
public final class Doors implements Callable<Integer> {
    private static final int CALLERS = 64;
    private static final int WARM_UP_SECONDS = 2;
    private static final String GRPC = "gRPC door, HTTP/2";
    private static final String HTTP = "HTTP door, HTTP/2";
    private static final String GO_IPAM = "go-ipam";
    private static final String IPAMER = "Ipamer";

    @Parameters(
            paramLabel = "JDBC_URL",
            description = "A PostgreSQL database to work in, such as jdbc:postgresql://127.0.0.1:5432/figures?user=me.")
    private String url;

    @Option(
            names = "--go-ipam",
            defaultValue = "target/go/server",
            description = "go-ipam's server. Default: ${DEFAULT-VALUE}, as GoClientsIT builds it.")
    private Path goIpam;

    @Option(
            names = "--go-client",
            defaultValue = "target/go/goipam-clients",
            description = "The caller over HTTP/1.1. Default: ${DEFAULT-VALUE}, as GoClientsIT builds it.")
    private Path goClient;

    @Option(names = "--rounds", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "5", description = "Of each measurement. Default: ${DEFAULT-VALUE}.")
    private int seconds;

    @Option(
            names = "--jar",
            defaultValue = "../server/target/ipamer.jar",
            description = "The program. Default: ${DEFAULT-VALUE}.")
    private Path jar;

    private final Programs programs = new Programs();
    private final Rounds rows = new Rounds();
    private final Map<String, Long> errors = new LinkedHashMap<>();
    private final Iterator<String> prefixes = prefixes();

    /** How a Go program keeps connections. {@code idle} is the number, 0 for what http.DefaultClient does. */
    private record Client(String name, int idle) {
        private static final List<Client> ALL =
                List.of(new Client("Go's default client", 0), new Client("a Go client that keeps 64 connections", 64));

        /** The line of the table. */
        String on(String server) {
            return server + ", gRPC over HTTP/1.1 from " + name;
        }
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new Doors()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        try (programs) {
            Greeting ipamer = programs.ipamer(jar, "--db-url", url);
            Map<String, String> servers = new LinkedHashMap<>();
            servers.put(IPAMER, "http://" + ipamer.httpAddress());
            servers.put(GO_IPAM, programs.goIpam(goIpam, url).url());
            bench(ipamer.grpcAddress(), 8); // compiles what the rounds will run
            bench(ipamer.httpAddress(), 8);
            storm(servers.get(IPAMER), 0, 8);
            for (int round = 1; round <= rounds; round++) {
                System.err.println("round " + round + " of " + rounds);
                rows.add(GRPC, bench(ipamer.grpcAddress(), WARM_UP_SECONDS));
                rows.add(HTTP, bench(ipamer.httpAddress(), WARM_UP_SECONDS));
                for (Client client : Client.ALL) {
                    for (Map.Entry<String, String> server : servers.entrySet()) {
                        JsonObject storm = storm(server.getValue(), client.idle, WARM_UP_SECONDS);
                        rows.add(client.on(server.getKey()), measured(storm));
                        errors.merge(
                                client.on(server.getKey()), storm.get("errors").getAsLong(), Long::sum);
                    }
                }
            }
            print();
            return 0;
        }
    }

    private Measured bench(String target, int warmUpSeconds) throws BenchException, InterruptedException {
        return Measured.by(new BenchSettings(
                target,
                ContractKind.API_V1,
                Scenario.ACQUIRE,
                1,
                CALLERS,
                1,
                Duration.ofSeconds(seconds),
                Duration.ofSeconds(warmUpSeconds),
                0,
                false,
                10,
                false,
                false,
                1));
    }

    /** Whether calls may fail is for who reads the figures to say; that no address came twice is not. */
    private JsonObject storm(String server, int idleConnections, int warmUpSeconds) throws IOException {
        Process storm = programs.start(List.of(
                goClient.toString(),
                "-url",
                server,
                "-callers",
                String.valueOf(CALLERS),
                "-prefix",
                prefixes.next(),
                "-idle-connections",
                String.valueOf(idleConnections),
                "-warm-up",
                warmUpSeconds + "s",
                "-duration",
                seconds + "s",
                "storm"));
        try (BufferedReader output = storm.inputReader(StandardCharsets.UTF_8)) {
            JsonObject figures = JsonParser.parseReader(output).getAsJsonObject();
            if (figures.get("duplicates").getAsLong() != 0) {
                throw new IllegalStateException(server + " gave an address to two: " + figures);
            }
            return figures;
        }
    }

    private static Measured measured(JsonObject storm) {
        return new Measured(
                storm.get("callsPerSecond").getAsDouble(),
                storm.get("p50Millis").getAsDouble(),
                storm.get("p99Millis").getAsDouble());
    }

    /** Each of a million addresses, in an order of their own, so that a database may be used again. */
    private static Iterator<String> prefixes() {
        List<String> prefixes = new ArrayList<>();
        for (int first = 1; first < 224; first++) {
            for (int second = 0; second < 256; second += 16) {
                prefixes.add(first + "." + second + ".0.0/12");
            }
        }
        Collections.shuffle(prefixes);
        return prefixes.iterator();
    }

    private void print() {
        rows.printHead();
        rows.print(GRPC, "");
        rows.print(HTTP, String.format(Locale.ROOT, "%.2f of %s", rows.ratio(HTTP, GRPC), GRPC));
        for (Client client : Client.ALL) {
            String theirs = client.on(GO_IPAM);
            String ours = client.on(IPAMER);
            rows.print(theirs, "");
            rows.print(ours, String.format(Locale.ROOT, "%.1f of %s", rows.ratio(ours, theirs), GO_IPAM));
        }
        errors.forEach((name, count) -> System.out.println("calls that failed: " + count + ", " + name));
    }
}
