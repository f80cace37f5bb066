package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.MetadataUpdate;
import io.ipamer.model.Mode;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import io.ipamer.store.Invariants;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import io.ipamer.store.memory.MemoryStore;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls of many steps: what they do, and that they may stop anywhere and be called again. */
class BulkTest {
    private static final Cidr OUTER = Cidr.parse("10.0.0.0/8");
    private static final Cidr INNER = Cidr.parse("10.1.0.0/16");
    private static final Cidr LEAF = Cidr.parse("10.1.2.0/24");
    private static final Cidr BESIDE = Cidr.parse("192.168.0.0/16");

    private final Store store = new MemoryStore();
    private final Ipam ipam = new Ipam(
            store,
            new Surroundings(System::nanoTime, (nanos, task) -> task.run(), Runnable::run, UUID::randomUUID, () -> 0));

    @AfterEach
    void everythingIsWhole() {
        new Invariants(store).holdEverywhere();
    }

    private static void tree(Ipam ipam) {
        ipam.prefixes()
                .create("root", OUTER, Reservation.NONE, CallOptions.NONE)
                .join();
        child(ipam, OUTER, INNER);
        child(ipam, INNER, LEAF);
        ipam.addresses().acquire("root", LEAF, 3, false, owned("a")).join();
    }

    private static Prefix child(Ipam ipam, Cidr parent, Cidr child) {
        return ipam.prefixes()
                .acquireChild("root", parent, child, Reservation.NONE, CallOptions.NONE)
                .join()
                .answer();
    }

    private static CallOptions owned(String owner) {
        return new CallOptions(null, CallOptions.NO_DEADLINE, Metadata.of(owner, Map.of(), ""), false);
    }

    /** By a clock that goes on eight seconds at each look: the time is over after the first step. */
    private Prefixes.Deletion deleteInNoTime(Cidr cidr) {
        AtomicLong now = new AtomicLong();
        Surroundings hurried = new Surroundings(
                () -> now.addAndGet(TimeUnit.SECONDS.toNanos(8)),
                (nanos, task) -> task.run(),
                Runnable::run,
                UUID::randomUUID,
                () -> 0);
        return new Ipam(store, hurried)
                .prefixes()
                .deleteWithContent("root", cidr, null, CallOptions.NONE)
                .join();
    }

    private Prefixes.Deletion delete(Cidr cidr, CallOptions options) {
        return ipam.prefixes().deleteWithContent("root", cidr, null, options).join();
    }

    private static Reason refusal(CompletableFuture<?> call) {
        Throwable failure = catchThrowable(call::join);
        assertThat(failure).isNotNull();
        return ((IpamerException) Promises.cause(failure)).reason();
    }

    private List<Cidr> prefixes() {
        return store.prefixes(Namespace.ROOT.id(), Span.ALL, Integer.MAX_VALUE).join().rows().stream()
                .map(Prefix::cidr)
                .toList();
    }

    @Test
    void aForcedDeleteTakesEverythingWithItAndSaysHowMuch() {
        tree(ipam);
        ipam.prefixes()
                .create("root", BESIDE, Reservation.NONE, CallOptions.NONE)
                .join();

        Prefixes.Deletion deletion = delete(OUTER, CallOptions.NONE);

        assertThat(deletion.inProgress()).isFalse();
        assertThat(deletion.deleted()).isEqualTo(3);
        assertThat(deletion.released()).isEqualTo(3);
        assertThat(prefixes()).containsExactly(BESIDE);
        assertThat(ipam.lists()
                        .find("root", "a", Metadata.NONE.labels(), new Page.Wanted(10, ""))
                        .join()
                        .allocations())
                .isEmpty();
    }

    @Test
    void theSpaceOfAChildThatIsDeletedWithForceIsItsParentsAgain() {
        tree(ipam);

        delete(INNER, CallOptions.NONE);

        assertThat(prefixes()).containsExactly(OUTER);
        assertThat(ipam.prefixes().usage("root", OUTER).join().mode()).isEqualTo(Mode.NONE);
        assertThat(child(ipam, OUTER, LEAF).cidr()).isEqualTo(LEAF);
    }

