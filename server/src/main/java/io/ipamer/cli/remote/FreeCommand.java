package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.address.Cidr;
import io.ipamer.cli.remote.Converters.CidrText;
import io.ipamer.cli.terminal.Table;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.FreeRange;
import io.ipamer.client.Ipamer;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Lists what is free. */
@Command(
        name = "free",
        description = "List the free space of a prefix, ascending: as ranges, and as the CIDRs that children can be.",
        footer = {"", "ipamer free 10.0.0.0/24"})
final class FreeCommand extends NamespacedCommand {
    @Parameters(paramLabel = "PREFIX", converter = CidrText.class, description = "The prefix.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Cidr prefix;

    FreeCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    int run(Ipamer ipamer, Output output) throws IOException {
        output.list(new RangeShape(), ipamer.free(prefix.toString()));
        return OK;
    }

    /** Free ranges. */
    private static final class RangeShape implements Shape<FreeRange> {
        @Override
        public Table columns(Table table) {
            return table.column("FIRST").column("LAST").number("SIZE").text("CIDRS");
        }

        @Override
        public String[] cells(FreeRange range) {
            return new String[] {
                range.first(), range.last(), Wording.number(range.size()), String.join(" ", range.cidrs())
            };
        }

        @Override
        public void write(JsonWriter json, FreeRange range) throws IOException {
            json.beginObject();
            json.name("first").value(range.first());
            json.name("last").value(range.last());
            json.name("size").value(range.size().toString());
            json.name("cidrs").beginArray();
            for (String cidr : range.cidrs()) {
                json.value(cidr);
            }
            json.endArray().endObject();
        }
    }
}
