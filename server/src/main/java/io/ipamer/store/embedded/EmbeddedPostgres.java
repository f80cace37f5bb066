package io.ipamer.store.embedded;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL of our own on a folder of its own. It listens on 127.0.0.1 alone and ends with this process, however that
 * ends; what it has committed is on disk.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);

    /**
     * Ends PostgreSQL when its standard input ends, which it does when this process closes it or is gone; and ends itself
     * when PostgreSQL ends.
     */
    private static final String GUARD = "exec 3<&0; \"$@\" </dev/null 3<&- & p=$!; "
            + "{ cat <&3 >/dev/null 2>&1; kill -INT $p; } >/dev/null 2>&1 & w=$!; exec 3<&-; "
            + "wait $p; rc=$?; kill $w; exit $rc";

    private static final List<String> SETTINGS = List.of(
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=on",
            "synchronous_commit=on",
            "full_page_writes=on",
            "max_connections=100",
            "shared_buffers=128MB",
            "timezone=UTC",
            "log_timezone=UTC",
            "logging_collector=off",
            "log_destination=stderr");

    /** Redoing the log after a crash counts as starting. */
    private static final Duration START_PATIENCE = Duration.ofMinutes(5);

    /** After a shorter life PostgreSQL waits before it is started again, the longer the more often it ended. */
    private static final Duration LONG_LIFE = Duration.ofMinutes(1);

    private static final Duration MAX_PAUSE = Duration.ofSeconds(30);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(30);
    private static final int PORTS_TO_TRY = 5;
    private static final String LOG_FILE = "postgres.log";
    private static final long LOG_FILE_LIMIT_BYTES = 16 << 20;
    private static final String ELSEWHERE = "choose a folder this user may write to with --data-dir";
    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (([0-9]+)[0-9.]*)");

    private final HomeLock lock;
    private final Launch launch;
    private final String version;
    private final Thread watch;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile Running running;

    private EmbeddedPostgres(HomeLock lock, Launch launch, String version, Running running) {
        this.lock = lock;
        this.launch = launch;
        this.version = version;
        this.running = running;
        this.watch = new Thread(this::keepRunning, "ipamer-postgres");
        watch.setDaemon(true);
    }

    /** What it takes to start PostgreSQL on a folder that has a database. */
    private record Launch(Path home, Cluster cluster, Account account, Path binaries, String password) {}

    private record Running(Process guard, long postmasterPid, int port) {}

    /**
     * Starts it, and makes the database first where there is none. Takes about half a second, and some seconds the first
     * time; longer after a crash.
     *
     * @param home the folder, made if need be; all of the database is in it
     * @throws EmbeddedPostgresException if it cannot be; says what to do
     */
    public static EmbeddedPostgres start(Path home) {
        return start(home, Binaries.bundled());
    }

    static EmbeddedPostgres start(Path home, Binaries source) {
        Path folder = home.toAbsolutePath().normalize();
        try {
            Folders.createPrivate(folder);
            return startIn(folder, source);
        } catch (IOException failed) {
            throw new EmbeddedPostgresException(
                    "cannot keep a database in the data folder " + folder + ": " + reason(folder, failed), failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new EmbeddedPostgresException("interrupted while starting the database in " + folder, interrupted);
        }
    }

    /** The folder that all of it is in. */
    public Path home() {
        return launch.home();
    }

    /** For one connection or a pool: {@code jdbc:postgresql://127.0.0.1:port/postgres}. */
    public String jdbcUrl() {
        return jdbcUrl(port());
    }

    /** A superuser. */
    public String user() {
        return Cluster.USER;
    }

    public String password() {
        return launch.password();
    }

    /** On 127.0.0.1; another one for each program, the same for as long as this one runs. */
    public int port() {
        return running.port();
    }

    /** As PostgreSQL says it, such as {@code 18.6}. */
    public String version() {
        return version;
    }

    /** The process that all others of this PostgreSQL come from. */
    public long postmasterPid() {
        return running.postmasterPid();
    }

    /** Breaks off what still runs in it and stops it; returns when it is gone. Does nothing the second time. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        // An interrupt from before must not leave PostgreSQL running on a folder that is unlocked already.
        boolean interrupted = Thread.interrupted();
        try (lock) {
            watch.interrupt();
            watch.join();
            stop(running.guard());
            // Of one that was killed, processes may be left that the guard knows nothing of.
            launch.cluster().endOrphans();
        } catch (IOException | EmbeddedPostgresException failed) {
            LOG.warn("the embedded PostgreSQL did not stop in order: {}", failed.toString());
        } catch (InterruptedException again) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static EmbeddedPostgres startIn(Path home, Binaries source) throws IOException, InterruptedException {
        Cluster cluster = new Cluster(home);
        Account self = Account.own();
        self.requireOwn(home, cluster.data());
        HomeLock lock = HomeLock.take(home);
        boolean started = false;
        try {
            Folders.deleteLeftovers(home, Bundle.UNFINISHED);
            Folders.deleteLeftovers(home, ".secret-");
            Path binaries = source.directory(home).toAbsolutePath();
            Matcher version = versionOf(binaries);
            Account account = self.forDatabase(home, binaries);
            cluster.endOrphans();
            cluster.create(binaries, Integer.parseInt(version.group(2)), account);
            Launch launch = new Launch(home, cluster, account, binaries, cluster.password());
            EmbeddedPostgres postgres = new EmbeddedPostgres(lock, launch, version.group(1), run(launch));
            postgres.watch.start();
            started = true;
            return postgres;
        } finally {
            if (!started) {
                lock.close();
            }
        }
    }

    /** Starts PostgreSQL again when it has ended by itself, as when the system was short of memory and chose it. */
    private void keepRunning() {
        long pauseMillis = 0;
        try {
            while (true) {
                long start = System.nanoTime();
                int status = running.guard().waitFor();
                LOG.warn("PostgreSQL has ended (status {}) and is started again; its log is {}", status, logFile());
                boolean livedLong = System.nanoTime() - start > LONG_LIFE.toNanos();
                pauseMillis = livedLong ? 0 : pauseMillis;
                do {
                    Thread.sleep(pauseMillis);
                    pauseMillis = Math.min(Math.max(1_000, 2 * pauseMillis), MAX_PAUSE.toMillis());
                } while (!startedAgain());
            }
        } catch (InterruptedException closing) {
            // close() does the rest.
        }
    }

    /** On the same port, which those who connect to it know. */
    private boolean startedAgain() throws InterruptedException {
        int port = running.port();
        try {
            stop(running.guard());
            launch.cluster().endOrphans();
            Optional<Running> again = run(launch, port);
            again.ifPresentOrElse(
                    runs -> running = runs,
                    () -> LOG.warn("PostgreSQL does not start again yet: its port {} is taken", port));
            return again.isPresent();
        } catch (IOException | EmbeddedPostgresException failed) {
            LOG.warn("PostgreSQL does not start again yet: {}", failed.toString());
            return false;
        } catch (RuntimeException defect) {
            // Tried again all the same: without its database the program is of no use.
            LOG.error("starting PostgreSQL again failed in a way that nobody foresaw", defect);
            return false;
        }
    }

    private static Matcher versionOf(Path binaries) throws IOException, InterruptedException {
        String postgres = binaries.resolve("postgres").toString();
        Command.Outcome outcome;
        try {
            outcome = Command.run(List.of(postgres, "--version"));
        } catch (IOException failed) {
            throw new EmbeddedPostgresException(
                    "cannot run " + postgres + " (" + failed.getMessage()
                            + "): the data folder must be where programs may be run from (--data-dir)",
                    failed);
        }
        Matcher version = VERSION.matcher(outcome.output());
        if (outcome.status() != 0 || !version.find()) {
            throw new EmbeddedPostgresException("cannot run " + postgres + ": " + outcome.output());
        }
        return version;
    }

    private static Running run(Launch launch) throws IOException, InterruptedException {
        for (int attempt = 1; attempt <= PORTS_TO_TRY; attempt++) {
            Optional<Running> running = run(launch, freePort());
            if (running.isPresent()) {
                return running.get();
            }
        }
        throw new EmbeddedPostgresException("PostgreSQL found no free port on 127.0.0.1, try again");
    }

    /** Starts PostgreSQL; empty when somebody else has the port. */
    private static Optional<Running> run(Launch launch, int port) throws IOException, InterruptedException {
        File log = logFile(launch.home());
        long logStart = log.length();
        Process guard = Command.builder(guarded(launch, port))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                .start();
        boolean ready = false;
        try {
            long pid = awaitReady(launch.cluster(), guard);
            if (pid >= 0) {
                try (Connection connection = connect(port, launch.password())) {
                    ready = connection.isValid(0);
                }
            }
            if (ready) {
                return Optional.of(new Running(guard, pid, port));
            }
        } catch (SQLException failed) {
            throw new EmbeddedPostgresException(
                    "the database in " + launch.home() + " started but does not answer: " + failed.getMessage(),
                    failed);
        } finally {
            if (!ready) {
                stop(guard);
            }
        }
        String said = textFrom(log, logStart);
        if (said.contains("could not bind")) {
            return Optional.empty();
        }
        throw new EmbeddedPostgresException("PostgreSQL does not start on the data folder " + launch.home() + ": "
                + (Folders.isFull(launch.home(), said)
                        ? Folders.FULL
                        : Command.failures(said) + " (all it says is in " + log + ")"));
    }

    private static List<String> guarded(Launch launch, int port) {
        List<String> command = new ArrayList<>();
        if (Command.isInstalled("setsid")) {
            // Control-C in a terminal is for this process, which first finishes what it has begun.
            command.add("setsid");
        }
        command.addAll(List.of("/bin/sh", "-c", GUARD, "sh"));
        command.addAll(launch.account()
                .command(List.of(
                        launch.binaries().resolve("postgres").toString(),
                        "-D",
                        launch.cluster().data().toString(),
                        "-p",
                        "" + port)));
        for (String setting : SETTINGS) {
            command.add("-c");
            command.add(setting);
        }
        return command;
    }

    /** The postmaster's pid once it takes connections; -1 if it ended instead. */
    private static long awaitReady(Cluster cluster, Process guard) throws IOException, InterruptedException {
        long end = System.nanoTime() + START_PATIENCE.toNanos();
        while (!guard.waitFor(10, TimeUnit.MILLISECONDS)) {
            var postmaster = cluster.postmasterFile();
            if (postmaster.isPresent() && postmaster.get().ready()) {
                return postmaster.get().pid();
            }
            if (System.nanoTime() > end) {
                throw new EmbeddedPostgresException("PostgreSQL on " + cluster.data() + " was not ready after "
                        + START_PATIENCE.toMinutes() + " minutes: start again, its log says how far it came");
            }
        }
        return -1;
    }

    private static void stop(Process guard) throws IOException, InterruptedException {
        try {
            guard.getOutputStream().close();
        } finally {
            if (!guard.waitFor(CLOSE_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                LOG.warn(
                        "PostgreSQL took longer than {} s to stop; its processes are ended",
                        CLOSE_PATIENCE.toSeconds());
            }
        }
    }

    private static Connection connect(int port, String password) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", Cluster.USER);
        properties.setProperty("password", password);
        properties.setProperty("connectTimeout", "10");
        properties.setProperty("socketTimeout", "60");
        return DriverManager.getConnection(jdbcUrl(port), properties);
    }

    private static String jdbcUrl(int port) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            return socket.getLocalPort();
        }
    }

    private Path logFile() {
        return launch.home().resolve(LOG_FILE);
    }

    private static File logFile(Path home) throws IOException {
        Path log = home.resolve(LOG_FILE);
        if (Files.exists(log) && Files.size(log) > LOG_FILE_LIMIT_BYTES) {
            Files.move(log, home.resolve(LOG_FILE + ".old"), StandardCopyOption.REPLACE_EXISTING);
        }
        if (!Files.exists(log)) {
            // It quotes statements that failed.
            Files.createFile(log, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        return log.toFile();
    }

    private static String textFrom(File file, long offset) throws IOException {
        try (var in = Files.newInputStream(file.toPath(), StandardOpenOption.READ)) {
            in.skipNBytes(offset);
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }

    private static String reason(Path folder, IOException failed) {
        String words = String.valueOf(failed.getMessage());
        if (failed instanceof AccessDeniedException denied) {
            return denied.getFile() + " may not be written by this user (the folder is "
                    + Account.name(existing(folder)) + "'s): " + ELSEWHERE;
        }
        if (failed instanceof FileAlreadyExistsException file) {
            return file.getFile() + " is not a folder: " + ELSEWHERE;
        }
        return Folders.isFull(existing(folder), words) ? Folders.FULL : words + ": " + ELSEWHERE;
    }

    private static Path existing(Path folder) {
        Path existing = folder;
        while (!Files.exists(existing)) {
            existing = Folders.parent(existing);
        }
        return existing;
    }
}
