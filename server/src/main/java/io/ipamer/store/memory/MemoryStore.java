package io.ipamer.store.memory;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Held;
import io.ipamer.model.Mode;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.plan.Change;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Head;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Read;
import io.ipamer.plan.Request;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Rows;
import io.ipamer.plan.Scope;
import io.ipamer.plan.ScopeChange;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import io.ipamer.store.Tag;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keeps everything in maps, under one lock: a commit takes well under a microsecond, so that finer locks would cost
 * more than they save. Futures are complete when they are returned. Reads and changes are tree operations in the tables
 * of one scope; nothing here is linear but the lists that are asked for.
 */
public final class MemoryStore implements Store {
    /** Request ids kept; the oldest are forgotten first. */
    static final int MAX_REQUESTS = 250_000;

    private static final CompletableFuture<Outcome> COMMITTED = CompletableFuture.completedFuture(Outcome.COMMITTED);
    private static final CompletableFuture<Outcome> STALE = CompletableFuture.completedFuture(Outcome.STALE);
    private static final CompletableFuture<Outcome> REQUEST_EXISTS =
            CompletableFuture.completedFuture(Outcome.REQUEST_EXISTS);

    private static final NavigableMap<Cidr, Prefix> NO_PREFIXES = Collections.emptyNavigableMap();
    private static final NavigableMap<Cidr, Tag> NO_TAGS = Collections.emptyNavigableMap();

    private final Map<UUID, ScopeRows> scopes = new HashMap<>();
    private final TreeMap<String, Namespace> namespaces = new TreeMap<>();
    private final Map<UUID, NavigableMap<Cidr, Prefix>> prefixes = new HashMap<>();
    private final Map<Tagged, NavigableMap<Cidr, Tag>> tags = new HashMap<>();
    private final byte[] pageTokenKey = new SecureRandom().generateSeed(32);
    private final Map<NamedRequest, RequestRow> requests = new LinkedHashMap<>();

    private record Tagged(UUID namespaceId, Tag.Word word, Tag.Kind kind) {}

    private record NamedRequest(UUID space, String id) {}

    public MemoryStore() {
        Scope root = Scope.of(Namespace.ROOT);
        namespaces.put(Namespace.ROOT.name(), Namespace.ROOT);
        scopes.put(root.id(), new ScopeRows(root, Head.fresh(root.id(), false, false)));
        scopes.put(Scope.SYSTEM.id(), new ScopeRows(Scope.SYSTEM, Head.ofSystem()));
    }

    @Override
    public CompletableFuture<Optional<Extract>> read(Scope scope, List<Read> reads) {
        return CompletableFuture.completedFuture(readNow(scope, reads));
    }

    private synchronized Optional<Extract> readNow(Scope scope, List<Read> reads) {
        return Optional.ofNullable(scopes.get(scope.id())).map(rows -> find(rows, reads));
    }

    private Extract find(ScopeRows rows, List<Read> reads) {
        List<Found> found = new ArrayList<>(reads.size());
        for (Read read : reads) {
            found.add(find(rows, read));
        }
        return new Extract(rows.head(), found);
    }

    private Found find(ScopeRows rows, Read read) {
        if (read instanceof Read.FreeRanges some) {
            return new Found.FreeRanges(some, rows.freeRangesFrom(some.from(), some.limit()));
        } else if (read instanceof Read.FreeBlocksFrom some) {
            return new Found.FreeBlocks(some, rows.freeBlocksFrom(some.from(), some.limit()));
        } else if (read instanceof Read.FreeBlockAt one) {
            return new Found.FreeBlock(one, rows.isFreeBlock(one.block()));
        } else if (read instanceof Read.LargestFreeBlock one) {
            return new Found.LargestFreeBlock(one, rows.largestFreeBlock(one.below()));
        } else if (read instanceof Read.AllocationsFrom some) {
            return new Found.Allocations(some, rows.allocationsFrom(some.from(), some.limit()));
        } else if (read instanceof Read.LeakedFrom some) {
            return new Found.Leaked(some, rows.leakedFrom(some.from(), some.limit()));
        } else if (read instanceof Read.PrefixesFrom some) {
            return new Found.Prefixes(some, rows.prefixesFrom(some.from(), some.limit()));
        } else if (read instanceof Read.NamespaceNamed one) {
            return new Found.NamespaceNamed(one, namespaces.get(one.name()));
        } else if (read instanceof Read.HeadOf other) {
            ScopeRows others = scopes.get(other.scope());
            return new Found.HeadOf(other, others == null ? null : others.head());
        }
        throw new IllegalArgumentException("no such read: " + read);
    }

