package io.ipamer.benchmarks;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.ipamer.bench.Bench;
import io.ipamer.proto.v1.ExportFormat;
import io.ipamer.proto.v1.ExportRequest;
import io.ipamer.proto.v1.ExportResponse;
import io.ipamer.proto.v1.ImportHeader;
import io.ipamer.proto.v1.ImportRequest;
import io.ipamer.proto.v1.ImportResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How long it takes to bring 1,000,000 addresses in 1,000 prefixes to a server in little memory with its own database, in an
 * empty folder, and to write them out again. Both formats.
 */
@Command(name = "Transfers", description = "Import and export.", mixinStandardHelpOptions = true)
public final class Transfers implements Callable<Integer> {
    private static final Pattern LISTENS = Pattern.compile("serves gRPC on (127\\.0\\.0\\.1:\\d+)");
    private static final int PART_BYTES = 256 << 10;

    @Option(
            names = "--jar",
            defaultValue = "../server/target/ipamer.jar",
            description = "The program. Default: ${DEFAULT-VALUE}.")
    private Path jar;

    @Option(names = "--heap", defaultValue = "128m", description = "Of the server. Default: ${DEFAULT-VALUE}.")
    private String heap;

    @Option(names = "--rounds", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--prefixes", defaultValue = "1000", description = "Default: ${DEFAULT-VALUE}.")
    private int prefixes;

    @Option(names = "--addresses", defaultValue = "1000", description = "In each prefix. Default: ${DEFAULT-VALUE}.")
    private int addresses;

    @Option(names = "--data-dir", required = true, description = "An empty folder for the database.")
    private Path data;

    public static void main(String[] args) {
        System.exit(new CommandLine(new Transfers()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx" + heap,
                        "-jar",
                        jar.toString(),
                        "serve",
                        "--grpc-address",
                        "127.0.0.1:0",
                        "--http-address",
                        "off",
                        "--data-dir",
                        data.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            ManagedChannel channel = Bench.channel(address(server));
            for (int round = 0; round < rounds; round++) {
                for (ExportFormat format :
                        List.of(ExportFormat.EXPORT_FORMAT_IPAMER, ExportFormat.EXPORT_FORMAT_GO_IPAM)) {
                    String namespace = "n" + round + format.getNumber();
                    long start = System.nanoTime();
                    imports(channel, namespace, format);
                    double in = seconds(start);
                    start = System.nanoTime();
                    long bytes = exports(channel, namespace, format);
                    System.out.printf(
                            Locale.ROOT,
                            "%s: import %.1f s, export %.1f s of %d MB; the server's memory at its highest %d MB%n",
                            format,
                            in,
                            seconds(start),
                            bytes / 1_000_000,
                            highest(server) / 1_000);
                }
            }
            return 0;
        } finally {
            server.destroy();
            server.waitFor(1, TimeUnit.MINUTES);
        }
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static String address(Process server) throws IOException {
        BufferedReader output = server.inputReader(StandardCharsets.UTF_8);
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher listens = LISTENS.matcher(line);
            if (listens.find()) {
                return listens.group(1);
            }
        }
        throw new IOException("the server ended before it listened");
    }

    /** Resident, in kB; 0 where the system does not say. */
    private static long highest(Process server) throws IOException {
        Path status = Path.of("/proc", Long.toString(server.pid()), "status");
        return Files.exists(status)
                ? Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmHWM"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .sum()
                : 0;
    }

    private void imports(ManagedChannel channel, String namespace, ExportFormat format) {
        CompletableFuture<ImportResponse> done = new CompletableFuture<>();
        Iterator<ByteString> parts = new Parts(format);
        IpamerServiceGrpc.newStub(channel).import_(new ClientResponseObserver<ImportRequest, ImportResponse>() {
            private @Nullable ImportResponse last;

            @Override
            public void beforeStart(ClientCallStreamObserver<ImportRequest> requests) {
                requests.setOnReadyHandler(new Runnable() {
                    private boolean begun;
                    private boolean ended;

                    @Override
                    public void run() {
                        if (!begun) {
                            begun = true;
                            requests.onNext(ImportRequest.newBuilder()
                                    .setHeader(ImportHeader.newBuilder()
                                            .setNamespace(namespace)
                                            .setFormat(format))
                                    .build());
                        }
                        while (!ended && requests.isReady()) {
                            if (parts.hasNext()) {
                                requests.onNext(ImportRequest.newBuilder()
                                        .setData(parts.next())
                                        .build());
                            } else {
                                ended = true;
                                requests.onCompleted();
                            }
                        }
                    }
                });
            }

            @Override
            public void onNext(ImportResponse answer) {
                last = answer;
            }

            @Override
            public void onError(Throwable failure) {
                done.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                done.complete(last);
            }
        });
        ImportResponse last = done.join();
        if (!last.getDone() || last.getIps() != (long) prefixes * addresses) {
            throw new IllegalStateException("not all was imported: " + last);
        }
    }

    private static long exports(ManagedChannel channel, String namespace, ExportFormat format) {
        long bytes = 0;
        Iterator<ExportResponse> answers = IpamerServiceGrpc.newBlockingStub(channel)
                .export(ExportRequest.newBuilder()
                        .setNamespace(namespace)
                        .setFormat(format)
                        .build());
        while (answers.hasNext()) {
            bytes += answers.next().getData().size();
        }
        return bytes;
    }

    /** The text, made while it is sent. */
    private final class Parts implements Iterator<ByteString> {
        private final ExportFormat format;
        private final StringBuilder text = new StringBuilder(2 * PART_BYTES);
        private int prefix;

        Parts(ExportFormat format) {
            this.format = format;
            text.append(format == ExportFormat.EXPORT_FORMAT_IPAMER ? "{\"ipamer\":1}\n" : "[");
        }

        @Override
        public boolean hasNext() {
            return prefix <= prefixes;
        }

        @Override
        public ByteString next() {
            while (prefix < prefixes && text.length() < PART_BYTES) {
                if (format == ExportFormat.EXPORT_FORMAT_IPAMER) {
                    addLines();
                } else {
                    addElement();
                }
                prefix++;
            }
            if (prefix == prefixes) {
                prefix++;
                text.append(
                        format == ExportFormat.EXPORT_FORMAT_IPAMER
                                ? "{\"end\":{\"prefixes\":" + prefixes + ",\"leaked\":0,\"addresses\":"
                                        + (long) prefixes * addresses + "}}\n"
                                : "]");
            }
            ByteString part = ByteString.copyFromUtf8(text.toString());
            text.setLength(0);
            return part;
        }

        private String address(long host) {
            long number = (10L << 24) + ((long) prefix << 12) + host;
            return (number >> 24) + "." + (number >> 16 & 255) + "." + (number >> 8 & 255) + "." + (number & 255);
        }

        private void addLines() {
            text.append("{\"cidr\":\"").append(address(0)).append("/20\"}\n");
            for (int i = 1; i <= addresses; i++) {
                text.append("{\"address\":\"")
                        .append(address(i))
                        .append("\",\"allocation_id\":\"")
                        .append(new UUID(0x4000L | prefix, 0x8000_0000_0000_0000L | System.nanoTime() << 16 | i))
                        .append("\"}\n");
            }
        }

        private void addElement() {
            text.append(prefix == 0 ? "" : ",")
                    .append("{\"Cidr\":\"")
                    .append(address(0))
                    .append("/20\",\"ParentCidr\":\"\",\"IPs\":{");
            List<String> ips = new ArrayList<>();
            for (int i = 0; i <= addresses; i++) {
                ips.add("\"" + address(i) + "\":true");
            }
            text.append(String.join(",", ips)).append("}}");
        }
    }
}
