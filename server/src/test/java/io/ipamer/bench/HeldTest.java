package io.ipamer.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.IpAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pages of bits against a set of values. */
class HeldTest {
    @ParameterizedTest(name = "hostBits {0}, seed {1}")
    @CsvSource({"0, 1", "0, 2", "64, 1", "64, 2"})
    void isTheSetOfWhatWasAddedAndNotRemoved(int hostBits, long seed) {
        Random random = new Random(seed);
        Held held = new Held(hostBits);
        Set<IpAddress> expected = new HashSet<>();
        long added = 0;
        for (int step = 0; step < 50_000; step++) {
            long near = random.nextInt(20_000);
            long far = random.nextInt(3) * 0x4000_0000_0000_0001L;
            IpAddress any =
                    hostBits == 64 ? IpAddress.v6(near + far, 0) : IpAddress.v6(0xFD00L << 48 | far, near - far);
            if (random.nextInt(3) > 0) {
                assertThat(held.add(any)).as("step %d: %s is new", step, any).isEqualTo(expected.add(any));
                added++;
            } else {
                held.remove(any);
                expected.remove(any);
            }
        }
        List<IpAddress> content = new ArrayList<>();
        held.pages().forEachRemaining(page -> {
            assertThat(page).isSorted().hasSizeLessThanOrEqualTo(4096);
            content.addAll(page);
        });
        assertThat(content).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(held.added()).isEqualTo(added);
    }
}
