package io.ipamer.ipam;

import io.ipamer.address.Cidr;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.ReleaseCount;
import io.ipamer.model.Reply;
import io.ipamer.plan.ClearAddresses;
import io.ipamer.plan.ClosePrefix;
import io.ipamer.plan.DeletePrefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Head;
import io.ipamer.plan.Read;
import io.ipamer.plan.Scope;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Deletes a prefix with everything in it, in steps of bounded size. First it marks all prefixes, from the outermost on,
 * so that nothing new can come up in them; then it empties and deletes those that have no children, again and again, until
 * the outermost has none. Every step stands by itself and leaves the marks, so another call goes on wherever this one
 * stops. The last step keeps the request id.
 */
final class ForcedDelete {
    private static final int AT_ONCE = 500;
    private static final int ADDRESSES_AT_ONCE = 1_024;
    private static final int EMPTIED_AT_ONCE = 32;

    private final Store store;
    private final Router router;
    private final String namespace;
    private final Prefix outermost;
    private final CallOptions options;
    private final Supplier<String> canonical;
    private final Steps steps;
    private final AtomicLong deleted = new AtomicLong();
    private final AtomicLong released = new AtomicLong();

    /** A prefix below the outermost, or this itself, and its state; null when it is gone. */
    private record Inner(Prefix prefix, @Nullable Head head) {}

    /** {@code canonical}: of the whole call. */
    ForcedDelete(
            Store store,
            Router router,
            String namespace,
            Prefix outermost,
            CallOptions options,
            Supplier<String> canonical,
            Steps steps) {
        this.store = store;
        this.router = router;
        this.namespace = namespace;
        this.outermost = outermost;
        this.options = options;
        this.canonical = canonical;
        this.steps = steps;
    }

    /** To be run when the call was not done before under its request id. */
    CompletableFuture<Prefixes.Deletion> run() {
        return Promises.then(
                close(outermost).thenCompose(closed -> mark(whole(), false)),
                CompletableFuture::completedFuture,
                failure -> failure instanceof IpamerException late && late.reason() == Reason.DEADLINE_EXCEEDED
                        ? unfinished()
                        : CompletableFuture.failedFuture(failure));
    }

    /** Of what nobody can find any more to put something into it: without marks. */
    CompletableFuture<Prefixes.Deletion> runUnmarked() {
        return empty(whole());
    }

    private Span whole() {
        Cidr cidr = outermost.cidr();
        return Span.between(cidr.first(), cidr.last());
    }

    /** One walk over everything. {@code found}: whether it has met one without a mark, where new ones may have come up. */
    private CompletableFuture<Prefixes.Deletion> mark(Span span, boolean found) {
        if (steps.isOver()) {
            return unfinished();
        }
        return steps.then(inner(span), page -> {
            List<Prefix> unmarked = page.rows().stream()
                    .filter(inner -> inner.head() != null && !inner.head().closing())
                    .map(Inner::prefix)
                    .toList();
            return Steps.each(unmarked, this::close).thenCompose(done -> {
                boolean any = found || !unmarked.isEmpty();
                if (page.last() != null) {
                    return mark(span.after(page.last()), any);
                }
                return any ? mark(whole(), false) : empty(whole());
            });
        });
    }

    /** One walk over everything, which deletes what has no children. */
    private CompletableFuture<Prefixes.Deletion> empty(Span span) {
        if (steps.isOver()) {
            return unfinished();
        }
        return steps.then(inner(span), page -> {
            List<Prefix> leaves = page.rows().stream()
                    .filter(inner -> inner.head() != null && inner.head().children() == 0)
                    .map(Inner::prefix)
                    .toList();
            boolean onlyOutermostIsLeft = page.last() == null
                    && leaves.size() == 1
                    && leaves.get(0).id().equals(outermost.id());
            List<Prefix> below = leaves.stream()
                    .filter(prefix -> !prefix.id().equals(outermost.id()))
                    .toList();
            return steps.eachPart(below, EMPTIED_AT_ONCE, this::emptyAndDelete).thenCompose(done -> {
                if (page.last() != null) {
                    return empty(span.after(page.last()));
                }
                return onlyOutermostIsLeft ? finish() : empty(whole());
            });
        });
    }

