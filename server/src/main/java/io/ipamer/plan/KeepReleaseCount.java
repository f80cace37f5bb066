package io.ipamer.plan;

import io.ipamer.model.ReleaseCount;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The last step of a call of many steps that released something: only keeps its request id; of the namespace's scope.
 *
 * @param released how many the steps before released
 */
public record KeepReleaseCount(long released) implements Call<ReleaseCount> {
    @Override
    public boolean gives() {
        return false;
    }

    @Override
    public ReleaseCount decide(View view, Supplier<UUID> ids) {
        view.moveOn();
        return new ReleaseCount(released);
    }
}
