package io.ipamer.ipam;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.IpAddress;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.plan.DeleteNamespace;
import io.ipamer.plan.Found;
import io.ipamer.plan.Read;
import io.ipamer.plan.RenameNamespace;
import io.ipamer.plan.Scope;
import io.ipamer.store.Store;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Removes a hidden namespace with everything in it, in steps of bounded size. First it is called gone, so that it can never
 * become visible and no other server comes to remove it, too, unless this one does not get done.
 */
final class Removal {
    private static final int AT_ONCE = 8;
    private static final Set<Reason> DONE_BY_OTHERS = EnumSet.of(Reason.NAMESPACE_NOT_FOUND, Reason.PREFIX_NOT_FOUND);

    private final Store store;
    private final Router router;
    private final Surroundings surroundings;

    Removal(Store store, Router router, Surroundings surroundings) {
        this.store = store;
        this.router = router;
        this.surroundings = surroundings;
    }

    /**
     * {@code hidden}: as it is called.
     *
     * @return whether it was called so, and is gone
     */
    CompletableFuture<Boolean> run(Namespace hidden) {
        return rename(hidden).thenCompose(this::empty).exceptionally(failure -> {
            if (isDoneByOthers(failure)) {
                return false;
            }
            throw Failures.unavailable(failure);
        });
    }

    private CompletableFuture<Namespace> rename(Namespace hidden) {
        String name = HiddenName.of(HiddenName.Use.GONE, surroundings).text();
        return router.toSystem(new RenameNamespace(hidden, name), CallOptions.NONE, () -> name)
                .thenApply(reply -> reply.answer());
    }

    /** With a new name for each part, so that its time does not pass meanwhile. */
    private CompletableFuture<Boolean> empty(Namespace gone) {
        Read first = new Read.PrefixesFrom(IpAddress.min(AddressFamily.IPV4), AT_ONCE);
        return store.read(Scope.of(gone), List.of(first)).thenCompose(extract -> {
            List<Prefix> prefixes = extract.map(
                            read -> ((Found.Prefixes) read.found().get(0)).rows())
                    .orElse(List.of());
            return prefixes.isEmpty()
                    ? delete(gone)
                    : Steps.each(prefixes, prefix -> delete(gone, prefix))
                            .thenCompose(done -> rename(gone))
                            .thenCompose(this::empty);
        });
    }

    private CompletableFuture<Boolean> delete(Namespace gone, Prefix prefix) {
        ForcedDelete step = new ForcedDelete(
                store,
                router,
                gone.name(),
                prefix,
                CallOptions.NONE,
                prefix::toString,
                router.steps(CallOptions.NONE, () -> false));
        return Promises.then(
                step.runUnmarked(),
                deletion -> CompletableFuture.completedFuture(true),
                // A server that had stopped for a while may still be putting things in.
                failure -> isDoneByOthers(failure)
                                || is(failure, Reason.PREFIX_HAS_CHILDREN)
                                || is(failure, Reason.PREFIX_HAS_ADDRESSES)
                        ? CompletableFuture.completedFuture(false)
                        : CompletableFuture.failedFuture(failure));
    }

    private CompletableFuture<Boolean> delete(Namespace gone) {
        return Promises.then(
                router.toSystem(new DeleteNamespace(gone), CallOptions.NONE, gone::name),
                reply -> CompletableFuture.completedFuture(true),
                failure -> is(failure, Reason.NAMESPACE_NOT_EMPTY)
                        ? rename(gone).thenCompose(this::empty)
                        : CompletableFuture.failedFuture(failure));
    }

    private static boolean isDoneByOthers(Throwable failure) {
        return DONE_BY_OTHERS.stream().anyMatch(reason -> is(failure, reason));
    }

    private static boolean is(Throwable failure, Reason reason) {
        return Promises.cause(failure) instanceof IpamerException refusal && refusal.reason() == reason;
    }
}
