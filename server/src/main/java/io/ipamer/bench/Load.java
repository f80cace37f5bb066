package io.ipamer.bench;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Sends the calls of many callers over a few channels, and measures them. Channels must have a direct executor. */
public final class Load implements AutoCloseable {
    /** A caller whose call failed waits this long: a dead server refuses a million calls a second. */
    private static final long PAUSE_AFTER_ERROR_MILLIS = 10;

    /** How long answers that are still to come are waited for. */
    private static final long DRAIN_SECONDS = 30;

    /** Until when work without an end in time may go on. */
    private static final Duration LONG = Duration.ofDays(30);

    /**
     * A run.
     *
     * @param warmUp what is due before its end is not measured
     * @param measured how long after that calls are due
     * @param rate see {@link BenchSettings#rate}
     */
    public record Course(Duration warmUp, Duration measured, double rate) {
        /** Until the scripts have nothing more to do. */
        static Course untilDone() {
            return new Course(Duration.ZERO, LONG, 0);
        }

        /** Until the scripts have nothing more to do, or the time is over. */
        static Course untilDone(Duration atMost) {
            return new Course(Duration.ZERO, atMost, 0);
        }
    }

    /**
     * What came of a run.
     *
     * @param latencies of the calls that succeeded and were due in the measured time, by operation, in nanoseconds
     * @param errors number of calls that failed, warm-up included, by code
     * @param firstError the first of them; OK when there was none
     * @param wrong what answer could not be; null when all could
     * @param missed open loop: calls that were due, but never sent as all callers still waited
     * @param unanswered calls that had no answer 30 s after the end
     */
    public record Outcome(
            Map<String, Histogram> latencies,
            Map<Status.Code, Long> errors,
            Status firstError,
            @Nullable String wrong,
            long missed,
            long unanswered) {
        public Outcome {
            latencies = new TreeMap<>(latencies);
            errors = new EnumMap<>(errors);
        }
    }

    private final List<? extends Channel> channels;
    private final Progress progress;
    private final LongSupplier clock = System::nanoTime;
    private final ScheduledThreadPoolExecutor timer;

    public Load(List<? extends Channel> channels, Progress progress) {
        this.channels = channels;
        this.progress = progress;
        timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "bench-timer");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Runs all scripts side by side, each with at most one call under way, and returns when the time is over or nothing
     * is left to do, and the answers are there.
     *
     * @param phase what progress says it is
     */
    public Outcome run(String phase, List<? extends Script> scripts, Course course) throws InterruptedException {
        return new Run(scripts, course).await(phase);
    }

    /** Stops the timer. The channels are the giver's. */
    @Override
    public void close() {
        timer.shutdownNow();
    }

    private final class Run {
        private final long start = clock.getAsLong();
        private final long from;
        private final long until;
        private final Pace pace;
        private final Map<String, Latencies> latencies = new ConcurrentHashMap<>();
        private final Latencies warmingUp = new Latencies();
        private final Map<Status.Code, LongAdder> errors = new ConcurrentHashMap<>();
        private final AtomicReference<@Nullable Status> firstError = new AtomicReference<>();
        private final AtomicReference<@Nullable String> wrong = new AtomicReference<>();
        private final CountDownLatch running;
        private final List<Caller> callers = new ArrayList<>();

        Run(List<? extends Script> scripts, Course course) {
            from = start + course.warmUp.toNanos();
            until = from + course.measured.toNanos();
            pace = course.rate == 0 ? Pace.closed() : Pace.open(course.rate, start);
            running = new CountDownLatch(scripts.size());
            for (Script script : scripts) {
                callers.add(new Caller(this, script, channels.get(callers.size() % channels.size())));
            }
        }