    @Test
    void aPrefixAroundItWithTheSameFirstAddressStays() {
        Cidr first = Cidr.parse("10.0.0.0/16");
        ipam.prefixes()
                .create("root", OUTER, Reservation.NONE, CallOptions.NONE)
                .join();
        child(ipam, OUTER, first);
        child(ipam, first, Cidr.parse("10.0.0.0/24"));

        delete(first, CallOptions.NONE);

        assertThat(prefixes()).containsExactly(OUTER);
    }

    @Test
    void moreThanOneStepHoldsIsDeletedToo() {
        ipam.prefixes()
                .create("root", OUTER, Reservation.NONE, CallOptions.NONE)
                .join();
        for (int i = 0; i < 1_100; i++) {
            ipam.prefixes()
                    .acquireChild("root", OUTER, 20, Reservation.NONE, CallOptions.NONE)
                    .join();
        }
        ipam.addresses()
                .acquire("root", Cidr.parse("10.0.0.0/20"), 3_000, false, CallOptions.NONE)
                .join();

        Prefixes.Deletion deletion = delete(OUTER, CallOptions.NONE);

        assertThat(deletion.deleted()).isEqualTo(1_101);
        assertThat(deletion.released()).isEqualTo(3_000);
        assertThat(prefixes()).isEmpty();
    }

    @Test
    void whatIsMarkedGivesOutNothingAnyMoreAndTheNextCallGoesOn() {
        tree(ipam);

        Prefixes.Deletion stopped = deleteInNoTime(OUTER);

        assertThat(stopped.inProgress()).isTrue();
        assertThat(stopped.reply().answer().cidr()).isEqualTo(OUTER);
        assertThat(prefixes()).containsExactly(OUTER, INNER, LEAF);
        assertThat(refusal(ipam.prefixes().acquireChild("root", OUTER, 16, Reservation.NONE, CallOptions.NONE)))
                .isEqualTo(Reason.PREFIX_BEING_DELETED);
        assertThat(delete(OUTER, CallOptions.NONE).inProgress()).isFalse();
        assertThat(prefixes()).isEmpty();
    }

    @Test
    void aMarkedPrefixGivesOutNoAddressesAndTakesThemBack() {
        tree(ipam);
        Allocation held = ipam.addresses()
                .acquire("root", LEAF, CallOptions.NONE)
                .join()
                .answer()
                .allocations()
                .get(0);
        deleteInNoTime(LEAF);

        assertThat(refusal(ipam.addresses().acquire("root", LEAF, CallOptions.NONE)))
                .isEqualTo(Reason.PREFIX_BEING_DELETED);
        assertThat(ipam.addresses()
                        .release(
                                "root",
                                LEAF,
                                List.of(new Releases.Item(held.address(), held.id())),
                                false,
                                CallOptions.NONE)
                        .join()
                        .answer()
                        .releases())
                .singleElement()
                .isInstanceOf(Releases.Released.class);
    }

    @Test
    void aRepeatOfAForcedDeleteDoesNotTouchWhatHasTheCidrNow() {
        tree(ipam);
        CallOptions once = CallOptions.withRequestId("once");
        delete(OUTER, once);
        tree(ipam);

        Prefixes.Deletion again = delete(OUTER, once);

        assertThat(again.reply().replayed()).isTrue();
        assertThat(again.deleted()).isZero();
        assertThat(prefixes()).containsExactly(OUTER, INNER, LEAF);
        assertThat(ipam.addresses()
                        .acquire("root", LEAF, CallOptions.NONE)
                        .join()
                        .answer()
                        .allocations())
                .hasSize(1);
    }

