package io.ipamer.plan;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Reason;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Gives a namespace that still has that name another one, which nobody has; of the system's scope. Two seeks.
 *
 * @param name must be free
 */
public record RenameNamespace(Namespace namespace, String name) implements Call<Namespace> {
    @Override
    public Namespace decide(View view, Supplier<UUID> ids) {
        if (!namespace.equals(view.namespaces().get(namespace.name()))) {
            throw new IpamerException(
                    Reason.NAMESPACE_NOT_FOUND,
                    "namespace " + namespace.name() + " does not exist",
                    Map.of("namespace", namespace.name()));
        }
        if (view.namespaces().get(name) != null) {
            throw new IpamerException(
                    Reason.NAMESPACE_EXISTS, "namespace " + name + " exists already", Map.of("namespace", name));
        }
        view.renameNamespace(namespace, name);
        return new Namespace(namespace.id(), name);
    }
}
