package io.ipamer.ipam;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Held;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Read;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Scope;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import io.ipamer.store.Tag;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** A store that reads few rows at a time, so that views know little and planning has to ask again and again. */
final class NearSightedStore implements Store {
    private final Store store;
    private final int maxRows;

    NearSightedStore(Store store, int maxRows) {
        this.store = store;
        this.maxRows = maxRows;
    }

    @Override
    public CompletableFuture<Optional<Extract>> read(Scope scope, List<Read> reads) {
        return store.read(scope, reads.stream().map(this::fewer).toList());
    }

    private Read fewer(Read read) {
        if (read instanceof Read.FreeRanges some) {
            return new Read.FreeRanges(some.from(), fewer(some.limit()));
        } else if (read instanceof Read.FreeBlocksFrom some) {
            return new Read.FreeBlocksFrom(some.from(), fewer(some.limit()));
        } else if (read instanceof Read.AllocationsFrom some) {
            return new Read.AllocationsFrom(some.from(), fewer(some.limit()));
        } else if (read instanceof Read.PrefixesFrom some) {
            return new Read.PrefixesFrom(some.from(), fewer(some.limit()));
        }
        return read;
    }

    /** One row more than asked for would be of no use; whoever wants all rows gets them. */
    private int fewer(int limit) {
        return limit == Integer.MAX_VALUE ? limit : Math.min(limit, Math.max(2, maxRows));
    }

    @Override
    public CompletableFuture<Outcome> commit(Plan plan) {
        return store.commit(plan);
    }

    @Override
    public CompletableFuture<Optional<Outcome>> inTurn(
            Scope scope, List<Read> reads, Function<Optional<Extract>, Step> next) {
        return store.inTurn(scope, reads.stream().map(this::fewer).toList(), extract -> {
            Step step = next.apply(extract);
            return step instanceof Step.ReadOn more
                    ? new Step.ReadOn(more.reads().stream().map(this::fewer).toList())
                    : step;
        });
    }

    @Override
    public CompletableFuture<Boolean> scan(Scope scope, List<Read> reads, Function<Extract, List<Read>> next) {
        return store.scan(
                scope,
                reads.stream().map(this::fewer).toList(),
                extract -> next.apply(extract).stream().map(this::fewer).toList());
    }

    @Override
    public CompletableFuture<Optional<UUID>> journal(UUID scope, long seq) {
        return store.journal(scope, seq);
    }

    @Override
    public CompletableFuture<List<RequestRow>> requests(UUID space, Collection<String> ids) {
        return store.requests(space, ids);
    }

    @Override
    public CompletableFuture<Optional<Namespace>> namespace(String name) {
        return store.namespace(name);
    }

    @Override
    public CompletableFuture<Located> locate(String namespace, Cidr cidr) {
        return store.locate(namespace, cidr);
    }

    @Override
    public CompletableFuture<List<Namespace>> namespaces(String after, int limit) {
        return store.namespaces(after, limit);
    }

    @Override
    public CompletableFuture<Page<Prefix>> prefixes(UUID namespaceId, Span span, int limit) {
        return store.prefixes(namespaceId, span, limit);
    }

    @Override
    public CompletableFuture<Page<Prefix>> prefixes(UUID namespaceId, Tag.Word word, Span span, int limit) {
        return store.prefixes(namespaceId, word, span, limit);
    }

    @Override
    public CompletableFuture<Map<UUID, Integer>> depths(Collection<UUID> prefixIds) {
        return store.depths(prefixIds);
    }

    @Override
    public CompletableFuture<Page<Held>> allocations(UUID namespaceId, Tag.Word word, Span span, int limit) {
        return store.allocations(namespaceId, word, span, limit);
    }

    @Override
    public CompletableFuture<Optional<Sighting>> sight(String namespace, IpAddress address) {
        return store.sight(namespace, address);
    }

    @Override
    public CompletableFuture<List<Total>> totals(UUID namespaceId) {
        return store.totals(namespaceId);
    }

    @Override
    public CompletableFuture<byte[]> pageTokenKey() {
        return store.pageTokenKey();
    }

    @Override
    public void close() {
        store.close();
    }
}
