package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.Map;

/**
 * An owner and labels that things are looked for by: all of them must be there.
 *
 * @param owner empty for any
 * @param labels empty for any
 */
public record Tags(String owner, Map<String, String> labels) {
    /** Whatever they are. */
    public static final Tags ANY = new Tags("", Map.of());

    public Tags {
        requireNonNull(owner, "owner");
        labels = Map.copyOf(requireNonNull(labels, "labels"));
    }

    /** Those of one owner. */
    public static Tags ownedBy(String owner) {
        return new Tags(owner, Map.of());
    }

    /** Those with one label. */
    public static Tags labelled(String key, String value) {
        return ANY.withLabel(key, value);
    }

    /** The same, and with this label. */
    public Tags withLabel(String key, String value) {
        Map<String, String> more = new HashMap<>(labels);
        more.put(requireNonNull(key, "key"), requireNonNull(value, "value"));
        return new Tags(owner, more);
    }
}
