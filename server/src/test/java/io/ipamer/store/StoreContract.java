package io.ipamer.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Answer;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.PrefixContent;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import io.ipamer.plan.AcquireAddresses;
import io.ipamer.plan.AcquireChildPrefix;
import io.ipamer.plan.Call;
import io.ipamer.plan.CreateNamespace;
import io.ipamer.plan.CreatePrefix;
import io.ipamer.plan.DeleteNamespace;
import io.ipamer.plan.DeletePrefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Head;
import io.ipamer.plan.LoadPrefixes;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Planned;
import io.ipamer.plan.Planner;
import io.ipamer.plan.Read;
import io.ipamer.plan.ReleaseAddresses;
import io.ipamer.plan.Request;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Scope;
import io.ipamer.plan.Submission;
import io.ipamer.plan.View;
import io.ipamer.store.Store.Outcome;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store must do. An engine passes it with a subclass that only says how to open one. */
public abstract class StoreContract {
    private static final Cidr SLASH_24 = Cidr.parse("10.0.0.0/24");

    private Store store;
    private Invariants invariants;

    /** A new store that holds nothing but the root namespace. */
    protected abstract Store open();

    @BeforeEach
    void start() {
        store = open();
        invariants = new Invariants(store);
    }

    @AfterEach
    void everythingStillAddsUpAndStop() {
        try {
            invariants.holdEverywhere();
        } finally {
            store.close();
        }
    }

    /** A call, decided on the store's present state and not yet committed. */
    private record Draft<A>(A answer, Plan plan) {}

    @Test
    void rootIsThereFromTheStart() {
        assertThat(store.namespaces().join()).containsExactly(Namespace.ROOT);
        assertThat(store.namespace("root").join()).contains(Namespace.ROOT);
        assertThat(store.namespace("other").join()).isEmpty();
    }

    @Test
    void aCommittedPlanMovesItsScopeByOneAndIsInTheJournal() {
        Draft<Prefix> draft = draft(root(), new CreatePrefix(SLASH_24, Reservation.FIRST_AND_LAST));

        assertThat(commit(draft.plan())).isEqualTo(Outcome.COMMITTED);

        Extract after = extract(root());
        assertThat(after.head().seq()).isEqualTo(1);
        assertThat(after.head().txId()).isEqualTo(draft.plan().txId());
        assertThat(store.journal(Namespace.ROOT.id(), 1).join())
                .contains(draft.plan().txId());
        assertThat(store.journal(Namespace.ROOT.id(), 2).join()).isEmpty();
        assertThat(store.locate("root", SLASH_24).join().prefix()).contains(draft.answer());
    }

    @Test
    void theSamePlanSentTwiceIsAppliedOnce() {
        Prefix prefix = created(SLASH_24);
        Plan plan = draft(Scope.of(prefix), AcquireAddresses.next()).plan();

        assertThat(commit(plan)).isEqualTo(Outcome.COMMITTED);
        assertThat(commit(plan)).isEqualTo(Outcome.STALE);

        assertThat(extract(Scope.of(prefix)).head().acquired()).isEqualTo(1);
        assertThat(store.journal(prefix.id(), plan.advance().after().seq()).join())
                .contains(plan.txId());
    }

    @Test
    void aPlanMadeOnAnOldViewLeavesNoTrace() {
        Prefix prefix = created(SLASH_24);
        Plan late = draft(Scope.of(prefix), AcquireAddresses.next()).plan();
        Allocation winner =
                apply(Scope.of(prefix), AcquireAddresses.next()).allocations().get(0);

        assertThat(commit(late)).isEqualTo(Outcome.STALE);

        assertThat(allocations(prefix)).containsExactly(winner);
        assertThat(store.journal(prefix.id(), late.advance().after().seq()).join())
                .get()
                .isNotEqualTo(late.txId());
    }

    @Test
    void aHistoryThatCountsTheSameRevisionIsToldApartByItsLastPlan() {
        Prefix prefix = created(SLASH_24);
        View other = new View(Scope.of(prefix), extract(Scope.of(prefix)).head());
        draft(other, AcquireAddresses.next());
        Plan second = draft(other, AcquireAddresses.next()).plan();
        apply(Scope.of(prefix), AcquireAddresses.next());

        assertThat(second.advance().before().seq())
                .isEqualTo(extract(Scope.of(prefix)).head().seq());
        assertThat(commit(second)).isEqualTo(Outcome.STALE);
    }

