package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipamer.store.sql.Schema.Migration;
import io.ipamer.store.sql.SqlTextTest.Engine;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** From any schema to the program's, whoever else is at it, and wherever an earlier attempt came to an end. */
class MigratorTest {
    private static final Migration SECOND = Schema.migration(2, """
            -- serves-from: 1
            ALTER TABLE prefix ADD COLUMN IF NOT EXISTS note TEXT NULL;
            CREATE TABLE IF NOT EXISTS counted (
              id UUID NOT NULL,
              CONSTRAINT counted_pk PRIMARY KEY (id)
            );
            CREATE INDEX IF NOT EXISTS prefix_note_ix ON prefix (note);
            """);

    /** Shows how often it was done. */
    private static final Migration THIRD = Schema.migration(3, """
            -- serves-from: 1
            INSERT INTO counted (id) VALUES (gen_random_uuid());
            """);

    private static Schema with(Migration... more) {
        List<Migration> migrations = new ArrayList<>(Schema.ofProgram().migrations());
        migrations.addAll(List.of(more));
        return new Schema(migrations);
    }

    private static Standing look(DatabaseUrl url, Schema schema, boolean migrates) {
        return look(url::dataSource, schema, migrates);
    }

    private static Standing look(Function<String, DataSource> driver, Schema schema, boolean migrates) {
        try (Database database = new Database(driver, schema, migrates)) {
            return database.look();
        }
    }

    private static List<String> ask(DatabaseUrl url, String sql) throws SQLException {
        return ask(url::dataSource, sql);
    }

    private static List<String> ask(Function<String, DataSource> driver, String sql) throws SQLException {
        try (Connection connection = driver.apply("").getConnection();
                Statement statement = connection.createStatement()) {
            List<String> answers = new ArrayList<>();
            if (statement.execute(sql)) {
                ResultSet rows = statement.getResultSet();
                while (rows.next()) {
                    answers.add(rows.getString(1));
                }
            }
            return answers;
        }
    }

