package io.ipamer.cli.remote;

import io.ipamer.address.Cidr;
import io.ipamer.cli.remote.Converters.CidrText;
import io.ipamer.cli.remote.Options.Confirmation;
import io.ipamer.cli.remote.Options.MetadataOptions;
import io.ipamer.cli.remote.Options.ReservationOption;
import io.ipamer.cli.remote.Options.TagOptions;
import io.ipamer.cli.remote.Options.UpdateOptions;
import io.ipamer.cli.remote.Shapes.PrefixShape;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.AddressFamily;
import io.ipamer.client.ForcedDelete;
import io.ipamer.client.Ipamer;
import io.ipamer.client.Prefix;
import io.ipamer.client.PrefixFilter;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What can be done with prefixes. */
@Command(
        name = "prefix",
        description = "Create, show, change and delete prefixes.",
        subcommands = {
            PrefixCommands.Create.class,
            PrefixCommands.Get.class,
            PrefixCommands.ListAll.class,
            PrefixCommands.Update.class,
            PrefixCommands.Delete.class
        })
final class PrefixCommands extends Group {

    /** Creates one. */
    @Command(
            name = "create",
            description = "Create a top-level prefix, which overlaps no other one of the namespace.",
            footer = {
                "",
                "ipamer prefix create 10.0.0.0/8",
                "ipamer prefix create 2001:db8::/32 --owner team-net --label site=b"
            })
    static final class Create extends NamespacedCommand {
        @Parameters(paramLabel = "PREFIX", converter = CidrText.class, description = "Its CIDR, such as 10.0.0.0/8.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Cidr cidr;

        @Mixin
        private final MetadataOptions metadata = new MetadataOptions();

        @Mixin
        private final ReservationOption reservation = new ReservationOption();

        @Mixin
        private final RequestIdOption request = new RequestIdOption();

        Create(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            Prefix created = request.once(
                    this,
                    ipamer,
                    view -> view.newPrefix(cidr.toString(), metadata.metadata(spec), reservation.policy()));
            output.one(new PrefixShape(), created);
            return OK;
        }
    }

    /** Shows one. */
    @Command(
            name = "get",
            description = "Show a prefix, top-level or child.",
            footer = {"", "ipamer prefix get 10.0.0.0/8"})
    static final class Get extends NamespacedCommand {
        @Parameters(paramLabel = "PREFIX", converter = CidrText.class, description = "Its CIDR.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Cidr cidr;

        Get(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            Prefix prefix = ipamer.prefixFrom(cidr.toString());
            output.detail(new PrefixShape(), prefix, PrefixShape.facts(prefix));
            return OK;
        }
    }

    /** Lists them. */
    @Command(
            name = "list",
            description = "List prefixes, a parent before its children: those that all options hold of.",
            footer = {"", "ipamer prefix list --top-level", "ipamer prefix list --parent 10.0.0.0/8 --label env=prod"})
    static final class ListAll extends NamespacedCommand {
        private static final int DEEPEST = 128;

        /** As it is typed. */
        enum Family {
            ipv4(AddressFamily.IPV4),
            ipv6(AddressFamily.IPV6);

            private final AddressFamily family;

            Family(AddressFamily family) {
                this.family = family;
            }
        }

        @Option(names = "--family", paramLabel = "FAMILY", description = "Only ${COMPLETION-CANDIDATES}.")
        private @Nullable Family family;

        @Option(
                names = "--parent",
                paramLabel = "PREFIX",
                converter = CidrText.class,
                description = "Only direct children of this prefix.")
        private @Nullable Cidr parent;

        @Option(names = "--top-level", description = "Only those that are no child.")
        private boolean topLevel;

        @Option(
                names = "--depth",
                paramLabel = "N",
                description = "Only those with so many prefixes around them, 0 for top-level ones.")
        private @Nullable Integer depth;

        @Mixin
        private final TagOptions tags = new TagOptions();

