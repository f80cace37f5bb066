package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.cli.terminal.Table;
import io.ipamer.client.ReleaseResult;
import java.io.IOException;

/** What became of addresses that were to be released. */
final class ReleaseShape implements Shape<ReleaseResult> {
    @Override
    public Table columns(Table table) {
        return table.column("ADDRESS").text("RESULT");
    }

    @Override
    public String[] cells(ReleaseResult result) {
        return new String[] {
            result.address(), result instanceof ReleaseResult.Refused refused ? refused.message() : "released"
        };
    }

    @Override
    public void write(JsonWriter json, ReleaseResult result) throws IOException {
        ReleaseResult.Refused refused = result instanceof ReleaseResult.Refused one ? one : null;
        json.beginObject();
        json.name("address").value(result.address());
        json.name("released").value(refused == null);
        json.name("reason").value(refused == null ? null : refused.reason().name());
        json.name("message").value(refused == null ? null : refused.message());
        json.endObject();
    }
}
