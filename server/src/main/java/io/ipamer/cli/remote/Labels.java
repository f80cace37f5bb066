package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** Shows labels, sorted by their keys. */
final class Labels {
    private Labels() {}

    static String text(Map<String, String> labels) {
        if (labels.isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        new TreeMap<>(labels)
                .forEach((key, value) -> text.append(text.isEmpty() ? "" : ",")
                        .append(key)
                        .append('=')
                        .append(value));
        return text.toString();
    }

    static void write(JsonWriter json, Map<String, String> labels) throws IOException {
        json.name("labels").beginObject();
        for (Map.Entry<String, String> label : new TreeMap<>(labels).entrySet()) {
            json.name(label.getKey()).value(label.getValue());
        }
        json.endObject();
    }
}
