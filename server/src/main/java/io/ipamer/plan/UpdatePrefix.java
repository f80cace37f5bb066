package io.ipamer.plan;

import io.ipamer.model.MetadataUpdate;
import io.ipamer.model.Prefix;
import java.util.UUID;
import java.util.function.Supplier;

/** Changes what is said of a prefix; of its parent's scope or, for a top-level prefix, its namespace's. One seek. */
public record UpdatePrefix(Prefix prefix, MetadataUpdate update) implements Call<Prefix> {
    @Override
    public Prefix decide(View view, Supplier<UUID> ids) {
        Prefix before = view.child(prefix);
        Prefix after = before.with(update.applyTo(before.metadata()));
        if (!after.equals(before)) {
            view.replaceChild(after);
        }
        return after;
    }
}
