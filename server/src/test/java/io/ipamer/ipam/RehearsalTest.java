package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ipamer.address.Cidr;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.store.Store;
import io.ipamer.store.memory.MemoryStore;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** Dry runs; that they answer as the real calls do, {@link ModelTest} holds. */
class RehearsalTest {
    private static final String ROOT = "root";
    private static final Cidr SLASH_29 = Cidr.parse("10.0.0.0/29");

    private final Store store = new MemoryStore();
    private final Ipam ipam = Ipams.over(store);

    private static CallOptions dryRun(String requestId) {
        return new CallOptions(requestId, CallOptions.NO_DEADLINE, Metadata.NONE, true);
    }

    @Test
    void aRequestIdIsNotUsedUpByADryRun() {
        create(SLASH_29);
        ipam.addresses().acquire(ROOT, SLASH_29, dryRun("mine")).join();

        Reply<Allocations> real = ipam.addresses()
                .acquire(ROOT, SLASH_29, CallOptions.withRequestId("mine"))
                .join();

        assertThat(real.replayed()).isFalse();
    }

    @Test
    void aDryRunIsNoRepeatOfACallWithItsRequestId() {
        create(SLASH_29);
        acquire("mine");

        Reply<Allocations> dry =
                ipam.addresses().acquire(ROOT, SLASH_29, dryRun("mine")).join();

        assertThat(dry.replayed()).isFalse();
        assertThat(dry.answer().allocations())
                .extracting(Allocation::address)
                .containsExactly(SLASH_29.first().plus(2));
    }

    @Test
    void aDryRunInAPrefixThatIsGoneSaysSoWhateverItsRequestIdDidBefore() {
        create(SLASH_29);
        Allocation held = acquire("mine");
        ipam.addresses()
                .release(ROOT, SLASH_29, List.of(new Releases.Item(held.address(), null)), false, CallOptions.NONE)
                .join();
        ipam.prefixes().delete(ROOT, SLASH_29, null, CallOptions.NONE).join();

        assertThat(refusal(ipam.addresses().acquire(ROOT, SLASH_29, dryRun("mine"))))
                .isEqualTo(Reason.PREFIX_NOT_FOUND);
    }

    @Test
    void aRequestIdThatNoCallCouldHaveIsNotLookedAtEither() {
        create(SLASH_29);

        assertThat(ipam.addresses()
                        .acquire(ROOT, SLASH_29, dryRun("x".repeat(129)))
                        .join()
                        .answer()
                        .allocations())
                .hasSize(1);
    }

    @Test
    void aNameThatAnotherServerGaveAwaySinceIsLookedUpAfresh() {
        create(SLASH_29);
        acquireChildDry();
        Ipam other = Ipams.over(store);
        other.prefixes().delete(ROOT, SLASH_29, null, CallOptions.NONE).join();
        UUID created = other.prefixes()
                .create(ROOT, SLASH_29, Reservation.NONE, CallOptions.NONE)
                .join()
                .answer()
                .id();

        assertThat(acquireChildDry().parentId()).isEqualTo(created);
        assertThat(ipam.addresses()
                        .acquire(ROOT, SLASH_29, dryRun("any"))
                        .join()
                        .answer()
                        .allocations())
                .extracting(Allocation::address)
                .containsExactly(SLASH_29.first());
    }

    @Test
    void whatADryRunWouldCreateIsNotThereAfterwards() {
        create(SLASH_29);
        Prefix child = acquireChildDry();

        assertThat(refusal(ipam.prefixes().get(ROOT, child.cidr()))).isEqualTo(Reason.PREFIX_NOT_FOUND);
        assertThat(refusal(ipam.addresses().acquire(ROOT, child.cidr(), CallOptions.NONE)))
                .as("nor is its name remembered")
                .isEqualTo(Reason.PREFIX_NOT_FOUND);
        assertThat(ipam.prefixes().usage(ROOT, SLASH_29).join().revision()).isZero();
    }

    private Prefix acquireChildDry() {
        return ipam.prefixes()
                .acquireChild(ROOT, SLASH_29, 30, Reservation.NONE, dryRun(null))
                .join()
                .answer();
    }

    private void create(Cidr cidr) {
        ipam.prefixes()
                .create(ROOT, cidr, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                .join();
    }

    private Allocation acquire(String requestId) {
        return ipam.addresses()
                .acquire(ROOT, SLASH_29, CallOptions.withRequestId(requestId))
                .join()
                .answer()
                .allocations()
                .get(0);
    }

    private static Reason refusal(CompletableFuture<?> call) {
        CompletionException failure = catchThrowableOfType(CompletionException.class, call::join);
        return ((IpamerException) failure.getCause()).reason();
    }
}
