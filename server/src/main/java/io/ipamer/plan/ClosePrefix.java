package io.ipamer.plan;

import io.ipamer.model.Prefix;
import java.util.UUID;
import java.util.function.Supplier;

/** Marks a prefix as being emptied and deleted: from now on it gives out nothing; of its own scope. */
public record ClosePrefix(Prefix prefix) implements Call<Prefix> {
    @Override
    public boolean gives() {
        return false;
    }

    @Override
    public Prefix decide(View view, Supplier<UUID> ids) {
        view.close();
        return prefix;
    }
}
