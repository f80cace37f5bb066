package io.ipamer.cli.remote;

import io.ipamer.cli.remote.Converters.Format;
import io.ipamer.cli.remote.Converters.NotEmpty;
import io.ipamer.cli.remote.Options.Confirmation;
import io.ipamer.cli.terminal.ProgressBar;
import io.ipamer.cli.terminal.ProgressBar.Unit;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.ExportFormat;
import io.ipamer.client.Ipamer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes a namespace as text. */
@Command(
        name = "dump",
        description = "Write the whole namespace as text, which ipamer load reads.",
        footer = {
            "",
            "A file is there when it is whole, and not before. One that exists already is replaced, after a question.",
            "",
            "ipamer dump -f root.ndjson",
            "ipamer dump -n lab --format go-ipam | gzip > lab.json.gz"
        })
final class DumpCommand extends NamespacedCommand {
    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "ipamer",
            converter = Format.class,
            completionCandidates = Format.Names.class,
            description = "ipamer: lines of JSON, with all that is known; go-ipam: its dump, without owners, labels,"
                    + " descriptions and ids. Default: ipamer.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ExportFormat format;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            converter = NotEmpty.File.class,
            description = "Where to. Default: standard output.")
    private @Nullable Path file;

    @Mixin
    private final Confirmation confirmation = new Confirmation();

    DumpCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    int run(Ipamer ipamer, Output output) throws IOException {
        if (file == null || file.toString().equals("-")) {
            writeOut(ipamer);
            return OK;
        }
        if (Files.isDirectory(file)) {
            throw wrongUse("--file " + file + " is a folder: it must be a file");
        }
        if (Files.isRegularFile(file)) {
            confirmation.require(terminal, "replace the file " + file);
        }
        long bytes;
        try (ProgressBar progress = progress()) {
            bytes = new WholeFile(terminal, file).write(progress, out -> ipamer.exportNamespace(format, out));
        }
        output.done(
                "wrote namespace " + namespace() + " to " + file + ", " + Wording.count(bytes, "byte", "bytes"),
                json -> {
                    json.beginObject();
                    json.name("namespace").value(namespace());
                    json.name("file").value(String.valueOf(file));
                    json.name("bytes").value(bytes);
                    json.endObject();
                });
        return OK;
    }

    /** A dump that is cut off lacks its end, which load looks for. */
    private void writeOut(Ipamer ipamer) throws IOException {
        try (StandardOutput out = new StandardOutput(terminal)) {
            if (terminal.onTerminal()) {
                ipamer.exportNamespace(format, out);
                return;
            }
            try (ProgressBar progress = progress();
                    CountedOutput counted = new CountedOutput(out, progress)) {
                ipamer.exportNamespace(format, counted);
            }
        } catch (IOException failed) {
            StandardOutput.requireTaken(terminal);
        }
    }

    private ProgressBar progress() {
        return ProgressBar.ofUnknown(terminal, "written", Unit.BYTES, System::nanoTime);
    }
}
