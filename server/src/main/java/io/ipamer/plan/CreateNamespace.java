package io.ipamer.plan;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Reason;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/** Creates a namespace; of the system's scope. One seek. */
public record CreateNamespace(String name) implements Call<Namespace> {
    @Override
    public Namespace decide(View view, Supplier<UUID> ids) {
        if (view.namespaces().get(name) != null) {
            throw new IpamerException(
                    Reason.NAMESPACE_EXISTS, "namespace " + name + " exists already", Map.of("namespace", name));
        }
        Namespace namespace = new Namespace(ids.get(), name);
        view.addNamespace(namespace);
        view.create(ScopeChange.Create.of(namespace));
        return namespace;
    }
}
