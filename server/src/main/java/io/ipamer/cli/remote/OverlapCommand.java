package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.cli.remote.Converters.CidrText;
import io.ipamer.cli.terminal.Table;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Ipamer;
import io.ipamer.client.Overlaps;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Says whether prefixes could be created. */
@Command(
        name = "overlap",
        description =
                "Show which CIDRs overlap a prefix of the namespace, or one another. Changes nothing; exit code 0 in"
                        + " both cases.",
        footer = {"", "ipamer overlap 10.0.0.0/8 172.16.0.0/12"})
final class OverlapCommand extends NamespacedCommand {
    private static final int MOST = 1_000;

    @Parameters(arity = "1..*", paramLabel = "CIDR", description = "The CIDRs, up to 1,000.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private List<String> cidrs;

    OverlapCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    int run(Ipamer ipamer, Output output) throws IOException {
        if (cidrs.size() > MOST) {
            throw wrongUse("at most 1,000 CIDRs can be asked about at a time, not " + cidrs.size());
        }
        List<String> names = new ArrayList<>();
        read("CIDR", new CidrText(), cidrs).forEach(cidr -> names.add(cidr.toString()));
        Overlaps overlaps = ipamer.overlaps(names);
        if (output.json()) {
            output.object(json -> write(json, overlaps));
        } else if (overlaps.conflicts().isEmpty()) {
            terminal.out().println("nothing overlaps");
        } else {
            table(overlaps);
        }
        return OK;
    }

    private void table(Overlaps overlaps) {
        Table table = new Table(terminal).column("CIDR").column("OVERLAPS").column("WHICH");
        for (Overlaps.Conflict conflict : overlaps.conflicts()) {
            table.row(
                    conflict.cidr(), conflict.conflictsWith(), conflict.existing() ? "exists" : "is asked about, too");
        }
        table.end();
        if (overlaps.truncated()) {
            terminal.out().println("... and more");
        }
    }

    private static void write(JsonWriter json, Overlaps overlaps) throws IOException {
        json.beginObject().name("conflicts").beginArray();
        for (Overlaps.Conflict conflict : overlaps.conflicts()) {
            json.beginObject();
            json.name("cidr").value(conflict.cidr());
            json.name("conflictsWith").value(conflict.conflictsWith());
            json.name("existing").value(conflict.existing());
            json.endObject();
        }
        json.endArray();
        json.name("truncated").value(overlaps.truncated());
        json.endObject();
    }
}
