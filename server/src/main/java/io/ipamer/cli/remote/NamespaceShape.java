package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.cli.terminal.Table;
import io.ipamer.client.Namespace;
import java.io.IOException;

/** Namespaces. */
final class NamespaceShape implements Shape<Namespace> {
    @Override
    public Table columns(Table table) {
        return table.column("NAME").column("ID");
    }

    @Override
    public String[] cells(Namespace namespace) {
        return new String[] {namespace.name(), namespace.id()};
    }

    @Override
    public void write(JsonWriter json, Namespace namespace) throws IOException {
        json.beginObject();
        json.name("id").value(namespace.id());
        json.name("name").value(namespace.name());
        json.endObject();
    }
}