    @Test
    void aPlanForAScopeThatIsGoneIsStale() {
        Prefix prefix = created(SLASH_24);
        Plan late = draft(Scope.of(prefix), AcquireAddresses.next()).plan();
        apply(root(), new DeletePrefix(prefix));

        assertThat(commit(late)).isEqualTo(Outcome.STALE);
        assertThat(store.read(Scope.of(prefix), List.of()).join()).isEmpty();
        assertThat(store.locate("root", SLASH_24).join().prefix()).isEmpty();
    }

    @Test
    void aPrefixThatGaveAnAddressMeanwhileIsNotDeleted() {
        Prefix prefix = created(SLASH_24);
        Plan deletion = draft(root(), new DeletePrefix(prefix)).plan();
        apply(Scope.of(prefix), AcquireAddresses.next());

        assertThat(commit(deletion)).isEqualTo(Outcome.STALE);

        assertThat(extract(root()).head().children()).isEqualTo(1);
        assertThat(allocations(prefix)).hasSize(1);
    }

    @Test
    void aChildThatGaveAChildMeanwhileIsNotReleased() {
        Prefix parent = created(SLASH_24);
        Prefix child = apply(Scope.of(parent), AcquireChildPrefix.ofLength(26, Reservation.NONE));
        Plan release = draft(Scope.of(parent), new DeletePrefix(child)).plan();
        apply(Scope.of(child), AcquireChildPrefix.ofLength(28, Reservation.NONE));

        assertThat(commit(release)).isEqualTo(Outcome.STALE);
        assertThat(store.prefixes(Namespace.ROOT.id()).join()).hasSize(3);
    }

    @Test
    void aNamespaceThatGotAPrefixMeanwhileIsNotDeleted() {
        Namespace tenant = apply(Scope.SYSTEM, new CreateNamespace("tenant"));
        Plan deletion = draft(Scope.SYSTEM, new DeleteNamespace(tenant)).plan();
        apply(Scope.of(tenant), new CreatePrefix(SLASH_24, Reservation.NONE));

        assertThat(commit(deletion)).isEqualTo(Outcome.STALE);
        assertThat(store.namespace("tenant").join()).contains(tenant);
    }

    @Test
    void namespacesComeAndGoByName() {
        Namespace b = apply(Scope.SYSTEM, new CreateNamespace("b"));
        Namespace a = apply(Scope.SYSTEM, new CreateNamespace("a"));
        assertThat(store.namespaces().join()).containsExactly(a, b, Namespace.ROOT);

        apply(Scope.SYSTEM, new DeleteNamespace(a));

        assertThat(store.namespaces().join()).containsExactly(b, Namespace.ROOT);
        assertThat(store.read(Scope.of(a), List.of()).join()).isEmpty();
        assertThat(store.locate("a", SLASH_24).join().namespace()).isEmpty();
    }

    @Test
    void oneCidrMayStandInTwoNamespaces() {
        Namespace tenant = apply(Scope.SYSTEM, new CreateNamespace("tenant"));
        Prefix here = created(SLASH_24);
        Prefix there = apply(Scope.of(tenant), new CreatePrefix(SLASH_24, Reservation.NONE));

        assertThat(store.locate("root", SLASH_24).join().prefix()).contains(here);
        assertThat(store.locate("tenant", SLASH_24).join().prefix()).contains(there);
        assertThat(store.prefixes(tenant.id()).join()).containsExactly(there);
    }

    @Test
    void freeRangesAreReadFromAnyPointInOrderUpToTheLimit() {
        Prefix prefix = created(SLASH_24);
        for (String taken : List.of("10.0.0.10", "10.0.0.20", "10.0.0.30")) {
            apply(Scope.of(prefix), AcquireAddresses.of(IpAddress.parse(taken)));
        }

        assertThat(freeRanges(prefix, "10.0.0.0", 2))
                .containsExactly(range("10.0.0.1", "10.0.0.9"), range("10.0.0.11", "10.0.0.19"));
        assertThat(freeRanges(prefix, "10.0.0.19", 1)).containsExactly(range("10.0.0.11", "10.0.0.19"));
        assertThat(freeRanges(prefix, "10.0.0.20", 9))
                .containsExactly(range("10.0.0.21", "10.0.0.29"), range("10.0.0.31", "10.0.0.254"));
        assertThat(freeRanges(prefix, "10.0.0.255", 9)).isEmpty();
    }

