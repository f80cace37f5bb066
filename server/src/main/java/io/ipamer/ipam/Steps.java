package io.ipamer.ipam;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** The time that a call of many steps has; when it is over, what is done stands and the rest is left for another call. */
final class Steps {
    private static final Set<Reason> ON_THE_WAY =
            EnumSet.of(Reason.DEADLINE_EXCEEDED, Reason.STORE_UNAVAILABLE, Reason.OVERLOADED, Reason.OUTCOME_UNKNOWN);
    private static final long MOST = TimeUnit.SECONDS.toNanos(15);

    private final LongSupplier clock;
    private final Executor executor;
    private final long end;
    private final BooleanSupplier unwanted;

    /** {@code unwanted}: whether nobody waits any more. */
    Steps(Surroundings surroundings, long deadline, BooleanSupplier unwanted) {
        this.clock = surroundings.clock();
        this.executor = surroundings.executor();
        this.unwanted = unwanted;
        long now = clock.getAsLong();
        // Of a deadline that is near a fifth is left for the step that is under way then, and the way back.
        end = now + (deadline == CallOptions.NO_DEADLINE ? MOST : Math.min(MOST, (deadline - now) / 5 * 4));
    }

    boolean isOver() {
        return unwanted.getAsBoolean() || clock.getAsLong() - end >= 0;
    }

    /** What comes upon a step, on a stack of its own: there may be thousands of them. */
    <T, R> CompletableFuture<R> then(CompletableFuture<T> step, Function<T, CompletableFuture<R>> next) {
        return step.thenComposeAsync(next, executor);
    }

    /** All of them side by side; fails with the first failure, once all have come to an end. */
    static <T, R> CompletableFuture<List<R>> each(List<T> things, Function<T, CompletableFuture<R>> step) {
        List<CompletableFuture<R>> steps = new ArrayList<>(things.size());
        things.forEach(thing -> steps.add(step.apply(thing)));
        return CompletableFuture.allOf(steps.toArray(CompletableFuture[]::new))
                .thenApply(done -> steps.stream().map(CompletableFuture::join).toList());
    }

    /** One part of them after another; what is left when the time is over is left. The first part goes in any case. */
    <T, R> CompletableFuture<Boolean> eachPart(List<T> things, int atOnce, Function<T, CompletableFuture<R>> step) {
        List<T> part = things.subList(0, Math.min(atOnce, things.size()));
        List<T> rest = things.subList(part.size(), things.size());
        return then(
                each(part, step),
                done -> rest.isEmpty() || isOver()
                        ? CompletableFuture.completedFuture(rest.isEmpty())
                        : eachPart(rest, atOnce, step));
    }

    /** Empty when what the step was about is gone: another call may be at the same. */
    static <T> CompletableFuture<Optional<T>> unlessGone(CompletableFuture<T> step) {
        return step.thenApply(Optional::of).exceptionally(failure -> {
            if (Promises.cause(failure) instanceof IpamerException refusal
                    && refusal.reason() == Reason.PREFIX_NOT_FOUND) {
                return Optional.empty();
            }
            throw Failures.unavailable(failure);
        });
    }

    /** What is told of a failure on the way: each step says of itself alone that it changed nothing. */
    static IpamerException stopped(Throwable failure) {
        IpamerException refusal = Failures.unavailable(failure);
        return ON_THE_WAY.contains(refusal.reason())
                ? new IpamerException(
                        refusal.reason(),
                        "the call stopped on its way: what was done stands, and the same call goes on with the rest",
                        refusal.metadata(),
                        failure)
                : refusal;
    }
}
