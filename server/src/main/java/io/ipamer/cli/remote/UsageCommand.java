package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.address.Cidr;
import io.ipamer.cli.remote.Converters.CidrText;
import io.ipamer.cli.terminal.Table;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.FamilyUsage;
import io.ipamer.client.Ipamer;
import io.ipamer.client.NamespaceUsage;
import io.ipamer.client.PrefixMode;
import io.ipamer.client.PrefixUsage;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Says how full something is. */
@Command(
        name = "usage",
        description = "Show how full a prefix or, without one, the namespace is.",
        footer = {"", "ipamer usage 10.0.0.0/24", "ipamer usage -n lab -o json"})
final class UsageCommand extends NamespacedCommand {
    @Parameters(arity = "0..1", paramLabel = "PREFIX", converter = CidrText.class, description = "A prefix.")
    private @Nullable Cidr prefix;

    UsageCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    int run(Ipamer ipamer, Output output) throws IOException {
        if (prefix == null) {
            show(ipamer.usage(), output);
        } else {
            show(ipamer.usage(prefix.toString()), output);
        }
        return OK;
    }

    private static void show(PrefixUsage usage, Output output) throws IOException {
        if (output.json()) {
            output.object(json -> write(json, usage));
        } else {
            output.facts(facts(usage));
        }
    }

    private static Map<String, String> facts(PrefixUsage usage) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("cidr", usage.cidr());
        facts.put("gives out", gives(usage));
        facts.put("size", Wording.number(usage.size()));
        facts.put("free", Wording.number(usage.free()));
        facts.put("acquired", Wording.number(usage.acquired()));
        // Children are cut out of all of it: it keeps nothing out of that.
        facts.put("reserved", usage.mode() == PrefixMode.CHILDREN ? "-" : Wording.number(usage.reserved()));
        facts.put("children", Wording.number(usage.children()));
        facts.put("leaked blocks", Wording.number(usage.leaked()));
        facts.put("largest free block", usage.largestFreeBlock().orElse("-"));
        facts.put("revision", Long.toString(usage.revision()));
        return facts;
    }

    private static String gives(PrefixUsage usage) {
        if (usage.beingDeleted()) {
            return "nothing: it is being deleted with everything in it";
        }
        return switch (usage.mode()) {
            case NONE -> "nothing yet";
            case ADDRESSES -> "addresses";
            case CHILDREN -> "child prefixes";
            case UNRECOGNIZED -> "something that this program does not know: the server is newer";
        };
    }

    private static void write(JsonWriter json, PrefixUsage usage) throws IOException {
        json.beginObject();
        json.name("cidr").value(usage.cidr());
        json.name("mode").value(usage.mode().name().toLowerCase(Locale.ROOT));
        json.name("size").value(usage.size().toString());
        json.name("free").value(usage.free().toString());
        json.name("acquired").value(usage.acquired());
        json.name("reserved").value(usage.reserved().toString());
        json.name("children").value(usage.children());
        json.name("leaked").value(usage.leaked());
        json.name("largestFreeBlock").value(usage.largestFreeBlock().orElse(null));
        json.name("revision").value(usage.revision());
        json.name("beingDeleted").value(usage.beingDeleted());
        json.endObject();
    }

    private void show(NamespaceUsage usage, Output output) throws IOException {
        if (output.json()) {
            output.object(json -> {
                json.beginObject();
                json.name("namespace").value(usage.namespace());
                json.name("ipv4");
                write(json, usage.ipv4());
                json.name("ipv6");
                write(json, usage.ipv6());
                json.endObject();
            });
            return;
        }
        Table table = new Table(terminal)
                .column("FAMILY")
                .number("TOP-LEVEL")
                .number("PREFIXES")
                .number("SIZE")
                .number("FREE")
                .number("ACQUIRED")
                .number("RESERVED")
                .number("LEAKED");
        row(table, "IPv4", usage.ipv4());
        row(table, "IPv6", usage.ipv6());
        table.end();
    }

    private static void row(Table table, String family, FamilyUsage usage) {
        table.row(
                family,
                Wording.number(usage.topLevelPrefixes()),
                Wording.number(usage.prefixes()),
                Wording.number(usage.size()),
                Wording.number(usage.free()),
                Wording.number(usage.acquired()),
                Wording.number(usage.reserved()),
                Wording.number(usage.leaked()));
    }

    private static void write(JsonWriter json, FamilyUsage usage) throws IOException {
        json.beginObject();
        json.name("topLevelPrefixes").value(usage.topLevelPrefixes());
        json.name("prefixes").value(usage.prefixes());
        json.name("size").value(usage.size().toString());
        json.name("free").value(usage.free().toString());
        json.name("acquired").value(usage.acquired());
        json.name("reserved").value(usage.reserved().toString());
        json.name("leaked").value(usage.leaked().toString());
        json.endObject();
    }
}
