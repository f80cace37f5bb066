package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.ProgressBar;
import io.ipamer.cli.terminal.Terminal;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** A file that is there when it is whole, and not before: until then it has another name. */
final class WholeFile {
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
            Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
            if (Files.exists(target) && !Files.isRegularFile(target)) {
                try (CountedOutput out = new CountedOutput(Files.newOutputStream(target), progress)) {
                    body.write(out);
                    return out.count();
                }
            }
            return write(target, progress, body);
        } catch (NoSuchFileException noFolder) {
            throw failed("its folder does not exist", noFolder);
        } catch (AccessDeniedException forbidden) {
            throw failed("this user may not write there", forbidden);
        } catch (IOException other) {
            throw failed(String.valueOf(other.getMessage()), other);
        }
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
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
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

    private static void delete(Path part) {
        try {
            Files.deleteIfExists(part);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
