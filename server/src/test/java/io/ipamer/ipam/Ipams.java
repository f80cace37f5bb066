package io.ipamer.ipam;

import io.ipamer.store.Store;
import java.util.UUID;

/** Use cases that do all their work on the caller's thread and never wait. */
final class Ipams {
    private Ipams() {}

    static Ipam over(Store store) {
        return new Ipam(store, surroundings());
    }

    static Surroundings surroundings() {
        return new Surroundings(
                System::nanoTime, (nanos, task) -> task.run(), Runnable::run, UUID::randomUUID, () -> 0.5);
    }
}
