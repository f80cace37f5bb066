package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.cli.remote.Converters.Format;
import io.ipamer.cli.remote.Converters.NotEmpty;
import io.ipamer.cli.remote.Failures.OutcomeUnknown;
import io.ipamer.cli.terminal.ProgressBar;
import io.ipamer.cli.terminal.ProgressBar.Unit;
import io.ipamer.cli.terminal.Table;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.ExportFormat;
import io.ipamer.client.ImportProgress;
import io.ipamer.client.ImportProgress.Issue;
import io.ipamer.client.Ipamer;
import io.ipamer.client.IpamerException;
import io.ipamer.client.Reason;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Reads a namespace from text. */
@Command(
        name = "load",
        description =
                "Read the whole namespace from text that ipamer dump or go-ipam wrote. It must have no prefixes; one"
                        + " that does not exist is created.",
        footer = {
            "",
            "What is read is seen when all of it is: a load that fails, or that Ctrl-C stops, leaves nothing. Lines that"
                    + " could not stand as they were are listed; if one was refused, nothing is loaded.",
            "",
            "ipamer load -n copy root.ndjson --dry-run",
            "gunzip < lab.json.gz | ipamer load -n lab --format go-ipam"
        })
final class LoadCommand extends NamespacedCommand {
    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            converter = NotEmpty.File.class,
            description = "The text. Default: standard input.")
    private @Nullable Path file;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "ipamer",
            converter = Format.class,
            completionCandidates = Format.Names.class,
            description = "ipamer or go-ipam. Default: ipamer.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ExportFormat format;

    @Option(names = "--dry-run", description = "Only show what would be loaded, mended and refused.")
    private boolean dryRun;

    LoadCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    int run(Ipamer ipamer, Output output) throws IOException {
        if (file == null || file.toString().equals("-")) {
            ProgressBar progress = ProgressBar.ofUnknown(terminal, "sent", Unit.BYTES, System::nanoTime);
            return load(ipamer, System.in, progress, output);
        }
        InputFile.require("FILE", file);
        ProgressBar progress;
        InputStream in;
        try {
            progress = ProgressBar.of(terminal, "sent", Unit.BYTES, Files.size(file), System::nanoTime);
            in = Files.newInputStream(file);
        } catch (IOException failed) {
            throw unreadable(failed);
        }
        try (InputStream buffered = new BufferedInputStream(in)) {
            return load(ipamer, buffered, progress, output);
        }
    }

    private CommandFailure unreadable(IOException failed) {
        String name = file == null || file.toString().equals("-") ? "standard input" : "FILE " + file;
        return new CommandFailure(
                CommandFailure.REFUSED,
                name + " cannot be read: " + failed.getMessage() + "; nothing was loaded",
                failed);
    }

    private int load(Ipamer ipamer, InputStream in, ProgressBar progress, Output output) throws IOException {
        CountedInput text = new CountedInput(in, progress);
        News news = new News();
        Interruption interruption = Interruption.says(terminal, () -> {
            progress.close();
            return "stopped: " + unfinished(text);
        });
        IpamerException refusal = null;
        try (progress) {
            Ipamer view = dryRun ? ipamer.dryRun() : ipamer;
            view.importNamespace(format, text, news::add);
        } catch (IOException failed) {
            throw unreadable(failed);
        } catch (IpamerException failed) {
            if (failed.reason() != Reason.INVALID_DUMP) {
                throw failed.outcomeUnknown() ? new OutcomeUnknown(failed, unfinished(text)) : failed;
            }
            refusal = failed;
        } finally {
            interruption.over();
        }
        show(news, output);
        if (refusal != null) {
            throw refusal;
        }
        return OK;
    }

    /** The server makes it seen after the last of the text, and not before. */
    private String unfinished(CountedInput text) {
        return text.ended() && !dryRun
                ? "all of the text was sent, and whether it was loaded is not known: ipamer prefix list -n "
                        + Wording.typed(namespace()) + " shows it"
                : "nothing was loaded";
    }

    private void show(News news, Output output) throws IOException {
        ImportProgress counts = news.last();
        List<Issue> issues = news.issues();
        if (output.json()) {
            output.object(json -> write(json, counts, issues));
            return;
        }
        if (!issues.isEmpty()) {
            Table table = new Table(terminal)
                    .number("LINE")
                    .column("WHAT")
                    .column("REASON")
                    .text("MESSAGE");
            for (Issue issue : issues) {
                table.row(
                        Long.toString(issue.line()),
                        issue.mended() ? "mended" : "refused",
                        issue.reason().name(),
                        issue.message());
            }
            table.end();
            more(counts, issues);
        }
        String what = Wording.count(counts.prefixes(), "prefix", "prefixes") + ", "
                + Wording.count(counts.ips(), "address", "addresses")
                + (counts.leaked() > 0 ? ", " + Wording.count(counts.leaked(), "leaked block", "leaked blocks") : "")
                + (counts.mended() > 0 ? "; " + Wording.count(counts.mended(), "line", "lines") + " mended" : "");
        if (counts.done()) {
            terminal.out().println("loaded " + what + " into namespace " + namespace());
        } else if (dryRun && counts.refused() == 0) {
            terminal.out().println("would load " + what + " into namespace " + namespace());
        }
    }

    private void more(ImportProgress counts, List<Issue> issues) {
        long shownMended = issues.stream().filter(Issue::mended).count();
        long mended = counts.mended() - shownMended;
        long refused = counts.refused() - (issues.size() - shownMended);
        if (mended > 0) {
            terminal.out().println("... and " + Wording.count(mended, "line", "lines") + " more that were mended");
        }
        if (refused > 0) {
            terminal.out().println("... and " + Wording.count(refused, "line", "lines") + " more that were refused");
        }
    }

    /** What the server tells on the way, from another thread: of many lines that are wrong the first ones. */
    private static final class News {
        private static final int MOST_OF_A_KIND = 1_000;

        private final List<Issue> issues = new ArrayList<>();
        private int mended;
        private ImportProgress last = new ImportProgress(List.of(), 0, 0, 0, 0, 0, false);

        synchronized void add(ImportProgress progress) {
            for (Issue issue : progress.issues()) {
                int before = issue.mended() ? mended : issues.size() - mended;
                if (before < MOST_OF_A_KIND) {
                    issues.add(issue);
                    mended += issue.mended() ? 1 : 0;
                }
            }
            last = progress;
        }

        synchronized List<Issue> issues() {
            return List.copyOf(issues);
        }

        /** All counts are of the whole. */
        synchronized ImportProgress last() {
            return last;
        }
    }

    private void write(JsonWriter json, ImportProgress counts, List<Issue> issues) throws IOException {
        json.beginObject();
        json.name("namespace").value(namespace());
        json.name("dryRun").value(dryRun);
        json.name("done").value(counts.done());
        json.name("prefixes").value(counts.prefixes());
        json.name("ips").value(counts.ips());
        json.name("leaked").value(counts.leaked());
        json.name("mended").value(counts.mended());
        json.name("refused").value(counts.refused());
        json.name("issues").beginArray();
        for (Issue issue : issues) {
            json.beginObject();
            json.name("line").value(issue.line());
            json.name("mended").value(issue.mended());
            json.name("reason").value(issue.reason().name());
            json.name("message").value(issue.message());
            json.endObject();
        }
        json.endArray().endObject();
    }
}