        ListAll(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            if (topLevel && (depth != null || parent != null)) {
                throw wrongUse("--top-level goes with neither --depth nor --parent");
            }
            if (depth != null && (depth < 0 || depth > DEEPEST)) {
                throw wrongUse("--depth must be 0 to " + DEEPEST + ", not " + depth);
            }
            PrefixFilter filter = PrefixFilter.ALL.withTags(tags.tags(spec));
            if (parent != null) {
                filter = PrefixFilter.childrenOf(parent.toString()).withTags(filter.tags());
            }
            if (topLevel) {
                filter = filter.withDepth(0);
            }
            if (depth != null) {
                filter = filter.withDepth(depth);
            }
            if (family != null) {
                filter = filter.withFamily(family.family);
            }
            output.list(new PrefixShape(), ipamer.prefixes(filter));
            return OK;
        }

        @Override
        String argument(String field) {
            return field.equals("parent_cidr") ? "--parent" : super.argument(field);
        }
    }

    /** Changes one. */
    @Command(
            name = "update",
            description = "Change what is said of a prefix; what is not named stays.",
            footer = {
                "",
                "ipamer prefix update 10.0.0.0/8 --owner team-net --label env=prod",
                "ipamer prefix update 10.0.0.0/8 --remove-label env --description \"\""
            })
    static final class Update extends NamespacedCommand {
        @Parameters(paramLabel = "PREFIX", converter = CidrText.class, description = "Its CIDR.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Cidr cidr;

        @Mixin
        private final UpdateOptions update = new UpdateOptions();

        @Mixin
        private final RequestIdOption request = new RequestIdOption();

        Update(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            Prefix updated =
                    request.once(this, ipamer, view -> view.updatePrefix(cidr.toString(), update.update(spec)));
            output.one(new PrefixShape(), updated);
            return OK;
        }
    }

    /** Deletes one. */
    @Command(
            name = "delete",
            description =
                    "Delete a prefix that holds nothing, or with --force one with all children and addresses in it.",
            footer = {
                "",
                "Asks first. A forced delete that is cut short is unfinished: the same command goes on, and the prefix"
                        + " gives out nothing meanwhile.",
                "",
                "ipamer prefix delete 10.0.0.0/24",
                "ipamer prefix delete 10.0.0.0/8 --force --yes"
            })
    static final class Delete extends NamespacedCommand {
        @Parameters(paramLabel = "PREFIX", converter = CidrText.class, description = "Its CIDR.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Cidr cidr;

        @Option(names = "--force", description = "Delete everything that is in it, too.")
        private boolean force;

        @Mixin
        private final Confirmation confirmation = new Confirmation();

        @Mixin
        private final RequestIdOption request = new RequestIdOption();

        Delete(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            confirmation.require(
                    terminal,
                    "delete prefix " + cidr + " of namespace " + namespace()
                            + (force ? " with all children and addresses in it" : ""));
            ForcedDelete deleted = force ? deleteAll(ipamer) : deleteEmpty(ipamer);
            String sentence = "deleted " + cidr;
            if (deleted.deletedPrefixes() > 1 || deleted.releasedIps() > 0) {
                sentence += " and in it " + Wording.count(deleted.deletedPrefixes() - 1, "prefix", "prefixes") + " and "
                        + Wording.count(deleted.releasedIps(), "address", "addresses");
            }
            output.done(sentence, json -> {
                json.beginObject().name("prefix");
                new PrefixShape().write(json, deleted.prefix());
                json.name("deletedPrefixes").value(deleted.deletedPrefixes());
                json.name("releasedIps").value(deleted.releasedIps());
                json.endObject();
            });
            return OK;
        }

        private ForcedDelete deleteAll(Ipamer ipamer) {
            ForcedDelete deleted = request.once(
                    this,
                    ipamer,
                    cidr + " may be deleted in part, and gives out nothing then; the same command goes on",
                    view -> view.deletePrefixWithContent(cidr.toString()));
            wasDone("it was done"); // the same command finds no such prefix any more
            return deleted;
        }

        private ForcedDelete deleteEmpty(Ipamer ipamer) {
            return new ForcedDelete(request.once(this, ipamer, view -> view.deletePrefix(cidr.toString())), 1, 0);
        }
    }
}
