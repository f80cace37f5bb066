package io.ipamer.benchmarks;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.ipamer.bench.Bench;
import io.ipamer.bench.Call;
import io.ipamer.bench.Latencies;
import io.ipamer.bench.Load;
import io.ipamer.bench.Progress;
import io.ipamer.bench.Report;
import io.ipamer.bench.Script;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * What the layers below Ipamer can do on this machine, to be read beside its own figures: an empty gRPC call, and a
 * durable INSERT of one row.
 */
@Command(
        name = "Ceilings",
        description = "What gRPC and PostgreSQL alone can do here.",
        mixinStandardHelpOptions = true)
public final class Ceilings {
    private static final int PAYLOAD_BYTES = 100;

    /** Bytes as they are: no cost of a message format. */
    private static final MethodDescriptor.Marshaller<byte[]> BYTES = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }
    };

    private static final MethodDescriptor<byte[], byte[]> ECHO = MethodDescriptor.newBuilder(BYTES, BYTES)
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("ceiling.Echo/Echo")
            .build();

    @Option(
            names = "--duration",
            defaultValue = "10",
            scope = CommandLine.ScopeType.INHERIT,
            description = "Seconds to measure. Default: ${DEFAULT-VALUE}.")
    private int seconds;

    @Option(
            names = "--warm-up",
            defaultValue = "5",
            scope = CommandLine.ScopeType.INHERIT,
            description = "Seconds before that. Default: ${DEFAULT-VALUE}.")
    private int warmUpSeconds;

    @Option(
            names = {"-o", "--output"},
            defaultValue = "text",
            scope = CommandLine.ScopeType.INHERIT,
            description = "text or json. Default: ${DEFAULT-VALUE}.")
    private String output;

    private final List<Row> rows = new ArrayList<>();

    private record Row(String what, int callers, double perSecond, Histogram latencies) {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Ceilings()).execute(args));
    }

    private void print() {
        JsonArray json = new JsonArray();
        if (output.equals("text")) {
            System.out.printf(
                    "%-8s %8s %10s %9s %9s %9s %9s %9s%n",
                    "", "callers", "calls/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms");
        }
        for (Row row : rows) {
            JsonObject each = new JsonObject();
            each.addProperty("ceiling", row.what);
            each.addProperty("callers", row.callers);
            each.addProperty("callsPerSecond", row.perSecond);
            Report.addLatencies(each, row.latencies);
            json.add(each);
            if (output.equals("text")) {
                System.out.printf(
                        Locale.ROOT,
                        "%-8s %8d %,10.0f %9.3f %9.3f %9.3f %9.3f %9.3f%n",
                        row.what,
                        row.callers,
                        row.perSecond,
                        row.latencies.getValueAtPercentile(50) / 1e6,
                        row.latencies.getValueAtPercentile(90) / 1e6,
                        row.latencies.getValueAtPercentile(99) / 1e6,
                        row.latencies.getValueAtPercentile(99.9) / 1e6,
                        row.latencies.getMaxValue() / 1e6);
            }
        }
        if (!output.equals("text")) {
            System.out.println(new Gson().toJson(json));
        }
    }

    /** Calls that carry 100 bytes there and back, by the load generator of {@code ipamer bench}, to another process. */
    @Command(name = "grpc", description = "Empty calls to another process, sent as ipamer bench sends them.")
    int grpc(
            @Option(names = "--callers", defaultValue = "64", description = "Default: ${DEFAULT-VALUE}.") int callers,
            @Option(names = "--channels", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}.") int channels)
            throws IOException, InterruptedException {
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        Ceilings.class.getName(),
                        "serve")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<ManagedChannel> open = new ArrayList<>();
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        try (BufferedReader printed = server.inputReader(StandardCharsets.UTF_8)) {
            String port = printed.readLine();
            for (int i = 0; i < channels; i++) {
                open.add(Bench.channel("127.0.0.1:" + port));
            }
            Call<byte[], byte[]> call = new Call<>("echo", ECHO, new byte[PAYLOAD_BYTES], answer -> "");
            Script echo =
                    Script.working(Collections.nCopies(Integer.MAX_VALUE, call).iterator(), given -> {});
            try (Load load = new Load(open, new Progress(err, false))) {
                Load.Outcome outcome = load.run(
                        "grpc",
                        Collections.nCopies(callers, echo),
                        new Load.Course(Duration.ofSeconds(warmUpSeconds), Duration.ofSeconds(seconds), 0));
                if (!outcome.firstError().isOk() || outcome.wrong() != null) {
                    err.println("failed: " + outcome);
                    return 1;
                }
                Histogram latencies = outcome.latencies().get("echo");
                rows.add(new Row("grpc", callers, latencies.getTotalCount() / (double) seconds, latencies));
            }
        } finally {
            open.forEach(ManagedChannel::shutdownNow);
            server.destroy();
        }
        print();
        return 0;
    }

    /** The other process: prints its port, and ends with its starter. */
    @Command(name = "serve", hidden = true)
    int serve() throws IOException, InterruptedException {
        Server server = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0))
                .directExecutor()
                .addService(ServerServiceDefinition.builder("ceiling.Echo")
                        .addMethod(ECHO, ServerCalls.asyncUnaryCall((request, to) -> {
                            to.onNext(request);
                            to.onCompleted();
                        }))
                        .build())
                .build()
                .start();
        System.out.println(server.getPort());
        System.out.flush();
        // The starter holds the other end of standard input until it ends, however it does.
        while (System.in.read() >= 0) {}
        server.shutdownNow().awaitTermination();
        return 0;
    }

    /** A row of a random UUID and 100 bytes, committed by itself, by a statement that the server has prepared. */
    @Command(name = "inserts", description = "Durable INSERTs of one row, each its own transaction.")
    int inserts(
            @Parameters(paramLabel = "JDBC_URL", description = "A PostgreSQL; a table is made there and dropped.")
                    String url,
            @Option(
                            names = "--connections",
                            split = ",",
                            defaultValue = "1,8,16,32",
                            description = "Default: ${DEFAULT-VALUE}.")
                    List<Integer> counts)
            throws SQLException, InterruptedException, ExecutionException {
        String table = "ceiling_" + Long.toHexString(System.nanoTime());
        try (Connection owner = DriverManager.getConnection(url);
                Statement statement = owner.createStatement()) {
            statement.execute("CREATE TABLE " + table + " (id uuid PRIMARY KEY, payload bytea NOT NULL)");
            try {
                for (int connections : counts) {
                    statement.execute("TRUNCATE " + table);
                    rows.add(insert(url, table, connections));
                }
            } finally {
                statement.execute("DROP TABLE " + table);
            }
        }
        print();
        return 0;
    }

    private Row insert(String url, String table, int connections)
            throws SQLException, InterruptedException, ExecutionException {
        Latencies latencies = new Latencies();
        ExecutorService threads = Executors.newFixedThreadPool(connections);
        List<Connection> open = new ArrayList<>();
        try {
            for (int i = 0; i < connections; i++) {
                open.add(DriverManager.getConnection(url));
            }
            long from = System.nanoTime() + Duration.ofSeconds(warmUpSeconds).toNanos();
            long until = from + Duration.ofSeconds(seconds).toNanos();
            List<Callable<Void>> inserters = new ArrayList<>();
            for (Connection connection : open) {
                SplittableRandom random = new SplittableRandom(inserters.size());
                inserters.add(() -> {
                    insert(connection, table, random, from, until, latencies);
                    return null;
                });
            }
            for (Future<Void> done : threads.invokeAll(inserters)) {
                done.get();
            }
        } finally {
            threads.shutdownNow();
            for (Connection connection : open) {
                connection.close();
            }
        }
        Histogram total = latencies.total();
        return new Row("insert", connections, total.getTotalCount() / (double) seconds, total);
    }

    private static void insert(
            Connection connection, String table, SplittableRandom random, long from, long until, Latencies latencies)
            throws SQLException {
        byte[] payload = new byte[PAYLOAD_BYTES];
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO " + table + " (id, payload) VALUES (?, ?)")) {
            insert.unwrap(org.postgresql.PGStatement.class).setPrepareThreshold(1);
            long start = System.nanoTime();
            while (start - until < 0) {
                insert.setObject(1, new UUID(random.nextLong(), random.nextLong()));
                insert.setBytes(2, payload);
                insert.executeUpdate();
                long end = System.nanoTime();
                if (start - from >= 0) {
                    latencies.record(start, end);
                }
                start = end;
            }
        }
    }
}
