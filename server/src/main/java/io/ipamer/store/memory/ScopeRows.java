package io.ipamer.store.memory;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Prefix;
import io.ipamer.plan.BlockChange;
import io.ipamer.plan.Change;
import io.ipamer.plan.FreeBlocks;
import io.ipamer.plan.Head;
import io.ipamer.plan.Rows;
import io.ipamer.plan.Scope;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** All rows of one scope. Most scopes hold one kind of them or none, so each table is made when its first row comes. */
final class ScopeRows {
    /** How many revisions the journal goes back; a plan is resolved within a few of them. */
    private static final int JOURNAL = 16;

    private final Scope scope;
    private Head head;
    private @Nullable TreeMap<IpAddress, IpAddress> freeRanges;
    private @Nullable TreeMap<IpAddress, Allocation> allocations;
    private @Nullable TreeMap<IpAddress, Prefix> prefixes;
    private @Nullable FreeBlocks freeBlocks;
    private @Nullable TreeSet<Cidr> leaked;
    private UUID @Nullable [] journal;

    ScopeRows(Scope scope, Head head) {
        this.scope = scope;
        this.head = head;
    }

    /** As it is now, without its journal. */
    ScopeRows copy() {
        ScopeRows copy = new ScopeRows(scope, head);
        copy.freeRanges = freeRanges == null ? null : new TreeMap<>(freeRanges);
        copy.allocations = allocations == null ? null : new TreeMap<>(allocations);
        copy.prefixes = prefixes == null ? null : new TreeMap<>(prefixes);
        copy.leaked = leaked == null ? null : new TreeSet<>(leaked);
        if (freeBlocks != null && scope.cidr() != null) {
            Cidr smallest = Cidr.of(scope.cidr().first(), scope.cidr().family().bits());
            FreeBlocks blocks = new FreeBlocks(scope.cidr());
            freeBlocks.forEachFrom(smallest, Integer.MAX_VALUE, blocks::add);
            copy.freeBlocks = blocks;
        }
        return copy;
    }

    Scope scope() {
        return scope;
    }

    Head head() {
        return head;
    }

    void advance(Head after) {
        head = after;
        if (journal == null) {
            journal = new UUID[JOURNAL];
        }
        journal[(int) (after.seq() % JOURNAL)] = after.txId();
    }

    @Nullable
    UUID journal(long seq) {
        boolean kept = seq >= 1 && seq <= head.seq() && seq > head.seq() - JOURNAL;
        return kept && journal != null ? journal[(int) (seq % JOURNAL)] : null;
    }

    /** Writes the rows of a plan, but for the namespaces. */
    void write(Rows rows) {
        freeRanges = apply(freeRanges, rows.freeRanges());
        allocations = apply(allocations, rows.allocations());
        prefixes = apply(prefixes, rows.prefixes());
        for (BlockChange change : rows.freeBlocks()) {
            if (freeBlocks == null && scope.cidr() != null) {
                freeBlocks = new FreeBlocks(scope.cidr());
            }
            if (freeBlocks != null) {
                freeBlocks.apply(change);
            }
        }
        if (!rows.leaked().isEmpty()) {
            leaked = leaked == null ? new TreeSet<>() : leaked;
            leaked.addAll(rows.leaked());
        }
    }

    List<AddressRange> freeRangesFrom(IpAddress from, int limit) {
        List<AddressRange> found = new ArrayList<>();
        tail(freeRanges, from, limit, (last, first) -> found.add(new AddressRange(first, last)));
        return found;
    }

    List<Allocation> allocationsFrom(IpAddress from, int limit) {
        List<Allocation> found = new ArrayList<>();
        tail(allocations, from, limit, (address, allocation) -> found.add(allocation));
        return found;
    }

    @Nullable
    Allocation allocationAt(IpAddress address) {
        return allocations == null ? null : allocations.get(address);
    }

    List<Prefix> prefixesFrom(IpAddress from, int limit) {
        List<Prefix> found = new ArrayList<>();
        tail(prefixes, from, limit, (last, prefix) -> found.add(prefix));
        return found;
    }

    Collection<Prefix> prefixes() {
        return prefixes == null ? List.of() : prefixes.values();
    }

    List<Cidr> freeBlocksFrom(Cidr from, int limit) {
        List<Cidr> found = new ArrayList<>();
        if (freeBlocks != null) {
            freeBlocks.forEachFrom(from, limit, found::add);
        }
        return found;
    }

    boolean isFreeBlock(Cidr block) {
        return freeBlocks != null && freeBlocks.contains(block);
    }

    @Nullable
    Cidr largestFreeBlock(@Nullable Cidr below) {
        return freeBlocks == null ? null : below == null ? freeBlocks.last() : freeBlocks.lower(below);
    }

    List<Cidr> leakedFrom(Cidr from, int limit) {
        return leaked == null
                ? List.of()
                : leaked.tailSet(from).stream().limit(limit).toList();
    }

    @SuppressWarnings("NonApiType") // its range views are what the callers are after
    private static <K, V> @Nullable TreeMap<K, V> apply(@Nullable TreeMap<K, V> table, Map<K, Change<V>> changes) {
        TreeMap<K, V> rows = table;
        if (!changes.isEmpty()) {
            rows = rows == null ? new TreeMap<>() : rows;
            for (Map.Entry<K, Change<V>> change : changes.entrySet()) {
                V after = change.getValue().after();
                if (after == null) {
                    rows.remove(change.getKey());
                } else {
                    rows.put(change.getKey(), after);
                }
            }
        }
        return rows;
    }

    private static <K, V> void tail(@Nullable SortedMap<K, V> table, K from, int limit, BiConsumer<K, V> consumer) {
        if (table == null) {
            return;
        }
        Iterator<Map.Entry<K, V>> rows = table.tailMap(from).entrySet().iterator();
        for (int i = 0; i < limit && rows.hasNext(); i++) {
            Map.Entry<K, V> row = rows.next();
            consumer.accept(row.getKey(), row.getValue());
        }
    }
}
