package io.ipamer.store;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Held;
import io.ipamer.model.Mode;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Read;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Scope;
import java.math.BigInteger;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the data. The root namespace is there from the start. Every future may fail with {@link StoreException} and
 * with nothing else but a defect.
 */
public interface Store extends AutoCloseable {

    /** What became of a plan whose fate is certain. */
    enum Outcome {
        /** Applied whole. */
        COMMITTED,
        /** A guard refused it: some scope is not in the state that the plan expects. Not applied. */
        STALE,
        /** A request id in it is taken. Not applied. */
        REQUEST_EXISTS
    }

    /**
     * The head of a scope and what was asked about it, all at one moment.
     *
     * @return empty when the scope is gone
     */
    CompletableFuture<Optional<Extract>> read(Scope scope, List<Read> reads);

    /**
     * Applies a plan whole or not at all, and only if all its guards hold. The same plan may be sent again as often as
     * its fate is unknown: it is applied at most once.
     *
     * @return fails with {@link StoreException.Kind#UNKNOWN} when it may or may not have been applied, or may yet be
     */
    CompletableFuture<Outcome> commit(Plan plan);

    /**
     * The same as reading, planning and committing, while no other server does so with that scope: they take turns.
     * For scopes that several servers change at once, where each would make the plans of the others stale. What is
     * left without a commit has not changed anything.
     *
     * @param next is given what was read, the scope's head and the last reads that were wanted, and says what to do;
     *     called on a thread of the store, which waits for it. Reading on is not asked of a scope that is gone
     * @return empty when nothing was to be committed; fails like {@link #commit}, and with
     *     {@link StoreException.Kind#UNKNOWN} only if a plan was sent
     */
    CompletableFuture<Optional<Outcome>> inTurn(Scope scope, List<Read> reads, Function<Optional<Extract>, Step> next);

    /**
     * Reads on and on in a scope, all of it at one moment; for what is too much to be read at once. It costs a reader for
     * as long as it takes.
     *
     * @param next is given what was read, the scope's head and the last reads that were wanted, and says what to read
     *     next: nothing to end it; called on a thread of the store, which waits for it. Must come back in 10 s, and not fail
     * @return whether the scope is there
     */
    CompletableFuture<Boolean> scan(Scope scope, List<Read> reads, Function<Extract, List<Read>> next);

    /** What to do next in a turn. */
    sealed interface Step {
        record ReadOn(List<Read> reads) implements Step {}

        record Commit(Plan plan) implements Step {}

        record Leave() implements Step {}
    }

    /**
     * The id of the plan that made this revision of the scope.
     *
     * @return empty when nothing is (any longer) known about that revision
     */
    CompletableFuture<Optional<UUID>> journal(UUID scope, long seq);

    /** Those of the request ids that are taken in that space. */
    CompletableFuture<List<RequestRow>> requests(UUID space, Collection<String> ids);

    CompletableFuture<Optional<Namespace>> namespace(String name);

    /** The prefix of exactly that CIDR, at any depth, with the namespace looked up at the same moment. */
    CompletableFuture<Located> locate(String namespace, Cidr cidr);

    /**
     * Namespaces by name, in the order that the store has for text.
     *
     * @param after the name after which they begin; empty for all
     */
    CompletableFuture<List<Namespace>> namespaces(String after, int limit);

    /** Prefixes of a namespace at any depth, in {@link Cidr} order: parents before what is in them. */
    CompletableFuture<Page<Prefix>> prefixes(UUID namespaceId, Span span, int limit);

    /** The same, only those that have that owner or label. */
    CompletableFuture<Page<Prefix>> prefixes(UUID namespaceId, Tag.Word word, Span span, int limit);

    /** How many prefixes are around each of these; none for those that are gone. */
    CompletableFuture<Map<UUID, Integer>> depths(Collection<UUID> prefixIds);

    /** Allocations of a namespace that have that owner or label, by address. */
    CompletableFuture<Page<Held>> allocations(UUID namespaceId, Tag.Word word, Span span, int limit);

    /**
     * What holds an address, at one moment.
     *
     * @return empty when there is no such namespace
     */
    CompletableFuture<Optional<Sighting>> sight(String namespace, IpAddress address);

    /** How much is in the prefixes of a namespace, those that are alike added up. Costs a step for each. */
    CompletableFuture<List<Total>> totals(UUID namespaceId);

    /** What all servers of this store share to sign page tokens; 16 bytes or more that nobody can guess. */
    CompletableFuture<byte[]> pageTokenKey();

    @Override
    void close();

    /**
     * Where a CIDR was found.
     *
     * @param prefix empty when the namespace is there but has no such prefix
     */
    record Located(Optional<Namespace> namespace, Optional<Prefix> prefix) {}

    /**
     * Some rows of a list.
     *
     * @param rows at most as many as were asked for
     * @param last where the next ones begin, not included; null when there are none
     */
    record Page<T>(List<T> rows, @Nullable Cidr last) {}

    /**
     * What holds an address.
     *
     * @param prefixes those in which it lies, outermost first
     */
    record Sighting(Namespace namespace, List<Prefix> prefixes, Optional<Allocation> allocation) {}

    /**
     * Sums over prefixes of a namespace that are alike.
     *
     * @param length of their CIDRs
     * @param topLevel whether they are children of none
     * @param mode {@link Mode#CHILD}, or {@link Mode#ADDRESS} for all others
     * @param prefixes how many they are
     * @param acquired addresses that they have handed out
     * @param reserved addresses that they keep out of allocation, where they do not give child prefixes
     * @param covered addresses in their children and leaked blocks
     */
    record Total(
            AddressFamily family,
            int length,
            boolean topLevel,
            Mode mode,
            long prefixes,
            long acquired,
            long reserved,
            BigInteger covered) {}
}