    @Test
    void aReleasedAddressMergesWithBothNeighbours() {
        Prefix prefix = created(SLASH_24);
        for (String taken : List.of("10.0.0.10", "10.0.0.12", "10.0.0.11")) {
            apply(Scope.of(prefix), AcquireAddresses.of(IpAddress.parse(taken)));
        }
        apply(Scope.of(prefix), release("10.0.0.10"));
        assertThat(freeRanges(prefix, "10.0.0.0", 9))
                .containsExactly(range("10.0.0.1", "10.0.0.10"), range("10.0.0.13", "10.0.0.254"));

        apply(Scope.of(prefix), release("10.0.0.11"));
        assertThat(freeRanges(prefix, "10.0.0.0", 9))
                .containsExactly(range("10.0.0.1", "10.0.0.11"), range("10.0.0.13", "10.0.0.254"));

        apply(Scope.of(prefix), release("10.0.0.12"));
        assertThat(freeRanges(prefix, "10.0.0.0", 9)).isEmpty();
        assertThat(extract(Scope.of(prefix)).head().isEmpty()).isTrue();
    }

    @Test
    void freeBlocksAreReadInTheOrderOfBestFit() {
        Prefix parent = created(SLASH_24);
        apply(Scope.of(parent), AcquireChildPrefix.of(Cidr.parse("10.0.0.64/27"), Reservation.NONE));

        assertThat(freeBlocks(parent, "10.0.0.0/32", 9))
                .containsExactly(Cidr.parse("10.0.0.96/27"), Cidr.parse("10.0.0.0/26"), Cidr.parse("10.0.0.128/25"));
        assertThat(freeBlocks(parent, "10.0.0.0/26", 1)).containsExactly(Cidr.parse("10.0.0.0/26"));
        Extract extract = extract(
                Scope.of(parent),
                new Read.LargestFreeBlock(null),
                new Read.FreeBlockAt(Cidr.parse("10.0.0.96/27")),
                new Read.FreeBlockAt(Cidr.parse("10.0.0.96/28")),
                new Read.LargestFreeBlock(Cidr.parse("10.0.0.128/25")),
                new Read.LargestFreeBlock(Cidr.parse("10.0.0.96/27")));
        assertThat(((Found.LargestFreeBlock) extract.found().get(0)).block()).isEqualTo(Cidr.parse("10.0.0.128/25"));
        assertThat(((Found.FreeBlock) extract.found().get(1)).isFree()).isTrue();
        assertThat(((Found.FreeBlock) extract.found().get(2)).isFree()).isFalse();
        assertThat(((Found.LargestFreeBlock) extract.found().get(3)).block()).isEqualTo(Cidr.parse("10.0.0.0/26"));
        assertThat(((Found.LargestFreeBlock) extract.found().get(4)).block()).isNull();
    }

    @Test
    void aBatchThatTakesTheLargestBlockLearnsTheNextLargestToRefuseWith() {
        Prefix parent = created(Cidr.parse("10.0.0.0/24"));
        for (int child = 0; child < 3; child++) {
            apply(Scope.of(parent), AcquireChildPrefix.ofLength(26, Reservation.NONE));
        }
        View view = new View(Scope.of(parent), extract(Scope.of(parent)).head());
        AcquireChildPrefix oneMore = AcquireChildPrefix.ofLength(26, Reservation.NONE);

        Planned.Complete complete =
                plan(view, List.of(new Submission<>(oneMore, null), new Submission<>(oneMore, null)));

        assertThat(complete.decisions().get(0).answer()).isNotNull();
        assertThat(complete.decisions().get(1).refusal().reason()).isEqualTo(Reason.NO_FREE_PREFIX);
    }

