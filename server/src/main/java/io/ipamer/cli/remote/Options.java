package io.ipamer.cli.remote;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.cli.remote.Converters.AddressText;
import io.ipamer.cli.remote.Converters.CidrText;
import io.ipamer.cli.remote.Converters.Label;
import io.ipamer.cli.remote.Converters.NotEmpty;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Ipamer;
import io.ipamer.client.Metadata;
import io.ipamer.client.MetadataUpdate;
import io.ipamer.client.ReservationPolicy;
import io.ipamer.client.Tags;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Options and parameters that several commands have. */
final class Options {
    private Options() {}

    /** Which namespace a command is about. */
    static final class NamespaceOption {
        @Option(
                names = {"-n", "--namespace"},
                paramLabel = "NAME",
                converter = NotEmpty.class,
                description = "The namespace. Default: IPAMER_NAMESPACE, else root.")
        private @Nullable String namespace;

        Ipamer of(Ipamer ipamer, UnaryOperator<@Nullable String> variables) {
            return ipamer.inNamespace(name(variables));
        }

        String name(UnaryOperator<@Nullable String> variables) {
            if (namespace != null) {
                return namespace;
            }
            String variable = ServerOptions.given(variables.apply("IPAMER_NAMESPACE"));
            return variable == null ? "root" : variable;
        }
    }

    /** An address that is named with the prefix that gave it. */
    static final class OneAddress {
        @Parameters(
                index = "0",
                paramLabel = "PREFIX",
                converter = CidrText.class,
                description = "The prefix that gave it.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Cidr prefix;

        @Parameters(index = "1", paramLabel = "ADDRESS", converter = AddressText.class, description = "The address.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private IpAddress address;

        String prefix() {
            return prefix.toString();
        }

        String address() {
            return address.toString();
        }
    }

    /** What is said of a new prefix or address. */
    static final class MetadataOptions {
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

    /** What changes of what is said of a prefix or address; the rest stays. */
    static final class UpdateOptions {
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

    /** An owner and labels that things are looked for by. */
    static final class TagOptions {
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

    /** Which addresses of a new prefix are kept out of allocation. */
    static final class ReservationOption {
        @Option(
                names = "--no-reservation",
                description =
                        "Make every address usable. Without it the first one and, for IPv4, the last one are kept out of"
                                + " allocation.")
        private boolean none;

        ReservationPolicy policy() {
            return none ? ReservationPolicy.NONE : ReservationPolicy.DEFAULT;
        }
    }

    /** Asks before something that cannot be undone. */
    static final class Confirmation {
        @Option(
                names = {"-y", "--yes"},
                description = "Do it without asking.")
        private boolean yes;

        /** Comes back only if it is to be done. {@code question}: without a question mark. */
        void require(Terminal terminal, String question) {
            if (!yes && !terminal.confirm(question)) {
                throw new CommandFailure(CommandFailure.REFUSED, "not confirmed: nothing was done");
            }
        }
    }
}
