package io.ipamer.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Ids look like random UUIDs and do not repeat. */
class IdsTest {
    private static final int THREADS = 8;
    private static final int IDS_A_THREAD = 50_000;

    private final Ids ids = new Ids();

    @Test
    void everyIdSaysVersion4OfTheUsualVariant() {
        assertThat(Stream.generate(ids).limit(10_000)).allSatisfy(id -> {
            assertThat(id.version()).isEqualTo(4);
            assertThat(id.variant()).isEqualTo(2);
        });
    }

    /** The chance that a right generator fails here is 2^-99. */
    @Test
    void everyOtherBitIsNowSetAndNowClear() {
        long everHi = 0;
        long everLo = 0;
        long alwaysHi = -1;
        long alwaysLo = -1;
        for (int i = 0; i < 100; i++) {
            UUID id = ids.get();
            everHi |= id.getMostSignificantBits();
            everLo |= id.getLeastSignificantBits();
            alwaysHi &= id.getMostSignificantBits();
            alwaysLo &= id.getLeastSignificantBits();
        }
        assertThat(new UUID(everHi, everLo)).hasToString("ffffffff-ffff-4fff-bfff-ffffffffffff");
        assertThat(new UUID(alwaysHi, alwaysLo)).hasToString("00000000-0000-4000-8000-000000000000");
    }

    @Test
    void idsOfManyThreadsAreDistinct() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try {
            CyclicBarrier together = new CyclicBarrier(THREADS);
            List<Future<List<UUID>>> made = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                made.add(pool.submit(() -> {
                    together.await(30, TimeUnit.SECONDS);
                    return Stream.generate(ids).limit(IDS_A_THREAD).toList();
                }));
            }
            Set<UUID> distinct = new HashSet<>();
            for (Future<List<UUID>> some : made) {
                distinct.addAll(some.get(60, TimeUnit.SECONDS));
            }
            assertThat(distinct).hasSize(THREADS * IDS_A_THREAD);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void twoProcessesWouldNotMakeTheSameIds() {
        Set<UUID> distinct = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            distinct.add(new Ids().get());
        }
        assertThat(distinct).hasSize(1_000);
    }
}
