package io.ipamer.model;

import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A change of what is said of something. What is null stays as it is.
 *
 * @param labels all labels
 * @param singleLabels labels by key that are set or, where the value is empty here, removed; after {@code labels}
 */
public record MetadataUpdate(
        @Nullable String owner,
        @Nullable SortedMap<String, String> labels,
        SortedMap<String, Optional<String>> singleLabels,
        @Nullable String description) {
    /** Refused when it makes too many labels: INVALID_LABEL. */
    public Metadata applyTo(Metadata before) {
        SortedMap<String, String> after = new TreeMap<>(labels == null ? before.labels() : labels);
        singleLabels.forEach((key, value) -> {
            if (value.isPresent()) {
                after.put(key, value.get());
            } else {
                after.remove(key);
            }
        });
        return Metadata.of(
                owner == null ? before.owner() : owner,
                after,
                description == null ? before.description() : description);
    }

    /** Fingerprints are made of it: equal for equal ones, different for different ones, whatever the texts say. */
    @Override
    public String toString() {
        return "MetadataUpdate[" + mark(owner) + "\n" + mark(labels) + "\n" + singleLabels + "\n" + mark(description)
                + "]";
    }

    private static String mark(@Nullable Object value) {
        return value == null ? "-" : "+" + value;
    }
}
