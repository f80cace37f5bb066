package io.ipamer.store.sql;

import io.ipamer.store.embedded.TestPostgres;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.cockroachdb.CockroachContainer;
import org.testcontainers.utility.DockerImageName;

/** Empty databases on every engine that this machine can offer; each call makes one. */
public final class TestDatabases {
    private static final String COCKROACH_URL = "IPAMER_TEST_COCKROACH_URL";
    private static final String COCKROACH_IMAGE = "cockroachdb/cockroach:v25.4.0";
    private static final AtomicInteger COUNT = new AtomicInteger();

    private static final class Cockroach {
        private static final Optional<DatabaseUrl> URL = url();

        private static Optional<DatabaseUrl> url() {
            String given = System.getenv(COCKROACH_URL);
            if (given != null && !given.isEmpty()) {
                return Optional.of(DatabaseUrl.parse(given));
            }
            if (!DockerClientFactory.instance().isDockerAvailable()) {
                return Optional.empty();
            }
            CockroachContainer container = new CockroachContainer(DockerImageName.parse(COCKROACH_IMAGE));
            container.start(); // stopped by the companion container of Testcontainers, also when this JVM is killed
            return Optional.of(
                    DatabaseUrl.parse(container.getJdbcUrl() + "?user=" + container.getUsername() + "&password="));
        }
    }

    private TestDatabases() {}

    /** On the PostgreSQL that the program brings along. */
    public static DatabaseUrl bundled() {
        return of(TestPostgres.database());
    }

    /** Makes a database whose tables are there as empty as a new one. */
    public static void empty(DatabaseUrl database) {
        try (Connection connection = database.dataSource("").getConnection();
                Statement statement = connection.createStatement()) {
            List<String> tables = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery("SELECT table_name FROM information_schema.tables"
                    + " WHERE table_schema = current_schema() AND table_name <> 'schema_version'")) {
                while (rows.next()) {
                    tables.add(rows.getString(1));
                }
            }
            connection.setAutoCommit(false);
            for (String table : tables) {
                statement.execute("DELETE FROM " + table);
            }
            for (String sql : SqlText.schemaStatements()) {
                if (sql.startsWith("INSERT")) {
                    statement.execute(sql);
                }
            }
            connection.commit();
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** On the newest PostgreSQL that is installed here. */
    static DatabaseUrl installed() {
        return of(TestPostgres.installed().orElseThrow().freshDatabase());
    }

    static boolean isPostgresInstalled() {
        return TestPostgres.installed().isPresent();
    }

    static DatabaseUrl cockroach() {
        DatabaseUrl server = Cockroach.URL.orElseThrow();
        String name = "t_" + ProcessHandle.current().pid() + "_" + COUNT.incrementAndGet();
        try (Connection connection = server.dataSource("").getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
        return server.withDatabase(name);
    }

    static boolean isCockroachThere() {
        return Cockroach.URL.isPresent();
    }

    private static DatabaseUrl of(TestPostgres.Database database) {
        return DatabaseUrl.parse(
                database.jdbcUrl() + "?user=" + encoded(database.user()) + "&password=" + encoded(database.password()));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