    /** Columns, indexes and first rows. */
    private static List<String> structure(Function<String, DataSource> driver) throws SQLException {
        List<String> structure = ask(
                driver,
                "SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable"
                        + " FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1");
        structure.addAll(ask(
                driver,
                "SELECT replace(indexdef, current_schema(), '') FROM pg_indexes WHERE schemaname = current_schema()"
                        + " ORDER BY 1"));
        structure.addAll(ask(driver, "SELECT name FROM namespace"));
        structure.addAll(ask(driver, "SELECT scope_id FROM head ORDER BY 1"));
        structure.addAll(ask(driver, "SELECT version FROM schema_version ORDER BY 1"));
        return structure;
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void anEmptyDatabaseGetsAllVersionsAndNothingIsDoneTwice(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        Schema schema = with(SECOND, THIRD);

        assertThat(look(url, schema, true).isFit()).isTrue();
        assertThat(look(url, schema, true).isFit()).isTrue();

        assertThat(ask(url, "SELECT version FROM schema_version ORDER BY version"))
                .containsExactly("0", "1", "2", "3");
        assertThat(ask(url, "SELECT id FROM counted")).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void ofManyServersAtOnceOneDoesIt(Engine engine) throws Exception {
        DatabaseUrl url = engine.database();
        Schema schema = with(SECOND, THIRD);
        int servers = 8;
        ExecutorService threads = Executors.newFixedThreadPool(servers);
        try {
            List<Future<Standing>> started = IntStream.range(0, servers)
                    .mapToObj(i -> threads.submit(() -> lookUntilDecided(url, schema)))
                    .toList();
            for (Future<Standing> each : started) {
                assertThat(each.get(60, TimeUnit.SECONDS).isFit()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(ask(url, "SELECT id FROM counted")).hasSize(1);
    }

    /** Without the rests of a server: the more they meet the better. */
    private static Standing lookUntilDecided(DatabaseUrl url, Schema schema) {
        try (Database database = new Database(url::dataSource, schema, true)) {
            Standing standing = database.look();
            while (standing.kind() == Standing.Kind.AWAY
                    && !Thread.currentThread().isInterrupted()) {
                standing = database.look();
            }
            return standing;
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void whereverItStoppedTheNextOneFinishes(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        Schema schema = with(SECOND);
        assertThat(look(url, schema, true).isFit()).isTrue();
        List<String> structure = structure(url::dataSource);

        List<String> steps = new ArrayList<>(Schema.history());
        for (Migration migration : schema.migrations()) {
            steps.addAll(migration.statements());
            steps.add("INSERT INTO schema_version (version, serves_from, checksum) VALUES (" + migration.version()
                    + ", " + migration.servesFrom() + ", '" + migration.checksum() + "')");
        }
        for (int done = 0; done < steps.size(); done++) {
            String namesOfItsOwn = "stopped_" + done;
            ask(url, "CREATE SCHEMA " + namesOfItsOwn);
            Function<String, DataSource> driver =
                    options -> url.dataSource(options + " -c search_path=" + namesOfItsOwn);
            ask(driver, join(steps.subList(0, done)));

            assertThat(look(driver, schema, true)).as("after %d steps", done).matches(Standing::isFit);

            assertThat(structure(driver)).as("after %d steps", done).isEqualTo(structure);
        }
    }

    private static String join(List<String> statements) {
        return String.join(
                ";\n",
                statements.stream()
                        .map(statement -> statement.strip().replaceAll(";$", ""))
                        .toList());
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void theOneThatIsAtItIsWaitedForUntilItsConnectionIsGone(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        assertThat(look(url, with(), true).isFit()).isTrue();
        try (SchemaLock lock = SchemaLock.take(url.dataSource(SchemaLock.OPTIONS))) {
            assertThat(lock).isNotNull();
            assertThat(look(url, with(SECOND), true)).isEqualTo(Standing.away("another server is changing its schema"));
            assertThat(ask(url, "SELECT version FROM schema_version ORDER BY version"))
                    .containsExactly("0", "1");
        }

        assertThat(look(url, with(SECOND), true).isFit()).isTrue();
    }

    @Test
    void whoLostItsLockStops() throws Exception {
        DatabaseUrl url = TestDatabases.bundled();
        assertThat(look(url, with(), true).isFit()).isTrue();
        try (SchemaLock lock = SchemaLock.take(url.dataSource(SchemaLock.OPTIONS))) {
            lock.check();
            assertThat(ask(
                            url,
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                    + " WHERE datname = current_database() AND state = 'idle in transaction'"))
                    .containsExactly("t");

            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (System.nanoTime() < end && !isLost(lock)) {
                Thread.onSpinWait();
            }
            assertThatThrownBy(lock::check).hasMessage("the lock on the schema was lost");
        }
    }

    private static boolean isLost(SchemaLock lock) {
        try {
            lock.check();
            return false;
        } catch (SQLException lost) {
            return true;
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void tablesFromBeforeThereWasAHistoryAreTakenOverWithWhatIsInThem(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        ask(url, join(Schema.ofProgram().migrations().get(0).statements()));
        ask(url, "INSERT INTO namespace (ns_id, name) VALUES (gen_random_uuid(), 'kept')");

        assertThat(look(url, with(SECOND), true).isFit()).isTrue();

        assertThat(ask(url, "SELECT name FROM namespace ORDER BY name")).containsExactly("kept", "root");
        assertThat(ask(url, "SELECT version FROM schema_version ORDER BY version"))
                .containsExactly("0", "1", "2");
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aTableOfSomebodyElsesIsRefusedAndLeftAlone(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        ask(url, "CREATE TABLE request (id UUID NOT NULL, CONSTRAINT request_pk PRIMARY KEY (id))");

        Standing standing = look(url, with(), true);

        assertThat(standing.kind()).isEqualTo(Standing.Kind.FOREIGN);
        assertThat(standing.text()).startsWith("it has a table request that is not Ipamer's: name a database");
        assertThat(ask(
                        url,
                        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
                                + " AND table_name <> 'schema_version'"))
                .containsExactly("request");
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aNewerSchemaIsWorkedWithIfItServesThisProgramAndElseRefused(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        assertThat(look(url, with(SECOND), true).isFit()).isTrue();
        assertThat(look(url, with(), true).isFit()).isTrue();

        ask(url, "INSERT INTO schema_version (version, serves_from, checksum) VALUES (3, 2, 'x')");

        assertThat(look(url, with(), true))
                .isEqualTo(
                        Standing.foreign("its schema has version 3, which serves programs from version 2 on, and this"
                                + " program has version 1: start a newer Ipamer"));
        assertThat(look(url, with(SECOND), true).isFit()).isTrue();
    }

    @Test
    void whoMustNotMigrateWaitsAndChangesNothing() throws SQLException {
        DatabaseUrl url = TestDatabases.bundled();

        assertThat(look(url, with(), false))
                .isEqualTo(
                        Standing.away("its schema has version 0 and this program needs version 1: run ipamer migrate,"
                                + " or start with --migrate auto"));
        assertThat(ask(url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"))
                .isEmpty();

        assertThat(look(url, with(), true).isFit()).isTrue();
        assertThat(look(url, with(), false).isFit()).isTrue();
    }

    @Test
    void whoMayNotMakeTablesIsToldAndMayServeOnceTheyAreThere() throws SQLException {
        DatabaseUrl url = TestDatabases.bundled();
        String role = "r_" + ask(url, "SELECT current_database()").get(0);
        ask(url, "CREATE ROLE " + role + " LOGIN PASSWORD 'r'; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        DatabaseUrl restricted = DatabaseUrl.parse("jdbc:postgresql://" + url + "?user=" + role + "&password=r");

        Standing standing = look(restricted, with(), true);
        assertThat(standing.kind()).isEqualTo(Standing.Kind.DENIED);
        assertThat(standing.text())
                .startsWith("its user may not make or change the tables")
                .contains("SQLSTATE 42501");

        assertThat(look(url, with(), true).isFit()).isTrue();
        ask(url, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + role);
        assertThat(look(restricted, with(), true).isFit()).isTrue();
    }
}
