package io.ipamer.cli.remote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that commands read. */
final class InputFile {
    private InputFile() {}

    /** Says what is wrong with it before anything is begun. */
    static void require(String name, Path file) {
        if (!Files.exists(file)) {
            throw new CommandFailure(CommandFailure.WRONG_USE, name + " " + file + " does not exist");
        }
        if (Files.isDirectory(file)) {
            throw new CommandFailure(CommandFailure.WRONG_USE, name + " " + file + " is a folder, not a file");
        }
        if (!Files.isReadable(file)) {
            throw new CommandFailure(CommandFailure.WRONG_USE, name + " " + file + " may not be read by this user");
        }
    }

    static CommandFailure unreadable(String name, Path file, IOException failed) {
        return new CommandFailure(
                CommandFailure.REFUSED, name + " " + file + " cannot be read: " + failed.getMessage(), failed);
    }
}
