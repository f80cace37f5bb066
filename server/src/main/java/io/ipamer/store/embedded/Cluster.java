package io.ipamer.store.embedded;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The files of one PostgreSQL below a home that this process has locked: {@code db/data} is PostgreSQL's own, {@code
 * db-password} its superuser's password.
 */
final class Cluster {
    static final String USER = "postgres";

    private static final String UNFINISHED = "init-";
    private static final Path PROC = Path.of("/proc");

    /** A fast shutdown that takes longer is cut short; the log makes up for it at the next start. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Path home;
    private final Path data;

    Cluster(Path home) {
        this.home = home;
        this.data = home.resolve("db").resolve("data");
    }

    Path data() {
        return data;
    }

    /** Makes the database, unless there is one. */
    void create(Path binaries, int major, Account account) throws IOException, InterruptedException {
        Path db = Folders.parent(data);
        Files.createDirectories(db);
        Folders.deleteLeftovers(db, UNFINISHED);
        // Not all that is in it: an initdb whose program was killed may still write and delete there.
        account.own(db);
        if (!Files.exists(data)) {
            // Never the same name twice: an initdb whose parent was killed goes on writing into its folder.
            Path temporary = Files.createTempDirectory(db, UNFINISHED);
            Path forInitdb = Files.createTempFile(home, ".secret-", ".init");
            try {
                String password = newPassword();
                Folders.writeSecret(passwordFile(), password + "\n");
                Files.setPosixFilePermissions(forInitdb, PosixFilePermissions.fromString("rw-------"));
                Files.writeString(forInitdb, password + "\n");
                account.own(forInitdb);
                account.own(temporary);
                Command.Outcome outcome = Command.run(account.command(initdb(binaries, major, temporary, forInitdb)));
                if (outcome.status() != 0) {
                    throw notMade(outcome.output(), account);
                }
                Folders.moveDurably(temporary, data);
                Folders.sync(home);
            } finally {
                Files.deleteIfExists(forInitdb);
                Folders.deleteAsFarAsPossible(temporary);
            }
        }
        requireMajor(major);
        account.ownTree(data);
    }

    private EmbeddedPostgresException notMade(String output, Account account) {
        String message = "cannot make a database in the data folder " + home + ": ";
        if (output.contains("could not look up effective user ID")) {
            return new EmbeddedPostgresException(
                    message + "this program runs as a user without a name (uid " + account.owner()
                            + "), and PostgreSQL wants one: add a line for it to /etc/passwd, or start it as another user,"
                            + " or name a database of your own with --db-url");
        }
        return new EmbeddedPostgresException(
                message + (Folders.isFull(home, output) ? Folders.FULL : "initdb says: " + Command.failures(output)));
    }

    String password() throws IOException {
        try {
            return Files.readString(passwordFile()).strip();
        } catch (NoSuchFileException missing) {
            throw new EmbeddedPostgresException(
                    "the password of the database in " + home + " is gone: restore " + passwordFile(), missing);
        }
    }

    /**
     * Ends what still runs on the data from a program that was killed, and forgets it. PostgreSQL itself only asks whether
     * a process of the noted pid exists, and refuses to start for a stranger's or a dead one's.
     */
    void endOrphans() throws IOException, InterruptedException {
        if (!Files.exists(data)) {
            return;
        }
        Path real = data.toRealPath();
        List<Long> running = runningIn(real);
        if (!running.isEmpty()) {
            Optional<Long> postmaster =
                    postmasterFile().map(PostmasterFile::pid).filter(running::contains);
            Command.signal("INT", postmaster.map(List::of).orElse(running));
            if (!goneWithin(real, PATIENCE)) {
                Command.signal("QUIT", runningIn(real));
                if (!goneWithin(real, PATIENCE)) {
                    throw new EmbeddedPostgresException("processes of an earlier run still use " + data + " (pids "
                            + runningIn(real) + ") and do not end: end them by hand");
                }
            }
        }
        Files.deleteIfExists(data.resolve("postmaster.pid"));
    }

