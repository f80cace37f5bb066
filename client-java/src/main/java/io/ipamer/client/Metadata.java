package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.Map;

/**
 * What is said of a new prefix or address, in words of the caller's own.
 *
 * @param owner who is responsible: at most 128 characters; empty for nobody in particular
 * @param labels at most 32, keys and values as Kubernetes has them
 * @param description at most 1,024 characters
 */
public record Metadata(String owner, Map<String, String> labels, String description) {
    /** Nothing is said. */
    public static final Metadata NONE = new Metadata("", Map.of(), "");

    public Metadata {
        requireNonNull(owner, "owner");
        labels = Map.copyOf(requireNonNull(labels, "labels"));
        requireNonNull(description, "description");
    }

    /** An owner, and nothing else yet. */
    public static Metadata ownedBy(String owner) {
        return new Metadata(owner, Map.of(), "");
    }

    /** The same with another label, or another value of that label. */
    public Metadata withLabel(String key, String value) {
        Map<String, String> more = new HashMap<>(labels);
        more.put(requireNonNull(key, "key"), requireNonNull(value, "value"));
        return new Metadata(owner, more, description);
    }

    /** The same with these labels in place of the others. */
    public Metadata withLabels(Map<String, String> all) {
        return new Metadata(owner, all, description);
    }

    /** The same with another description. */
    public Metadata withDescription(String text) {
        return new Metadata(owner, labels, text);
    }
}
