package io.ipamer.app;

import io.ipamer.store.StoreException;
import io.ipamer.store.sql.DatabaseUrl;
import io.ipamer.store.sql.SqlStore;

/** The schema of the database that is set, changed by itself rather than by a server that starts. */
public final class DatabaseSchema {
    private DatabaseSchema() {}

    /**
     * Brings it to this program's version.
     *
     * @return what is there then, for people
     * @throws ConfigException when no database is set, or it refuses us or cannot be reached
     */
    public static String migrate(Config config) throws ConfigException {
        DatabaseUrl url = config.databaseUrl();
        if (url == null) {
            throw new ConfigException("there is no database to migrate: db-url must say which");
        }
        try {
            return SqlStore.migrate(url) + " at " + url;
        } catch (StoreException refused) {
            throw new ConfigException(refusal(named(config, url), String.valueOf(refused.getMessage())));
        }
    }

    /** The database that is set, and where that was said. */
    static String named(Config config, DatabaseUrl url) {
        return url + " (" + config.origin(Config.Setting.DB_URL).source() + ")";
    }

    static String refusal(String database, String why) {
        return "cannot use the database " + database + ": " + why;
    }
}
