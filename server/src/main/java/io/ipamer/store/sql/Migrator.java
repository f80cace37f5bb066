package io.ipamer.store.sql;

import io.ipamer.store.sql.Schema.Done;
import io.ipamer.store.sql.Schema.Migration;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a database to the schema of this program, statement by statement, one server at a time.
 *
 * <p>Both engines are treated alike, so that what is tried on one is what happens on the other: no transaction holds a
 * migration together, as CockroachDB has none for that. Where one stops, for whatever reason, the next run begins at the
 * first statement of the first migration that is not in the history, and each statement may be run again.
 */
final class Migrator {
    private static final Logger LOG = LoggerFactory.getLogger(Migrator.class);
    private static final int RACES = 5;

    /** Who waits for a table keeps everybody behind it waiting, too: it gives up soon, and comes again. */
    private static final String OPTIONS = "-c statement_timeout=0 -c lock_timeout=3000";

    private final Function<String, DataSource> driver;
    private final Schema schema;

    Migrator(Function<String, DataSource> driver, Schema schema) {
        this.driver = driver;
        this.schema = schema;
    }

    /** What was done to a database, by version; empty when nobody has begun yet. */
    static List<Done> history(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(Sql.SCHEMA_HISTORY)) {
            List<Done> history = new ArrayList<>();
            while (rows.next()) {
                history.add(new Done(
                        rows.getInt("version"),
                        rows.getInt("serves_from"),
                        String.valueOf(rows.getString("checksum"))));
            }
            return history;
        } catch (SQLException failure) {
            if (Dialect.isMissingTable(failure)) {
                return List.of();
            }
            throw failure;
        }
    }

    /**
     * Does what is missing.
     *
     * @return why that could not be; empty when all is done
     * @throws SQLException when it came to an end before it was done; it may be run again
     */
    Optional<Standing> run() throws SQLException {
        try (Connection work = driver.apply(OPTIONS).getConnection()) {
            work.setNetworkTimeout(Runnable::run, 0); // filling an index takes as long as it takes
            makeHistory(work);
            try (SchemaLock lock = SchemaLock.take(driver.apply(SchemaLock.OPTIONS))) {
                return lock == null
                        ? Optional.of(Standing.away("another server is changing its schema"))
                        : migrate(work, lock);
            }
        } catch (SQLException failure) {
            if (Dialect.isForbidden(failure)) {
                return Optional.of(new Standing(
                        Standing.Kind.DENIED,
                        "its user may not make or change the tables: give it the right to, or run ipamer migrate as a user"
                                + " who has it; " + Dialect.describe(failure)));
            }
            throw failure;
        }
    }

    /** Who makes the same table at the same moment is told that it exists, which the next attempt then sees. */
    private static void makeHistory(Connection work) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try {
                for (String sql : Schema.history()) {
                    execute(work, sql);
                }
                return;
            } catch (SQLException failure) {
                if (attempt == RACES || !Dialect.mayComeUp(failure)) {
                    throw failure;
                }
            }
        }
    }

    private Optional<Standing> migrate(Connection work, SchemaLock lock) throws SQLException {
        List<Done> history = history(work);
        Optional<String> objection = history.isEmpty() ? foreignTable(work) : schema.objection(history);
        if (objection.isPresent()) {
            return objection.map(Standing::foreign);
        }
        for (Migration migration : schema.migrations()) {
            if (migration.version() > Schema.version(history)) {
                long began = System.nanoTime();
                for (String sql : migration.statements()) {
                    lock.check();
                    execute(work, sql);
                }
                lock.check();
                note(work, migration);
                LOG.info(
                        "the schema has version {} now, after {} ms",
                        migration.version(),
                        (System.nanoTime() - began) / 1_000_000);
            }
        }
        return Optional.empty();
    }

    private static void note(Connection work, Migration migration) throws SQLException {
        try {
            Jdbi.open(work)
                    .createUpdate(Sql.ADD_TO_SCHEMA_HISTORY)
                    .bind("version", migration.version())
                    .bind("serves_from", migration.servesFrom())
                    .bind("checksum", migration.checksum())
                    .execute();
        } catch (JdbiException failure) {
            throw failure.getCause() instanceof SQLException told ? told : new SQLException(failure);
        }
    }

    /** Tables from before there was a history are taken over if they are ours; what was begun is finished. */
    private Optional<String> foreignTable(Connection work) throws SQLException {
        Map<String, Set<String>> columns = new HashMap<>();
        try (Statement statement = work.createStatement();
                ResultSet rows = statement.executeQuery(Sql.COLUMNS)) {
            while (rows.next()) {
                columns.computeIfAbsent(rows.getString("table_name"), name -> new HashSet<>())
                        .add(rows.getString("column_name"));
            }
        }
        return schema.foreignTable(columns)
                .map(name -> "it has a table " + name + " that is not Ipamer's: name a database for Ipamer alone, or a"
                        + " schema in it with the parameter options=-c%20search_path=NAME");
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
