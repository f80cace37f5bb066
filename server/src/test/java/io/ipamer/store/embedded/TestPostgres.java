package io.ipamer.store.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A running PostgreSQL for all tests of one JVM: started by the first test that asks, stopped with the JVM, also when that
 * is killed. Each test takes a database of its own.
 *
 * <p>Everything is kept in the folder that the system property {@code ipamer.test.postgres} names, {@code
 * target/test-postgres} by default; the programs are unpacked there once for all JVMs.
 */
public final class TestPostgres {
    /** An empty database, and what a connection to it needs; the user may do everything. */
    public record Database(String jdbcUrl, String user, String password) {
        public Connection connect() throws SQLException {
            return DriverManager.getConnection(jdbcUrl, user, password);
        }

        /** The first column of what a query finds, as text. */
        public List<String> column(String sql) throws SQLException {
            List<String> values = new ArrayList<>();
            try (Connection connection = connect();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    values.add(rows.getString(1));
                }
            }
            return values;
        }
    }

    private static final Path FOLDER = Path.of(System.getProperty("ipamer.test.postgres", "target/test-postgres"))
            .toAbsolutePath();

    private static final String HOME = "run-";

    private static final class Bundled {
        private static final TestPostgres POSTGRES = new TestPostgres(sharedBinaries());
    }

    private static final class Installed {
        private static final Optional<TestPostgres> POSTGRES =
                installedBinaries().map(Binaries::installed).map(TestPostgres::new);
    }

    private final EmbeddedPostgres postgres;
    private final AtomicInteger databases = new AtomicInteger();

    private TestPostgres(Binaries binaries) {
        try {
            Files.createDirectories(FOLDER);
            deleteWhatKilledJvmsLeft();
            Path home = Files.createTempDirectory(FOLDER, HOME);
            EmbeddedPostgres started = EmbeddedPostgres.start(home, binaries);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                started.close();
                Folders.deleteAsFarAsPossible(home);
            }));
            this.postgres = started;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** A fresh database on the PostgreSQL that the program brings along. */
    public static Database database() {
        return bundled().freshDatabase();
    }

    /** The PostgreSQL that the program brings along. */
    public static TestPostgres bundled() {
        return Bundled.POSTGRES;
    }

    /** Another one, for a test that kills it. All of its data is in the folder. */
    public static EmbeddedPostgres startIn(Path home) {
        return EmbeddedPostgres.start(home, sharedBinaries());
    }

    /** The newest PostgreSQL installed on this machine; empty when there is none. */
    public static Optional<TestPostgres> installed() {
        return Installed.POSTGRES;
    }

    /** Such as {@code 18.6}. */
    public String version() {
        return postgres.version();
    }

    public Database freshDatabase() {
        String name = "t_" + databases.incrementAndGet();
        try (Connection connection =
                        DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
        return new Database(
                "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/" + name, postgres.user(), postgres.password());
    }

    @Override
    public String toString() {
        return "PostgreSQL " + version();
    }

    /** Puts the programs into a data folder as a first start does, which takes longer. */
    public static void bringProgramsInto(Path home) {
        try {
            Files.createDirectories(home);
            Path unpacked = Folders.parent(sharedBinaries().directory(home));
            Command.Outcome copied = Command.run(List.of("cp", "-a", unpacked.toString(), home.toString()));
            if (copied.status() != 0) {
                throw new IOException(copied.output());
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /** The programs that the program brings along, unpacked once for all tests. */
    static Binaries sharedBinaries() {
        return Binaries.bundledIn(FOLDER);
    }

    private static Optional<Path> installedBinaries() {
        Path versions = Path.of("/usr/lib/postgresql");
        if (!Files.isDirectory(versions)) {
            return Optional.empty();
        }
        try (Stream<Path> found = Files.list(versions)) {
            return found.filter(version -> version.getFileName().toString().matches("[0-9]+"))
                    .sorted(Comparator.comparing(
                            (Path version) ->
                                    Integer.valueOf(version.getFileName().toString()),
                            Comparator.reverseOrder()))
                    .map(version -> version.resolve("bin"))
                    .filter(bin ->
                            Files.isExecutable(bin.resolve("initdb")) && Files.isExecutable(bin.resolve("postgres")))
                    .findFirst();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Spares what is young: another JVM may just have made it, and not have locked it yet. */
    private static void deleteWhatKilledJvmsLeft() throws IOException {
        Instant young = Instant.now().minus(Duration.ofMinutes(10));
        try (DirectoryStream<Path> homes = Files.newDirectoryStream(FOLDER, HOME + "*")) {
            for (Path home : homes) {
                if (Files.getLastModifiedTime(home).toInstant().isBefore(young) && isFree(home)) {
                    Folders.deleteAsFarAsPossible(home);
                }
            }
        }
    }

    private static boolean isFree(Path home) throws IOException {
        try (HomeLock lock = HomeLock.take(home)) {
            return lock != null;
        } catch (EmbeddedPostgresException inUse) {
            return false;
        }
    }
}
