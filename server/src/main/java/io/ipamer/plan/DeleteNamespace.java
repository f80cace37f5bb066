package io.ipamer.plan;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Reason;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/** Deletes a namespace that holds no prefix; of the system's scope. One seek. */
public record DeleteNamespace(Namespace namespace) implements Call<Namespace> {
    @Override
    public Read readsAtOnce() {
        return new Read.HeadOf(namespace.id());
    }

    @Override
    public boolean gives() {
        return false;
    }

    @Override
    public Namespace decide(View view, Supplier<UUID> ids) {
        Head head = view.headOf(namespace.id());
        Map<String, String> metadata = Map.of("namespace", namespace.name());
        if (head == null) {
            throw new IpamerException(
                    Reason.NAMESPACE_NOT_FOUND, "namespace " + namespace.name() + " does not exist", metadata);
        }
        if (head.children() > 0) {
            throw new IpamerException(
                    Reason.NAMESPACE_NOT_EMPTY,
                    "namespace " + namespace.name() + " still holds "
                            + Amount.of(head.children(), "top-level prefix", "top-level prefixes")
                            + ", to be deleted first",
                    metadata);
        }
        view.removeNamespace(namespace);
        return namespace;
    }
}
