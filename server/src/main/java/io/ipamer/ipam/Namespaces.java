package io.ipamer.ipam;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Reason;
import io.ipamer.model.Reply;
import io.ipamer.plan.CreateNamespace;
import io.ipamer.plan.DeleteNamespace;
import io.ipamer.plan.Scope;
import io.ipamer.store.Store;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The use cases of namespaces. Futures fail with {@link IpamerException} only. Each call costs an index seek or two,
 * however many namespaces there are.
 */
public final class Namespaces {
    private final Store store;
    private final Router router;

    Namespaces(Store store, Router router) {
        this.store = store;
        this.router = router;
    }

    /** Refused: NAMESPACE_EXISTS. */
    public CompletableFuture<Reply<Namespace>> create(String name, CallOptions options) {
        return router.toSystem(new CreateNamespace(name), options, () -> "CreateNamespace " + name);
    }

    /** Refused: NAMESPACE_NOT_FOUND, NAMESPACE_NOT_EMPTY, NAMESPACE_PROTECTED for {@code root}. */
    public CompletableFuture<Reply<Namespace>> delete(String name, CallOptions options) {
        IpamerException refusal = name.equals(Namespace.ROOT.name())
                ? new IpamerException(
                        Reason.NAMESPACE_PROTECTED,
                        "namespace root always exists and cannot be deleted",
                        Map.of("namespace", name))
                : null;
        return router.toSystem(
                name,
                namespace -> new Router.Route<>(Scope.SYSTEM, new DeleteNamespace(namespace), refusal, answer -> {}),
                options,
                () -> "DeleteNamespace " + name);
    }

    /** Refused: NAMESPACE_NOT_FOUND. */
    public CompletableFuture<Namespace> get(String name) {
        return Failures.told(router.namespace(name));
    }

    /** All of them, by name. */
    public CompletableFuture<List<Namespace>> list() {
        // Engines and databases differ in how they order text.
        return Failures.told(store.namespaces("", Integer.MAX_VALUE)
                .thenApply(all -> all.stream()
                        .filter(namespace -> !namespace.isHidden())
                        .sorted(Comparator.comparing(Namespace::name))
                        .toList()));
    }
}
