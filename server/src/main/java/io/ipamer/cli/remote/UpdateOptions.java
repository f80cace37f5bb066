package io.ipamer.cli.remote;

import io.ipamer.client.MetadataUpdate;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What changes of what is said of a prefix or address; the rest stays. */
final class UpdateOptions {
    @Option(names = "--owner", paramLabel = "OWNER", description = "Another owner; \"\" for none.")
    private @Nullable String owner;

    @Option(
            names = "--label",
            paramLabel = "KEY=VALUE",
            converter = Label.Converter.class,
            description = "One more label, or another value of it; may be repeated.")
    private @Nullable List<Label> labels;

    @Option(
            names = "--remove-label",
            paramLabel = "KEY",
            converter = NotEmpty.class,
            description = "One label less; may be repeated.")
    private @Nullable List<String> removed;

    @Option(names = "--description", paramLabel = "TEXT", description = "Another description; \"\" for none.")
    private @Nullable String description;

    MetadataUpdate update(CommandSpec spec) {
        MetadataUpdate update = MetadataUpdate.NOTHING;
        if (owner != null) {
            update = update.owner(owner);
        }
        if (description != null) {
            update = update.description(description);
        }
        Map<String, String> set = Label.map(spec, labels);
        for (Map.Entry<String, String> label : set.entrySet()) {
            update = update.label(label.getKey(), label.getValue());
        }
        if (removed != null) {
            for (String key : removed) {
                if (set.containsKey(key)) {
                    throw new ParameterException(
                            spec.commandLine(), "--label and --remove-label are both given for " + key);
                }
                update = update.withoutLabel(key);
            }
        }
        if (update.equals(MetadataUpdate.NOTHING)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "there is nothing to change: --owner, --label, --remove-label or --description is wanted");
        }
        return update;
    }
}
