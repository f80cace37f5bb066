package io.ipamer.ipam;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Random;

/** Virtual time: tasks run one after the other in an order that the seed decides, and no time passes in between. */
final class Scheduler {
    private record Task(long at, long number, Runnable action) {}

    private final Random random;
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::number));
    private long now;
    private long numbers;

    Scheduler(Random random) {
        this.random = random;
    }

    long now() {
        return now;
    }

    void after(long nanos, Runnable action) {
        tasks.add(new Task(now + nanos, numbers++, action));
    }

    /** At some time soon. */
    void soon(Runnable action) {
        after(1 + random.nextInt(1_000_000), action);
    }

    /** Runs until nothing is left to do. */
    void run(int maxTasks) {
        for (int i = 0; !tasks.isEmpty(); i++) {
            if (i == maxTasks) {
                throw new AssertionError("still busy after " + maxTasks + " tasks");
            }
            Task task = tasks.remove();
            now = task.at();
            task.action().run();
        }
    }
}
