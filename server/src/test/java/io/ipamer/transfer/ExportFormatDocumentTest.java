package io.ipamer.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.store.memory.MemoryStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What docs/export-format.md shows and says is so. */
class ExportFormatDocumentTest {
    private static final Path DOCUMENT = Path.of("../docs/export-format.md");

    private static String block(String language) throws IOException {
        String text = Files.readString(DOCUMENT);
        int start = text.indexOf("```" + language + "\n");
        assertThat(start).isNotNegative();
        int from = start + language.length() + 4;
        return text.substring(from, text.indexOf("```", from));
    }

    @Test
    void itsExampleIsImportedAndExportedAgain() throws IOException {
        String example = block("ndjson");
        Surroundings surroundings =
                new Surroundings(System::nanoTime, (nanos, task) -> {}, Runnable::run, UUID::randomUUID, () -> 0.5);
        try (MemoryStore store = new MemoryStore();
                Transfers transfers = new Transfers(new Ipam(store, surroundings), surroundings.meters())) {
            Parts parts = new Parts(() -> {});
            parts.add(example.getBytes(StandardCharsets.UTF_8));
            parts.end();
            Report report = new Report();
            transfers.importFrom(parts, "north", Format.IPAMER, false, report).join();
            assertThat(report.news().issues()).isEmpty();

            ByteArrayOutputStream text = new ByteArrayOutputStream();
            transfers.exportTo(text, "north", Format.IPAMER).join();

            String id = "\"id\":\"[-0-9a-f]*\"";
            assertThat(text.toString(StandardCharsets.UTF_8).replaceAll(id, "")).isEqualTo(example.replaceAll(id, ""));
        }
    }

    /** As far as the schema goes: each line is of one kind, has what that must have, and nothing that it does not name. */
    @Test
    void itsExampleIsAsItsSchemaSays() throws IOException {
        JsonObject kinds =
                JsonParser.parseString(block("json")).getAsJsonObject().getAsJsonObject("$defs");
        List<String> seen = new ArrayList<>();
        block("ndjson").lines().forEach(line -> {
            JsonObject members = JsonParser.parseString(line).getAsJsonObject();
            List<String> matching = kinds.keySet().stream()
                    .filter(kind -> hasAll(members, kinds.getAsJsonObject(kind).getAsJsonArray("required")))
                    .toList();
            assertThat(matching).as(line).hasSize(1);
            assertThat(kinds.getAsJsonObject(matching.get(0))
                            .getAsJsonObject("properties")
                            .keySet())
                    .as(line)
                    .containsAll(members.keySet());
            seen.addAll(members.keySet().stream()
                    .map(member -> matching.get(0) + " " + member)
                    .toList());
        });
        assertThat(seen).contains("header ipamer", "prefix cidr", "leaked leaked", "address address", "end end");
    }

    private static boolean hasAll(JsonObject members, JsonArray required) {
        for (JsonElement name : required) {
            if (!members.has(name.getAsString())) {
                return false;
            }
        }
        return true;
    }
}
