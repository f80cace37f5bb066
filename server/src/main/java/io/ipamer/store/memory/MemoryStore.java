package io.ipamer.store.memory;

import io.ipamer.address.Cidr;
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
import io.ipamer.store.Store;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

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

    private final Map<UUID, ScopeRows> scopes = new HashMap<>();
    private final TreeMap<String, Namespace> namespaces = new TreeMap<>();
    private final Map<NamedCidr, Prefix> prefixes = new HashMap<>();
    private final Map<NamedRequest, RequestRow> requests = new LinkedHashMap<>();

    private record NamedCidr(UUID namespaceId, Cidr cidr) {}

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
        ScopeRows rows = scopes.get(scope.id());
        if (rows == null) {
            return Optional.empty();
        }
        List<Found> found = new ArrayList<>(reads.size());
        for (Read read : reads) {
            found.add(find(rows, read));
        }
        return Optional.of(new Extract(rows.head(), found));
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
            write(rows, advance.rows());
            rows.advance(advance.after());
        } else if (change instanceof ScopeChange.Create create) {
            ScopeRows rows = new ScopeRows(create.scope(), create.head());
            write(rows, create.rows());
            scopes.put(create.scope().id(), rows);
        } else {
            scopes.remove(change.scope().id());
        }
    }

    private void write(ScopeRows rows, Rows changed) {
        if (changed.isEmpty()) {
            return;
        }
        rows.write(changed);
        for (Change<Prefix> change : changed.prefixes().values()) {
            if (change.before() != null) {
                prefixes.remove(key(change.before()));
            }
            if (change.after() != null) {
                prefixes.put(key(change.after()), change.after());
            }
        }
        changed.namespaces().forEach((name, change) -> {
            if (change.after() == null) {
                namespaces.remove(name);
            } else {
                namespaces.put(name, change.after());
            }
        });
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
        Prefix prefix = found == null ? null : prefixes.get(new NamedCidr(found.id(), cidr));
        return CompletableFuture.completedFuture(new Located(Optional.ofNullable(found), Optional.ofNullable(prefix)));
    }

    @Override
    public synchronized CompletableFuture<List<Namespace>> namespaces() {
        return CompletableFuture.completedFuture(List.copyOf(namespaces.values()));
    }

    @Override
    public synchronized CompletableFuture<List<Prefix>> prefixes(UUID namespaceId) {
        List<Prefix> found = new ArrayList<>();
        ArrayDeque<UUID> holders = new ArrayDeque<>(List.of(namespaceId));
        for (UUID holder = holders.poll(); holder != null; holder = holders.poll()) {
            ScopeRows rows = scopes.get(holder);
            for (Prefix prefix : rows == null ? List.<Prefix>of() : rows.prefixes()) {
                found.add(prefix);
                holders.add(prefix.id());
            }
        }
        found.sort(Comparator.comparing(Prefix::cidr));
        return CompletableFuture.completedFuture(found);
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

    private static NamedCidr key(Prefix prefix) {
        return new NamedCidr(prefix.namespaceId(), prefix.cidr());
    }

    private static NamedRequest key(Request request) {
        return new NamedRequest(request.space(), request.id());
    }
}
