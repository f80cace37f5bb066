package io.ipamer.app;

import io.ipamer.store.sql.DatabaseUrl;
import io.ipamer.store.sql.Retention;
import java.io.IOException;
import java.io.StringReader;
import java.net.InetSocketAddress;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the server. Each can come as a flag ({@code --grpc-address}), as an environment variable ({@code
 * IPAMER_GRPC_ADDRESS}) or from a file ({@code grpc-address}), and counts in that order. An empty variable is as none:
 * container tools pass those on that nobody set.
 *
 * @param grpcAddress where gRPC is served; port 0 takes a free one
 * @param httpAddress where HTTP is served; port 0 takes a free one, null leaves that door shut
 * @param httpOrigins the sites whose pages may call through that door, as browsers name them; {@code *} for all
 * @param store whether the data is kept
 * @param databaseUrl the database that keeps the data; null if the embedded one does, or nothing
 * @param dataDirectory the embedded database's folder
 * @param migrates whether that database's schema, if older than the program's, is changed when the server starts; the
 *     embedded one's always is
 * @param retention how long that database knows what was done
 * @param origins by setting: where its value came from, for people; without secrets
 */
public record Config(
        InetSocketAddress grpcAddress,
        @Nullable InetSocketAddress httpAddress,
        Set<String> httpOrigins,
        StoreKind store,
        @Nullable DatabaseUrl databaseUrl,
        Path dataDirectory,
        boolean migrates,
        Retention retention,
        Map<Setting, Origin> origins) {

    /** Some editors put it first; it would be part of the first key, and invisible. */
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    /** Scheme, host and, unless it is the scheme's own, port: in lower case, as browsers send it. */
    private static final Pattern SITE = Pattern.compile("https?://([a-z0-9.-]+|\\[[0-9a-f:.]+])(:[0-9]{1,5})?");

    private static final Pattern AGE = Pattern.compile("([1-9][0-9]{0,6})([smhd])");
    private static final Pattern COUNT = Pattern.compile("[1-9][0-9]{0,8}");
    private static final Map<String, ChronoUnit> UNITS =
            Map.of("s", ChronoUnit.SECONDS, "m", ChronoUnit.MINUTES, "h", ChronoUnit.HOURS, "d", ChronoUnit.DAYS);

    /** What keeps the data. */
    public enum StoreKind {
        /** Nothing does: all is lost when the server stops. */
        MEMORY,
        /** The database that db-url names, else the embedded one. */
        SQL
    }

    /** A setting's value as text, and where it came from. */
    public record Origin(String value, String source) {}

    /** The settings there are. */
    public enum Setting {
        GRPC_ADDRESS("grpc-address", "127.0.0.1:9090"),
        HTTP_ADDRESS("http-address", "127.0.0.1:8080"),
        HTTP_ORIGINS("http-origins", ""),
        STORE("store", "sql"),
        DB_URL("db-url", ""),
        DATA_DIR("data-dir", "./ipamer-data"),
        MIGRATE("migrate", "auto"),
        JOURNAL_AGE("journal-age", "24h"),
        JOURNAL_REVISIONS("journal-revisions", "1000000");

        private final String key;
        private final String defaultValue;

        Setting(String key, String defaultValue) {
            this.key = key;
            this.defaultValue = defaultValue;
        }

        public String key() {
            return key;
        }

        public String variable() {
            return "IPAMER_" + name();
        }
    }

    /**
     * Reads the settings.
     *
     * @param flags those that were given, by setting
     * @param environment variables
     * @param flagFile the file to read; null for the one that IPAMER_CONFIG names, or none
     * @throws ConfigException naming the setting that cannot be
     */
    public static Config read(Map<Setting, String> flags, Map<String, String> environment, @Nullable Path flagFile)
            throws ConfigException {
        String variableFile = environment.getOrDefault("IPAMER_CONFIG", "");
        Path file = flagFile != null || variableFile.isEmpty() ? flagFile : Path.of(variableFile);
        Map<Setting, String> inFile = file == null ? Map.of() : readFile(file);
        Map<Setting, Origin> origins = new LinkedHashMap<>();
        for (Setting setting : Setting.values()) {
            String variable = environment.getOrDefault(setting.variable(), "");
            Origin origin;
            if (flags.containsKey(setting)) {
                origin = new Origin(Objects.requireNonNull(flags.get(setting)), "flag --" + setting.key());
            } else if (!variable.isEmpty()) {
                origin = new Origin(variable, "environment variable " + setting.variable());
            } else if (inFile.containsKey(setting)) {
                origin = new Origin(Objects.requireNonNull(inFile.get(setting)), "file " + file);
            } else {
                origin = new Origin(setting.defaultValue, "default");
            }
            origins.put(setting, origin);
        }
        DatabaseUrl databaseUrl = databaseUrl(origins);
        InetSocketAddress grpcAddress = address(Setting.GRPC_ADDRESS, origin(origins, Setting.GRPC_ADDRESS));
        return new Config(
                grpcAddress,
                httpAddress(origin(origins, Setting.HTTP_ADDRESS), grpcAddress),
                httpOrigins(origin(origins, Setting.HTTP_ORIGINS)),
                store(origin(origins, Setting.STORE), databaseUrl),
                databaseUrl,
                dataDirectory(origin(origins, Setting.DATA_DIR)),
                migrates(origin(origins, Setting.MIGRATE)),
                retention(origin(origins, Setting.JOURNAL_AGE), origin(origins, Setting.JOURNAL_REVISIONS)),
                Map.copyOf(origins));
    }

    /** Who names a database means to use it. From here on its URL is shown without its secrets. */
    private static @Nullable DatabaseUrl databaseUrl(Map<Setting, Origin> origins) throws ConfigException {
        Origin given = origin(origins, Setting.DB_URL);
        if (given.value().isEmpty()) {
            return null;
        }
        DatabaseUrl url;
        try {
            url = DatabaseUrl.parse(given.value());
        } catch (IllegalArgumentException wrong) {
            throw new ConfigException("db-url (" + given.source() + ") cannot be used: " + wrong.getMessage());
        }
        origins.put(Setting.DB_URL, new Origin(url.toString(), given.source()));
        return url;
    }

    /** Relative to where the program was started. */
    private static Path dataDirectory(Origin origin) throws ConfigException {
        // PostgreSQL keeps its path in a file of lines.
        if (!origin.value().isEmpty() && !origin.value().contains("\n")) {
            try {
                return Path.of(origin.value());
            } catch (InvalidPathException wrong) {
                throw wrong(Setting.DATA_DIR, origin, "it is no path here: " + wrong.getReason());
            }
        }
        throw wrong(Setting.DATA_DIR, origin, "it must be the path of a folder");
    }

    private static boolean migrates(Origin origin) throws ConfigException {
        return switch (origin.value()) {
            case "auto" -> true;
            case "off" -> false;
            default -> throw wrong(Setting.MIGRATE, origin, "there are auto and off");
        };
    }

    private static Retention retention(Origin age, Origin revisions) throws ConfigException {
        Matcher time = AGE.matcher(age.value());
        if (!time.matches()) {
            throw wrong(Setting.JOURNAL_AGE, age, "it must be a whole number of s, m, h or d, such as 24h");
        }
        if (!COUNT.matcher(revisions.value()).matches()) {
            throw wrong(Setting.JOURNAL_REVISIONS, revisions, "it must be a number from 1 to 999999999");
        }
        ChronoUnit unit = Objects.requireNonNull(UNITS.get(time.group(2)));
        return new Retention(Duration.of(Long.parseLong(time.group(1)), unit), Long.parseLong(revisions.value()));
    }

    /** A setting's value and where it came from. */
    public Origin origin(Setting setting) {
        return origin(origins, setting);
    }

    private static Origin origin(Map<Setting, Origin> origins, Setting setting) {
        return Objects.requireNonNull(origins.get(setting), "every setting has an origin");
    }

    private static Map<Setting, String> readFile(Path file) throws ConfigException {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.UTF_8);
        } catch (NoSuchFileException missing) {
            throw new ConfigException("config file " + file + " does not exist");
        } catch (AccessDeniedException denied) {
            throw new ConfigException("config file " + file + " cannot be read: permission denied");
        } catch (CharacterCodingException notUtf8) {
            throw new ConfigException("config file " + file + " is malformed: it is not UTF-8");
        } catch (IOException unreadable) {
            throw new ConfigException("config file " + file + " cannot be read: " + unreadable.getMessage());
        }
        Map<Setting, String> settings = new LinkedHashMap<>();
        for (Map.Entry<String, String> entry : lines(file, text).entrySet()) {
            settings.put(setting(file, entry.getKey()), entry.getValue());
        }
        return settings;
    }

    /** Java properties, but a key that comes twice is refused: the second would win in silence. */
    private static Map<String, String> lines(Path file, String text) throws ConfigException {
        Map<String, String> lines = new LinkedHashMap<>();
        List<String> twice = new ArrayList<>();
        Properties properties = new Properties() {
            @Override
            public synchronized @Nullable Object put(Object key, Object value) {
                if (lines.put((String) key, (String) value) != null) {
                    twice.add((String) key);
                }
                return super.put(key, value);
            }
        };
        try {
            properties.load(new StringReader(text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text));
        } catch (IOException | IllegalArgumentException malformed) {
            throw new ConfigException("config file " + file + " is malformed: " + malformed.getMessage());
        }
        if (!twice.isEmpty()) {
            throw new ConfigException("config file " + file + ": key " + twice.get(0) + " comes twice");
        }
        return lines;
    }

    private static Setting setting(Path file, String key) throws ConfigException {
        List<String> keys = new ArrayList<>();
        for (Setting setting : Setting.values()) {
            if (setting.key().equals(key)) {
                return setting;
            }
            keys.add(setting.key());
        }
        throw new ConfigException(
                "config file " + file + ": unknown key " + key + "; there are " + String.join(", ", keys));
    }

    private static StoreKind store(Origin origin, @Nullable DatabaseUrl databaseUrl) throws ConfigException {
        return switch (origin.value()) {
            case "memory" -> {
                if (databaseUrl != null) {
                    throw wrong(Setting.STORE, origin, "db-url names a database, which memory would leave unused");
                }
                yield StoreKind.MEMORY;
            }
            case "sql" -> StoreKind.SQL;
            default -> throw wrong(Setting.STORE, origin, "there are memory and sql");
        };
    }

    /** {@code host:port}, an IPv6 address in brackets. */
    private static InetSocketAddress address(Setting setting, Origin origin) throws ConfigException {
        String value = origin.value();
        int colon = value.lastIndexOf(':');
        String host = colon < 0 ? "" : value.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (bracketed) {
            host = host.substring(1, host.length() - 1);
        }
        int port = colon < 0 ? -1 : port(value.substring(colon + 1));
        if (host.isEmpty() || port < 0 || host.contains(":") != bracketed) {
            throw wrong(
                    setting,
                    origin,
                    "it must be host:port, such as 127.0.0.1:9090 or [::1]:9090, with port 0 to 65535"
                            + (setting == Setting.HTTP_ADDRESS ? ", or off" : ""));
        }
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw wrong(setting, origin, "host " + host + " is not known");
        }
        return address;
    }

    private static @Nullable InetSocketAddress httpAddress(Origin origin, InetSocketAddress grpcAddress)
            throws ConfigException {
        if (origin.value().equals("off")) {
            return null;
        }
        InetSocketAddress address = address(Setting.HTTP_ADDRESS, origin);
        boolean sameHost = address.getAddress().equals(grpcAddress.getAddress())
                || address.getAddress().isAnyLocalAddress()
                || grpcAddress.getAddress().isAnyLocalAddress();
        if (sameHost && address.getPort() == grpcAddress.getPort() && address.getPort() != 0) {
            throw wrong(Setting.HTTP_ADDRESS, origin, "grpc-address has that port; the doors need two");
        }
        return address;
    }

    private static Set<String> httpOrigins(Origin given) throws ConfigException {
        Set<String> origins = new LinkedHashSet<>();
        for (String part :
                given.value().isEmpty() ? new String[0] : given.value().split(",", -1)) {
            String site = part.strip();
            if (!site.equals("*") && !SITE.matcher(site).matches()) {
                throw wrong(
                        Setting.HTTP_ORIGINS,
                        given,
                        "it must be *, or sites as browsers name them, such as https://ipam.example.net, with commas"
                                + " between them");
            }
            origins.add(site);
        }
        return origins;
    }

    private static int port(String text) {
        boolean digits = !text.isEmpty() && text.length() <= 5 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        int port = digits ? Integer.parseInt(text) : -1;
        return port <= 65_535 ? port : -1;
    }

    private static ConfigException wrong(Setting setting, Origin origin, String right) {
        return new ConfigException(
                setting.key() + " cannot be \"" + origin.value() + "\" (" + origin.source() + "): " + right);
    }
}
