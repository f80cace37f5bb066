package io.ipamer.ipam;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * All that lanes need of the outside world, so that a test can replay any schedule.
 *
 * @param clock nanoseconds from an arbitrary origin, never running backwards
 * @param timer runs something later
 * @param executor carries on what a caller's thread has done enough of
 * @param ids gives ids that were never given before, in any process
 * @param jitter 0 to 1
 * @param timeOfDay milliseconds since 1970, about the same on all servers
 * @param meters where operators are shown how the lanes are doing
 */
public record Surroundings(
        LongSupplier clock,
        Timer timer,
        Executor executor,
        Supplier<UUID> ids,
        DoubleSupplier jitter,
        LongSupplier timeOfDay,
        MeterRegistry meters) {
    /** With this machine's time of day, and meters that nobody looks at. */
    public Surroundings(LongSupplier clock, Timer timer, Executor executor, Supplier<UUID> ids, DoubleSupplier jitter) {
        this(clock, timer, executor, ids, jitter, System::currentTimeMillis, new SimpleMeterRegistry());
    }

    /** Runs a task once, after a delay. */
    @FunctionalInterface
    public interface Timer {
        void after(long nanos, Runnable task);
    }
}
