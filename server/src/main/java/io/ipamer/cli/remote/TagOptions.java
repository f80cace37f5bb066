package io.ipamer.cli.remote;

import io.ipamer.client.Tags;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** An owner and labels that things are looked for by. */
final class TagOptions {
    @Option(
            names = "--owner",
            paramLabel = "OWNER",
            converter = NotEmpty.class,
            description = "Only what has this owner.")
    private @Nullable String owner;

    @Option(
            names = "--label",
            paramLabel = "KEY=VALUE",
            converter = Label.Converter.class,
            description = "Only what has this label; may be repeated.")
    private @Nullable List<Label> labels;

    Tags tags(CommandSpec spec) {
        return new Tags(owner == null ? "" : owner, Label.map(spec, labels));
    }

    boolean given() {
        return owner != null || labels != null;
    }
}
