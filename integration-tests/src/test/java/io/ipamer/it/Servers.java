package io.ipamer.it;

import io.ipamer.app.Config;
import io.ipamer.app.Config.Setting;
import io.ipamer.app.ConfigException;
import io.ipamer.app.IpamerServer;
import io.ipamer.store.embedded.TestPostgres;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Servers in this process, for the test that starts one to close. */
public final class Servers {
    private Servers() {}

    /** On an empty database of its own. */
    public static IpamerServer onPostgres() {
        return on(url(TestPostgres.database()));
    }

    public static IpamerServer on(String databaseUrl) {
        return with(Setting.DB_URL, databaseUrl);
    }

    /** In memory, with both doors open. */
    public static IpamerServer inMemory() {
        return with(Setting.STORE, "memory");
    }

    private static IpamerServer with(Setting setting, String value) {
        Map<Setting, String> settings =
                Map.of(Setting.GRPC_ADDRESS, "127.0.0.1:0", Setting.HTTP_ADDRESS, "127.0.0.1:0", setting, value);
        try {
            return IpamerServer.start(Config.read(settings, Map.of(), null));
        } catch (ConfigException wrong) {
            throw new IllegalStateException(wrong);
        }
    }

    /** As {@code --db-url} wants it. */
    public static String url(TestPostgres.Database database) {
        return database.jdbcUrl() + "?user=" + encoded(database.user()) + "&password=" + encoded(database.password());
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
