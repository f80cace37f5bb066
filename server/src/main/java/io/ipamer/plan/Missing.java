package io.ipamer.plan;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What planning found that the view does not know: the reads that would tell. */
final class Missing {
    /** Ends the planning of one call; what is missing is noted. Thrown often, so it has no trace. */
    static final class Stop extends RuntimeException {
        private Stop() {
            super(null, null, false, false);
        }
    }

    private final Set<Read> reads = new LinkedHashSet<>();

    void note(Read read) {
        reads.add(read);
    }

    Stop needs(Read read) {
        note(read);
        return new Stop();
    }

    /** Stops the call if something was noted. */
    void check() {
        if (!reads.isEmpty()) {
            throw new Stop();
        }
    }

    List<Read> take() {
        List<Read> taken = List.copyOf(reads);
        reads.clear();
        return taken;
    }

    boolean isEmpty() {
        return reads.isEmpty();
    }
}