    @Test
    void childPrefixesAreListedAfterTheirParentsAndReadFromAnyPoint() {
        Prefix parent = created(SLASH_24);
        Prefix low = apply(Scope.of(parent), AcquireChildPrefix.of(Cidr.parse("10.0.0.0/26"), Reservation.NONE));
        Prefix high = apply(Scope.of(parent), AcquireChildPrefix.of(Cidr.parse("10.0.0.128/26"), Reservation.NONE));
        Prefix below = apply(Scope.of(low), AcquireChildPrefix.ofLength(28, Reservation.NONE));

        assertThat(store.prefixes(Namespace.ROOT.id()).join()).containsExactly(parent, low, below, high);
        Extract extract = extract(Scope.of(parent), new Read.PrefixesFrom(IpAddress.parse("10.0.0.64"), 9));
        assertThat(((Found.Prefixes) extract.found().get(0)).rows()).containsExactly(high);
    }

    @Test
    void bothFamiliesStandSideBySideInOneNamespace() {
        Prefix v6 = apply(root(), new CreatePrefix(Cidr.parse("::/0"), Reservation.FIRST_AND_LAST));
        Prefix v4 = apply(root(), new CreatePrefix(Cidr.parse("0.0.0.0/0"), Reservation.FIRST_AND_LAST));

        assertThat(store.prefixes(Namespace.ROOT.id()).join()).containsExactly(v4, v6);
        assertThat(apply(
                                Scope.of(v6),
                                AcquireAddresses.of(IpAddress.max(v6.cidr().family())))
                        .allocations())
                .hasSize(1);
    }

    @Test
    void aRequestIdIsKeptWithItsAnswerAndTakenOnce() {
        Prefix prefix = created(SLASH_24);
        Request request = new Request(Namespace.ROOT.id(), "once", "fingerprint");
        Plan first = draft(Scope.of(prefix), AcquireAddresses.next(), request).plan();
        assertThat(commit(first)).isEqualTo(Outcome.COMMITTED);
        RequestRow row = store.requests(Namespace.ROOT.id(), List.of("once", "never"))
                .join()
                .get(0);
        assertThat(row.request()).isEqualTo(request);
        assertThat(row.revision()).isEqualTo(1);
        assertThat(row.gives()).isTrue();

        Plan second = draft(Scope.of(prefix), AcquireAddresses.next(), request).plan();

        assertThat(commit(second)).isEqualTo(Outcome.REQUEST_EXISTS);
        assertThat(allocations(prefix)).hasSize(1);
        assertThat(store.requests(new UUID(9, 9), List.of("once")).join()).isEmpty();
    }

    @Test
    void theGuardIsAskedBeforeTheRequestIds() {
        Prefix prefix = created(SLASH_24);
        Request request = new Request(Namespace.ROOT.id(), "once", "fingerprint");
        Plan plan = draft(Scope.of(prefix), AcquireAddresses.next(), request).plan();

        assertThat(commit(plan)).isEqualTo(Outcome.COMMITTED);
        assertThat(commit(plan)).as("its own request id is no other's").isEqualTo(Outcome.STALE);
    }

    @Test
    void theAnswerOfEveryKindOfCallIsKeptAsItWas() {
        Prefix parent = created(SLASH_24);
        Prefix child = keeps(Scope.of(parent), AcquireChildPrefix.ofLength(25, Reservation.NONE));
        keeps(Scope.of(child), AcquireAddresses.next(3));
        keeps(
                Scope.of(child),
                new ReleaseAddresses(
                        List.of(
                                new Releases.Item(IpAddress.parse("10.0.0.0"), null),
                                new Releases.Item(IpAddress.parse("10.0.0.99"), null)),
                        false));
        keeps(Scope.SYSTEM, new DeleteNamespace(keeps(Scope.SYSTEM, new CreateNamespace("brief"))));
        keeps(root(), new DeletePrefix(keeps(root(), new CreatePrefix(Cidr.parse("2001:db8::/64"), Reservation.NONE))));
    }