    @Override
    public CompletableFuture<Outcome> commit(Plan plan) {
        return commitNow(plan);
    }

    private synchronized CompletableFuture<Outcome> commitNow(Plan plan) {
        for (ScopeChange change : plan.changes()) {
            if (!holds(change)) {
                return STALE;
            }
        }
        for (RequestRow row : plan.requests()) {
            if (requests.containsKey(key(row.request()))) {
                return REQUEST_EXISTS;
            }
        }
        for (ScopeChange change : plan.changes()) {
            apply(change);
        }
        for (RequestRow row : plan.requests()) {
            requests.put(key(row.request()), row);
            if (requests.size() > MAX_REQUESTS) {
                requests.remove(requests.keySet().iterator().next());
            }
        }
        return COMMITTED;
    }

    private boolean holds(ScopeChange change) {
        if (change instanceof ScopeChange.Create) {
            return true;
        }
        ScopeRows rows = scopes.get(change.scope().id());
        if (rows == null) {
            return false;
        }
        return change instanceof ScopeChange.Advance advance
                ? rows.head().isSameAs(advance.before())
                : rows.head().isDeletable();
    }

    private void apply(ScopeChange change) {
        if (change instanceof ScopeChange.Advance advance) {
            ScopeRows rows = existing(advance.scope());
            write(advance.scope(), rows, advance.rows());
            rows.advance(advance.after());
        } else if (change instanceof ScopeChange.Create create) {
            ScopeRows rows = new ScopeRows(create.scope(), create.head());
            write(create.scope(), rows, create.rows());
            scopes.put(create.scope().id(), rows);
        } else {
            scopes.remove(change.scope().id());
        }
    }

    private void write(Scope scope, ScopeRows rows, Rows changed) {
        if (changed.isEmpty()) {
            return;
        }
        rows.write(changed);
        changed.allocations().values().forEach(change -> writeTags(Tag.ofAllocation(scope, change)));
        for (Change<Prefix> change : changed.prefixes().values()) {
            writePrefix(change);
            writeTags(Tag.ofPrefix(scope, change));
        }
        changed.namespaces().forEach((name, change) -> {
            if (change.after() == null) {
                namespaces.remove(name);
            } else {
                namespaces.put(name, change.after());
            }
        });
    }

    private void writePrefix(Change<Prefix> change) {
        Prefix before = change.before();
        Prefix after = change.after();
        if (before != null) {
            Map<Cidr, Prefix> siblings = prefixesOf(before.namespaceId());
            siblings.remove(before.cidr());
            if (siblings.isEmpty()) {
                prefixes.remove(before.namespaceId());
            }
        }
        if (after != null) {
            prefixes.computeIfAbsent(after.namespaceId(), id -> new TreeMap<>()).put(after.cidr(), after);
        }
    }

    private void writeTags(Change<Set<Tag>> change) {
        if (change.before() != null) {
            for (Tag tag : change.before()) {
                tags.computeIfPresent(key(tag), (key, places) -> {
                    places.remove(tag.at());
                    return places.isEmpty() ? null : places;
                });
            }
        }
        if (change.after() != null) {
            change.after()
                    .forEach(tag -> tags.computeIfAbsent(key(tag), key -> new TreeMap<>())
                            .put(tag.at(), tag));
        }
    }

