package io.ipamer.cli.remote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ipamer.cli.terminal.ProgressBar;
import io.ipamer.cli.terminal.ProgressBar.Unit;
import io.ipamer.cli.terminal.Terminal;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WholeFileTest {
    private final Terminal terminal = new Terminal(
            new PrintWriter(new StringWriter()),
            new PrintWriter(new StringWriter()),
            false,
            false,
            false,
            Terminal.USUAL_WIDTH,
            true,
            null);

    @TempDir
    private Path folder;

    /** Writes "new"; the permissions of all that was in the folder meanwhile, but for the file itself and links. */
    private List<String> write(Path file) {
        List<String> meanwhile = new ArrayList<>();
        WholeFile whole = new WholeFile(terminal, file);
        try (ProgressBar progress = ProgressBar.ofUnknown(terminal, "received", Unit.BYTES, System::nanoTime)) {
            long bytes = whole.write(progress, out -> {
                out.write("new".getBytes(UTF_8));
                try (Stream<Path> content = Files.list(folder)) {
                    for (Path part : content.filter(path -> path.toString().endsWith(".part"))
                            .toList()) {
                        meanwhile.add(permissions(part));
                    }
                }
            });
            assertThat(bytes).isEqualTo(3);
        }
        return meanwhile;
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private Path old(String permissions) throws IOException {
        Path file = Files.writeString(folder.resolve("dump"), "old");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    private static boolean isRoot(Path own) throws IOException {
        return Files.getAttribute(own, "unix:uid").equals(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "rw-r-----", "rw-rw-rw-", "rwxr-xr-x"})
    void whoMayNotReadWhatItReplacesMayNotReadItEither(String permissions) throws IOException {
        Path file = old(permissions);
        assertThat(write(file)).containsExactly(permissions);
        assertThat(permissions(file)).isEqualTo(permissions);
        assertThat(file).hasContent("new");
    }

    @Test
    void aNewFileIsAsOthersThatAreMade() throws IOException {
        Path other = Files.createFile(folder.resolve("other"));
        Path file = folder.resolve("dump");
        assertThat(write(file)).containsExactly(permissions(other));
        assertThat(permissions(file)).isEqualTo(permissions(other));
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void ownerAndGroupStayWhereRootReplacesTheFileOfAnother() throws IOException {
        Path file = old("rw-r-----");
        assumeTrue(isRoot(file), "only root can give files to others");
        Files.setAttribute(file, "unix:uid", 12345);
        Files.setAttribute(file, "unix:gid", 23456);
        write(file);
        assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(12345);
        assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(23456);
        assertThat(permissions(file)).isEqualTo("rw-r-----");
    }

    @Test
    void aFileThatMayNotBeWrittenToIsNotReplaced() throws IOException {
        Path file = old("r--r--r--");
        assumeFalse(isRoot(file), "root may write to any file");
        assertThatThrownBy(() -> write(file))
                .isInstanceOf(CommandFailure.class)
                .hasMessage("--file " + file + " is there, and this user may not write to it");
        assertThat(file).hasContent("old");
    }

    @Test
    void linksStayAndWhatTheyLeadToIsWritten() throws IOException {
        Path file = old("rw-------");
        Path near = Files.createSymbolicLink(folder.resolve("near"), Path.of("dump"));
        Path far = Files.createSymbolicLink(folder.resolve("far"), near);
        write(far);
        assertThat(far).isSymbolicLink();
        assertThat(near).isSymbolicLink();
        assertThat(Files.isSymbolicLink(file)).isFalse();
        assertThat(file).hasContent("new");
        assertThat(permissions(file)).isEqualTo("rw-------");
    }

    @Test
    void alsoWhereNothingIsThereYet() throws IOException {
        Path inside = Files.createDirectory(folder.resolve("inside"));
        Path near = Files.createSymbolicLink(inside.resolve("near"), Path.of("../dump"));
        Path far = Files.createSymbolicLink(folder.resolve("far"), near);
        write(far);
        assertThat(far).isSymbolicLink();
        assertThat(near).isSymbolicLink();
        assertThat(Files.isRegularFile(folder.resolve("dump"), LinkOption.NOFOLLOW_LINKS))
                .isTrue();
        assertThat(folder.resolve("dump")).hasContent("new");
    }

    @Test
    void linksThatLeadToEachOtherAreRefused() throws IOException {
        Path one = folder.resolve("one");
        Path two = Files.createSymbolicLink(folder.resolve("two"), one);
        Files.createSymbolicLink(one, two);
        assertThatThrownBy(() -> write(one))
                .isInstanceOf(CommandFailure.class)
                .hasMessage("--file " + one + " cannot be written: it is a link that leads nowhere");
    }

    @Test
    void afterAFailureTheOldFileIsThereAndNothingElse() throws IOException {
        Path file = old("rw-------");
        WholeFile whole = new WholeFile(terminal, file);
        try (ProgressBar progress = ProgressBar.ofUnknown(terminal, "received", Unit.BYTES, System::nanoTime)) {
            assertThatThrownBy(() -> whole.write(progress, out -> {
                        out.write("half".getBytes(UTF_8));
                        throw new IOException("connection lost");
                    }))
                    .isInstanceOf(CommandFailure.class)
                    .hasMessage("--file " + file + " cannot be written: connection lost");
        }
        assertThat(file).hasContent("old");
        try (Stream<Path> content = Files.list(folder)) {
            assertThat(content).containsExactly(file);
        }
    }
}
