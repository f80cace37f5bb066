package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.cli.terminal.Table;
import io.ipamer.client.Prefix;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Prefixes. */
final class PrefixShape implements Shape<Prefix> {
    @Override
    public Table columns(Table table) {
        return table.column("CIDR")
                .column("PARENT")
                .text("OWNER")
                .text("LABELS")
                .text("DESCRIPTION");
    }

    @Override
    public String[] cells(Prefix prefix) {
        return new String[] {
            prefix.cidr(),
            prefix.parentCidr().orElse("-"),
            prefix.owner(),
            Labels.text(prefix.labels()),
            prefix.description()
        };
    }

    @Override
    public void write(JsonWriter json, Prefix prefix) throws IOException {
        json.beginObject();
        members(json, prefix);
        json.endObject();
    }

    static void members(JsonWriter json, Prefix prefix) throws IOException {
        json.name("id").value(ServerOptions.given(prefix.id()));
        json.name("namespace").value(prefix.namespace());
        json.name("cidr").value(prefix.cidr());
        json.name("parentCidr").value(prefix.parentCidr().orElse(null));
        json.name("reservation").value(reservation(prefix));
        json.name("owner").value(prefix.owner());
        Labels.write(json, prefix.labels());
        json.name("description").value(prefix.description());
    }

    static Map<String, String> facts(Prefix prefix) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("cidr", prefix.cidr());
        facts.put("parent", prefix.parentCidr().orElse("-"));
        facts.put("namespace", prefix.namespace());
        facts.put("id", prefix.id());
        facts.put("reservation", reservation(prefix));
        facts.put("owner", prefix.owner());
        facts.put("labels", Labels.text(prefix.labels()));
        facts.put("description", prefix.description());
        return facts;
    }

    private static String reservation(Prefix prefix) {
        return prefix.reservation().name().toLowerCase(Locale.ROOT);
    }
}
