package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which parts of what is said of a prefix or address change, and to what; the others stay as they are. */
public final class MetadataUpdate {
    /** Changes nothing yet; the server refuses an update that never changes anything. */
    public static final MetadataUpdate NOTHING = new MetadataUpdate(Metadata.NONE, Set.of());

    private static final String OWNER = "owner";
    private static final String LABELS = "labels";
    private static final String DESCRIPTION = "description";

    private final Metadata values;
    private final Set<String> paths;

    private MetadataUpdate(Metadata values, Set<String> paths) {
        this.values = values;
        this.paths = paths;
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

    /** What comes in place of what was there. */
    Metadata values() {
        return values;
    }

    /** What changes, as the contract's update masks name it. */
    Set<String> paths() {
        return paths;
    }

    private MetadataUpdate with(Metadata changed, String path) {
        Set<String> more = new TreeSet<>(paths);
        if (!path.startsWith(LABELS) || !more.contains(LABELS)) {
            more.add(path);
        }
        if (path.equals(LABELS)) {
            more.removeIf(other -> other.startsWith(LABELS + '.'));
        }
        return new MetadataUpdate(changed, more);
    }
}
