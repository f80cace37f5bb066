package io.ipamer.app;

import java.security.SecureRandom;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Makes version 4 UUIDs. Ids must never repeat, in any process; they need not be secret. So each thread has a generator
 * of 384 bits of state that starts from as many bits of {@link SecureRandom}: a few nanoseconds an id and no lock, where
 * {@link UUID#randomUUID} costs some hundreds and takes turns.
 */
public final class Ids implements Supplier<UUID> {
    private static final RandomGeneratorFactory<RandomGenerator> GENERATORS =
            RandomGeneratorFactory.of("L128X256MixRandom");
    private static final int SEED_BYTES = 48;

    private final SecureRandom seeds = new SecureRandom();
    private final ThreadLocal<RandomGenerator> generators = ThreadLocal.withInitial(() -> GENERATORS.create(seed()));

    @Override
    public UUID get() {
        RandomGenerator random = generators.get();
        long version4 = (random.nextLong() & ~0xF000L) | 0x4000L;
        long variant2 = (random.nextLong() & 0x3FFFFFFFFFFFFFFFL) | 0x8000000000000000L;
        return new UUID(version4, variant2);
    }

    private byte[] seed() {
        byte[] seed = new byte[SEED_BYTES];
        seeds.nextBytes(seed);
        return seed;
    }
}
