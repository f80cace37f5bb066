package io.ipamer.store.sql;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.Answer;
import io.ipamer.model.Metadata;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.ReleaseCount;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import io.ipamer.model.Shortfall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What was answered, as JSON: rows that a newer server may have to read, and that people read when they look for what
 * became of a call. A member may be added; none may change its meaning.
 */
final class StoredAnswer {
    private static final String KIND = "kind";

    private StoredAnswer() {}

    static String write(Answer answer) {
        JsonObject json = new JsonObject();
        if (answer instanceof Allocations acquired) {
            json.addProperty(KIND, "allocations");
            json.add("allocations", array(acquired.allocations(), StoredAnswer::write));
        } else if (answer instanceof Releases releases) {
            json.addProperty(KIND, "releases");
            json.add("releases", array(releases.releases(), StoredAnswer::write));
        } else if (answer instanceof Prefix prefix) {
            json.addProperty(KIND, "prefix");
            write(json, prefix);
        } else if (answer instanceof Namespace namespace) {
            json.addProperty(KIND, "namespace");
            json.addProperty("id", namespace.id().toString());
            json.addProperty("name", namespace.name());
        } else if (answer instanceof ReleaseCount releases) {
            json.addProperty(KIND, "release_count");
            json.addProperty("released", releases.released());
        } else if (answer instanceof Shortfall shortfall) {
            json.addProperty(KIND, "shortfall");
            json.add("left", array(shortfall.left(), StoredAnswer::write));
        }
        return json.toString();
    }

    static Answer read(String text) {
        JsonObject json = JsonParser.parseString(text).getAsJsonObject();
        String kind = string(json, KIND);
        return switch (kind) {
            case "allocations" -> new Allocations(list(json, "allocations", StoredAnswer::allocation));
            case "releases" -> new Releases(list(json, "releases", StoredAnswer::release));
            case "prefix" -> prefix(json);
            case "namespace" -> new Namespace(id(json, "id"), string(json, "name"));
            case "release_count" -> new ReleaseCount(json.get("released").getAsLong());
            case "shortfall" -> new Shortfall(list(json, "left", StoredAnswer::left));
            default -> throw new IllegalStateException("an answer of a kind that this version does not know: " + kind);
        };
    }

    private static JsonObject write(Allocation allocation) {
        JsonObject json = new JsonObject();
        json.addProperty("id", allocation.id().toString());
        json.addProperty("address", allocation.address().toString());
        write(json, allocation.metadata());
        return json;
    }

    private static Allocation allocation(JsonObject json) {
        return new Allocation(id(json, "id"), IpAddress.parse(string(json, "address")), metadata(json));
    }

    private static JsonObject write(Shortfall.Left left) {
        JsonObject json = new JsonObject();
        json.addProperty("index", left.index());
        json.addProperty("same", left.same());
        json.addProperty("reason", left.reason().name());
        json.addProperty("message", left.message());
        return json;
    }

    private static Shortfall.Left left(JsonObject json) {
        return new Shortfall.Left(
                json.get("index").getAsInt(),
                json.get("same").getAsBoolean(),
                Reason.valueOf(string(json, "reason")),
                string(json, "message"));
    }

    private static JsonObject write(Releases.Release release) {
        JsonObject json = new JsonObject();
        json.addProperty("address", release.address().toString());
        if (release instanceof Releases.Released released) {
            add(json, "allocation_id", released.allocationId());
            write(json, released.metadata());
        } else if (release instanceof Releases.Refused refused) {
            json.addProperty("reason", refused.reason().name());
            json.addProperty("message", refused.message());
        }
        return json;
    }

    private static Releases.Release release(JsonObject json) {
        IpAddress address = IpAddress.parse(string(json, "address"));
        return json.has("reason")
                ? new Releases.Refused(address, Reason.valueOf(string(json, "reason")), string(json, "message"))
                : new Releases.Released(address, idOrNull(json, "allocation_id"), metadata(json));
    }

    private static void write(JsonObject json, Prefix prefix) {
        json.addProperty("id", prefix.id().toString());
        json.addProperty("namespace_id", prefix.namespaceId().toString());
        add(json, "parent_id", prefix.parentId());
        add(json, "parent_cidr", prefix.parentCidr());
        json.addProperty("cidr", prefix.cidr().toString());
        json.addProperty("reservation", prefix.reservation().name());
        write(json, prefix.metadata());
    }

    private static Prefix prefix(JsonObject json) {
        return new Prefix(
                id(json, "id"),
                id(json, "namespace_id"),
                idOrNull(json, "parent_id"),
                json.has("parent_cidr") ? Cidr.parse(string(json, "parent_cidr")) : null,
                Cidr.parse(string(json, "cidr")),
                Reservation.valueOf(string(json, "reservation")),
                metadata(json));
    }

    private static void write(JsonObject json, Metadata metadata) {
        if (!metadata.owner().isEmpty()) {
            json.addProperty("owner", metadata.owner());
        }
        if (!metadata.labels().isEmpty()) {
            json.add("labels", write(metadata.labels()));
        }
        if (!metadata.description().isEmpty()) {
            json.addProperty("description", metadata.description());
        }
    }

    private static Metadata metadata(JsonObject json) {
        return json.has("owner") || json.has("labels") || json.has("description")
                ? new Metadata(
                        stringOrEmpty(json, "owner"),
                        json.has("labels") ? labels(json.getAsJsonObject("labels")) : Metadata.NONE.labels(),
                        stringOrEmpty(json, "description"))
                : Metadata.NONE;
    }

    static JsonObject write(Map<String, String> labels) {
        JsonObject json = new JsonObject();
        labels.forEach(json::addProperty);
        return json;
    }

    static SortedMap<String, String> labels(JsonObject json) {
        SortedMap<String, String> labels = new TreeMap<>();
        json.entrySet()
                .forEach(label -> labels.put(label.getKey(), label.getValue().getAsString()));
        return labels;
    }

    private static void add(JsonObject json, String name, @Nullable Object value) {
        if (value != null) {
            json.addProperty(name, value.toString());
        }
    }

    private static String string(JsonObject json, String name) {
        return json.get(name).getAsString();
    }

    private static String stringOrEmpty(JsonObject json, String name) {
        return json.has(name) ? string(json, name) : "";
    }

    private static UUID id(JsonObject json, String name) {
        return UUID.fromString(string(json, name));
    }

    private static @Nullable UUID idOrNull(JsonObject json, String name) {
        return json.has(name) ? id(json, name) : null;
    }

    private static <T> JsonArray array(List<T> values, Function<T, JsonObject> write) {
        JsonArray array = new JsonArray(values.size());
        values.forEach(value -> array.add(write.apply(value)));
        return array;
    }

    private static <T> List<T> list(JsonObject json, String name, Function<JsonObject, T> read) {
        List<T> values = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray(name)) {
            values.add(read.apply(element.getAsJsonObject()));
        }
        return values;
    }
}
