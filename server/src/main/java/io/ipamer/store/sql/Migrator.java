package io.ipamer.store.sql;

import io.ipamer.store.sql.Schema.Begun;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.SqlStatements;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a database to the schema of this program, statement by statement, one server at a time.
 *
 * <p>Both engines are treated alike, so that what is tried on one is what happens on the other: no transaction holds a
 * migration together, as CockroachDB has none for that. Where one stops, for whatever reason, the next run begins at the
 * first statement of the first migration that was not finished, and each statement may be run again.
 */
final class Migrator {
    private static final Logger LOG = LoggerFactory.getLogger(Migrator.class);
    private static final int RACES = 5;
    static final String HISTORY_TABLE = "schema_version";

    /**
     * For one statement, which may fill an index. A connection that was dropped in silence ends with it; what takes longer
     * goes on in the database, and whoever tries it again waits for it there.
     */
    private static final int STATEMENT_MILLIS = 600_000;

    /** A period, and a look that has to connect anew and waits for both of its answers. */
    private static final long NOTICE_SECONDS =
            TimeUnit.NANOSECONDS.toSeconds(DatabaseWatch.PERIOD_NANOS) + 3 * Database.PATIENCE_SECONDS;

    /** Who waits for a table keeps everybody behind it waiting, too: it gives up soon, and comes again. */
    private static final String OPTIONS = "-c statement_timeout=0 -c lock_timeout=3000";

    private final Function<String, DataSource> driver;
    private final Schema schema;

    Migrator(Function<String, DataSource> driver, Schema schema) {
        this.driver = driver;
        this.schema = schema;
    }

    /** What was begun and done to a database, by version; empty when the table of that name is somebody else's. */
    static Optional<List<Begun>> history(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(Sql.SCHEMA_HISTORY)) {
            List<Begun> history = new ArrayList<>();
            while (rows.next()) {
                if (rows.getInt("version") > 0) {
                    history.add(new Begun(
                            rows.getInt("version"),
                            rows.getInt("serves_from"),
                            String.valueOf(rows.getString("checksum")),
                            rows.getObject("finished_at") != null));
                }
            }
            return Optional.of(history);
        } catch (SQLException failure) {
            if (Dialect.isMissingTable(failure)) {
                return Optional.of(List.of());
            }
            if (Dialect.isMissingColumn(failure)) {
                return Optional.empty();
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
            work.setNetworkTimeout(Runnable::run, STATEMENT_MILLIS);
            Optional<Standing> refusal = refusal(work); // who is refused changes nothing
            if (refusal.isPresent()) {
                return refusal;
            }
            makeHistory(work);
            try (SchemaLock lock = SchemaLock.take(driver.apply(SchemaLock.OPTIONS), () -> abort(work))) {
                return lock == null ? Optional.of(Standing.CHANGING) : migrate(work, lock);
            }
        } catch (SQLException failure) {
            if (Dialect.isForbidden(failure)) {
                return Optional.of(new Standing(
                        Standing.Kind.DENIED,
                        "its user may not make or change the tables: give it the right to, or run ipamer migrate as a user"
                                + " who has it; " + Dialect.describe(failure)));
            }
            if (Dialect.isMissingSchema(failure)) {
                return Optional.of(new Standing(
                        Standing.Kind.DENIED,
                        "none of the schemas that its search_path names is there: make one with CREATE SCHEMA; "
                                + Dialect.describe(failure)));
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

    /** Why nothing must be changed; empty when it may. */
    private Optional<Standing> refusal(Connection work) throws SQLException {
        Optional<List<Begun>> history = history(work);
        if (history.isEmpty()) {
            return Optional.of(Standing.foreignTable(HISTORY_TABLE));
        }
        return history.get().isEmpty()
                ? foreignTable(work).map(Standing::foreignTable)
                : schema.objection(history.get()).map(Standing::foreign);
    }

    private Optional<Standing> migrate(Connection work, SchemaLock lock) throws SQLException {
        Optional<Standing> refusal = refusal(work);
        if (refusal.isPresent()) {
            return refusal;
        }
        List<Begun> history = history(work).orElseThrow();
        int version = Schema.version(history);
        List<Migration> missing = schema.migrations().subList(Math.min(version, schema.version()), schema.version());
        if (missing.isEmpty()) {
            return Optional.empty();
        }
        LOG.info("the schema has version {}, to be brought to version {}", version, schema.version());
        for (Migration migration : missing) {
            lock.check();
            update(work, Sql.BEGIN_MIGRATION, migration);
        }
        giveNotice(history, missing, lock);
        for (Migration migration : missing) {
            long began = System.nanoTime();
            for (String sql : migration.statements()) {
                lock.check();
                execute(work, sql);
            }
            lock.check();
            update(work, Sql.FINISH_MIGRATION, migration);
            LOG.info(
                    "the schema has version {} now, after {} ms",
                    migration.version(),
                    (System.nanoTime() - began) / 1_000_000);
        }
        return Optional.empty();
    }

    /** Servers that can work with what is there but not with what comes stop at their next look. */
    private static void giveNotice(List<Begun> history, List<Migration> missing, SchemaLock lock) throws SQLException {
        int version = Schema.version(history);
        int served = Schema.servesFrom(
                history.stream().filter(begun -> begun.version() <= version).toList());
        if (version == 0 || missing.stream().allMatch(migration -> migration.servesFrom() <= served)) {
            return;
        }
        LOG.info("older servers are given {} s to see that they are no longer served", NOTICE_SECONDS);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(NOTICE_SECONDS);
        for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        lock.check();
    }

    private static void update(Connection work, String sql, Migration migration) throws SQLException {
        try {
            Jdbi.open(work)
                    .createUpdate(sql)
                    .configure(SqlStatements.class, statements -> statements.setUnusedBindingAllowed(true))
                    .bind("version", migration.version())
                    .bind("serves_from", migration.servesFrom())
                    .bind("checksum", migration.checksum())
                    .execute();
        } catch (JdbiException failure) {
            throw failure.getCause() instanceof SQLException told ? told : new SQLException(failure);
        }
    }

    private static void abort(Connection work) {
        try {
            work.abort(Runnable::run);
        } catch (SQLException failure) {
            LOG.debug("aborting the connection that changes the schema failed", failure);
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
        return schema.foreignTable(columns);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
