package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.cli.terminal.Table;
import io.ipamer.client.Allocation;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Acquired addresses. */
final class AllocationShape implements Shape<Allocation> {
    @Override
    public Table columns(Table table) {
        return table.column("ADDRESS")
                .column("PREFIX")
                .text("OWNER")
                .text("LABELS")
                .text("DESCRIPTION");
    }

    @Override
    public String[] cells(Allocation allocation) {
        return new String[] {
            allocation.address(),
            allocation.prefixCidr(),
            allocation.owner(),
            Labels.text(allocation.labels()),
            allocation.description()
        };
    }

    @Override
    public void write(JsonWriter json, Allocation allocation) throws IOException {
        json.beginObject();
        members(json, allocation);
        json.endObject();
    }

    static void members(JsonWriter json, Allocation allocation) throws IOException {
        json.name("id").value(ServerOptions.given(allocation.id()));
        json.name("address").value(allocation.address());
        json.name("namespace").value(allocation.namespace());
        json.name("prefixCidr").value(allocation.prefixCidr());
        json.name("owner").value(allocation.owner());
        Labels.write(json, allocation.labels());
        json.name("description").value(allocation.description());
    }

    static Map<String, String> facts(Allocation allocation) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("address", allocation.address());
        facts.put("prefix", allocation.prefixCidr());
        facts.put("namespace", allocation.namespace());
        facts.put("id", allocation.id());
        facts.put("owner", allocation.owner());
        facts.put("labels", Labels.text(allocation.labels()));
        facts.put("description", allocation.description());
        return facts;
    }
}
