package io.ipamer.bench;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/** Latencies of one kind of call, to three digits. Any thread records; one thread reads. */
public final class Latencies {
    /** 3 h; a longer one counts as that long. */
    private static final long HIGHEST_NANOS = 10_800_000_000_000L;

    private static final int DIGITS = 3;

    private final Recorder recorder = new Recorder(HIGHEST_NANOS, DIGITS);
    private final Histogram total = new Histogram(HIGHEST_NANOS, DIGITS);

    /**
     * Records a call.
     *
     * @param due when it was to start
     * @param end when its answer was there
     */
    public void record(long due, long end) {
        recorder.recordValue(Math.min(Math.max(end - due, 0), HIGHEST_NANOS));
    }

    /** What came since the last time. */
    Histogram interval() {
        Histogram interval = recorder.getIntervalHistogram();
        total.add(interval);
        return interval;
    }

    /** All of it, in nanoseconds. */
    public Histogram total() {
        interval();
        return total;
    }
}
