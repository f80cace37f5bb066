package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.ipamer.model.Namespace;
import io.ipamer.store.StoreException;
import io.ipamer.store.sql.Schema.Migration;
import io.ipamer.store.sql.SqlTextTest.Engine;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From any schema to the program's, whoever else is at it, and wherever an earlier attempt came to an end. */
class MigratorTest {
    /** The program's own. */
    private static final int CURRENT = Schema.ofProgram().version();

    private static final Migration NEXT = Schema.migration(CURRENT + 1, """
            -- serves-from: 1
            ALTER TABLE prefix ADD COLUMN IF NOT EXISTS note TEXT NULL;
            CREATE TABLE IF NOT EXISTS counted (
              id UUID NOT NULL,
              CONSTRAINT counted_pk PRIMARY KEY (id)
            );
            CREATE INDEX IF NOT EXISTS prefix_note_ix ON prefix (note);
            """);

    /** Shows how often it was done. */
    private static final Migration NEXT_BUT_ONE = Schema.migration(CURRENT + 2, """
            -- serves-from: 1
            INSERT INTO counted (id) VALUES (gen_random_uuid());
            """);

    private static Schema with(Migration... more) {
        List<Migration> migrations = new ArrayList<>(Schema.ofProgram().migrations());
        migrations.addAll(List.of(more));
        return new Schema(migrations);
    }