        Outcome await(String phase) throws InterruptedException {
            callers.forEach(Caller::next);
            long last = start;
            while (!running.await(Math.min(progress.interval().toNanos(), untilGivenUp(last)), TimeUnit.NANOSECONDS)) {
                long now = clock.getAsLong();
                if (untilGivenUp(now) == 0) {
                    break;
                }
                Histogram interval = warmingUp.interval();
                latencies.values().forEach(each -> interval.add(each.interval()));
                progress.measured(
                        now - from < 0 ? "warm-up" : phase,
                        (now - (now - from < 0 ? start : from)) / 1e9,
                        (now - last) / 1e9,
                        interval,
                        errors.values().stream().mapToLong(LongAdder::sum).sum());
                last = now;
            }
            progress.end();
            return outcome();
        }

        private long untilGivenUp(long now) {
            return Math.max(0, until + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS) - now);
        }

        private Outcome outcome() {
            Map<String, Histogram> totals = new TreeMap<>();
            latencies.forEach((operation, each) -> totals.put(operation, each.total()));
            Map<Status.Code, Long> failed = new EnumMap<>(Status.Code.class);
            errors.forEach((code, count) -> failed.put(code, count.sum()));
            Status first = firstError.get();
            return new Outcome(
                    totals,
                    failed,
                    first == null ? Status.OK : first,
                    wrong.get(),
                    pace.missed(until),
                    running.getCount());
        }

        private Latencies of(String operation) {
            Latencies known = latencies.get(operation);
            return known != null ? known : latencies.computeIfAbsent(operation, fresh -> new Latencies());
        }

        private void failed(Status status) {
            firstError.compareAndSet(null, status);
            errors.computeIfAbsent(status.getCode(), fresh -> new LongAdder()).increment();
        }
    }

    /** One caller: it is told of the end of its call, and sends the next. */
    private final class Caller extends ClientCall.Listener<Object> {
        private final Run run;
        private final Script script;
        private final Channel channel;
        private long due;
        private @Nullable Call<?, ?> call;
        private @Nullable Object answer;

        Caller(Run run, Script script, Channel channel) {
            this.run = run;
            this.script = script;
            this.channel = channel;
        }

        @SuppressWarnings("FutureReturnValueIgnored") // send() tells of its failures itself
        void next() {
            long now = clock.getAsLong();
            if (now - run.until >= 0 || run.wrong.get() != null) {
                run.running.countDown();
                return;
            }
            due = run.pace.next(now);
            if (due - run.until >= 0) {
                run.running.countDown();
            } else if (due - now > 0) {
                timer.schedule(this::send, due - now, TimeUnit.NANOSECONDS);
            } else {
                send();
            }
        }

        @SuppressWarnings("unchecked") // a call's request and answer are those of its method
        private void send() {
            Call<?, ?> next;
            try {
                next = script.next();
            } catch (RuntimeException defect) {
                stop(defect);
                return;
            }
            if (next == null) {
                run.running.countDown();
                return;
            }
            call = next;
            answer = null;
            ClientCall<Object, Object> sending =
                    channel.newCall((MethodDescriptor<Object, Object>) next.method(), CallOptions.DEFAULT);
            sending.start(this, new Metadata());
            sending.request(2); // a second answer would be an error, which only who asks for it is told
            sending.sendMessage(next.request());
            sending.halfClose();
        }

        @Override
        public void onMessage(Object message) {
            answer = message;
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // next() tells of its failures itself
        public void onClose(Status status, Metadata trailers) {
            long end = clock.getAsLong();
            Call<?, ?> ended = call;
            Object message = answer;
            try {
                if (status.isOk() && ended != null && message != null) {
                    script.answered(ended.givenBy(message));
                    (due - run.from >= 0 ? run.of(ended.operation()) : run.warmingUp).record(due, end);
                    next();
                    return;
                }
                run.failed(status.isOk() ? Status.INTERNAL.withDescription("OK without an answer") : status);
                script.failed();
            } catch (RuntimeException wrongOrDefect) {
                stop(wrongOrDefect);
                return;
            }
            timer.schedule(this::next, PAUSE_AFTER_ERROR_MILLIS, TimeUnit.MILLISECONDS);
        }

        private void stop(RuntimeException reason) {
            run.wrong.compareAndSet(
                    null, reason instanceof WrongAnswerException ? reason.getMessage() : reason.toString());
            run.running.countDown();
        }
    }
}