    private CompletableFuture<Boolean> emptyAndDelete(Prefix prefix) {
        return clear(prefix).thenCompose(cleared -> {
            if (!cleared) {
                return CompletableFuture.completedFuture(false);
            }
            return Steps.unlessGone(delete(prefix, step())).thenApply(reply -> {
                reply.ifPresent(there -> deleted.incrementAndGet());
                return true;
            });
        });
    }

    /** Whether nothing is left of its addresses. */
    private CompletableFuture<Boolean> clear(Prefix prefix) {
        CompletableFuture<Reply<ReleaseCount>> reply = router.toScope(
                new Router.Route<>(Scope.of(prefix), new ClearAddresses(ADDRESSES_AT_ONCE)), step(), canonical);
        return steps.then(Steps.unlessGone(reply), there -> {
            long count = there.map(done -> done.answer().released()).orElse(0L);
            released.addAndGet(count);
            boolean all = count < ADDRESSES_AT_ONCE;
            return all || steps.isOver() ? CompletableFuture.completedFuture(all) : clear(prefix);
        });
    }

    private CompletableFuture<Prefixes.Deletion> finish() {
        return clear(outermost)
                .thenCompose(cleared -> cleared
                        ? delete(outermost, options)
                                .thenApply(reply -> new Prefixes.Deletion(
                                        reply, false, deleted.get() + (reply.replayed() ? 0 : 1), released.get()))
                        : unfinished());
    }

    private CompletableFuture<Reply<Prefix>> delete(Prefix prefix, CallOptions with) {
        Router.Route<Prefix> route =
                new Router.Route<>(Scope.above(prefix), new DeletePrefix(prefix), null, router.deleted(namespace));
        return router.toScope(route, with, canonical);
    }

    private CompletableFuture<Optional<Reply<Prefix>>> close(Prefix prefix) {
        return Steps.unlessGone(
                router.toScope(new Router.Route<>(Scope.of(prefix), new ClosePrefix(prefix)), step(), canonical));
    }

    /** A page of the outermost and all below it, by {@link Cidr}, each with its state. */
    private CompletableFuture<Store.Page<Inner>> inner(Span span) {
        return store.prefixes(outermost.namespaceId(), span, AT_ONCE).thenCompose(page -> {
            List<Prefix> rows = page.rows().stream()
                    .filter(prefix -> prefix.cidr().length() >= outermost.cidr().length())
                    .toList();
            List<Read> reads = new ArrayList<>(rows.size());
            rows.forEach(prefix -> reads.add(new Read.HeadOf(prefix.id())));
            return store.read(Scope.of(outermost), reads).thenApply(read -> {
                Extract extract = read.orElseThrow(() -> Router.gone(Scope.of(outermost)));
                Map<UUID, Head> heads = new HashMap<>();
                for (Found found : extract.found()) {
                    Found.HeadOf other = (Found.HeadOf) found;
                    if (other.head() != null) {
                        heads.put(other.read().scope(), other.head());
                    }
                }
                return new Store.Page<>(
                        rows.stream()
                                .map(prefix -> new Inner(prefix, heads.get(prefix.id())))
                                .toList(),
                        page.last());
            });
        });
    }

    /** The outermost as it was found. */
    private CompletableFuture<Prefixes.Deletion> unfinished() {
        return store.read(Scope.of(outermost), List.of()).thenApply(extract -> {
            long revision = extract.orElseThrow(() -> Router.gone(Scope.of(outermost)))
                    .head()
                    .seq();
            return new Prefixes.Deletion(new Reply<>(outermost, revision, false), true, deleted.get(), released.get());
        });
    }

    private CallOptions step() {
        return new CallOptions(null, options.deadline());
    }
}
