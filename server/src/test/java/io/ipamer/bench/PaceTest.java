package io.ipamer.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.HdrHistogram.Histogram;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/** From when latencies count. The clock is fed by hand. */
class PaceTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long MILLI = 1_000_000L;

    /** A negative time, as System.nanoTime() may give. */
    private static final long START = -5 * SECOND;

    @Test
    void inAClosedLoopACallIsDueWhenItsCallerIsFree() {
        Pace pace = Pace.closed();
        assertThat(LongStream.of(START, START + 7, 3 * SECOND))
                .allSatisfy(now -> assertThat(pace.next(now)).isEqualTo(now));
        assertThat(pace.missed(100 * SECOND)).isZero();
    }

    @Test
    void inAnOpenLoopCallsAreDueAtASteadyRateWhateverTheTimeIs() {
        Pace pace = Pace.open(1_000, START);
        assertThat(pace.next(START)).isEqualTo(START);
        assertThat(pace.next(START)).isEqualTo(START + MILLI);
        assertThat(pace.next(START + 40 * SECOND)).isEqualTo(START + 2 * MILLI);
    }

    /** One caller, 1,000 calls a second, each answered at once, but the 101st takes a second. */
    @Test
    void aStallMakesEveryCallThatWasDueInItLate() {
        Pace pace = Pace.open(1_000, START);
        Latencies latencies = new Latencies();
        long now = START;
        for (int call = 0; call < 1_100; call++) {
            long due = pace.next(now);
            now = Math.max(now, due) + (call == 100 ? SECOND : 0);
            latencies.record(due, now);
        }
        Histogram total = latencies.total();
        assertThat(total.getTotalCount()).isEqualTo(1_100);
        assertThat(total.getMaxValue()).isCloseTo(SECOND, within(0.001));
        // 100 calls before the stall took no time; in it one waited 1000 ms, the next 999, down to 1.
        assertThat(total.getCountBetweenValues(0, 0)).isEqualTo(100);
        assertThat(total.getValueAtPercentile(100.0 * 600 / 1_100)).isCloseTo(500 * MILLI, within(0.01));
    }

    @Test
    void whatNobodyWasFreeToSendIsMissed() {
        Pace pace = Pace.open(1_000, START);
        pace.next(START);
        pace.next(START);
        assertThat(pace.missed(START + SECOND)).isEqualTo(998);
    }

    @Test
    void whatWasSentAheadOfTimeIsNotMissed() {
        Pace pace = Pace.open(1_000, START);
        for (int i = 0; i < 20; i++) {
            pace.next(START);
        }
        assertThat(pace.missed(START + 5 * MILLI)).isZero();
    }

    private static Percentage within(double share) {
        return Percentage.withPercentage(100 * share);
    }
}
