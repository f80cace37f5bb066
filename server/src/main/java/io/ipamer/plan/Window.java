package io.ipamer.plan;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The part of one table of a scope that a view knows: some rows, which keys are complete, and what the batch being
 * planned has changed so far. A question outside of the complete keys is answered by {@link Missing}, with the read
 * that would answer it. Every operation costs a tree search in the rows that are known.
 */
final class Window<K, V> {
    /** From a key and a number of rows to the read that brings them. */
    interface Reader<K> {
        Read read(K from, int limit);
    }

    private final TreeMap<K, V> rows;
    private final Coverage<K> coverage;
    private final K top;
    private final Missing missing;
    private final Reader<K> reader;
    private @Nullable HashMap<K, Change<V>> changes;

    /** {@code top} is the greatest key that a row may have. */
    Window(Comparator<? super K> order, K top, Missing missing, Reader<K> reader) {
        this.rows = new TreeMap<>(order);
        this.coverage = new Coverage<>(order);
        this.top = top;
        this.missing = missing;
        this.reader = reader;
    }

    /** There are no rows but those that this view puts. */
    void knowAll() {
        coverage.addAll();
    }

    /** A row that is there. */
    void learn(K key, V value) {
        rows.put(key, value);
    }

    /** All keys of that interval without a row have none. */
    void learnCovered(K from, K to) {
        coverage.add(from, to);
    }

    /** What a read brought that began at {@code from}: fewer rows than it asked for when there are no more. */
    void learn(K from, int limit, List<V> values, Function<V, K> keyOf) {
        K last = top;
        for (V value : values) {
            last = keyOf.apply(value);
            rows.put(last, value);
        }
        coverage.add(from, values.size() < limit ? top : last);
    }

    /** The first row whose key is not below {@code key}; null when there is none. {@code limit}: rows to read ahead. */
    Map.@Nullable Entry<K, V> ceiling(K key, int limit) {
        Map.Entry<K, V> found = rows.ceilingEntry(key);
        if (!coverage.isAll()) {
            requireKnown(key, found == null ? top : found.getKey(), limit);
        }
        return found;
    }

    @Nullable
    V get(K key) {
        if (!coverage.contains(key)) {
            throw missing.needs(reader.read(key, 1));
        }
        return rows.get(key);
    }

    /** As {@link #get}, but a gap is only noted, so that one look can note many. */
    boolean knows(K key) {
        if (coverage.contains(key)) {
            return true;
        }
        missing.note(reader.read(key, 1));
        return false;
    }

    /** As {@link #ceiling}, but a gap is only noted. */
    boolean knowsCeiling(K key, int limit) {
        if (coverage.isAll()) {
            return true;
        }
        Map.Entry<K, V> found = rows.ceilingEntry(key);
        K gap = gap(key, found == null ? top : found.getKey());
        if (gap != null) {
            missing.note(reader.read(gap, Math.max(2, limit)));
        }
        return gap == null;
    }

    /** Inserts or updates a row; its present state is known. */
    void put(K key, V value) {
        record(key, rows.put(key, value), value);
        coverage.add(key, key);
    }

    /** Deletes a row if it is there; its present state is known. */
    void remove(K key) {
        record(key, rows.remove(key), null);
    }

    /** Deletes a row that is there, whether this view knew it or not. */
    void remove(K key, V value) {
        rows.remove(key);
        coverage.add(key, key);
        record(key, value, null);
    }

    /** The changes since the last call of this or of {@link #rollback}; the caller owns the map. */
    Map<K, Change<V>> takeChanges() {
        HashMap<K, Change<V>> taken = changes;
        changes = null;
        return taken == null ? Map.of() : taken;
    }

    void rollback() {
        takeChanges().forEach((key, change) -> {
            if (change.before() == null) {
                rows.remove(key);
            } else {
                rows.put(key, change.before());
            }
        });
    }

    /** Forgets what it knows once that is more than {@code max} rows and intervals. */
    void trim(int max) {
        if (rows.size() + coverage.size() > max) {
            rows.clear();
            coverage.clear();
        }
    }

    private void requireKnown(K from, K to, int limit) {
        K gap = gap(from, to);
        if (gap != null) {
            throw missing.needs(reader.read(gap, Math.max(2, limit)));
        }
    }

    /** Where between two keys the first unknown one may be; null when all are known. */
    private @Nullable K gap(K from, K to) {
        K reach = coverage.reachFrom(from);
        if (reach == null) {
            return from;
        }
        return coverage.compare(reach, to) >= 0 ? null : reach;
    }

    private void record(K key, @Nullable V before, @Nullable V after) {
        if (changes == null) {
            changes = new HashMap<>(4);
        }
        Change<V> earlier = changes.get(key);
        Change<V> now = new Change<>(earlier == null ? before : earlier.before(), after);
        if (now.isNothing()) {
            changes.remove(key);
        } else {
            changes.put(key, now);
        }
    }
}
