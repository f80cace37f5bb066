package io.ipamer.store.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Changes of folders that hold after a power cut, or have not happened. */
final class Folders {
    static final String FULL = "the disk is full: make room, and start again";

    private static final Pattern FULL_DISK =
            Pattern.compile("No space left on device|Disk quota exceeded|Check free disk space");

    /** With less no program of PostgreSQL's gets far. */
    private static final long FULL_BYTES = 1 << 20;

    private Folders() {}

    /** Makes the folder unless it is there; a new one is for this user alone, its parents are as usual. */
    static void createPrivate(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(parent(folder));
            Files.createDirectory(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
    }

    /** Renames within one file system; the new name is on disk when this returns. */
    static void moveDurably(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        sync(parent(to));
    }

    /** Writes a file that only its owner can read, whole or not at all. */
    static void writeSecret(Path file, String text) throws IOException {
        Path parent = parent(file);
        Path temporary = Files.createTempFile(
                parent,
                ".secret-",
                ".new",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            moveDurably(temporary, file);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** Puts a file, or a folder's list of names, on disk: a rename alone may be lost with the power. */
    static void sync(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Puts the whole tree on disk: in one go where the system can, which is faster than file by file. */
    static void syncTree(Path tree) throws IOException, InterruptedException {
        if (Command.isInstalled("sync")
                && Command.run(List.of("sync", "-f", tree.toString())).status() == 0) {
            return;
        }
        List<Path> files;
        try (Stream<Path> entries = Files.walk(tree)) {
            files = entries.filter(entry -> !Files.isSymbolicLink(entry)).toList();
        }
        for (Path file : files) {
            sync(file);
        }
    }

    /** Deletes the tree, as far as it can be: what something else still writes into may stay. */
    static void deleteAsFarAsPossible(Path tree) {
        try {
            Files.walkFileTree(tree, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
                        throws IOException {
                    Files.deleteIfExists(folder);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException ignored) {
            // Left for the next start, which tries again.
        }
    }

    /** Deletes what an interrupted start left behind under names that begin like this. */
    static void deleteLeftovers(Path folder, String prefix) throws IOException {
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(folder, prefix + "*")) {
            leftovers.forEach(Folders::deleteAsFarAsPossible);
        } catch (NoSuchFileException nothingThere) {
            // Nothing was ever started here.
        }
    }

    /** Gives a file or a folder, not what is in it, to another account; of a link, the link itself. */
    static void giveTo(int uid, int gid, Path file) throws IOException {
        Files.setAttribute(file, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(file, "unix:gid", gid, LinkOption.NOFOLLOW_LINKS);
    }

    /** Gives the tree to another account; nobody else may be at work in it. */
    static void giveTreeTo(int uid, int gid, Path tree) throws IOException {
        try (Stream<Path> entries = Files.walk(tree)) {
            // The top last: whose that is, says whose all of it is, also after an interruption.
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                giveTo(uid, gid, entry);
            }
        } catch (UncheckedIOException failed) {
            throw failed.getCause();
        }
    }

    /** Whether a failure in the folder came of the disk being full; the words may be lost for the same reason. */
    static boolean isFull(Path folder, String words) {
        if (FULL_DISK.matcher(words).find()) {
            return true;
        }
        try {
            FileStore disk = Files.getFileStore(folder);
            return disk.getTotalSpace() > 0 && disk.getUsableSpace() < FULL_BYTES;
        } catch (IOException unknown) {
            return false;
        }
    }

    static Path parent(Path path) {
        Path parent = path.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no parent");
        }
        return parent;
    }
}
