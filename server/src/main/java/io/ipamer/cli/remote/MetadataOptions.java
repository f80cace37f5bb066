package io.ipamer.cli.remote;

import io.ipamer.client.Metadata;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What is said of a new prefix or address. */
final class MetadataOptions {
    @Option(names = "--owner", paramLabel = "OWNER", description = "Who is responsible for it.")
    private @Nullable String owner;

    @Option(
            names = "--label",
            paramLabel = "KEY=VALUE",
            converter = Label.Converter.class,
            description = "A label, with keys and values as Kubernetes has them; may be repeated.")
    private @Nullable List<Label> labels;

    @Option(names = "--description", paramLabel = "TEXT", description = "What people should know of it.")
    private @Nullable String description;

    Metadata metadata(CommandSpec spec) {
        return new Metadata(
                owner == null ? "" : owner, Label.map(spec, labels), description == null ? "" : description);
    }

    boolean hasOwner() {
        return owner != null;
    }
}
