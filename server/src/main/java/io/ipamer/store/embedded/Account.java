package io.ipamer.store.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who runs PostgreSQL, which refuses to run as root.
 *
 * @param prefix what goes before a command so that it runs as this account; it becomes the command, with the same pid
 * @param owner the numeric user whose the database's files must be, and its group
 */
record Account(List<String> prefix, int owner, int group) {
    private static final int ROOT = 0;

    Account {
        prefix = List.copyOf(prefix);
    }

    /** This process's own. */
    static Account own() throws IOException, InterruptedException {
        Command.Outcome ids = Command.run(List.of("/bin/sh", "-c", "id -u; id -g"));
        try {
            List<String> lines = ids.output().lines().toList();
            return new Account(List.of(), Integer.parseInt(lines.get(0)), Integer.parseInt(lines.get(1)));
        } catch (NumberFormatException | IndexOutOfBoundsException failed) {
            throw new IOException("cannot tell who this program runs as; id says: " + ids.output(), failed);
        }
    }

    /**
     * Refuses a home in which this process would take something away from another user: what root puts into a folder its
     * owner could not use any more, and a database is of no use to anybody but its owner.
     *
     * @param data the database's files, if there are any
     */
    void requireOwn(Path home, Path data) throws IOException {
        Path found = owner != ROOT ? data : home;
        if (Files.exists(found) && owner(found) != owner) {
            throw new EmbeddedPostgresException(
                    "the data folder " + home + " belongs to the user " + name(found) + ", and this program runs as "
                            + (owner == ROOT ? "root" : "another (uid " + owner + ")")
                            + ": start it as that user, or choose another folder with --data-dir");
        }
    }

    /**
     * The account for a database below {@code home}: this one unless it is root. For root it is {@code nobody}, or, where
     * nobody cannot get at the files, root without its powers.
     *
     * @param binaries must be reachable for it
     */
    Account forDatabase(Path home, Path binaries) throws IOException, InterruptedException {
        if (owner != ROOT) {
            return this;
        }
        Optional<int[]> nobody = nobody();
        if (nobody.isPresent() && Command.isInstalled("setpriv")) {
            int uid = nobody.get()[0];
            int gid = nobody.get()[1];
            letOthersThrough(home);
            Account account = new Account(
                    List.of("setpriv", "--reuid=" + uid, "--regid=" + gid, "--clear-groups", "--"), uid, gid);
            if (account.reaches(home, binaries)) {
                return account;
            }
        }
        Account powerless = new Account(List.of("unshare", "-U", "--"), ROOT, ROOT);
        if (Command.isInstalled("unshare") && powerless.reaches(home, binaries)) {
            return powerless;
        }
        throw new EmbeddedPostgresException(
                "PostgreSQL does not run as root, and neither setpriv to nobody nor unshare -U works here with the data"
                        + " folder " + home + ": start the program as an ordinary user, or choose a folder with"
                        + " --data-dir which the user nobody can reach");
    }

    List<String> command(List<String> command) {
        List<String> whole = new ArrayList<>(prefix);
        whole.addAll(command);
        return whole;
    }

    /** Makes the file or folder this account's own, but not what is in it. */
    void own(Path file) throws IOException {
        Folders.giveTo(owner, group, file);
    }

    /** Makes the tree this account's own, unless it is. */
    void ownTree(Path tree) throws IOException {
        if (owner(tree) != owner) {
            Folders.giveTreeTo(owner, group, tree);
        }
    }

    /** Whose the file is, by name where there is one. */
    static String name(Path file) {
        try {
            return Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).getName();
        } catch (IOException unknown) {
            return "unknown";
        }
    }

    private static int owner(Path file) throws IOException {
        return (Integer) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    }

    private boolean reaches(Path home, Path binaries) throws IOException, InterruptedException {
        return Command.run(command(List.of(
                                "/bin/sh",
                                "-c",
                                "test -x \"$1\" && test -x \"$2\" && test -x \"$3\"",
                                "sh",
                                home.toString(),
                                binaries.resolve("initdb").toString(),
                                binaries.resolve("postgres").toString())))
                        .status()
                == 0;
    }

    /** The user that owns nothing; initdb wants one that is listed. */
    private static Optional<int[]> nobody() throws IOException {
        Path users = Path.of("/etc/passwd");
        if (!Files.isReadable(users)) {
            return Optional.empty();
        }
        return Files.readAllLines(users).stream()
                .map(line -> line.split(":"))
                .filter(fields -> fields.length > 3 && fields[0].equals("nobody"))
                .map(fields -> new int[] {Integer.parseInt(fields[2]), Integer.parseInt(fields[3])})
                .findFirst();
    }

    /** Others may pass the folder by, and see nothing in it. */
    private static void letOthersThrough(Path home) throws IOException {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        permissions.addAll(Files.getPosixFilePermissions(home));
        if (permissions.addAll(Set.of(PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.OTHERS_EXECUTE))) {
            Files.setPosixFilePermissions(home, permissions);
        }
    }
}
