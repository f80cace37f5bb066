package io.ipamer.bench;

import java.util.concurrent.atomic.AtomicLong;

/**
 * When calls are due, in nanoseconds of the clock.
 *
 * <p>In a closed loop a call is due when its caller is free. In an open loop calls fall due at a steady rate, and their
 * latency counts from there: a server that stands still for a second makes every call of that second late, not only those
 * that were under way ("coordinated omission").
 */
public final class Pace {
    private final double interval;
    private final long start;
    private final AtomicLong handedOut = new AtomicLong();

    private Pace(double interval, long start) {
        this.interval = interval;
        this.start = start;
    }

    /** A closed loop. */
    public static Pace closed() {
        return new Pace(0, 0);
    }

    /**
     * An open loop.
     *
     * @param rate calls a second, more than 0
     * @param start when the first is due
     */
    public static Pace open(double rate, long start) {
        return new Pace(1e9 / rate, start);
    }

    /** When the next call is, or was, due. */
    long next(long now) {
        return interval == 0 ? now : start + (long) (handedOut.getAndIncrement() * interval);
    }

    /** How many calls were due before a moment and nobody was free to send them. */
    long missed(long until) {
        return interval == 0 ? 0 : Math.max(0, (long) Math.ceil((until - start) / interval) - handedOut.get());
    }
}