    @Test
    void aLoadIsThereWholeWithAllItHolds() {
        PrefixContent child = content("10.0.0.0/25", List.of("10.0.0.1", "10.0.0.7"), List.of(), List.of());
        PrefixContent parent = content("10.0.0.0/24", List.of(), List.of("10.0.0.128/27"), List.of(child));
        PrefixContent other = content("10.1.0.0/30", List.of("10.1.0.1", "10.1.0.2"), List.of(), List.of());
        Draft<?> load = draft(root(), new LoadPrefixes(List.of(other, parent)));
        assertThat(store.prefixes(Namespace.ROOT.id()).join()).isEmpty();

        assertThat(commit(load.plan())).isEqualTo(Outcome.COMMITTED);

        assertThat(store.prefixes(Namespace.ROOT.id()).join())
                .extracting(Prefix::cidr)
                .containsExactly(parent.cidr(), child.cidr(), other.cidr());
        Extract extract = extract(
                Scope.of(store.locate("root", parent.cidr()).join().prefix().orElseThrow()),
                new Read.LeakedFrom(parent.cidr(), 9));
        assertThat(((Found.Leaked) extract.found().get(0)).rows()).containsExactly(Cidr.parse("10.0.0.128/27"));
    }

    @Test
    void aPrefixWithOnlyLeakedBlocksIsDeletedWithThem() {
        apply(
                root(),
                new LoadPrefixes(List.of(content("10.0.0.0/24", List.of(), List.of("10.0.0.128/27"), List.of()))));
        Prefix prefix = store.locate("root", SLASH_24).join().prefix().orElseThrow();

        apply(root(), new DeletePrefix(prefix));

        assertThat(store.prefixes(Namespace.ROOT.id()).join()).isEmpty();
        created(SLASH_24);
    }

    private static PrefixContent content(
            String cidr, List<String> acquired, List<String> leaked, List<PrefixContent> children) {
        return new PrefixContent(
                Cidr.parse(cidr),
                false,
                true,
                true,
                acquired.stream().map(IpAddress::parse).toList(),
                leaked.stream().map(Cidr::parse).toList(),
                children,
                7);
    }

    @Test
    void aTurnReadsPlansAndCommitsAsOne() {
        Prefix prefix = created(SLASH_24);

        Optional<Outcome> outcome = inTurn(Scope.of(prefix), AcquireAddresses.next());

        assertThat(outcome).contains(Outcome.COMMITTED);
        assertThat(allocations(prefix)).hasSize(1);
        assertThat(extract(Scope.of(prefix)).head().acquired()).isEqualTo(1);
    }

    @Test
    void aTurnThatIsLeftChangesNothingAndHoldsNobodyUp() {
        Prefix prefix = created(SLASH_24);
        Head before = extract(Scope.of(prefix)).head();

        assertThat(store.inTurn(Scope.of(prefix), List.of(), seen -> new Store.Step.Leave())
                        .join())
                .isEmpty();

        assertThat(extract(Scope.of(prefix)).head()).isEqualTo(before);
        apply(Scope.of(prefix), AcquireAddresses.next());
    }

    @Test
    void aTurnAtAScopeThatIsGoneSaysSo() {
        Prefix prefix = created(SLASH_24);
        apply(root(), new DeletePrefix(prefix));
        List<Optional<Extract>> seen = new CopyOnWriteArrayList<>();

        store.inTurn(Scope.of(prefix), List.of(), extract -> {
                    seen.add(extract);
                    return new Store.Step.Leave();
                })
                .join();

        assertThat(seen).containsExactly(Optional.empty());
    }

    @Test
    void aTurnWhosePlannerFailsChangesNothingAndHoldsNobodyUp() {
        Prefix prefix = created(SLASH_24);

        assertThatThrownBy(() -> store.inTurn(Scope.of(prefix), List.of(), extract -> {
                            throw new ArithmeticException("of the planner");
                        })
                        .join())
                .hasMessageContaining("of the planner");

        assertThat(inTurn(Scope.of(prefix), AcquireAddresses.next())).contains(Outcome.COMMITTED);
    }

