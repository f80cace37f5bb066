package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Ipamer;
import io.ipamer.client.ServerVersion;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;

/** Says whether the server is there and can work. */
@Command(
        name = "health",
        description =
                "Show whether the server answers and can read its data, and which build it runs. Exit code 0 if it"
                        + " does, 1 if it has no data at the moment, 3 if it does not answer.",
        footer = {"", "ipamer health --server ipam.example.net:9090 --tls"})
final class HealthCommand extends RemoteCommand {
    private static final String ALWAYS_THERE = "root";

    HealthCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    int run(Target target, Ipamer ipamer, Output output) throws IOException {
        ServerVersion version = ipamer.version();
        ipamer.namespace(ALWAYS_THERE); // reads from the database
        if (output.json()) {
            output.object(json -> {
                json.beginObject();
                json.name("server").value(target.address());
                json.name("version").value(version.version());
                json.name("revision").value(version.revision());
                json.name("built").value(version.built());
                json.name("java").value(version.java());
                json.endObject();
            });
            return OK;
        }
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("server", target.address() + " answers");
        facts.put("version", version.version());
        facts.put("revision", version.revision());
        facts.put("built", version.built());
        facts.put("java", version.java());
        output.facts(facts);
        return OK;
    }
}
