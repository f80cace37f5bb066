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
import io.ipamer.store.StoreException;
import io.ipamer.store.StoreException.Kind;
import io.ipamer.store.Tag;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A server's connection to a store that it shares with others, under a seeded scheduler: everything takes its time, and
 * may fail between any two steps.
 *
 * <pre>
 *   commit:  sent -> arrives -> guard and rows, all or nothing -> answer sent -> answer arrives
 *              |        |                                             |
 *              |        refused for certain (aborted, unavailable)     lost: unknown, and done
 *              lost: unknown, and not done, or still under way: done long after the failure was told
 * </pre>
 */
final class FaultyStore implements Store {
    private final Store store;
    private final Scheduler scheduler;
    private final Random random;
    private final BooleanSupplier faulty;
    private boolean crashed;

    FaultyStore(Store store, Scheduler scheduler, Random random, BooleanSupplier faulty) {
        this.store = store;
        this.scheduler = scheduler;
        this.random = random;
        this.faulty = faulty;
    }

    /** The server is gone: nothing reaches it any more. What it sent may still arrive. */
    void crash() {
        crashed = true;
    }

    private boolean fails(int percent) {
        return faulty.getAsBoolean() && random.nextInt(100) < percent;
    }

    private <T> CompletableFuture<T> ask(Supplier<CompletableFuture<T>> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        boolean fails = fails(10);
        scheduler.soon(() -> {
            if (fails) {
                fail(answer, Kind.UNAVAILABLE);
            } else {
                T value = question.get().join();
                scheduler.soon(() -> complete(answer, value));
            }
        });
        return answer;
    }

    private <T> void complete(CompletableFuture<T> future, T value) {
        if (!crashed) {
            future.complete(value);
        }
    }

    private void fail(CompletableFuture<?> future, Kind kind) {
        if (!crashed) {
            future.completeExceptionally(new StoreException(kind, "injected"));
        }
    }

    @Override
    public CompletableFuture<Outcome> commit(Plan plan) {
        CompletableFuture<Outcome> answer = new CompletableFuture<>();
        if (fails(15)) {
            scheduler.soon(() -> fail(answer, Kind.UNKNOWN));
            if (random.nextBoolean()) {
                scheduler.after(
                        1 + random.nextInt(20_000_000), () -> store.commit(plan).join());
            }
        } else if (fails(10)) {
            Kind kind = random.nextBoolean() ? Kind.ABORTED : Kind.UNAVAILABLE;
            scheduler.soon(() -> fail(answer, kind));
        } else {
            boolean lost = fails(15);
            scheduler.soon(() -> {
                Outcome outcome = store.commit(plan).join();
                scheduler.soon(() -> {
                    if (lost) {
                        fail(answer, Kind.UNKNOWN);
                    } else {
                        complete(answer, outcome);
                    }
                });
            });
        }
        return answer;
    }

    /** A turn is one step: nobody else comes in between. Its plan may still be lost, or come late. */
    @Override
    public CompletableFuture<Optional<Outcome>> inTurn(
            Scope scope, List<Read> reads, Function<Optional<Extract>, Step> next) {
        CompletableFuture<Optional<Outcome>> answer = new CompletableFuture<>();
        boolean refused = fails(10);
        boolean lost = fails(15);
        boolean answerLost = fails(15);
        scheduler.soon(() -> {
            if (refused) {
                fail(answer, random.nextBoolean() ? Kind.ABORTED : Kind.UNAVAILABLE);
            } else if (!crashed) {
                Optional<Plan> planned = planInTurn(scope, reads, next);
                if (lost && planned.isPresent()) {
                    fail(answer, Kind.UNKNOWN);
                    if (random.nextBoolean()) {
                        scheduler.after(
                                1 + random.nextInt(20_000_000),
                                () -> store.commit(planned.get()).join());
                    }
                    return;
                }
                Optional<Outcome> outcome =
                        planned.map(plan -> store.commit(plan).join());
                scheduler.soon(() -> {
                    if (answerLost && outcome.isPresent()) {
                        fail(answer, Kind.UNKNOWN);
                    } else {
                        complete(answer, outcome);
                    }
                });
            }
        });
        return answer;
    }

    private Optional<Plan> planInTurn(Scope scope, List<Read> reads, Function<Optional<Extract>, Step> next) {
        AtomicReference<Plan> plan = new AtomicReference<>();
        store.inTurn(scope, reads, extract -> {
                    Step step = next.apply(extract);
                    if (step instanceof Step.Commit commit) {
                        plan.set(commit.plan());
                        return new Step.Leave();
                    }
                    return step;
                })
                .join();
        return Optional.ofNullable(plan.get());
    }

    @Override
    public CompletableFuture<Optional<Extract>> read(Scope scope, List<Read> reads) {
        return ask(() -> store.read(scope, reads));
    }

    @Override
    public CompletableFuture<Boolean> scan(Scope scope, List<Read> reads, Function<Extract, List<Read>> next) {
        return ask(() -> store.scan(scope, reads, next));
    }

    @Override
    public CompletableFuture<Optional<UUID>> journal(UUID scope, long seq) {
        return ask(() -> store.journal(scope, seq));
    }

    @Override
    public CompletableFuture<List<RequestRow>> requests(UUID space, Collection<String> ids) {
        return ask(() -> store.requests(space, ids));
    }

    @Override
    public CompletableFuture<Optional<Namespace>> namespace(String name) {
        return ask(() -> store.namespace(name));
    }

    @Override
    public CompletableFuture<Located> locate(String namespace, Cidr cidr) {
        return ask(() -> store.locate(namespace, cidr));
    }

    @Override
    public CompletableFuture<List<Namespace>> namespaces(String after, int limit) {
        return ask(() -> store.namespaces(after, limit));
    }

    @Override
    public CompletableFuture<Page<Prefix>> prefixes(UUID namespaceId, Span span, int limit) {
        return ask(() -> store.prefixes(namespaceId, span, limit));
    }

    @Override
    public CompletableFuture<Page<Prefix>> prefixes(UUID namespaceId, Tag.Word word, Span span, int limit) {
        return ask(() -> store.prefixes(namespaceId, word, span, limit));
    }

    @Override
    public CompletableFuture<Map<UUID, Integer>> depths(Collection<UUID> prefixIds) {
        return ask(() -> store.depths(prefixIds));
    }

    @Override
    public CompletableFuture<Page<Held>> allocations(UUID namespaceId, Tag.Word word, Span span, int limit) {
        return ask(() -> store.allocations(namespaceId, word, span, limit));
    }

    @Override
    public CompletableFuture<Optional<Sighting>> sight(String namespace, IpAddress address) {
        return ask(() -> store.sight(namespace, address));
    }

    @Override
    public CompletableFuture<List<Total>> totals(UUID namespaceId) {
        return ask(() -> store.totals(namespaceId));
    }

    @Override
    public CompletableFuture<byte[]> pageTokenKey() {
        return ask(() -> store.pageTokenKey());
    }

    @Override
    public void close() {
        store.close();
    }
}
