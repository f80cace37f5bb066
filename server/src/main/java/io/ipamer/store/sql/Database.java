package io.ipamer.store.sql;

import io.ipamer.store.sql.Schema.Begun;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The database as a server finds it, looked at through a connection of its own. For one thread. */
final class Database implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Database.class);

    /** How long a database may take to let us in, and to answer. */
    static final int PATIENCE_SECONDS = 3;

    /** A standby does not even say that it is one to a serializable session, which may be the default. */
    private static final String OPTIONS = "-c default_transaction_isolation=read\\ committed";

    private final Function<String, DataSource> driver;
    private final Schema schema;
    private final boolean migrates;
    private @Nullable Connection connection;
    private String version = "";
    private int schemaVersion;

    /** The highest version with which it was fit; 0 until it was. */
    private int servedVersion;

    /**
     * {@code migrates}: whether a look may also change the schema, if that is older than this program's; none does once
     * the database was fit. What is older then is being restored, or another one, and must be left alone.
     */
    Database(Function<String, DataSource> driver, Schema schema, boolean migrates) {
        this.driver = driver;
        this.schema = schema;
        this.migrates = migrates;
    }

    /** Costs two short queries while all is well, and as long as it takes when the schema has to be changed. */
    Standing look() {
        try {
            Connection open = connection;
            return judge(open == null ? connect() : open);
        } catch (SQLException failure) {
            close();
            return new Standing(
                    Dialect.mayComeUp(failure) ? Standing.Kind.AWAY : Standing.Kind.DENIED, Dialect.describe(failure));
        }
    }

    private Connection connect() throws SQLException {
        DataSource source = driver.apply(OPTIONS);
        source.setLoginTimeout(PATIENCE_SECONDS);
        Connection made = source.getConnection();
        connection = made;
        made.setNetworkTimeout(Runnable::run, PATIENCE_SECONDS * 1_000);
        version = text(made, Sql.VERSION);
        return made;
    }

    private Standing judge(Connection open) throws SQLException {
        if (text(open, Sql.READ_ONLY).equals("on")) {
            close(); // a session keeps the setting that it began with
            return Standing.unready("it takes no writes: it is a standby in recovery, or its settings say read-only");
        }
        Optional<List<Begun>> read = Migrator.history(open);
        if (read.isEmpty()) {
            return Standing.foreignTable(Migrator.HISTORY_TABLE);
        }
        List<Begun> history = read.get();
        Optional<String> objection = schema.objection(history);
        if (objection.isPresent()) {
            return Standing.foreign(objection.get());
        }
        schemaVersion = Schema.version(history);
        if (schemaVersion < servedVersion) {
            return Standing.foreign("its schema has version " + schemaVersion + ", and had version " + servedVersion
                    + " before: it is being restored, or another database has its name; it is left alone until that"
                    + " version is back");
        }
        if (schemaVersion < schema.version() && !migrates) {
            return Standing.unready("its schema has version " + schemaVersion + " and this program needs version "
                    + schema.version() + ": run ipamer migrate, or start with --migrate auto");
        }
        if (schemaVersion < schema.version()) {
            Optional<Standing> hindrance = new Migrator(driver, schema).run();
            if (hindrance.isPresent()) {
                return hindrance.get();
            }
            schemaVersion = schema.version();
        }
        servedVersion = schemaVersion;
        return new Standing(Standing.Kind.FIT, version);
    }

    /** At the last look that came so far; 0 before there is a schema. */
    int schemaVersion() {
        return schemaVersion;
    }

    private static String text(Connection open, String sql) throws SQLException {
        try (Statement statement = open.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    @Override
    public void close() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException failure) {
                LOG.debug("closing the connection that looks at the database failed", failure);
            }
        }
    }
}
