package io.ipamer.plan;

import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Which keys of a table are known, present or absent: a set of closed intervals. Each operation is one tree search. */
final class Coverage<K> {
    private final Comparator<? super K> order;
    private final TreeMap<K, K> ends;
    private boolean all;

    Coverage(Comparator<? super K> order) {
        this.order = order;
        this.ends = new TreeMap<>(order);
    }

    void addAll() {
        all = true;
        ends.clear();
    }

    void clear() {
        all = false;
        ends.clear();
    }

    void add(K from, K to) {
        if (all) {
            return;
        }
        K first = from;
        K last = to;
        Map.Entry<K, K> before = ends.floorEntry(from);
        if (before != null && order.compare(before.getValue(), from) >= 0) {
            if (order.compare(before.getValue(), to) >= 0) {
                return;
            }
            first = before.getKey();
            last = max(last, before.getValue());
        }
        for (Map.Entry<K, K> next = ends.ceilingEntry(first);
                next != null && order.compare(next.getKey(), last) <= 0;
                next = ends.ceilingEntry(first)) {
            last = max(last, next.getValue());
            ends.remove(next.getKey());
        }
        ends.put(first, last);
    }

    boolean contains(K key) {
        return all || reachFrom(key) != null;
    }

    /** The number of intervals. */
    int size() {
        return ends.size();
    }

    boolean isAll() {
        return all;
    }

    /** The last key up to which everything from {@code key} on is known; null when {@code key} is not. */
    @Nullable
    K reachFrom(K key) {
        Map.Entry<K, K> interval = ends.floorEntry(key);
        return interval != null && order.compare(interval.getValue(), key) >= 0 ? interval.getValue() : null;
    }

    /** The first key from which on everything up to {@code key} is known; null when {@code key} is not. */
    @Nullable
    K startOf(K key) {
        Map.Entry<K, K> interval = ends.floorEntry(key);
        return interval != null && order.compare(interval.getValue(), key) >= 0 ? interval.getKey() : null;
    }

    int compare(K a, K b) {
        return order.compare(a, b);
    }

    private K max(K a, K b) {
        return order.compare(a, b) >= 0 ? a : b;
    }
}