    @Override
    public synchronized CompletableFuture<Optional<Outcome>> inTurn(
            Scope scope, List<Read> wanted, Function<Optional<Extract>, Step> next) {
        Step step = next.apply(readNow(scope, wanted));
        while (step instanceof Step.ReadOn more) {
            step = next.apply(readNow(scope, more.reads()));
        }
        return step instanceof Step.Commit commit
                ? commitNow(commit.plan()).thenApply(Optional::of)
                : CompletableFuture.completedFuture(Optional.empty());
    }

    @Override
    public CompletableFuture<Boolean> scan(Scope scope, List<Read> wanted, Function<Extract, List<Read>> next) {
        ScopeRows copy = copy(scope);
        if (copy != null) {
            List<Read> reads = next.apply(find(copy, wanted));
            while (!reads.isEmpty()) {
                reads = next.apply(find(copy, reads));
            }
        }
        return CompletableFuture.completedFuture(copy != null);
    }

    private synchronized @Nullable ScopeRows copy(Scope scope) {
        ScopeRows rows = scopes.get(scope.id());
        return rows == null ? null : rows.copy();
    }

    @Override
    public synchronized CompletableFuture<Optional<UUID>> journal(UUID scope, long seq) {
        ScopeRows rows = scopes.get(scope);
        return CompletableFuture.completedFuture(
                rows == null ? Optional.empty() : Optional.ofNullable(rows.journal(seq)));
    }

    @Override
    public synchronized CompletableFuture<List<RequestRow>> requests(UUID space, Collection<String> ids) {
        List<RequestRow> found = new ArrayList<>();
        for (String id : ids) {
            RequestRow row = requests.get(new NamedRequest(space, id));
            if (row != null) {
                found.add(row);
            }
        }
        return CompletableFuture.completedFuture(found);
    }

    @Override
    public synchronized CompletableFuture<Optional<Namespace>> namespace(String name) {
        return CompletableFuture.completedFuture(Optional.ofNullable(namespaces.get(name)));
    }

    @Override
    public synchronized CompletableFuture<Located> locate(String namespace, Cidr cidr) {
        Namespace found = namespaces.get(namespace);
        Prefix prefix = found == null ? null : prefixesOf(found.id()).get(cidr);
        return CompletableFuture.completedFuture(new Located(Optional.ofNullable(found), Optional.ofNullable(prefix)));
    }

    @Override
    public synchronized CompletableFuture<List<Namespace>> namespaces(String after, int limit) {
        return CompletableFuture.completedFuture(
                namespaces.tailMap(after, false).values().stream().limit(limit).toList());
    }

    @Override
    public synchronized CompletableFuture<Page<Prefix>> prefixes(UUID namespaceId, Span span, int limit) {
        return page(prefixesOf(namespaceId), span, limit, Function.identity());
    }

    @Override
    public synchronized CompletableFuture<Page<Prefix>> prefixes(
            UUID namespaceId, Tag.Word word, Span span, int limit) {
        Map<Cidr, Prefix> all = prefixesOf(namespaceId);
        return page(
                placesOf(new Tagged(namespaceId, word, Tag.Kind.PREFIX)),
                span,
                limit,
                tag -> Objects.requireNonNull(all.get(tag.at())));
    }

    @Override
    public synchronized CompletableFuture<Page<Held>> allocations(
            UUID namespaceId, Tag.Word word, Span span, int limit) {
        return page(placesOf(new Tagged(namespaceId, word, Tag.Kind.ADDRESS)), span, limit, tag -> {
            ScopeRows rows = Objects.requireNonNull(scopes.get(tag.scope()));
            Cidr cidr = Objects.requireNonNull(rows.scope().cidr());
            return new Held(
                    Objects.requireNonNull(prefixesOf(namespaceId).get(cidr)),
                    Objects.requireNonNull(rows.allocationAt(tag.at().first())));
        });
    }

