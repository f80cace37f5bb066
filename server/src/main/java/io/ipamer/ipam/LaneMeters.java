package io.ipamer.ipam;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntSupplier;

/** What operators are shown of the lanes, of all of them together. */
final class LaneMeters {
    /** Why a batch, or its plan, takes another round that its callers do not see. */
    enum Retry {
        /** Another server has changed the scope since the plan was made: planned anew. */
        STALE,
        /** It has since the answers were found that change nothing: planned anew. */
        MOVED,
        /** The database gave the transaction up, as one of several that are in each other's way: planned anew. */
        ABORTED,
        /** Some of its calls were done before, and have their answers: the others are planned anew. */
        REPLAYED,
        /** The database cannot be worked with, for certain: once more, later. */
        UNAVAILABLE,
        /** Nobody knows whether the plan was applied: the same plan again, later. */
        UNKNOWN,
        /** Its calls were done one by one, because one of them may be to blame. */
        SPLIT
    }

    /** What became of a plan whose outcome was unknown. */
    enum Fate {
        COMMITTED,
        /** Nothing of it was done. */
        REFUSED,
        /** Nobody knows: the callers were told so. */
        LOST
    }

    private final MeterRegistry registry;
    private final DistributionSummary batch;
    private final Counter overloaded;
    private final Counter abandoned;
    private final Map<Retry, Counter> retries = new EnumMap<>(Retry.class);
    private final Map<Fate, Counter> fates = new EnumMap<>(Fate.class);

    LaneMeters(MeterRegistry registry) {
        this.registry = registry;
        batch = DistributionSummary.builder("ipamer.lane.batch")
                .description("Calls that went through a lane together")
                .baseUnit("calls")
                .serviceLevelObjectives(1, 4, 16, 64, 256)
                .register(registry);
        overloaded = Counter.builder("ipamer.lane.overloaded")
                .description("Calls refused because too many waited for the same prefix or namespace")
                .baseUnit("calls")
                .register(registry);
        abandoned = Counter.builder("ipamer.lane.abandoned")
                .description("Calls that stand although their callers left before the answer")
                .baseUnit("calls")
                .register(registry);
        for (Retry reason : Retry.values()) {
            Counter counter = Counter.builder("ipamer.lane.retries")
                    .description("Batches that took another round, unseen by their callers")
                    .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                    .register(registry);
            retries.put(reason, counter);
        }
        for (Fate fate : Fate.values()) {
            Counter counter = Counter.builder("ipamer.lane.unknown.outcomes")
                    .description("Plans whose outcome was unknown for a while, by what became of them")
                    .tag("fate", fate.name().toLowerCase(Locale.ROOT))
                    .register(registry);
            fates.put(fate, counter);
        }
    }

    /** {@code waiting}: of all lanes together. {@code most}: of the lane in which most wait. Asked for at each look. */
    void waiting(IntSupplier waiting, IntSupplier most) {
        Gauge.builder("ipamer.lane.waiting", waiting::getAsInt)
                .description("Calls that wait for their turn, in all lanes")
                .baseUnit("calls")
                .register(registry);
        Gauge.builder("ipamer.lane.waiting.most", most::getAsInt)
                .description("Calls that wait for their turn in the lane where most do; 10,000 are the limit")
                .baseUnit("calls")
                .register(registry);
    }

    void carried(int calls) {
        batch.record(calls);
    }

    void overloaded() {
        overloaded.increment();
    }

    void abandoned() {
        abandoned.increment();
    }

    void retried(Retry reason) {
        count(retries, reason);
    }

    void resolved(Fate fate) {
        count(fates, fate);
    }

    private static <K extends Enum<K>> void count(Map<K, Counter> counters, K key) {
        Counter counter = counters.get(key);
        if (counter != null) { // as it is for each key
            counter.increment();
        }
    }
}
