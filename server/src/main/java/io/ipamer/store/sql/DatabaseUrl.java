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
            "(?:postgres|postgresql)://(?:(?<user>[^:@/?]*)(?::(?<password>[^@/?]*))?@)?(?<hosts>[^/?]*)"
                    + "(?:/(?<database>[^?]*))?(?:\\?(?<parameters>.*))?");
    private static final Pattern JDBC =
            Pattern.compile("jdbc:postgresql://(?<hosts>[^/?@]*)(?:/(?<database>[^?]*))?(?:\\?(?<parameters>.*))?");

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
            Map<String, String> parameters = parameters(libpq.group("parameters"), true);
            put(parameters, "user", libpq.group("user"));
            put(parameters, "password", libpq.group("password"));
            return of(libpq.group("hosts"), libpq.group("database"), parameters);
        } else if (jdbc.matches()) {
            return of(jdbc.group("hosts"), jdbc.group("database"), parameters(jdbc.group("parameters"), false));
        }
        throw new IllegalArgumentException("must be like postgresql://user:password@host:5432/database"
                + " or jdbc:postgresql://host:5432/database?user=..&password=..");
    }

    private static DatabaseUrl of(String hosts, @Nullable String database, Map<String, String> parameters) {
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("must name a host");
        }
        if (database == null || database.isEmpty()) {
            throw new IllegalArgumentException("must name a database after the host, as in postgresql://host/ipamer");
        }
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
            put(parameters, known, pair.substring(equals + 1));
        }
        String target = parameters.get("targetServerType");
        if (libpq && target != null) {
            parameters.put("targetServerType", targetServerType(target));
        }
        String balance = parameters.get("loadBalanceHosts");
        if (libpq && balance != null) {
            parameters.put("loadBalanceHosts", String.valueOf(balance.equals("random")));
        }
        return parameters;
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

    private static void put(Map<String, String> parameters, String name, @Nullable String encoded) {
        if (encoded != null && !encoded.isEmpty()) {
            // A plus is a plus in libpq's and in the driver's form.
            parameters.put(name, URLDecoder.decode(encoded.replace("+", "%2B"), StandardCharsets.UTF_8));
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
        driver.setSocketTimeout(30); // longer than any statement may take
        driver.setPrepareThreshold(1); // there are few texts, and each is sent over and over
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
