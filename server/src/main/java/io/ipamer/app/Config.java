package io.ipamer.app;

import java.io.IOException;
import java.io.StringReader;
import java.net.InetSocketAddress;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the server. Each can come as a flag ({@code --grpc-address}), as an environment variable ({@code
 * IPAMER_GRPC_ADDRESS}) or from a file ({@code grpc-address}), and counts in that order. An empty variable is as none:
 * container tools pass those on that nobody set.
 *
 * @param grpcAddress where gRPC is served; port 0 takes a free one
 * @param store what keeps the data
 * @param origins by setting: where its value came from, for people
 */
public record Config(InetSocketAddress grpcAddress, StoreKind store, Map<Setting, Origin> origins) {

    /** Some editors put it first; it would be part of the first key, and invisible. */
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    /** What keeps the data. */
    public enum StoreKind {
        /** Nothing does: all is lost when the server stops. */
        MEMORY
    }

    /** A setting's value as text, and where it came from. */
    public record Origin(String value, String source) {}

    /** The settings there are. */
    public enum Setting {
        GRPC_ADDRESS("grpc-address", "127.0.0.1:9090"),
        STORE("store", "memory");

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
        return new Config(
                address(Setting.GRPC_ADDRESS, origin(origins, Setting.GRPC_ADDRESS)),
                store(origin(origins, Setting.STORE)),
                Map.copyOf(origins));
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

    private static StoreKind store(Origin origin) throws ConfigException {
        for (StoreKind kind : StoreKind.values()) {
            if (kind.name().toLowerCase(Locale.ROOT).equals(origin.value())) {
                return kind;
            }
        }
        throw wrong(Setting.STORE, origin, "there is only memory");
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
                    "it must be host:port, such as 127.0.0.1:9090 or [::1]:9090, with port 0 to 65535");
        }
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw wrong(setting, origin, "host " + host + " is not known");
        }
        return address;
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
