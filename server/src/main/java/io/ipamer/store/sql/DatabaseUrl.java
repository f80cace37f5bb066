package io.ipamer.store.sql;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Where a database is, and how to log in: a libpq URI ({@code postgresql://user:secret@host:5432/db?sslmode=verify-full})
 * or a JDBC URL ({@code jdbc:postgresql://host:5432/db?user=..}). Several hosts are separated by commas. The text form
 * has neither user nor password.
 */
public final class DatabaseUrl {
    private static final Pattern LIBPQ = Pattern.compile(
            "(?:postgres|postgresql)://(?:(?<user>[^:@/?]*)(?::(?<password>[^@/?]*))?@)?(?<hosts>[^@/?]*)"
                    + "(?:/(?<database>[^@/?]*))?(?:\\?(?<parameters>.*))?");
    private static final Pattern JDBC =
            Pattern.compile("jdbc:postgresql://(?<hosts>[^@/?]*)(?:/(?<database>[^@/?]*))?(?:\\?(?<parameters>.*))?");

    /** A name, an IPv4 address or an IPv6 one in brackets, and a port. */
    private static final Pattern HOST =
            Pattern.compile("(?:[^:\\[\\]]+|\\[[0-9A-Fa-f:.]+(?:%[^\\]]+)?\\])(?::[0-9]{1,5})?");

    /** libpq's names for what the driver knows by another, or by the same. */
    private static final Map<String, String> PARAMETERS = Map.ofEntries(
            Map.entry("user", "user"),
            Map.entry("password", "password"),
            Map.entry("sslmode", "sslmode"),
            Map.entry("sslrootcert", "sslrootcert"),
            Map.entry("sslcert", "sslcert"),
            Map.entry("sslkey", "sslkey"),
            Map.entry("sslpassword", "sslpassword"),
            Map.entry("sslnegotiation", "sslNegotiation"),
            Map.entry("channel_binding", "channelBinding"),
            Map.entry("application_name", "ApplicationName"),
            Map.entry("connect_timeout", "connectTimeout"),
            Map.entry("options", "options"),
            Map.entry("target_session_attrs", "targetServerType"),
            Map.entry("load_balance_hosts", "loadBalanceHosts"));

    private static final String ENCODED = "in user and password : / ? @ % & must be percent-encoded";

    private final String hosts;
    private final String database;
    private final Map<String, String> parameters;

    private DatabaseUrl(String hosts, String database, Map<String, String> parameters) {
        this.hosts = hosts;
        this.database = database;
        this.parameters = parameters;
    }

    /**
     * Reads either form.
     *
     * @throws IllegalArgumentException saying what is wrong with it, without the secrets in it
     */
    public static DatabaseUrl parse(String text) {
        Matcher libpq = LIBPQ.matcher(text);
        Matcher jdbc = JDBC.matcher(text);
        if (libpq.matches()) {
            Map<String, String> login = new LinkedHashMap<>();
            put(login, "user", libpq.group("user"));
            put(login, "password", libpq.group("password"));
            return of(libpq, true, login);
        } else if (jdbc.matches()) {
            return of(jdbc, false, Map.of());
        }
        throw new IllegalArgumentException("must be like postgresql://user:password@host:5432/database"
                + " or jdbc:postgresql://host:5432/database?user=..&password=..");
    }

    /** What a password with a reserved character in it is mistaken for is refused first, and never repeated. */
    private static DatabaseUrl of(Matcher url, boolean libpq, Map<String, String> login) {
        String hosts = url.group("hosts");
        String database = url.group("database");
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("must name a host");
        }
        for (String host : hosts.split(",", -1)) {
            if (!HOST.matcher(host).matches()) {
                throw new IllegalArgumentException(
                        "must name hosts like host, host:5432 or [::1]:5432, separated by" + " commas; " + ENCODED);
            }
        }
        if (database == null || database.isEmpty()) {
            throw new IllegalArgumentException("must name a database after the host, as in postgresql://host/ipamer");
        }
        Map<String, String> parameters = parameters(url.group("parameters"), libpq);
        parameters.putAll(login);
        return new DatabaseUrl(hosts, database, parameters);
    }

    private static Map<String, String> parameters(@Nullable String query, boolean libpq) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String pair : query == null || query.isEmpty() ? new String[0] : query.split("&")) {
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("parameters must be like name=value, separated by &");
            }
            String name = pair.substring(0, equals);
            String known = libpq ? PARAMETERS.get(name.toLowerCase(Locale.ROOT)) : name;
            if (known == null) {
                throw new IllegalArgumentException("does not know the parameter " + name + "; it knows "
                        + String.join(
                                ", ", PARAMETERS.keySet().stream().sorted().toList())
                        + ", and a jdbc:postgresql: URL takes all of the JDBC driver's");
            }
            if (!libpq && !isKnownToDriver(name)) {
                throw new IllegalArgumentException(
                        "does not know the parameter " + name + ", nor does the JDBC driver");
            }
            put(parameters, known, pair.substring(equals + 1));
        }
        if ("simple".equals(parameters.get("preferQueryMode"))) {
            throw new IllegalArgumentException(
                    "must not have preferQueryMode=simple: a change would be several transactions");
        }
        String target = parameters.get("targetServerType");
        if (libpq && target != null) {
            parameters.put("targetServerType", targetServerType(target));
        }
        String balance = parameters.get("loadBalanceHosts");
        if (libpq && balance != null) {
            parameters.put("loadBalanceHosts", loadBalanceHosts(balance));
        }
        return parameters;
    }

    @SuppressWarnings("UnusedException") // it is the answer
    private static boolean isKnownToDriver(String name) {
        try {
            new PGSimpleDataSource().getProperty(name);
            return true;
        } catch (SQLException unknown) {
            return false;
        }
    }

    private static String targetServerType(String attributes) {
        return switch (attributes) {
            case "any" -> "any";
            case "read-write", "primary" -> "primary";
            default ->
                throw new IllegalArgumentException(
                        "target_session_attrs must be any, primary or read-write: Ipamer writes");
        };
    }

    private static String loadBalanceHosts(String order) {
        return switch (order) {
            case "disable" -> "false";
            case "random" -> "true";
            default -> throw new IllegalArgumentException("load_balance_hosts must be disable or random");
        };
    }

    @SuppressWarnings("UnusedException") // it repeats a part of the secret
    private static void put(Map<String, String> parameters, String name, @Nullable String encoded) {
        if (encoded != null && !encoded.isEmpty()) {
            try {
                // A plus is a plus in libpq's and in the driver's form.
                parameters.put(name, URLDecoder.decode(encoded.replace("+", "%2B"), StandardCharsets.UTF_8));
            } catch (IllegalArgumentException malformed) {
                throw new IllegalArgumentException(
                        "has a % in " + name + " that no two hexadecimal digits follow; " + ENCODED);
            }
        }
    }

    /** Another database of the same server. */
    DatabaseUrl withDatabase(String name) {
        return new DatabaseUrl(hosts, name, parameters);
    }

    /**
     * Where connections come from.
     *
     * @param options session settings, which count more than those that the URL gives
     */
    DataSource dataSource(String options) {
        PGSimpleDataSource driver = new PGSimpleDataSource();
        driver.setUrl("jdbc:postgresql://" + hosts + "/" + database);
        driver.setApplicationName("ipamer");
        driver.setTcpKeepAlive(true);
        driver.setConnectTimeout(5);
        driver.setSocketTimeout(17); // longer than any statement of ours may take, and shorter than a call's patience
        driver.setPrepareThreshold(1); // there are few texts, and each is sent over and over
        if (hosts.contains(",")) {
            driver.setTargetServerType("primary"); // a standby may lag, and what it does not know of would be refused
        }
        try {
            for (Map.Entry<String, String> parameter : parameters.entrySet()) {
                driver.setProperty(parameter.getKey(), parameter.getValue());
            }
            driver.setProperty("options", (parameters.getOrDefault("options", "") + " " + options).strip());
        } catch (SQLException unknown) {
            throw new IllegalArgumentException(unknown.getMessage(), unknown);
        }
        return driver;
    }

    @Override
    public String toString() {
        return hosts + "/" + database;
    }
}
