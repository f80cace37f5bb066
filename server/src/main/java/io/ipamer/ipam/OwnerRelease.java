package io.ipamer.ipam;

import io.ipamer.address.Cidr;
import io.ipamer.model.Held;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.ReleaseCount;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.plan.KeepReleaseCount;
import io.ipamer.plan.ReleaseOwned;
import io.ipamer.plan.Scope;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import io.ipamer.store.Tag;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Releases all addresses of an owner, page by page and each prefix by itself. The last step keeps the request id: a
 * repeat before it goes on, and one after it is answered.
 */
final class OwnerRelease {
    private static final int AT_ONCE = 1_024;

    private final Store store;
    private final Router router;
    private final Namespace namespace;
    private final @Nullable Cidr cidr;
    private final String owner;
    private final CallOptions options;
    private final Steps steps;
    private @Nullable Prefix prefix;
    private long released;

    /** {@code cidr}: only of this prefix; null for all of the namespace. */
    OwnerRelease(
            Store store,
            Router router,
            Namespace namespace,
            @Nullable Cidr cidr,
            String owner,
            CallOptions options,
            Steps steps) {
        this.store = store;
        this.router = router;
        this.namespace = namespace;
        this.cidr = cidr;
        this.owner = owner;
        this.options = options;
        this.steps = steps;
    }

    CompletableFuture<Addresses.OwnerReleaseProgress> run() {
        return router.<ReleaseCount>replay(namespace.id(), options, this::canonical)
                .thenCompose(replay ->
                        replay.isPresent() ? CompletableFuture.completedFuture(finished(replay.get())) : begin());
    }

    private CompletableFuture<Addresses.OwnerReleaseProgress> begin() {
        if (cidr == null) {
            return from(Span.ALL);
        }
        return router.prefix(namespace.name(), cidr).thenCompose(found -> {
            prefix = found;
            return from(Span.between(cidr.first(), cidr.last()));
        });
    }

    private String canonical() {
        return "ReleaseIpsByOwner " + (cidr == null ? "" : cidr) + " " + owner;
    }

    private CompletableFuture<Addresses.OwnerReleaseProgress> from(Span span) {
        if (steps.isOver()) {
            return CompletableFuture.completedFuture(new Addresses.OwnerReleaseProgress(released, true, false));
        }
        return steps.then(store.allocations(namespace.id(), Tag.Word.owner(owner), span, AT_ONCE), page -> {
            return Steps.each(groups(page.rows()), this::release).thenCompose(counts -> {
                counts.forEach(count -> released += count);
                return page.last() == null ? finish() : from(span.after(page.last()));
            });
        });
    }

    private List<Map.Entry<Prefix, List<Releases.Item>>> groups(List<Held> rows) {
        Map<Prefix, List<Releases.Item>> groups = new LinkedHashMap<>();
        for (Held held : rows) {
            if (prefix == null || prefix.id().equals(held.prefix().id())) {
                groups.computeIfAbsent(held.prefix(), any -> new ArrayList<>())
                        .add(new Releases.Item(
                                held.allocation().address(), held.allocation().id()));
            }
        }
        return List.copyOf(groups.entrySet());
    }

    /** Of a prefix that goes they go, too. */
    private CompletableFuture<Long> release(Map.Entry<Prefix, List<Releases.Item>> group) {
        Router.Route<ReleaseCount> route =
                new Router.Route<>(Scope.of(group.getKey()), new ReleaseOwned(owner, group.getValue()));
        return Steps.unlessGone(router.toScope(route, new CallOptions(null, options.deadline()), this::canonical))
                .thenApply(reply -> reply.map(done -> done.answer().released()).orElse(0L));
    }

    private CompletableFuture<Addresses.OwnerReleaseProgress> finish() {
        return options.requestId() == null
                ? CompletableFuture.completedFuture(new Addresses.OwnerReleaseProgress(released, false, false))
                : router.toScope(
                                new Router.Route<>(Scope.of(namespace), new KeepReleaseCount(released)),
                                options,
                                this::canonical)
                        .thenApply(OwnerRelease::finished);
    }

    private static Addresses.OwnerReleaseProgress finished(Reply<ReleaseCount> reply) {
        return new Addresses.OwnerReleaseProgress(reply.answer().released(), false, reply.replayed());
    }
}