    /** What the running PostgreSQL says about itself; empty when there is none, or when it is just writing that. */
    Optional<PostmasterFile> postmasterFile() throws IOException {
        try {
            return PostmasterFile.parse(Files.readString(data.resolve("postmaster.pid")));
        } catch (NoSuchFileException noneRuns) {
            return Optional.empty();
        }
    }

    private Path passwordFile() {
        return home.resolve("db-password");
    }

    private void requireMajor(int major) throws IOException {
        Path version = data.resolve("PG_VERSION");
        if (!Files.exists(version)) {
            throw new EmbeddedPostgresException("there is no database in " + data + " (" + version.getFileName()
                    + " is missing): restore it, or move the folder out of the way to begin with an empty one");
        }
        String found = Files.readString(version).strip();
        if (!found.equals(String.valueOf(major))) {
            throw new EmbeddedPostgresException("the database in " + home + " was made by PostgreSQL " + found
                    + ", and this program brings PostgreSQL " + major
                    + ": dump it with the program that made it, and load the dump into a new folder (--data-dir)");
        }
    }

    private static List<String> initdb(Path binaries, int major, Path folder, Path passwordFile) {
        List<String> command = new ArrayList<>(List.of(
                binaries.resolve("initdb").toString(),
                "-D",
                folder.toString(),
                "-U",
                USER,
                "-A",
                "scram-sha-256",
                "--pwfile=" + passwordFile,
                "-E",
                "UTF8",
                "--locale=C"));
        if (major >= 17) {
            // PostgreSQL's own order of characters: a newer system library cannot upset the indexes.
            command.add("--locale-provider=builtin");
            command.add("--builtin-locale=C.UTF-8");
            if (Files.isDirectory(PROC.resolve("self"))) {
                // Linux can put all of it on disk in one go, which is faster than file by file.
                command.add("--sync-method=syncfs");
            }
        }
        return command;
    }

    private static String newPassword() {
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    private static boolean goneWithin(Path real, Duration patience) throws IOException, InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (!runningIn(real).isEmpty()) {
            if (System.nanoTime() > end) {
                return false;
            }
            Thread.sleep(10);
        }
        return true;
    }

    /** The processes at work in the folder: all of PostgreSQL's go there when they start. Zombies do not count. */
    private static List<Long> runningIn(Path real) throws IOException, InterruptedException {
        return Files.isDirectory(PROC.resolve("self")) ? foundInProc(real) : listedByLsof(real);
    }

    static List<Long> foundInProc(Path real) throws IOException {
        List<Long> pids = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                try {
                    if (Files.readSymbolicLink(process.resolve("cwd")).equals(real)) {
                        pids.add(Long.valueOf(process.getFileName().toString()));
                    }
                } catch (FileSystemException goneOrAnothers) {
                    // It ended meanwhile, or is another user's: then it is not PostgreSQL on our data.
                }
            }
        }
        return pids;
    }

    /** For macOS. */
    static List<Long> listedByLsof(Path real) throws IOException, InterruptedException {
        // Its status is 1 when there are none.
        return Command.run(List.of(
                        "/bin/sh",
                        "-c",
                        "PATH=$PATH:/usr/sbin exec lsof -w -t -a -d cwd -- \"$1\" 2>/dev/null",
                        "sh",
                        real.toString()))
                .output()
                .lines()
                .map(Long::valueOf)
                .toList();
    }

    /** The text that PostgreSQL keeps in its folder while it runs. */
    record PostmasterFile(long pid, boolean ready) {
        static Optional<PostmasterFile> parse(String text) {
            List<String> lines = text.lines().map(String::strip).toList();
            if (lines.isEmpty() || !lines.get(0).matches("[0-9]{1,18}")) {
                return Optional.empty();
            }
            return Optional.of(new PostmasterFile(
                    Long.parseLong(lines.get(0)),
                    lines.size() >= 8 && lines.get(7).equals("ready")));
        }
    }
}
