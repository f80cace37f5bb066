package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * What holds for all calls of a client or view.
 *
 * @param namespace empty for {@code root}
 * @param requestId empty: each call that changes something makes one
 * @param deadline of each call, over all attempts
 * @param bounded whether the deadline was asked for, so that it holds for transfers too
 * @param dry whether nothing is to change
 */
record View(String namespace, String requestId, Duration deadline, boolean bounded, boolean dry) {
    private static final Duration LONGEST = Duration.ofDays(365);

    View {
        if (requireNonNull(deadline, "deadline").compareTo(Duration.ZERO) <= 0 || deadline.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "deadline must be more than nothing and at most " + LONGEST.toDays() + " days, not " + deadline);
        }
    }

    View in(String name) {
        return new View(requireNonNull(name, "name"), requestId, deadline, bounded, dry);
    }

    View with(String id) {
        if (requireNonNull(id, "id").isEmpty()) {
            throw new IllegalArgumentException("id must have 1 to 128 characters, not none");
        }
        return new View(namespace, id, deadline, bounded, dry);
    }

    View within(Duration time) {
        return new View(namespace, requestId, time, true, dry);
    }

    View rehearsing() {
        return new View(namespace, requestId, deadline, bounded, true);
    }
}