    @Test
    void aRequestIdOfAnotherCallIsRefusedBeforeAnythingIsMarked() {
        tree(ipam);
        CallOptions once = CallOptions.withRequestId("once");
        ipam.addresses().acquire("root", LEAF, once).join();

        assertThat(refusal(ipam.prefixes().deleteWithContent("root", OUTER, null, once)))
                .isEqualTo(Reason.REQUEST_ID_REUSED);
        assertThat(child(ipam, OUTER, Cidr.parse("10.3.0.0/16")).cidr()).isNotNull();
    }

    @Test
    void anotherPrefixOfThatCidrIsNotDeleted() {
        tree(ipam);

        assertThat(refusal(ipam.prefixes().deleteWithContent("root", OUTER, UUID.randomUUID(), CallOptions.NONE)))
                .isEqualTo(Reason.PREFIX_ID_MISMATCH);
        assertThat(refusal(ipam.prefixes().deleteWithContent("root", BESIDE, null, CallOptions.NONE)))
                .isEqualTo(Reason.PREFIX_NOT_FOUND);
        assertThat(refusal(ipam.prefixes().deleteWithContent("none", BESIDE, null, CallOptions.NONE)))
                .isEqualTo(Reason.NAMESPACE_NOT_FOUND);
        assertThat(prefixes()).hasSize(3);
    }

    private long releaseOwned(@Nullable Cidr prefix, String owner, CallOptions options) {
        Addresses.OwnerReleaseProgress progress =
                ipam.addresses().releaseOwned("root", prefix, owner, options).join();
        assertThat(progress.inProgress()).isFalse();
        return progress.released();
    }

    private long acquired(Cidr cidr) {
        return ipam.prefixes().usage("root", cidr).join().acquired();
    }

    @Test
    void allOfAnOwnerIsReleasedAndNothingOfOthers() {
        tree(ipam);
        ipam.prefixes()
                .create("root", BESIDE, Reservation.NONE, CallOptions.NONE)
                .join();
        ipam.addresses().acquire("root", BESIDE, 2_500, false, owned("a")).join();
        ipam.addresses().acquire("root", BESIDE, 4, false, owned("b")).join();
        ipam.addresses().acquire("root", BESIDE, 5, false, CallOptions.NONE).join();

        assertThat(releaseOwned(null, "a", CallOptions.NONE)).isEqualTo(2_503);

        assertThat(acquired(LEAF)).isZero();
        assertThat(acquired(BESIDE)).isEqualTo(9);
        assertThat(releaseOwned(null, "a", CallOptions.NONE)).isZero();
    }

    @Test
    void ofOnePrefixOnlyItsOwnAreReleased() {
        tree(ipam);
        ipam.prefixes()
                .create("root", BESIDE, Reservation.NONE, CallOptions.NONE)
                .join();
        ipam.addresses().acquire("root", BESIDE, 2, false, owned("a")).join();

        assertThat(releaseOwned(BESIDE, "a", CallOptions.NONE)).isEqualTo(2);
        assertThat(releaseOwned(OUTER, "a", CallOptions.NONE)).isZero();
        assertThat(acquired(LEAF)).isEqualTo(3);
        assertThat(refusal(ipam.addresses().releaseOwned("root", Cidr.parse("1.0.0.0/8"), "a", CallOptions.NONE)))
                .isEqualTo(Reason.PREFIX_NOT_FOUND);
    }

    @ParameterizedTest(name = "{0} addresses, pages of 1,024")
    @ValueSource(ints = {1, 1_023, 1_024, 1_025, 2_048})
    void aRepeatOfAReleaseByOwnerIsAnsweredAsBeforeAndReleasesNothing(int count) {
        ipam.prefixes()
                .create("root", BESIDE, Reservation.NONE, CallOptions.NONE)
                .join();
        ipam.addresses().acquire("root", BESIDE, count, false, owned("a")).join();
        CallOptions once = CallOptions.withRequestId("once");
        assertThat(releaseOwned(null, "a", once)).isEqualTo(count);
        ipam.addresses().acquire("root", BESIDE, 7, false, owned("a")).join();

        Addresses.OwnerReleaseProgress again =
                ipam.addresses().releaseOwned("root", null, "a", once).join();

        assertThat(again).isEqualTo(new Addresses.OwnerReleaseProgress(count, false, true));
        assertThat(acquired(BESIDE)).isEqualTo(7);
    }

