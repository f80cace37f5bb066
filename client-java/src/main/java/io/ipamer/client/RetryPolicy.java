package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How often a call is sent again that was not answered: after UNAVAILABLE, and when the server does not know what became
 * of it. That is safe, as it carries a request id and is done once.
 *
 * <p>The wait before each further attempt is drawn between nothing and a bound that doubles ("full jitter", Marc Brooker,
 * Exponential Backoff And Jitter, 2015), and is at least what the server asks for.
 *
 * @param attempts how often a call is sent at most: at least 1
 * @param firstBackoff the bound of the first wait
 * @param maxBackoff the bound of all waits, at most a day
 */
public record RetryPolicy(int attempts, Duration firstBackoff, Duration maxBackoff) {
    private static final Duration LONGEST = Duration.ofDays(1);

    /** Up to 16 attempts, with waits of up to 50 ms, 100 ms, 200 ms ... 2 s: some ten seconds, longer than a restart takes. */
    public static final RetryPolicy DEFAULT = new RetryPolicy(16, Duration.ofMillis(50), Duration.ofSeconds(2));

    /** A call is sent once. */
    public static final RetryPolicy NONE = new RetryPolicy(1, Duration.ZERO, Duration.ZERO);

    public RetryPolicy {
        if (attempts < 1) {
            throw new IllegalArgumentException("attempts must be at least 1, not " + attempts);
        }
        if (requireNonNull(firstBackoff, "firstBackoff").isNegative()) {
            throw new IllegalArgumentException("firstBackoff must not be negative: " + firstBackoff);
        }
        if (requireNonNull(maxBackoff, "maxBackoff").compareTo(firstBackoff) < 0) {
            throw new IllegalArgumentException("maxBackoff must be at least firstBackoff, not " + maxBackoff);
        }
        if (maxBackoff.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("maxBackoff must be at most a day, not " + maxBackoff);
        }
    }

    /** How long to wait after this failure of the n-th attempt, from 1, in nanoseconds; negative to give up. */
    long nanosToWait(IpamerException failure, int attempt, long nanosLeft) {
        boolean passing = failure.code() == Status.Code.UNAVAILABLE || failure.reason() == Reason.OUTCOME_UNKNOWN;
        if (!passing || attempt >= attempts) {
            return -1;
        }
        long bound = maxBackoff.toNanos();
        if (attempt < Long.SIZE - 2 && firstBackoff.toNanos() < bound >> (attempt - 1)) {
            bound = firstBackoff.toNanos() << (attempt - 1);
        }
        Duration asked = failure.serverWait();
        if (asked.compareTo(LONGEST) > 0) {
            return -1;
        }
        long wait = Math.max(asked.toNanos(), ThreadLocalRandom.current().nextLong(bound + 1));
        return wait < nanosLeft ? wait : -1;
    }
}
