package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.ProgressBar;
import io.ipamer.cli.terminal.Terminal;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/** A file that is there when it is whole, and not before: until then it has another name. */
final class WholeFile {
    private static final int MOST_LINKS = 40;
    private static final FileAttribute<Set<PosixFilePermission>> OWNERS_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Terminal terminal;
    private final Path file;

    WholeFile(Terminal terminal, Path file) {
        this.terminal = terminal;
        this.file = file;
    }

    /** Writes what is to be in it. */
    interface Body {
        void write(OutputStream out) throws IOException;
    }

    /** How many bytes it has then. A pipe or device is written to as it is. */
    long write(ProgressBar progress, Body body) {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                try (CountedOutput out = new CountedOutput(Files.newOutputStream(file), progress)) {
                    body.write(out);
                    return out.count();
                }
            }
            Path target = Files.exists(file) ? file.toRealPath() : followed();
            if (Files.exists(target) && !Files.isWritable(target)) {
                throw new CommandFailure(
                        CommandFailure.REFUSED, "--file " + file + " is there, and this user may not write to it");
            }
            return write(target, progress, body);
        } catch (FileSystemLoopException endless) {
            throw failed("it is a link that leads nowhere", endless);
        } catch (NoSuchFileException noFolder) {
            throw failed("its folder does not exist", noFolder);
        } catch (AccessDeniedException forbidden) {
            throw failed("this user may not write there", forbidden);
        } catch (IOException other) {
            throw failed(String.valueOf(other.getMessage()), other);
        }
    }

    /** Where its links lead though nothing is there: they stay. */
    private Path followed() throws IOException {
        Path target = file.toAbsolutePath();
        for (int links = 0; Files.isSymbolicLink(target); links++) {
            if (links == MOST_LINKS) {
                throw new FileSystemLoopException(file.toString());
            }
            target = target.resolveSibling(Files.readSymbolicLink(target));
        }
        return target;
    }

    private CommandFailure failed(String why, IOException failure) {
        return new CommandFailure(CommandFailure.REFUSED, "--file " + file + " cannot be written: " + why, failure);
    }

    private long write(Path target, ProgressBar progress, Body body) throws IOException {
        Path part = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
        Interruption interruption = Interruption.says(terminal, () -> {
            progress.close();
            delete(part);
            return "stopped: " + file + " was not written";
        });
        try {
            long bytes;
            try (FileChannel channel = create(part, target);
                    CountedOutput out = new CountedOutput(Channels.newOutputStream(channel), progress)) {
                body.write(out);
                out.flush();
                channel.force(true);
                bytes = out.count();
            }
            interruption.over();
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return bytes;
        } finally {
            interruption.over();
            delete(part);
        }
    }

    /** Nobody can read in it who may not read what it replaces; what replaces nothing is as the umask says. */
    private static FileChannel create(Path part, Path target) throws IOException {
        Set<StandardOpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        PosixFileAttributeView old = Files.getFileAttributeView(target, PosixFileAttributeView.class);
        if (old == null || Files.notExists(target)) {
            return FileChannel.open(part, options);
        }
        FileChannel channel = FileChannel.open(part, options, OWNERS_ONLY);
        try {
            become(part, old.readAttributes());
            return channel;
        } catch (IOException | RuntimeException failed) {
            channel.close();
            throw failed;
        }
    }

    /** Gives a file that only its owner can read the owner, group and permissions of another one. */
    private static void become(Path part, PosixFileAttributes old) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(part, PosixFileAttributeView.class);
        PosixFileAttributes own = view.readAttributes();
        Set<PosixFilePermission> permissions = new HashSet<>(old.permissions());
        if (!own.group().equals(old.group())) {
            try {
                view.setGroup(old.group());
            } catch (IOException notAMember) {
                // Another group must not have what that one could do.
                permissions.removeAll(PosixFilePermissions.fromString("---rwx---"));
            }
        }
        if (!own.owner().equals(old.owner())) {
            try {
                view.setOwner(old.owner());
            } catch (IOException notRoot) {
                // Who may put a file in its place owns that file.
            }
        }
        if (!permissions.equals(own.permissions())) {
            view.setPermissions(permissions);
        }
    }

    private static void delete(Path part) {
        try {
            Files.deleteIfExists(part);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