    /** The history of a database of that version; 0 is the row that is locked. */
    private static List<String> versionsTo(int version) {
        return IntStream.rangeClosed(0, version).mapToObj(Integer::toString).toList();
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
        structure.addAll(ask(driver, "SELECT version FROM schema_version WHERE finished_at IS NOT NULL ORDER BY 1"));
        return structure;
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void anEmptyDatabaseGetsAllVersionsAndNothingIsDoneTwice(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        Schema schema = with(NEXT, NEXT_BUT_ONE);

        assertThat(look(url, schema, true).isFit()).isTrue();
        assertThat(look(url, schema, true).isFit()).isTrue();

        assertThat(ask(url, "SELECT version FROM schema_version ORDER BY version"))
                .containsExactlyElementsOf(versionsTo(CURRENT + 2));
        assertThat(ask(url, "SELECT id FROM counted")).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void ofManyServersAtOnceOneDoesIt(Engine engine) throws Exception {
        DatabaseUrl url = engine.database();
        Schema schema = with(NEXT, NEXT_BUT_ONE);
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
            while (standing.mayBecomeFit() && !Thread.currentThread().isInterrupted()) {
                standing = database.look();
            }
            return standing;
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void whereverItStoppedTheNextOneFinishes(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        Schema schema = with(NEXT);
        assertThat(look(url, schema, true).isFit()).isTrue();
        List<String> structure = structure(url::dataSource);

        List<String> steps = new ArrayList<>(Schema.history());
        for (Migration migration : schema.migrations()) {
            steps.add("INSERT INTO schema_version (version, serves_from, checksum) VALUES (" + migration.version()
                    + ", " + migration.servesFrom() + ", '" + migration.checksum() + "')");
        }
        for (Migration migration : schema.migrations()) {
            steps.addAll(migration.statements());
            steps.add("UPDATE schema_version SET finished_at = now() WHERE version = " + migration.version());
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
        try (SchemaLock lock = SchemaLock.take(url.dataSource(SchemaLock.OPTIONS), () -> {})) {
            assertThat(lock).isNotNull();
            assertThat(look(url, with(NEXT), true))
                    .isEqualTo(Standing.unready("another server is changing its schema"));
            assertThat(ask(url, "SELECT version FROM schema_version ORDER BY version"))
                    .containsExactlyElementsOf(versionsTo(CURRENT));
        }

        assertThat(look(url, with(NEXT), true).isFit()).isTrue();
    }

    @Test
    void whoLostItsLockStops() throws Exception {
        DatabaseUrl url = TestDatabases.bundled();
        assertThat(look(url, with(), true).isFit()).isTrue();
        try (SchemaLock lock = SchemaLock.take(url.dataSource(SchemaLock.OPTIONS), () -> {})) {
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
        ask(url, "ALTER TABLE prefix ADD COLUMN owner TEXT NULL");
        ask(url, "INSERT INTO namespace (ns_id, name) VALUES (gen_random_uuid(), 'kept')");

        assertThat(look(url, with(NEXT), true).isFit()).isTrue();

        assertThat(ask(url, "SELECT name FROM namespace ORDER BY name")).containsExactly("kept", "root");
        assertThat(ask(url, "SELECT version FROM schema_version ORDER BY version"))
                .containsExactlyElementsOf(versionsTo(CURRENT + 1));
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aTableOfSomebodyElsesIsRefusedAndLeftAlone(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        ask(url, "CREATE TABLE request (id UUID NOT NULL, CONSTRAINT request_pk PRIMARY KEY (id))");

        Standing standing = look(url, with(), true);

        assertThat(standing.kind()).isEqualTo(Standing.Kind.FOREIGN);
        assertThat(standing.text()).startsWith("it has a table request that is not Ipamer's: name a database");
        assertThat(ask(url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"))
                .containsExactly("request");
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aNewerSchemaIsWorkedWithIfItServesThisProgramAndElseRefused(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        assertThat(look(url, with(NEXT), true).isFit()).isTrue();
        assertThat(look(url, with(), true).isFit()).isTrue();

        ask(
                url,
                "INSERT INTO schema_version (version, serves_from, checksum, finished_at) VALUES (" + (CURRENT + 2)
                        + ", " + (CURRENT + 1) + ", 'x', now())");

        assertThat(look(url, with(), true))
                .isEqualTo(Standing.foreign("its schema has version " + (CURRENT + 2)
                        + ", which serves programs from version " + (CURRENT + 1) + " on, and this program has version "
                        + CURRENT + ": start a newer Ipamer"));
        assertThat(look(url, with(NEXT), true).isFit()).isTrue();
    }

    @Test
    void whoMustNotMigrateWaitsAndChangesNothing() throws SQLException {
        DatabaseUrl url = TestDatabases.bundled();

        assertThat(look(url, with(), false))
                .isEqualTo(Standing.unready("its schema has version 0 and this program needs version " + CURRENT
                        + ": run ipamer migrate, or start with --migrate auto"));
        assertThat(ask(url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"))
                .isEmpty();

        assertThat(look(url, with(), true).isFit()).isTrue();
        assertThat(look(url, with(), false).isFit()).isTrue();
    }

    @Test
    void callersAreToldWhatTheServerWaitsFor() throws Exception {
        DatabaseUrl url = TestDatabases.bundled();
        try (SqlStore store = SqlStore.connect(url, Retention.DEFAULT, false, new SimpleMeterRegistry())) {
            store.awaitFirstLook(Duration.ofSeconds(20));

            assertThatThrownBy(() -> store.namespaces("", Integer.MAX_VALUE).join())
                    .cause()
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("run ipamer migrate");

            SqlStore.migrate(url);
            CompletableFuture<Boolean> ready = new CompletableFuture<>();
            store.onReadiness(fit -> {
                if (fit) {
                    ready.complete(true);
                }
            });
            ready.get(20, TimeUnit.SECONDS);
            assertThat(store.namespaces("", Integer.MAX_VALUE).join()).containsExactly(Namespace.ROOT);
        }
    }

    @Test
    void callersAreNotToldOfASchemaWhileTheDatabaseIsAway() throws Exception {
        DatabaseUrl url = TestDatabases.bundled();
        DatabaseUrl nowhere = DatabaseUrl.parse("postgresql://127.0.0.1:1/none");
        AtomicBoolean away = new AtomicBoolean();
        Function<String, DataSource> driver = options -> (away.get() ? nowhere : url).dataSource(options);
        try (SqlStore store =
                SqlStore.connect(driver, Retention.DEFAULT, Schema.ofProgram(), false, new SimpleMeterRegistry())) {
            store.awaitFirstLook(Duration.ofSeconds(20));
            away.set(true);
            ask(
                    url,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            + " WHERE datname = current_database() AND pid <> pg_backend_pid()");

            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            String told;
            do {
                told = String.valueOf(catchThrowable(
                                () -> store.namespaces("", Integer.MAX_VALUE).join())
                        .getMessage());
            } while (told.contains("ipamer migrate") && System.nanoTime() < end);
            assertThat(told).contains("has not been reached since the server started");
        }
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

    @ParameterizedTest
    @EnumSource(Engine.class)
    void whatWasFitOnceIsNeverMigratedAgainAndLeftAloneUntilItsVersionIsBack(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        try (Database database = new Database(url::dataSource, with(), true)) {
            assertThat(database.look().isFit()).isTrue();

            ask(url, "ALTER TABLE schema_version RENAME TO elsewhere");
            assertThat(database.look())
                    .isEqualTo(Standing.foreign("its schema has version 0, and had version " + CURRENT
                            + " before: it is being restored, or another database has its name; it is left alone until"
                            + " that version is back"));
            assertThat(ask(url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"))
                    .doesNotContain("schema_version");

            ask(url, "ALTER TABLE elsewhere RENAME TO schema_version");
            assertThat(database.look().isFit()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void anotherToolsHistoryIsSomebodyElses(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        ask(url, "CREATE TABLE schema_version (version VARCHAR(50) NOT NULL, checksum BIGINT NULL)");

        assertThat(look(url, with(), true)).isEqualTo(Standing.foreignTable("schema_version"));
    }

    @Test
    void aSearchPathThatLeadsNowhereIsNamed() {
        DatabaseUrl url = TestDatabases.bundled();

        Standing standing = look(options -> url.dataSource(options + " -c search_path=nowhere"), with(), true);

        assertThat(standing.kind()).isEqualTo(Standing.Kind.DENIED);
        assertThat(standing.text()).contains("CREATE SCHEMA", "SQLSTATE 3F000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"40001", "40003", "CR000", "25006", "58030", "57P03", "08006", "53300", "55P03"})
    void whatPassesIsWaitedFor(String state) {
        assertThat(Dialect.mayComeUp(new SQLException("", state))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"28P01", "3D000", "3F000", "42501", "42601"})
    void whatSomebodyMustSetRightIsNot(String state) {
        assertThat(Dialect.mayComeUp(new SQLException("", state))).isFalse();
    }

    /** Goes on when the test lets it: the aborting of its connection comes too late. */
    @ParameterizedTest
    @ValueSource(strings = {"INSERT INTO counted (id) VALUES (gen_random_uuid());\n", ""})
    void whoLostItsLockWhileAStatementRanDoesNothingMore(String next) throws Exception {
        DatabaseUrl url = TestDatabases.bundled();
        assertThat(look(url, with(NEXT), true).isFit()).isTrue();
        ask(url, "CREATE TABLE gate (open UUID NOT NULL)");
        List<String> statements = new ArrayList<>(List.of("DO $$ BEGIN WHILE NOT EXISTS (SELECT 1 FROM gate) LOOP"
                + " PERFORM pg_sleep(0.02); END LOOP; END $$"));
        statements.addAll(next.isEmpty() ? List.of() : List.of(next));
        Schema schema = with(NEXT, new Migration(CURRENT + 2, 1, statements));
        CountDownLatch lost = new CountDownLatch(1);
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<Standing> found =
                    thread.submit(() -> look(options -> heedless(url.dataSource(options), lost), schema, true));
            loseTheLock(url);
            assertThat(lost.await(30, TimeUnit.SECONDS)).isTrue();
            ask(url, "INSERT INTO gate (open) VALUES (gen_random_uuid())");

            assertThat(found.get(30, TimeUnit.SECONDS).text()).contains("the lock on the schema was lost");
        } finally {
            ask(url, "INSERT INTO gate (open) VALUES (gen_random_uuid())");
            thread.shutdownNow();
        }
        assertThat(ask(url, "SELECT id FROM counted")).isEmpty();
        assertThat(ask(
                        url,
                        "SELECT version FROM schema_version WHERE version = " + (CURRENT + 2)
                                + " AND finished_at IS NOT NULL"))
                .isEmpty();
    }

    /** As one whose process stands still does: nobody beats for it. */
    @Test
    void aHolderThatStandsStillLosesTheLockByItself() throws SQLException {
        DatabaseUrl url = TestDatabases.bundled();
        assertThat(look(url, with(), true).isFit()).isTrue();
        try (Connection still = url.dataSource(SchemaLock.OPTIONS).getConnection();
                Statement statement = still.createStatement()) {
            still.setAutoCommit(false);
            statement.execute(Sql.LOCK_SCHEMA);
            assertThat(look(url, with(NEXT), true)).isEqualTo(Standing.CHANGING);

            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            Standing found = look(url, with(NEXT), true);
            while (!found.isFit() && System.nanoTime() < end) {
                found = look(url, with(NEXT), true); // waits a second for the lock
            }
            assertThat(found.isFit()).isTrue();
        }
    }

    @Test
    void anOperatorsMigrationWaitsForTheServerThatIsAtItWhateverItsPatience() throws Exception {
        DatabaseUrl url = TestDatabases.bundled();
        assertThat(look(url, with(), true).isFit()).isTrue();
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<String> migrated;
            try (SchemaLock lock = SchemaLock.take(url.dataSource(SchemaLock.OPTIONS), () -> {})) {
                assertThat(lock).isNotNull();
                migrated = thread.submit(() -> SqlStore.migrate(url::dataSource, with(NEXT), 0));
                String waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND wait_event_type = 'Lock'";
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
                String first = "";
                String last = "";
                while (first.equals(last) && !migrated.isDone() && System.nanoTime() < end) {
                    List<String> waiter = ask(url, waiting);
                    if (!waiter.isEmpty()) {
                        last = waiter.get(0);
                        first = first.isEmpty() ? last : first;
                    }
                }
                assertThat(last).as("came again").isNotEqualTo(first);
            }
            assertThat(migrated.get(30, TimeUnit.SECONDS)).startsWith("version " + (CURRENT + 1) + " in PostgreSQL");
        } finally {
            thread.shutdownNow();
        }
    }

    /** Takes it away from whoever is in the middle of a migration. */
    private static void loseTheLock(DatabaseUrl url) throws SQLException {
        String atIt = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'DO $$%'";
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (ask(url, atIt).isEmpty() && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        String holder = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND state = 'idle in transaction'";
        List<String> terminated = ask(url, holder);
        while (terminated.isEmpty() && System.nanoTime() < end) {
            terminated = ask(url, holder); // in the middle of a beat
        }
        assertThat(terminated).containsExactly("t");
    }

    /** Connections that are not aborted, but tell of it. */
    private static DataSource heedless(DataSource real, CountDownLatch aborted) {
        return (DataSource) Proxy.newProxyInstance(
                MigratorTest.class.getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(real, arguments);
                        return result instanceof Connection connection ? heedless(connection, aborted) : result;
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                });
    }

    private static Connection heedless(Connection real, CountDownLatch aborted) {
        return (Connection) Proxy.newProxyInstance(
                MigratorTest.class.getClassLoader(), new Class<?>[] {Connection.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("abort")) {
                        aborted.countDown();
                        return null;
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                });
    }
}
