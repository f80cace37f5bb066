package io.ipamer.store.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class EmbeddedPostgresTest {
    @TempDir
    Path folder;

    @Test
    void startsOnAFolderThatIsNotThereYetAndKeepsDataOverARestart() throws Exception {
        Path home = folder.resolve("not/there/yet");
        String password;
        try (EmbeddedPostgres postgres = start(home)) {
            assertThat(postgres.version()).isEqualTo(Bundle.VERSION);
            password = postgres.password();
            execute(postgres, "CREATE TABLE t (v text)", "INSERT INTO t VALUES ('kept')");
        }
        try (EmbeddedPostgres postgres = start(home)) {
            assertThat(postgres.password()).isEqualTo(password);
            assertThat(query(postgres, "SELECT v FROM t")).isEqualTo("kept");
        }
    }

    @Test
    void theSecondOnAFolderFailsAtOnceNamingFolderAndPidAndLeavesTheFirstUnharmed() throws Exception {
        try (EmbeddedPostgres first = start(folder)) {
            // Twice: the first refusal must not have let go of the lock.
            for (int attempt = 1; attempt <= 2; attempt++) {
                assertThatExceptionOfType(EmbeddedPostgresException.class)
                        .isThrownBy(() -> start(folder).close())
                        .withMessageContaining(folder.toString())
                        .withMessageContaining("pid " + ProcessHandle.current().pid());
            }
            assertThat(query(first, "SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void startsAgainAfterThePostmasterWasKilledAndHasWhatWasCommitted() throws Exception {
        try (EmbeddedPostgres killed = start(folder)) {
            execute(killed, "CREATE TABLE t (v text)", "INSERT INTO t VALUES ('committed')");
            kill(killed.postmasterPid());
        }
        try (EmbeddedPostgres postgres = start(folder)) {
            assertThat(query(postgres, "SELECT v FROM t")).isEqualTo("committed");
        }
    }

    /** Starts one, says the postmaster's pid, and waits for its end. */
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) throws Exception {
            try (EmbeddedPostgres postgres = start(Path.of(arguments[0]))) {
                execute(postgres, "CREATE TABLE t (v text)", "INSERT INTO t VALUES ('committed')");
                System.out.println("postmaster " + postgres.postmasterPid());
                System.in.read();
            }
        }
    }

    @Test
    void endsByItselfWhenItsProgramIsKilled() throws Exception {
        Process program = program();
        try {
            ProcessHandle postmaster = postmasterOf(program);
            program.destroyForcibly().waitFor();
            postmaster.onExit().get(20, TimeUnit.SECONDS);
        } finally {
            program.destroyForcibly();
        }
    }

    @Test
    void startsAgainAtOnceAfterProgramAndGuardWereKilledAndThePostmasterLivesOn() throws Exception {
        Process program = program();
        try {
            ProcessHandle postmaster = postmasterOf(program);
            ProcessHandle guard = postmaster.parent().orElseThrow();
            List<ProcessHandle> guards = guard.descendants()
                    .filter(process -> process.pid() != postmaster.pid()
                            && process.parent()
                                    .map(ProcessHandle::pid)
                                    .filter(pid -> pid == postmaster.pid())
                                    .isEmpty())
                    .toList();
            // The watcher first: it would do its work on the program's end.
            guards.forEach(ProcessHandle::destroyForcibly);
            guard.destroyForcibly();
            program.destroyForcibly().waitFor();
            assertThat(runs(postmaster)).isTrue();
            try (EmbeddedPostgres postgres = start(folder)) {
                assertThat(runs(postmaster)).isFalse();
                assertThat(query(postgres, "SELECT v FROM t")).isEqualTo("committed");
            }
        } finally {
            program.destroyForcibly();
        }
    }

    /** A process whose exit status nobody has asked for yet still counts as alive, but runs no program. */
    private static boolean runs(ProcessHandle process) {
        return Files.exists(Path.of("/proc", String.valueOf(process.pid()), "exe"));
    }

    private Process program() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static ProcessHandle postmasterOf(Process program) throws IOException {
        BufferedReader output = program.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith("postmaster ")) {
                return ProcessHandle.of(Long.parseLong(line.substring("postmaster ".length())))
                        .orElseThrow();
            }
        }
        throw new AssertionError("the program ended before its database was up");
    }

    @Test
    void closeEndsThePostmasterAndFreesTheFolder() {
        EmbeddedPostgres postgres = start(folder);
        long pid = postgres.postmasterPid();
        postgres.close();
        postgres.close();
        assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
        assertThat(folder.resolve("db/data/postmaster.pid")).doesNotExist();
    }

    @Test
    void doesNotHeedAPostmasterFileThatNamesALivingStranger() throws Exception {
        try (EmbeddedPostgres postgres = start(folder)) {
            execute(postgres, "CREATE TABLE t (v text)", "INSERT INTO t VALUES ('kept')");
        }
        Files.writeString(
                folder.resolve("db/data/postmaster.pid"),
                ProcessHandle.current().pid() + "\n/elsewhere\n");
        try (EmbeddedPostgres postgres = start(folder)) {
            assertThat(query(postgres, "SELECT v FROM t")).isEqualTo("kept");
        }
    }

    @Test
    void commitsAreDurable() throws Exception {
        TestPostgres.Database database = TestPostgres.database();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
                assertThat(only(statement, "SHOW " + setting)).as(setting).isEqualTo("on");
            }
        }
    }

    @Test
    void aWrongPasswordIsRefused() {
        TestPostgres.Database database = TestPostgres.database();
        assertThatExceptionOfType(SQLException.class)
                .isThrownBy(() -> DriverManager.getConnection(database.jdbcUrl(), database.user(), "wrong")
                        .close())
                .withMessageContaining("password");
    }

    @Test
    void thePasswordIsForItsOwnerAlone() throws Exception {
        try (EmbeddedPostgres postgres = start(folder)) {
            assertThat(postgres.password()).hasSize(32);
            assertThat(Files.getPosixFilePermissions(folder.resolve("db-password")))
                    .extracting(Enum::name)
                    .containsExactlyInAnyOrder("OWNER_READ", "OWNER_WRITE");
            assertThat(folder).isDirectoryNotContaining("glob:**/.secret-*");
        }
    }

    @Test
    void saysThatAFileIsNotAFolder() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        for (Path home : List.of(file, file.resolve("below"))) {
            assertThatExceptionOfType(EmbeddedPostgresException.class)
                    .isThrownBy(() -> start(home).close())
                    .withMessageContaining(home.toString())
                    .withMessageContaining("choose a folder");
        }
    }

    @Test
    void saysThatAFolderCannotBeWritten() {
        // Not even root makes folders there.
        assertThatExceptionOfType(EmbeddedPostgresException.class)
                .isThrownBy(() -> start(Path.of("/proc/ipamer")).close())
                .withMessageContaining("/proc/ipamer")
                .withMessageContaining("choose a folder");
    }

    @Test
    void saysWhatMadeTheDatabaseWhenThatWasAnotherVersion() throws Exception {
        start(folder).close();
        Files.writeString(folder.resolve("db/data/PG_VERSION"), "12\n");
        assertThatExceptionOfType(EmbeddedPostgresException.class)
                .isThrownBy(() -> start(folder).close())
                .withMessageContaining("made by PostgreSQL 12")
                .withMessageContaining("dump it");
    }

    @Test
    void runsTheInstalledPostgresToo() throws Exception {
        assumeTrue(TestPostgres.installed().isPresent(), "no PostgreSQL is installed in /usr/lib/postgresql");
        TestPostgres installed = TestPostgres.installed().orElseThrow();
        try (Connection connection = installed.freshDatabase().connect();
                Statement statement = connection.createStatement()) {
            assertThat(only(statement, "SHOW server_version")).startsWith(installed.version());
        }
    }

    private static EmbeddedPostgres start(Path home) {
        return EmbeddedPostgres.start(home, TestPostgres.sharedBinaries());
    }

    private static void kill(long pid) throws Exception {
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
        assertThat(process.destroyForcibly()).isTrue();
        process.onExit().get(10, TimeUnit.SECONDS);
    }

    private static void execute(EmbeddedPostgres postgres, String... sql) throws SQLException {
        try (Connection connection = connect(postgres);
                Statement statement = connection.createStatement()) {
            for (String one : sql) {
                statement.execute(one);
            }
        }
    }

    private static String query(EmbeddedPostgres postgres, String sql) throws SQLException {
        try (Connection connection = connect(postgres);
                Statement statement = connection.createStatement()) {
            return only(statement, sql);
        }
    }

    private static Connection connect(EmbeddedPostgres postgres) throws SQLException {
        return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
    }

    private static String only(Statement statement, String sql) throws SQLException {
        try (ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }
}
