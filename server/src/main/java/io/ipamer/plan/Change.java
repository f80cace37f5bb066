package io.ipamer.plan;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a plan does to one row: insert (nothing before), delete (nothing after) or update.
 *
 * @param before the row's value before the plan; null when it was not there
 * @param after the row's value after the plan; null when it is gone
 */
public record Change<V>(@Nullable V before, @Nullable V after) {
    boolean isNothing() {
        return Objects.equals(before, after);
    }
}
