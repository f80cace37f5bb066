package io.ipamer.cli.remote;

import io.ipamer.address.Cidr;
import io.ipamer.cli.remote.Converters.CidrText;
import io.ipamer.cli.remote.Options.MetadataOptions;
import io.ipamer.cli.remote.Options.ReservationOption;
import io.ipamer.cli.remote.Options.TagOptions;
import io.ipamer.cli.remote.Shapes.PrefixShape;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Ipamer;
import io.ipamer.client.Prefix;
import io.ipamer.client.PrefixFilter;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What can be done with child prefixes. */
@Command(
        name = "child",
        description = "Acquire, release and list child prefixes, which are cut out of another.",
        subcommands = {ChildCommands.Acquire.class, ChildCommands.Release.class, ChildCommands.ListAll.class})
final class ChildCommands extends Group {

    /** Takes one. */
    @Command(
            name = "acquire",
            description =
                    "Acquire a child prefix: of a length, from the smallest free block that has room, or a certain one.",
            footer = {
                "",
                "ipamer child acquire 10.0.0.0/8 --length 24 --owner team-net",
                "ipamer child acquire 10.0.0.0/8 --cidr 10.20.0.0/16"
            })
    static final class Acquire extends NamespacedCommand {
        @Parameters(paramLabel = "PARENT", converter = CidrText.class, description = "The prefix to cut it out of.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Cidr parent;

        @Option(names = "--length", paramLabel = "BITS", description = "Its length.")
        private @Nullable Integer length;

        @Option(
                names = "--cidr",
                paramLabel = "PREFIX",
                converter = CidrText.class,
                description = "This one, if it is free.")
        private @Nullable Cidr cidr;

        @Option(names = "--dry-run", description = "Only show which one it would be now.")
        private boolean dryRun;

        @Mixin
        private final MetadataOptions metadata = new MetadataOptions();

        @Mixin
        private final ReservationOption reservation = new ReservationOption();

        @Mixin
        private final RequestIdOption request = new RequestIdOption();

        Acquire(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            check();
            Prefix acquired = dryRun ? acquire(ipamer.dryRun()) : request.once(this, ipamer, this::acquire);
            output.one(new PrefixShape(), acquired);
            return OK;
        }

        private void check() {
            if ((length == null) == (cidr == null)) {
                throw wrongUse(
                        length == null
                                ? "--length or --cidr is wanted: how long the child is, or which one"
                                : "--length and --cidr do not go together: how long the child is, or which one");
            }
            if (cidr != null && (!parent.contains(cidr) || parent.equals(cidr))) {
                throw wrongUse("--cidr " + cidr + " is no part of " + parent);
            }
            int longest = parent.first().family().bits();
            if (length != null && parent.length() == longest) {
                throw wrongUse(parent + " is a single address: it has no children");
            }
            if (length != null && (length <= parent.length() || length > longest)) {
                throw wrongUse("--length must be " + (parent.length() + 1) + " to " + longest + " for a child of "
                        + parent + ", not " + length);
            }
            if (dryRun && request.given()) {
                throw wrongUse("--dry-run changes nothing: it does not go with --request-id");
            }
        }

        private Prefix acquire(Ipamer view) {
            return cidr != null
                    ? view.acquireSpecificChildPrefix(
                            parent.toString(), cidr.toString(), metadata.metadata(spec), reservation.policy())
                    : view.acquireChildPrefix(
                            parent.toString(),
                            length == null ? 0 : length,
                            metadata.metadata(spec),
                            reservation.policy());
        }

        @Override
        String argument(String field) {
            return field.equals("cidr") ? "--cidr" : super.argument(field);
        }
    }

    /** Gives one back. */
    @Command(
            name = "release",
            description = "Release a child prefix that holds nothing; its space goes back to its parent.",
            footer = {"", "ipamer child release 10.20.0.0/16"})
    static final class Release extends NamespacedCommand {
        @Parameters(paramLabel = "PREFIX", converter = CidrText.class, description = "Its CIDR.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Cidr cidr;

        @Mixin
        private final RequestIdOption request = new RequestIdOption();

        Release(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            Prefix released = request.once(this, ipamer, view -> view.releaseChildPrefix(cidr.toString()));
            output.done("released " + released.cidr(), json -> new PrefixShape().write(json, released));
            return OK;
        }
    }

    /** Lists them. */
    @Command(
            name = "list",
            description = "List the direct children of a prefix, ascending: those that all options hold of.",
            footer = {"", "ipamer child list 10.0.0.0/8"})
    static final class ListAll extends NamespacedCommand {
        @Parameters(
                paramLabel = "PARENT",
                converter = CidrText.class,
                description = "The prefix that they are cut out of.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Cidr parent;

        @Mixin
        private final TagOptions tags = new TagOptions();

        ListAll(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            output.list(
                    new PrefixShape(),
                    ipamer.prefixes(PrefixFilter.childrenOf(parent.toString()).withTags(tags.tags(spec))));
            return OK;
        }
    }
}
