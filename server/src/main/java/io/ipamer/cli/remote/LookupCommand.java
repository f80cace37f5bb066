package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.address.IpAddress;
import io.ipamer.cli.remote.Converters.AddressText;
import io.ipamer.cli.remote.Options.TagOptions;
import io.ipamer.cli.remote.Shapes.AllocationShape;
import io.ipamer.cli.remote.Shapes.Labels;
import io.ipamer.cli.remote.Shapes.PrefixShape;
import io.ipamer.cli.terminal.Table;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.AddressLookup;
import io.ipamer.client.Allocation;
import io.ipamer.client.Ipamer;
import io.ipamer.client.Prefix;
import io.ipamer.client.Resource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Finds things by an address in them, by their owner, by their labels. */
@Command(
        name = "lookup",
        description = "Show what is known of an address: the prefixes that it lies in, outermost first, and who has it;"
                + " or list all prefixes and addresses that an owner has or that have labels.",
        footer = {"", "ipamer lookup 10.0.0.53", "ipamer lookup --owner team-web --label env=prod"})
final class LookupCommand extends NamespacedCommand {
    @Parameters(arity = "0..1", paramLabel = "ADDRESS", converter = AddressText.class, description = "An address.")
    private @Nullable IpAddress address;

    @Mixin
    private final TagOptions tags = new TagOptions();

    LookupCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    int run(Ipamer ipamer, Output output) throws IOException {
        if ((address == null) != tags.given()) {
            throw wrongUse(
                    address == null
                            ? "an address is missing, or --owner or --label"
                            : "an address does not go with --owner and --label: it has one owner");
        }
        if (address == null) {
            output.list(new ResourceShape(), ipamer.lookup(tags.tags(spec)));
        } else {
            show(ipamer.lookup(address.toString()), output);
        }
        return OK;
    }

    private static void show(AddressLookup found, Output output) throws IOException {
        if (output.json()) {
            output.object(json -> {
                json.beginObject().name("prefixes").beginArray();
                for (Prefix prefix : found.prefixes()) {
                    new PrefixShape().write(json, prefix);
                }
                json.endArray().name("allocation");
                if (found.allocation().isPresent()) {
                    new AllocationShape().write(json, found.allocation().get());
                } else {
                    json.nullValue();
                }
                json.endObject();
            });
            return;
        }
        List<Resource> all = new ArrayList<>(found.prefixes());
        found.allocation().ifPresent(all::add);
        output.list(new ResourceShape(), all.stream());
    }

    /** Prefixes and addresses together. */
    private static final class ResourceShape implements Shape<Resource> {
        @Override
        public Table columns(Table table) {
            return table.column("KIND")
                    .column("NAME")
                    .column("IN")
                    .text("OWNER")
                    .text("LABELS")
                    .text("DESCRIPTION");
        }

        @Override
        public String[] cells(Resource resource) {
            String labels = Labels.text(resource.labels());
            if (resource instanceof Prefix prefix) {
                return new String[] {
                    "prefix",
                    prefix.cidr(),
                    prefix.parentCidr().orElse("-"),
                    prefix.owner(),
                    labels,
                    prefix.description()
                };
            }
            Allocation allocation = (Allocation) resource;
            return new String[] {
                "address",
                allocation.address(),
                allocation.prefixCidr(),
                allocation.owner(),
                labels,
                allocation.description()
            };
        }

        @Override
        public void write(JsonWriter json, Resource resource) throws IOException {
            json.beginObject().name("kind");
            if (resource instanceof Prefix prefix) {
                PrefixShape.members(json.value("prefix"), prefix);
            } else {
                AllocationShape.members(json.value("address"), (Allocation) resource);
            }
            json.endObject();
        }
    }
}
