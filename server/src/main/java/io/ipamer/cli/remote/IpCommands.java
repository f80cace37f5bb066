package io.ipamer.cli.remote;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.cli.remote.Converters.AddressText;
import io.ipamer.cli.remote.Converters.CidrText;
import io.ipamer.cli.remote.Converters.NotEmpty;
import io.ipamer.cli.remote.Options.Confirmation;
import io.ipamer.cli.remote.Options.MetadataOptions;
import io.ipamer.cli.remote.Options.OneAddress;
import io.ipamer.cli.remote.Options.TagOptions;
import io.ipamer.cli.remote.Options.UpdateOptions;
import io.ipamer.cli.remote.Shapes.AllocationShape;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Allocation;
import io.ipamer.client.IpFilter;
import io.ipamer.client.Ipamer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What can be done with addresses. */
@Command(
        name = "ip",
        description = "Acquire, show, change and release addresses.",
        subcommands = {
            IpCommands.Acquire.class,
            IpCommands.Get.class,
            IpCommands.ListAll.class,
            IpCommands.Update.class,
            IpCommands.Release.class
        })
final class IpCommands extends Group {

    /** Takes some. */
    @Command(
            name = "acquire",
            description = "Acquire addresses of a prefix: the lowest free ones, or a certain one.",
            footer = {
                "",
                "More than 4,096 at a time are acquired in several steps. When one of them fails, or Ctrl-C stops them,"
                        + " what was acquired stays so: the same command with the same --request-id goes on.",
                "",
                "ipamer ip acquire 10.0.0.0/24 --owner team-web --label host=web-1",
                "ipamer ip acquire 10.0.0.0/24 --address 10.0.0.53",
                "ipamer ip acquire 2001:db8::/64 --count 20000 --request-id lab-1 -o json > lab-1.json"
            })
    static final class Acquire extends NamespacedCommand {
        @Parameters(paramLabel = "PREFIX", converter = CidrText.class, description = "The prefix to take them from.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Cidr prefix;

        @Option(
                names = "--address",
                paramLabel = "ADDRESS",
                converter = AddressText.class,
                description = "This one, if it is free.")
        private @Nullable IpAddress address;

        @Option(names = "--count", paramLabel = "N", description = "So many. Default: 1.")
        private @Nullable Integer count;

        @Option(names = "--contiguous", description = "Adjacent ones, with no gap between them.")
        private boolean contiguous;

        @Option(names = "--dry-run", description = "Only show which ones it would be now.")
        private boolean dryRun;

        @Mixin
        private final MetadataOptions metadata = new MetadataOptions();

        @Mixin
        private final RequestIdOption request = new RequestIdOption();

        Acquire(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            check();
            if (count != null) {
                return acquireSeveral(ipamer, count, output);
            }
            Allocation acquired = dryRun ? acquire(ipamer.dryRun()) : request.once(this, ipamer, this::acquire);
            output.one(new AllocationShape(), acquired);
            return OK;
        }

        private void check() {
            if (address != null && (count != null || contiguous)) {
                throw wrongUse("--address is one address: it goes with neither --count nor --contiguous");
            }
            if (address != null && !prefix.contains(address)) {
                throw wrongUse("--address " + address + " does not lie in " + prefix);
            }
            if (contiguous && count == null) {
                throw wrongUse("--contiguous needs --count");
            }
            if (dryRun && request.given()) {
                throw wrongUse("--dry-run changes nothing: it does not go with --request-id");
            }
            if (count != null && count < 1) {
                throw wrongUse("--count must be at least 1, not " + count);
            }
            if (count != null && count > BulkAcquire.STEP && (contiguous || dryRun)) {
                throw wrongUse(
                        (contiguous ? "--contiguous" : "--dry-run") + " is done at once, and takes a --count of at"
                                + " most " + BulkAcquire.STEP + ", not " + count);
            }
        }

        private Allocation acquire(Ipamer view) {
            return address == null
                    ? view.acquireIp(prefix.toString(), metadata.metadata(spec))
                    : view.acquireSpecificIp(prefix.toString(), address.toString(), metadata.metadata(spec));
        }

        private int acquireSeveral(Ipamer ipamer, int wanted, Output output) throws IOException {
            if (wanted > BulkAcquire.STEP) {
                new BulkAcquire(this, prefix, metadata.metadata(spec), request).run(ipamer, wanted, output);
                return OK;
            }
            List<Allocation> acquired = dryRun
                    ? acquire(ipamer.dryRun(), wanted)
                    : request.once(this, ipamer, view -> acquire(view, wanted));
            output.list(new AllocationShape(), acquired.stream());
            return OK;
        }

        private List<Allocation> acquire(Ipamer view, int wanted) {
            return contiguous
                    ? view.acquireContiguousIps(prefix.toString(), wanted, metadata.metadata(spec))
                    : view.acquireIps(prefix.toString(), wanted, metadata.metadata(spec));
        }

        @Override
        String argument(String field) {
            return field.equals("address") ? "--address" : super.argument(field);
        }
    }

    /** Shows one. */
    @Command(
            name = "get",
            description = "Show an acquired address. (ipamer lookup finds one without its prefix.)",
            footer = {"", "ipamer ip get 10.0.0.0/24 10.0.0.53"})
    static final class Get extends NamespacedCommand {
        @Mixin
        private final OneAddress one = new OneAddress();

