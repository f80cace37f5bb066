package io.ipamer.cli;

import io.ipamer.app.Config;
import io.ipamer.app.Config.Setting;
import io.ipamer.app.ConfigException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The server's settings as flags, the same for every command that takes them. */
final class Settings {
    @Option(
            names = "--grpc-address",
            paramLabel = "HOST:PORT",
            description = "Where gRPC is served; port 0 takes a free one. Default: 127.0.0.1:9090.")
    private @Nullable String grpcAddress;

    @Option(
            names = "--http-address",
            paramLabel = "HOST:PORT",
            description =
                    "Where HTTP is served: gRPC over HTTP/1.1 (go-ipam's clients) and HTTP/2, gRPC-Web, Connect JSON, metrics,"
                            + " health, a page for people; port 0 takes a free one, off leaves it shut. Default:"
                            + " 127.0.0.1:8080.")
    private @Nullable String httpAddress;

    @Option(
            names = "--http-origins",
            paramLabel = "SITES",
            description = "Sites whose pages may call over HTTP from a browser, such as https://ipam.example.net, with"
                    + " commas between them; * for all. Default: none but the server's own pages.")
    private @Nullable String httpOrigins;

    @Option(
            names = "--store",
            paramLabel = "KIND",
            description =
                    "What keeps the data: sql (the database of --db-url, else an embedded PostgreSQL) or memory (nothing"
                            + " is kept when the server stops). Default: sql.")
    private @Nullable String store;

    @Option(
            names = "--db-url",
            paramLabel = "URL",
            description =
                    "CockroachDB or PostgreSQL: postgresql://user:password@host:5432/database?sslmode=verify-full or"
                            + " jdbc:postgresql://... Others can see flags: IPAMER_DB_URL keeps a password to itself.")
    private @Nullable String dbUrl;

    @Option(
            names = "--data-dir",
            paramLabel = "FOLDER",
            description = "Where the embedded PostgreSQL keeps the data; for one server at a time, made if need be."
                    + " Default: ./ipamer-data.")
    private @Nullable String dataDir;

    @Option(
            names = "--migrate",
            paramLabel = "WHEN",
            description =
                    "auto: the server brings an older schema to its own version when it starts. off: it waits until"
                            + " that was done with ipamer migrate. Default: auto.")
    private @Nullable String migrate;

    @Option(
            names = "--journal-age",
            paramLabel = "AGE",
            description = "How long a request id is known, in s, m, h or d; a later retry is a new call. Default: 24h.")
    private @Nullable String journalAge;

    @Option(
            names = "--journal-revisions",
            paramLabel = "COUNT",
            description = "How many changes of a prefix are known at most, whatever their age. Default: 1000000.")
    private @Nullable String journalRevisions;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "A file of settings, a line each: grpc-address=HOST:PORT. Default: none.")
    private @Nullable Path file;

    Config read(Map<String, String> environment) throws ConfigException {
        Map<Setting, String> flags = new EnumMap<>(Setting.class);
        put(flags, Setting.GRPC_ADDRESS, grpcAddress);
        put(flags, Setting.HTTP_ADDRESS, httpAddress);
        put(flags, Setting.HTTP_ORIGINS, httpOrigins);
        put(flags, Setting.STORE, store);
        put(flags, Setting.DB_URL, dbUrl);
        put(flags, Setting.DATA_DIR, dataDir);
        put(flags, Setting.MIGRATE, migrate);
        put(flags, Setting.JOURNAL_AGE, journalAge);
        put(flags, Setting.JOURNAL_REVISIONS, journalRevisions);
        return Config.read(flags, environment, file);
    }

    private static void put(Map<Setting, String> flags, Setting setting, @Nullable String value) {
        if (value != null) {
            flags.put(setting, value);
        }
    }
}