    /** Does something once, the moment before the store is asked for something for the first time. */
    private Ipam interrupted(String method, Runnable meanwhile) {
        AtomicBoolean done = new AtomicBoolean();
        Store interrupted = (Store) Proxy.newProxyInstance(
                BulkTest.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, called, arguments) -> {
                    Object answer = called.invoke(store, arguments);
                    if (called.getName().equals(method) && done.compareAndSet(false, true)) {
                        meanwhile.run();
                    }
                    return answer;
                });
        return new Ipam(
                interrupted,
                new Surroundings(
                        System::nanoTime, (nanos, task) -> task.run(), Runnable::run, UUID::randomUUID, () -> 0));
    }

    @Test
    void whatHasAnotherOwnerByThenIsNotReleased() {
        tree(ipam);
        MetadataUpdate toOther = new MetadataUpdate("other", null, new TreeMap<>(), null);
        Ipam late = interrupted(
                "allocations",
                () -> ipam.addresses()
                        .update("root", LEAF, IpAddress.parse("10.1.2.1"), null, toOther, CallOptions.NONE)
                        .join());

        assertThat(late.addresses()
                        .releaseOwned("root", null, "a", CallOptions.NONE)
                        .join()
                        .released())
                .isEqualTo(2);
        assertThat(acquired(LEAF)).isEqualTo(1);
    }

    /** Neither what another call released meanwhile nor what was there before counts: the call is done once. */
    @Test
    void aReleaseByOwnerKeepsItsRequestIdAlsoWhenOthersWereFaster() {
        tree(ipam);
        CallOptions once = CallOptions.withRequestId("once");
        Ipam late = interrupted("allocations", () -> releaseOwned(null, "a", CallOptions.NONE));
        assertThat(late.addresses().releaseOwned("root", null, "a", once).join().released())
                .isZero();
        ipam.addresses().acquire("root", LEAF, 7, false, owned("a")).join();

        assertThat(ipam.addresses().releaseOwned("root", null, "a", once).join())
                .isEqualTo(new Addresses.OwnerReleaseProgress(0, false, true));
        assertThat(acquired(LEAF)).isEqualTo(7);
    }

    @Test
    void aRepeatOfAForcedDeleteDoesNotTouchWhatGetsTheCidrWhileItLooks() {
        for (String step : List.of("namespace", "locate", "requests")) {
            tree(ipam);
            CallOptions once = CallOptions.withRequestId(step);
            Ipam late = interrupted(step, () -> {
                delete(OUTER, once);
                tree(ipam);
            });

            Prefixes.Deletion again =
                    late.prefixes().deleteWithContent("root", OUTER, null, once).join();

            assertThat(again.reply().replayed()).as(step).isTrue();
            assertThat(again.released()).as(step).isZero();
            assertThat(acquired(LEAF)).as(step).isEqualTo(3);
            delete(OUTER, CallOptions.NONE);
        }
    }

    @Test
    void aForcedDeleteThatRunsOutOfTimeSaysThatItGoesOn() {
        ipam.prefixes()
                .create("root", OUTER, Reservation.NONE, CallOptions.NONE)
                .join();
        for (int i = 0; i < 100; i++) {
            Cidr child = ipam.prefixes()
                    .acquireChild("root", OUTER, 20, Reservation.NONE, CallOptions.NONE)
                    .join()
                    .answer()
                    .cidr();
            ipam.addresses().acquire("root", child, CallOptions.NONE).join();
        }
        AtomicLong now = new AtomicLong();
        Surroundings slow = new Surroundings(
                () -> now.addAndGet(TimeUnit.MILLISECONDS.toNanos(5)),
                (nanos, task) -> task.run(),
                Runnable::run,
                UUID::randomUUID,
                () -> 0);

        Prefixes.Deletion stopped = new Ipam(store, slow)
                .prefixes()
                .deleteWithContent("root", OUTER, null, new CallOptions(null, TimeUnit.SECONDS.toNanos(2)))
                .join();

        assertThat(stopped.inProgress()).isTrue();
        assertThat(delete(OUTER, CallOptions.NONE).inProgress()).isFalse();
    }

    /** A server that fails and crashes at any step, one beside it that acquires in the same tree, then a sound one. */
    @ParameterizedTest(name = "20 schedules from seed {0}")
    @ValueSource(ints = {0, 20, 40, 60, 80})
    void whereverItStopsTheNextCallGoesOnToTheEnd(int firstSeed) {
        int stopped = 0;
        for (int seed = firstSeed; seed < firstSeed + 20; seed++) {
            Random random = new Random(seed);
            Scheduler scheduler = new Scheduler(random);
            MemoryStore shared = new MemoryStore();
            Surroundings surroundings = new Surroundings(
                    scheduler::now,
                    scheduler::after,
                    scheduler::soon,
                    () -> new UUID(random.nextLong(), random.nextLong()),
                    random::nextDouble);
            Ipam sound = new Ipam(
                    shared,
                    new Surroundings(
                            scheduler::now, scheduler::after, Runnable::run, surroundings.ids(), random::nextDouble));
            tree(sound);
            FaultyStore connection = new FaultyStore(shared, scheduler, random, () -> true);
            CompletableFuture<Prefixes.Deletion> first = new Ipam(connection, surroundings)
                    .prefixes()
                    .deleteWithContent("root", OUTER, null, CallOptions.withRequestId("first"));
            scheduler.after(random.nextInt(30_000_000), connection::crash);
            Ipam beside = new Ipam(new FaultyStore(shared, scheduler, random, () -> false), surroundings);
            for (int i = 0; i < 10; i++) {
                Cidr parent = random.nextBoolean() ? OUTER : INNER;
                scheduler.after(random.nextInt(30_000_000), () -> acquireIn(beside, parent));
            }
            scheduler.run(200_000);

            boolean done = first.isDone()
                    && !first.isCompletedExceptionally()
                    && !first.join().inProgress();
            stopped += done ? 0 : 1;
            CompletableFuture<Prefixes.Deletion> second =
                    sound.prefixes().deleteWithContent("root", OUTER, null, CallOptions.withRequestId("first"));
            scheduler.run(200_000);
            assertThat(second.join().inProgress()).as("seed %s", seed).isFalse();
            assertThat(shared.prefixes(Namespace.ROOT.id(), Span.ALL, 10).join().rows())
                    .as("seed %s", seed)
                    .isEmpty();
            new Invariants(shared).holdEverywhere();
        }
        assertThat(stopped).as("of 20 that were cut off").isBetween(5, 20);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // refused or not: it is in the way
    private static void acquireIn(Ipam ipam, Cidr parent) {
        ipam.prefixes()
                .acquireChild("root", parent, 28, Reservation.NONE, CallOptions.NONE)
                .thenCompose(
                        child -> ipam.addresses().acquire("root", child.answer().cidr(), CallOptions.NONE));
    }

    @Test
    void theLowestAddressesAreClearedInSteps() {
        Cidr sparse = Cidr.parse("2001:db8::/64");
        ipam.prefixes()
                .create("root", sparse, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                .join();
        Random random = new Random(1);
        for (int i = 0; i < 1_500; i++) {
            ipam.addresses()
                    .acquire("root", sparse, IpAddress.v6(sparse.first().hi(), random.nextLong()), CallOptions.NONE)
                    .join();
        }

        assertThat(delete(sparse, CallOptions.NONE).released()).isEqualTo(1_500);
    }
}
