package io.ipamer.it;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Callers at work side by side, each in a thread of its own. */
public final class Callers implements AutoCloseable {
    private final ExecutorService threads;
    private final List<Future<?>> callers;

    public interface Work {
        /** {@code caller}: from 0. */
        void of(int caller) throws Exception;
    }

    private Callers(int count, Work work) {
        threads = Executors.newFixedThreadPool(count);
        callers = IntStream.range(0, count)
                .<Future<?>>mapToObj(caller -> threads.submit(() -> {
                    work.of(caller);
                    return null;
                }))
                .toList();
    }

    public static Callers start(int count, Work work) {
        return new Callers(count, work);
    }

    /** Returns when all have done their work; fails as the first of them that failed. */
    public void join() throws Exception {
        for (Future<?> caller : callers) {
            caller.get(60, TimeUnit.SECONDS);
        }
    }

    /** Breaks off what they still do. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
