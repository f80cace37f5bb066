package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Which parts of what is said of a prefix or address change, and to what; the others stay as they are.
 *
 * @param values what comes in place of what was there
 * @param paths what changes, as the contract's update masks name it
 */
public record MetadataUpdate(Metadata values, SortedSet<String> paths) {
    /** Changes nothing yet; the server refuses an update that never changes anything. */
    public static final MetadataUpdate NOTHING = new MetadataUpdate(Metadata.NONE, Collections.emptySortedSet());

    private static final String OWNER = "owner";
    private static final String LABELS = "labels";
    private static final String DESCRIPTION = "description";

    public MetadataUpdate {
        requireNonNull(values, "values");
        paths = Collections.unmodifiableSortedSet(new TreeSet<>(requireNonNull(paths, "paths")));
    }

    /** Another owner; empty for nobody in particular. */
    public MetadataUpdate owner(String owner) {
        return with(new Metadata(owner, values.labels(), values.description()), OWNER);
    }

    /** Another description; empty for none. */
    public MetadataUpdate description(String description) {
        return with(values.withDescription(description), DESCRIPTION);
    }

    /** Exactly these labels, whichever there were. */
    public MetadataUpdate labels(Map<String, String> labels) {
        return with(values.withLabels(labels), LABELS);
    }

    /** One more label, or another value of it. */
    public MetadataUpdate label(String key, String value) {
        return with(values.withLabel(key, value), LABELS + '.' + key);
    }

    /** One label less; none the less if there is none. */
    public MetadataUpdate withoutLabel(String key) {
        Map<String, String> fewer = new HashMap<>(values.labels());
        fewer.remove(requireNonNull(key, "key"));
        return with(values.withLabels(fewer), LABELS + '.' + key);
    }

    private MetadataUpdate with(Metadata changed, String path) {
        SortedSet<String> more = new TreeSet<>(paths);
        if (!path.startsWith(LABELS) || !more.contains(LABELS)) {
            more.add(path);
        }
        if (path.equals(LABELS)) {
            more.removeIf(other -> other.startsWith(LABELS + '.'));
        }
        return new MetadataUpdate(changed, more);
    }
}