    @Test
    void turnsThatComeAtOnceAreTakenOneAfterAnother() {
        Prefix prefix = created(SLASH_24);
        int turns = 40;

        List<CompletableFuture<Optional<Outcome>>> outcomes = Stream.generate(() ->
                        store.inTurn(Scope.of(prefix), List.of(), planner(Scope.of(prefix), AcquireAddresses.next())))
                .limit(turns)
                .toList();

        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.join()).contains(Outcome.COMMITTED));
        assertThat(allocations(prefix)).hasSize(turns);
    }

    private Optional<Outcome> inTurn(Scope scope, Call<?> call) {
        return store.inTurn(scope, List.of(), planner(scope, call)).join();
    }

    /** Plans one call in a turn, from nothing but what the turn reads. */
    private static Function<Optional<Extract>, Store.Step> planner(Scope scope, Call<?> call) {
        AtomicReference<View> view = new AtomicReference<>();
        return extract -> {
            Extract found = extract.orElseThrow();
            view.compareAndSet(null, new View(scope, found.head()));
            view.get().learn(found);
            Planned planned = Planner.plan(view.get(), List.of(new Submission<>(call, null)), UUID::randomUUID);
            return planned instanceof Planned.Complete complete
                    ? new Store.Step.Commit(complete.plan())
                    : new Store.Step.ReadOn(((Planned.Incomplete) planned).reads());
        };
    }

    private <A extends Answer> A keeps(Scope scope, Call<A> call) {
        Request request = new Request(scope.requestSpace(), UUID.randomUUID().toString(), "fingerprint");
        Draft<A> draft = draft(scope, call, request);
        assertThat(commit(draft.plan())).isEqualTo(Outcome.COMMITTED);
        assertThat(store.requests(scope.requestSpace(), List.of(request.id())).join())
                .containsExactly(new RequestRow(
                        request, draft.answer(), draft.plan().advance().after().seq(), call.gives()));
        return draft.answer();
    }

    private Prefix created(Cidr cidr) {
        return apply(root(), new CreatePrefix(cidr, Reservation.FIRST_AND_LAST));
    }

    private static Scope root() {
        return Scope.of(Namespace.ROOT);
    }

    private static ReleaseAddresses release(String address) {
        return new ReleaseAddresses(List.of(new Releases.Item(IpAddress.parse(address), null)), false);
    }

    private static AddressRange range(String first, String last) {
        return new AddressRange(IpAddress.parse(first), IpAddress.parse(last));
    }

    private List<AddressRange> freeRanges(Prefix prefix, String from, int limit) {
        Extract extract = extract(Scope.of(prefix), new Read.FreeRanges(IpAddress.parse(from), limit));
        return ((Found.FreeRanges) extract.found().get(0)).rows();
    }

    private List<Cidr> freeBlocks(Prefix prefix, String from, int limit) {
        Extract extract = extract(Scope.of(prefix), new Read.FreeBlocksFrom(Cidr.parse(from), limit));
        return ((Found.FreeBlocks) extract.found().get(0)).rows();
    }

    private List<Allocation> allocations(Prefix prefix) {
        Extract extract =
                extract(Scope.of(prefix), new Read.AllocationsFrom(prefix.cidr().first(), 1_000));
        return ((Found.Allocations) extract.found().get(0)).rows();
    }

    private Extract extract(Scope scope, Read... reads) {
        return store.read(scope, List.of(reads)).join().orElseThrow();
    }

    private Outcome commit(Plan plan) {
        return store.commit(plan).join();
    }

    private <A extends Answer> A apply(Scope scope, Call<A> call) {
        Draft<A> draft = draft(scope, call);
        assertThat(commit(draft.plan())).isEqualTo(Outcome.COMMITTED);
        return draft.answer();
    }

    private <A extends Answer> Draft<A> draft(Scope scope, Call<A> call) {
        return draft(scope, call, null);
    }

    private <A extends Answer> Draft<A> draft(Scope scope, Call<A> call, Request request) {
        return draft(new View(scope, extract(scope).head()), call, request);
    }

    private <A extends Answer> Draft<A> draft(View view, Call<A> call) {
        return draft(view, call, null);
    }

    @SuppressWarnings("unchecked") // the answer to a call of A
    private <A extends Answer> Draft<A> draft(View view, Call<A> call, Request request) {
        Planned.Complete complete = plan(view, List.of(new Submission<>(call, request)));
        assertThat(complete.decisions().get(0).refusal()).isNull();
        return new Draft<>((A) complete.decisions().get(0).answer(), complete.plan());
    }

    private Planned.Complete plan(View view, List<Submission<?>> batch) {
        for (int round = 0; round < 20; round++) {
            Planned planned = Planner.plan(view, batch, UUID::randomUUID);
            if (planned instanceof Planned.Complete complete) {
                return complete;
            }
            view.learn(store.read(view.scope(), ((Planned.Incomplete) planned).reads())
                    .join()
                    .orElseThrow());
        }
        throw new AssertionError("asks the store for ever");
    }
}
