package io.ipamer.plan;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Reason;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Makes a hidden namespace the one that a name means, in place of one that holds no prefix, if there is any; of the
 * system's scope. Three seeks.
 *
 * @param hidden as it is called now
 */
public record RevealNamespace(Namespace hidden, String name) implements Call<Namespace> {
    @Override
    public Namespace decide(View view, Supplier<UUID> ids) {
        if (!hidden.equals(view.namespaces().get(hidden.name()))) {
            throw new IpamerException(
                    Reason.IMPORT_EXPIRED, "the import took longer than its place was kept: begin it again");
        }
        Namespace present = view.namespaces().get(name);
        if (present != null) {
            Head head = view.headOf(present.id());
            if (head != null && head.children() > 0) {
                throw new IpamerException(
                        Reason.NAMESPACE_NOT_EMPTY,
                        "namespace " + name + " holds "
                                + Amount.of(head.children(), "top-level prefix", "top-level prefixes")
                                + ", to be deleted first",
                        Map.of("namespace", name));
            }
            view.removeNamespace(present);
        }
        view.renameNamespace(hidden, name);
        return new Namespace(hidden.id(), name);
    }
}