        Get(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            Allocation allocation = ipamer.ip(one.prefix(), one.address());
            output.detail(new AllocationShape(), allocation, AllocationShape.facts(allocation));
            return OK;
        }
    }

    /** Lists them. */
    @Command(
            name = "list",
            description = "List the acquired addresses of a prefix, ascending: those that all options hold of.",
            footer = {
                "",
                "ipamer ip list 10.0.0.0/24",
                "ipamer ip list 10.0.0.0/24 --from 10.0.0.100 --to 10.0.0.199 --owner team-web"
            })
    static final class ListAll extends NamespacedCommand {
        @Parameters(paramLabel = "PREFIX", converter = CidrText.class, description = "The prefix that gave them.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Cidr prefix;

        @Option(
                names = "--from",
                paramLabel = "ADDRESS",
                converter = AddressText.class,
                description = "This one and those above it.")
        private @Nullable IpAddress from;

        @Option(
                names = "--to",
                paramLabel = "ADDRESS",
                converter = AddressText.class,
                description = "This one and those below it.")
        private @Nullable IpAddress to;

        @Mixin
        private final TagOptions tags = new TagOptions();

        ListAll(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            requireSameFamily("--from", from);
            requireSameFamily("--to", to);
            if (from != null && to != null && to.isBefore(from)) {
                throw wrongUse("--from " + from + " is above --to " + to + ": the lower address is --from");
            }
            IpFilter filter = IpFilter.ALL.withTags(tags.tags(spec));
            if (from != null) {
                filter = filter.withFrom(from.toString());
            }
            if (to != null) {
                filter = filter.withTo(to.toString());
            }
            output.list(new AllocationShape(), ipamer.ips(prefix.toString(), filter));
            return OK;
        }

        private void requireSameFamily(String option, @Nullable IpAddress bound) {
            if (bound != null && bound.family() != prefix.family()) {
                throw wrongUse(option + ' ' + bound + " is of another family than " + prefix);
            }
        }
    }

    /** Changes one. */
    @Command(
            name = "update",
            description = "Change what is said of an acquired address; what is not named stays.",
            footer = {"", "ipamer ip update 10.0.0.0/24 10.0.0.53 --owner team-dns --label role=resolver"})
    static final class Update extends NamespacedCommand {
        @Mixin
        private final OneAddress one = new OneAddress();

        @Mixin
        private final UpdateOptions update = new UpdateOptions();

        @Mixin
        private final RequestIdOption request = new RequestIdOption();

        Update(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            Allocation updated =
                    request.once(this, ipamer, view -> view.updateIp(one.prefix(), one.address(), update.update(spec)));
            output.one(new AllocationShape(), updated);
            return OK;
        }
    }

    /** Gives some back. */
    @Command(
            name = "release",
            description = "Release addresses, by name or all that an owner has.",
            footer = {
                "",
                "Several addresses are each judged by itself: exit code 1 if one of them could not be released. All of an"
                        + " owner are released in steps, after a question; when that is cut short, the same command goes on.",
                "",
                "ipamer ip release 10.0.0.0/24 10.0.0.53 10.0.0.54",
                "ipamer ip release 10.0.0.0/24 --owner team-web",
                "ipamer ip release --owner team-web --yes"
            })
    static final class Release extends NamespacedCommand {
        @Parameters(
                index = "0",
                arity = "0..1",
                paramLabel = "PREFIX",
                converter = CidrText.class,
                description = "The prefix that gave them; with --owner it may be left out.")
        private @Nullable Cidr prefix;

        @Parameters(index = "1..*", arity = "0..*", paramLabel = "ADDRESS", description = "The addresses.")
        private List<String> addresses = new ArrayList<>();

        @Option(
                names = "--owner",
                paramLabel = "OWNER",
                converter = NotEmpty.class,
                description = "All addresses of this owner.")
        private @Nullable String owner;

        @Mixin
        private final Confirmation confirmation = new Confirmation();

        @Mixin
        private final RequestIdOption request = new RequestIdOption();

        Release(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Ipamer ipamer, Output output) throws IOException {
            if (owner != null) {
                if (!addresses.isEmpty()) {
                    throw wrongUse("--owner releases all that an owner has: it does not go with addresses");
                }
                return releaseAll(ipamer, owner, output);
            }
            if (prefix == null || addresses.isEmpty()) {
                throw wrongUse("addresses are missing: PREFIX ADDRESS... or --owner OWNER is wanted");
            }
            new BulkRelease(this, prefix, request).run(ipamer, read("ADDRESS", new AddressText(), addresses), output);
            return OK;
        }

        private int releaseAll(Ipamer ipamer, String whose, Output output) throws IOException {
            String where = prefix == null ? "in namespace " + namespace() : "of prefix " + prefix;
            confirmation.require(terminal, "release all addresses of owner \"" + whose + "\" " + where);
            long released = request.once(
                    this,
                    ipamer,
                    "some addresses may be released and others not; the same command goes on",
                    view -> prefix == null
                            ? view.releaseIpsByOwner(whose)
                            : view.releaseIpsByOwner(prefix.toString(), whose));
            output.done(
                    "released " + Wording.count(released, "address", "addresses"),
                    json -> json.beginObject()
                            .name("releasedIps")
                            .value(released)
                            .endObject());
            return OK;
        }
    }
}
