package io.ipamer.ipam;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Reason;
import io.ipamer.plan.Amount;
import io.ipamer.plan.CreateNamespace;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Scope;
import io.ipamer.store.Store;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whole namespaces that come from elsewhere. An import is ordinary calls on a namespace that nobody can see or name; the
 * last one gives it the name that it is meant for. What is left of an import that did not come so far is removed in steps:
 * by the server that ran it, or, when that is gone, by any other, which looks for such when it starts and every ten minutes.
 */
public final class Imports {
    private static final Logger LOG = LoggerFactory.getLogger(Imports.class);
    private static final long LOOK_NANOS = TimeUnit.MINUTES.toNanos(10);
    private static final int AT_ONCE = 1_000;

    private final Store store;
    private final Router router;
    private final Surroundings surroundings;
    private final AtomicBoolean watching = new AtomicBoolean();

    Imports(Store store, Router router, Surroundings surroundings) {
        this.store = store;
        this.router = router;
        this.surroundings = surroundings;
    }

    /**
     * Begins an import that is to become the namespace of that name. Refused: NAMESPACE_NOT_EMPTY; so is its end, should
     * the namespace not be empty by then.
     *
     * @param mayCreate whether there need not be one yet; else refused with NAMESPACE_NOT_FOUND
     */
    public CompletableFuture<Import> begin(String name, boolean mayCreate) {
        return Failures.told(requireEmpty(name, mayCreate).thenCompose(empty -> {
            CreateNamespace call = new CreateNamespace(
                    HiddenName.of(HiddenName.Use.IMPORT, surroundings).text());
            return router.toSystem(call, CallOptions.NONE, call::toString)
                    .thenApply(reply -> new Import(store, router, surroundings, reply.answer(), name));
        }));
    }

    private CompletableFuture<Boolean> requireEmpty(String name, boolean mayCreate) {
        return store.namespace(name).thenCompose(found -> {
            if (found.isEmpty() && !mayCreate) {
                throw Router.namespaceNotFound(name);
            }
            return found.map(namespace -> store.read(Scope.of(namespace), List.of()))
                    .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()))
                    .thenApply(extract -> {
                        long prefixes = extract.map(Extract::head)
                                .map(head -> head.children())
                                .orElse(0L);
                        if (prefixes > 0) {
                            throw new IpamerException(
                                    Reason.NAMESPACE_NOT_EMPTY,
                                    "namespace " + name + " holds "
                                            + Amount.of(prefixes, "top-level prefix", "top-level prefixes")
                                            + ", to be deleted first",
                                    Map.of("namespace", name));
                        }
                        return true;
                    });
        });
    }

    /** From now on looks for what nobody is at any more: at once, and then every ten minutes. The store must be ready. */
    public void watch() {
        if (watching.compareAndSet(false, true)) {
            look();
        }
    }

    private void look() {
        Promises.finish(removeExpired(), removed -> surroundings.timer().after(LOOK_NANOS, this::look), failure -> {
            LOG.warn("what imports have left could not be looked for, to be tried again", failure);
            surroundings.timer().after(LOOK_NANOS, this::look);
        });
    }

    /** Removes the hidden namespaces whose time has passed, one after another. Returns how many they were. */
    public CompletableFuture<Integer> removeExpired() {
        return removeExpired("", 0);
    }

    private CompletableFuture<Integer> removeExpired(String after, int removed) {
        return store.namespaces(after, AT_ONCE).thenCompose(page -> {
            CompletableFuture<Integer> count = CompletableFuture.completedFuture(removed);
            for (Namespace namespace : page) {
                if (namespace.isHidden()
                        && HiddenName.of(namespace)
                                .filter(name -> name.isExpired(surroundings))
                                .isPresent()) {
                    count = count.thenCompose(before -> new Removal(store, router, surroundings)
                            .run(namespace)
                            .exceptionally(failure -> {
                                LOG.warn("what an import has left could not be removed, to be tried again", failure);
                                return false;
                            })
                            .thenApply(gone -> before + (gone ? 1 : 0)));
                }
            }
            return page.size() < AT_ONCE
                    ? count
                    : count.thenCompose(
                            soFar -> removeExpired(page.get(page.size() - 1).name(), soFar));
        });
    }
}