    private static <V, T> CompletableFuture<Page<T>> page(
            NavigableMap<Cidr, V> table, Span span, int limit, Function<V, T> make) {
        List<T> rows = new ArrayList<>();
        Cidr last = null;
        NavigableMap<Cidr, V> tail = span.afterLength() < 0
                ? table.tailMap(Cidr.largestAt(span.first()), true)
                : table.tailMap(new Cidr(span.first(), span.afterLength()), false);
        for (Map.Entry<Cidr, V> row : tail.entrySet()) {
            if (row.getKey().first().compareTo(span.last()) > 0) {
                break;
            }
            if (rows.size() == limit) {
                return CompletableFuture.completedFuture(new Page<>(rows, last));
            }
            rows.add(make.apply(row.getValue()));
            last = row.getKey();
        }
        return CompletableFuture.completedFuture(new Page<>(rows, null));
    }

    @Override
    public synchronized CompletableFuture<Map<UUID, Integer>> depths(Collection<UUID> prefixIds) {
        Map<UUID, Integer> depths = new HashMap<>();
        for (UUID id : prefixIds) {
            int depth = -1;
            for (ScopeRows rows = scopes.get(id); rows != null && rows.scope().cidr() != null; depth++) {
                Prefix prefix =
                        prefixesOf(rows.scope().requestSpace()).get(rows.scope().cidr());
                rows = prefix == null ? null : scopes.get(Scope.above(prefix).id());
            }
            if (depth >= 0) {
                depths.put(id, depth);
            }
        }
        return CompletableFuture.completedFuture(depths);
    }

    @Override
    public synchronized CompletableFuture<Optional<Sighting>> sight(String namespace, IpAddress address) {
        Namespace found = namespaces.get(namespace);
        if (found == null) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        List<Prefix> around = new ArrayList<>();
        ScopeRows rows = existing(Scope.of(found));
        for (List<Prefix> next = rows.prefixesFrom(address, 1);
                !next.isEmpty() && next.get(0).cidr().contains(address);
                next = rows.prefixesFrom(address, 1)) {
            around.add(next.get(0));
            rows = existing(Scope.of(next.get(0)));
        }
        return CompletableFuture.completedFuture(
                Optional.of(new Sighting(found, around, Optional.ofNullable(rows.allocationAt(address)))));
    }

    @Override
    public synchronized CompletableFuture<List<Total>> totals(UUID namespaceId) {
        List<Total> totals = new ArrayList<>();
        for (Prefix prefix : prefixesOf(namespaceId).values()) {
            Head head = existing(Scope.of(prefix)).head();
            boolean givesPrefixes = head.mode() == Mode.CHILD;
            totals.add(new Total(
                    prefix.cidr().family(),
                    prefix.cidr().length(),
                    prefix.parentId() == null,
                    givesPrefixes ? Mode.CHILD : Mode.ADDRESS,
                    1,
                    head.acquired(),
                    givesPrefixes ? 0 : head.reserved(),
                    head.covered()));
        }
        return CompletableFuture.completedFuture(totals);
    }

    @Override
    public CompletableFuture<byte[]> pageTokenKey() {
        return CompletableFuture.completedFuture(pageTokenKey.clone());
    }

    @Override
    public void close() {
        // Nothing outlives the process.
    }

    private ScopeRows existing(Scope scope) {
        ScopeRows rows = scopes.get(scope.id());
        if (rows == null) {
            throw new IllegalStateException("the guard let a plan through for a scope that is gone: " + scope);
        }
        return rows;
    }

    private NavigableMap<Cidr, Prefix> prefixesOf(UUID namespaceId) {
        return prefixes.getOrDefault(namespaceId, NO_PREFIXES);
    }

    private NavigableMap<Cidr, Tag> placesOf(Tagged tagged) {
        return tags.getOrDefault(tagged, NO_TAGS);
    }

    private static Tagged key(Tag tag) {
        return new Tagged(tag.namespaceId(), tag.word(), tag.kind());
    }

    private static NamedRequest key(Request request) {
        return new NamedRequest(request.space(), request.id());
    }
}
