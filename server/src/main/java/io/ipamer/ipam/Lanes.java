package io.ipamer.ipam;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ipamer.plan.Scope;
import io.ipamer.store.Store;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * The lanes of all scopes in use. A lane that has not been used for long is forgotten, and with it the view that it
 * kept; should a forgotten one still be carrying a batch, the guards put it and its successor in order.
 */
final class Lanes {
    private static final int MAX_LANES = 10_000;

    private final Store store;
    private final Replays replays;
    private final Surroundings surroundings;
    private final LaneMeters meters;
    private final Cache<UUID, Lane> lanes =
            Caffeine.newBuilder().maximumSize(MAX_LANES).executor(Runnable::run).build();

    Lanes(Store store, Replays replays, Surroundings surroundings) {
        this.store = store;
        this.replays = replays;
        this.surroundings = surroundings;
        this.meters = new LaneMeters(surroundings.meters());
        meters.waiting(() -> waiting().sum(), () -> waiting().max().orElse(0));
    }

    Lane of(Scope scope) {
        return lanes.get(scope.id(), id -> new Lane(scope, store, replays, surroundings, meters));
    }

    /** How many calls wait in each lane. */
    private IntStream waiting() {
        return lanes.asMap().values().stream().mapToInt(Lane::waiting);
    }
}
