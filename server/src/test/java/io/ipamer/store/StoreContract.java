package io.ipamer.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Answer;
import io.ipamer.model.Held;
import io.ipamer.model.LoadItem;
import io.ipamer.model.Metadata;
import io.ipamer.model.MetadataUpdate;
import io.ipamer.model.Mode;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import io.ipamer.plan.AcquireAddresses;
import io.ipamer.plan.AcquireChildPrefix;
import io.ipamer.plan.Call;
import io.ipamer.plan.ClosePrefix;
import io.ipamer.plan.CreateNamespace;
import io.ipamer.plan.CreatePrefix;
import io.ipamer.plan.DeleteNamespace;
import io.ipamer.plan.DeletePrefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Head;
import io.ipamer.plan.LoadContent;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Planned;
import io.ipamer.plan.Planner;
import io.ipamer.plan.Read;
import io.ipamer.plan.ReleaseAddresses;
import io.ipamer.plan.RenameNamespace;
import io.ipamer.plan.Request;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.RevealNamespace;
import io.ipamer.plan.Scope;
import io.ipamer.plan.Submission;
import io.ipamer.plan.UpdateAddress;
import io.ipamer.plan.UpdatePrefix;
import io.ipamer.plan.View;
import io.ipamer.store.Store.Outcome;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
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
        assertThat(store.namespaces("", Integer.MAX_VALUE).join()).containsExactly(Namespace.ROOT);
        assertThat(store.namespace("root").join()).contains(Namespace.ROOT);
        assertThat(store.namespace("other").join()).isEmpty();
    }

    @Test
    void aCommittedPlanMovesItsScopeByOneAndIsInTheJournal() {
        Draft<Prefix> draft = draft(root(), new CreatePrefix(SLASH_24, Reservation.FIRST_AND_LAST, Metadata.NONE));

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
        Plan plan =
                draft(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE)).plan();

        assertThat(commit(plan)).isEqualTo(Outcome.COMMITTED);
        assertThat(commit(plan)).isEqualTo(Outcome.STALE);

        assertThat(extract(Scope.of(prefix)).head().acquired()).isEqualTo(1);
        assertThat(store.journal(prefix.id(), plan.advance().after().seq()).join())
                .contains(plan.txId());
    }

    @Test
    void aPlanMadeOnAnOldViewLeavesNoTrace() {
        Prefix prefix = created(SLASH_24);
        Plan late =
                draft(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE)).plan();
        Allocation winner = apply(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE))
                .allocations()
                .get(0);

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
        draft(other, AcquireAddresses.next(1, Metadata.NONE));
        Plan second = draft(other, AcquireAddresses.next(1, Metadata.NONE)).plan();
        apply(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE));

        assertThat(second.advance().before().seq())
                .isEqualTo(extract(Scope.of(prefix)).head().seq());
        assertThat(commit(second)).isEqualTo(Outcome.STALE);
    }

    @Test
    void aPlanForAScopeThatIsGoneIsStale() {
        Prefix prefix = created(SLASH_24);
        Plan late =
                draft(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE)).plan();
        apply(root(), new DeletePrefix(prefix));

        assertThat(commit(late)).isEqualTo(Outcome.STALE);
        assertThat(store.read(Scope.of(prefix), List.of()).join()).isEmpty();
        assertThat(store.locate("root", SLASH_24).join().prefix()).isEmpty();
    }

    @Test
    void aPrefixThatGaveAnAddressMeanwhileIsNotDeleted() {
        Prefix prefix = created(SLASH_24);
        Plan deletion = draft(root(), new DeletePrefix(prefix)).plan();
        apply(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE));

        assertThat(commit(deletion)).isEqualTo(Outcome.STALE);

        assertThat(extract(root()).head().children()).isEqualTo(1);
        assertThat(allocations(prefix)).hasSize(1);
    }

    @Test
    void aChildThatGaveAChildMeanwhileIsNotReleased() {
        Prefix parent = created(SLASH_24);
        Prefix child = apply(Scope.of(parent), AcquireChildPrefix.ofLength(26, Reservation.NONE, Metadata.NONE));
        Plan release = draft(Scope.of(parent), new DeletePrefix(child)).plan();
        apply(Scope.of(child), AcquireChildPrefix.ofLength(28, Reservation.NONE, Metadata.NONE));

        assertThat(commit(release)).isEqualTo(Outcome.STALE);
        assertThat(store.prefixes(Namespace.ROOT.id(), Span.ALL, Integer.MAX_VALUE)
                        .join()
                        .rows())
                .hasSize(3);
    }

    @Test
    void aNamespaceThatGotAPrefixMeanwhileIsNotDeleted() {
        Namespace tenant = apply(Scope.SYSTEM, new CreateNamespace("tenant"));
        Plan deletion = draft(Scope.SYSTEM, new DeleteNamespace(tenant)).plan();
        apply(Scope.of(tenant), new CreatePrefix(SLASH_24, Reservation.NONE, Metadata.NONE));

        assertThat(commit(deletion)).isEqualTo(Outcome.STALE);
        assertThat(store.namespace("tenant").join()).contains(tenant);
    }

    @Test
    void namespacesComeAndGoByName() {
        Namespace b = apply(Scope.SYSTEM, new CreateNamespace("b"));
        Namespace a = apply(Scope.SYSTEM, new CreateNamespace("a"));
        assertThat(store.namespaces("", Integer.MAX_VALUE).join()).containsExactly(a, b, Namespace.ROOT);

        apply(Scope.SYSTEM, new DeleteNamespace(a));

        assertThat(store.namespaces("", Integer.MAX_VALUE).join()).containsExactly(b, Namespace.ROOT);
        assertThat(store.read(Scope.of(a), List.of()).join()).isEmpty();
        assertThat(store.locate("a", SLASH_24).join().namespace()).isEmpty();
    }

    @Test
    void oneCidrMayStandInTwoNamespaces() {
        Namespace tenant = apply(Scope.SYSTEM, new CreateNamespace("tenant"));
        Prefix here = created(SLASH_24);
        Prefix there = apply(Scope.of(tenant), new CreatePrefix(SLASH_24, Reservation.NONE, Metadata.NONE));

        assertThat(store.locate("root", SLASH_24).join().prefix()).contains(here);
        assertThat(store.locate("tenant", SLASH_24).join().prefix()).contains(there);
        assertThat(store.prefixes(tenant.id(), Span.ALL, Integer.MAX_VALUE)
                        .join()
                        .rows())
                .containsExactly(there);
    }

    @Test
    void freeRangesAreReadFromAnyPointInOrderUpToTheLimit() {
        Prefix prefix = created(SLASH_24);
        for (String taken : List.of("10.0.0.10", "10.0.0.20", "10.0.0.30")) {
            apply(Scope.of(prefix), AcquireAddresses.of(IpAddress.parse(taken), Metadata.NONE));
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
            apply(Scope.of(prefix), AcquireAddresses.of(IpAddress.parse(taken), Metadata.NONE));
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
        apply(Scope.of(parent), AcquireChildPrefix.of(Cidr.parse("10.0.0.64/27"), Reservation.NONE, Metadata.NONE));

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
            apply(Scope.of(parent), AcquireChildPrefix.ofLength(26, Reservation.NONE, Metadata.NONE));
        }
        View view = new View(Scope.of(parent), extract(Scope.of(parent)).head());
        AcquireChildPrefix oneMore = AcquireChildPrefix.ofLength(26, Reservation.NONE, Metadata.NONE);

        Planned.Complete complete =
                plan(view, List.of(new Submission<>(oneMore, null), new Submission<>(oneMore, null)));

        assertThat(complete.decisions().get(0).answer()).isNotNull();
        assertThat(complete.decisions().get(1).refusal().reason()).isEqualTo(Reason.NO_FREE_PREFIX);
    }

    @Test
    void childPrefixesAreListedAfterTheirParentsAndReadFromAnyPoint() {
        Prefix parent = created(SLASH_24);
        Prefix low = apply(
                Scope.of(parent), AcquireChildPrefix.of(Cidr.parse("10.0.0.0/26"), Reservation.NONE, Metadata.NONE));
        Prefix high = apply(
                Scope.of(parent), AcquireChildPrefix.of(Cidr.parse("10.0.0.128/26"), Reservation.NONE, Metadata.NONE));
        Prefix below = apply(Scope.of(low), AcquireChildPrefix.ofLength(28, Reservation.NONE, Metadata.NONE));

        assertThat(store.prefixes(Namespace.ROOT.id(), Span.ALL, Integer.MAX_VALUE)
                        .join()
                        .rows())
                .containsExactly(parent, low, below, high);
        Extract extract = extract(Scope.of(parent), new Read.PrefixesFrom(IpAddress.parse("10.0.0.64"), 9));
        assertThat(((Found.Prefixes) extract.found().get(0)).rows()).containsExactly(high);
    }

    @Test
    void bothFamiliesStandSideBySideInOneNamespace() {
        Prefix v6 = apply(root(), new CreatePrefix(Cidr.parse("::/0"), Reservation.FIRST_AND_LAST, Metadata.NONE));
        Prefix v4 = apply(root(), new CreatePrefix(Cidr.parse("0.0.0.0/0"), Reservation.FIRST_AND_LAST, Metadata.NONE));

        assertThat(store.prefixes(Namespace.ROOT.id(), Span.ALL, Integer.MAX_VALUE)
                        .join()
                        .rows())
                .containsExactly(v4, v6);
        assertThat(apply(
                                Scope.of(v6),
                                AcquireAddresses.of(IpAddress.max(v6.cidr().family()), Metadata.NONE))
                        .allocations())
                .hasSize(1);
    }

    @Test
    void aRequestIdIsKeptWithItsAnswerAndTakenOnce() {
        Prefix prefix = created(SLASH_24);
        Request request = new Request(Namespace.ROOT.id(), "once", "fingerprint");
        Plan first = draft(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE), request)
                .plan();
        assertThat(commit(first)).isEqualTo(Outcome.COMMITTED);
        RequestRow row = store.requests(Namespace.ROOT.id(), List.of("once", "never"))
                .join()
                .get(0);
        assertThat(row.request()).isEqualTo(request);
        assertThat(row.revision()).isEqualTo(1);
        assertThat(row.gives()).isTrue();

        Plan second = draft(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE), request)
                .plan();

        assertThat(commit(second)).isEqualTo(Outcome.REQUEST_EXISTS);
        assertThat(allocations(prefix)).hasSize(1);
        assertThat(store.requests(new UUID(9, 9), List.of("once")).join()).isEmpty();
    }

    @Test
    void theGuardIsAskedBeforeTheRequestIds() {
        Prefix prefix = created(SLASH_24);
        Request request = new Request(Namespace.ROOT.id(), "once", "fingerprint");
        Plan plan = draft(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE), request)
                .plan();

        assertThat(commit(plan)).isEqualTo(Outcome.COMMITTED);
        assertThat(commit(plan)).as("its own request id is no other's").isEqualTo(Outcome.STALE);
    }

    @Test
    void theAnswerOfEveryKindOfCallIsKeptAsItWas() {
        Prefix parent = created(SLASH_24);
        Prefix child = keeps(Scope.of(parent), AcquireChildPrefix.ofLength(25, Reservation.NONE, Metadata.NONE));
        keeps(Scope.of(child), AcquireAddresses.next(3, Metadata.NONE));
        keeps(
                Scope.of(child),
                new ReleaseAddresses(
                        List.of(
                                new Releases.Item(IpAddress.parse("10.0.0.0"), null),
                                new Releases.Item(IpAddress.parse("10.0.0.99"), null)),
                        false));
        keeps(Scope.SYSTEM, new DeleteNamespace(keeps(Scope.SYSTEM, new CreateNamespace("brief"))));
        keeps(
                root(),
                new DeletePrefix(
                        keeps(root(), new CreatePrefix(Cidr.parse("2001:db8::/64"), Reservation.NONE, Metadata.NONE))));
    }

    @Test
    void whatIsLoadedIsThereAsItWas() {
        Prefix parent = created(SLASH_24);
        Prefix child = apply(
                Scope.of(parent),
                AcquireChildPrefix.of(Cidr.parse("10.0.0.0/25"), Reservation.FIRST_AND_LAST, Metadata.NONE));
        LoadItem item = new LoadItem(
                new UUID(7, 7), IpAddress.parse("10.0.0.7"), Metadata.of("ann", Map.of("k", "v"), "a desk"));
        LoadItem other = new LoadItem(null, IpAddress.parse("10.0.0.1"), Metadata.NONE);

        apply(Scope.of(parent), new LoadContent(List.of(), List.of(Cidr.parse("10.0.0.128/27")), true));
        apply(Scope.of(child), new LoadContent(List.of(item, other), List.of(), false));

        Extract extract = extract(Scope.of(parent), new Read.LeakedFrom(parent.cidr(), 9));
        assertThat(((Found.Leaked) extract.found().get(0)).rows()).containsExactly(Cidr.parse("10.0.0.128/27"));
        assertThat(extract.head().parentOnly()).isTrue();
        assertThat(allocations(child)).extracting(Allocation::address).containsExactly(other.address(), item.address());
        assertThat(allocations(child).get(1))
                .isEqualTo(new Allocation(new UUID(7, 7), item.address(), item.metadata()));
    }

    @Test
    void aPrefixWithOnlyLeakedBlocksIsDeletedWithThem() {
        Prefix prefix = created(SLASH_24);
        apply(Scope.of(prefix), new LoadContent(List.of(), List.of(Cidr.parse("10.0.0.128/27")), false));

        apply(root(), new DeletePrefix(prefix));

        assertThat(store.prefixes(Namespace.ROOT.id(), Span.ALL, Integer.MAX_VALUE)
                        .join()
                        .rows())
                .isEmpty();
        created(SLASH_24);
    }

    @Test
    void aNamespaceTakesTheNameOfAnEmptyOneThatGoes() {
        Namespace hidden = apply(Scope.SYSTEM, new CreateNamespace(Namespace.HIDDEN + "first"));
        Namespace renamed = apply(Scope.SYSTEM, new RenameNamespace(hidden, Namespace.HIDDEN + "second"));
        apply(Scope.of(renamed), new CreatePrefix(SLASH_24, Reservation.NONE, Metadata.NONE));

        apply(Scope.SYSTEM, new RevealNamespace(renamed, "root"));

        assertThat(store.namespaces("", Integer.MAX_VALUE).join()).containsExactly(new Namespace(hidden.id(), "root"));
        assertThat(store.locate("root", SLASH_24).join().prefix()).isPresent();
        assertThat(store.read(root(), List.of()).join()).isEmpty();
    }

    @Test
    void aScanReadsOnAtTheSameMoment() {
        Prefix prefix = created(SLASH_24);
        apply(Scope.of(prefix), AcquireAddresses.next(3, Metadata.NONE));
        List<Found> found = new ArrayList<>();

        assertThat(store.scan(Scope.of(prefix), List.of(new Read.AllocationsFrom(SLASH_24.first(), 2)), extract -> {
                            found.addAll(extract.found());
                            if (found.size() == 2) {
                                return List.of();
                            }
                            try {
                                CompletableFuture.runAsync(
                                                () -> apply(Scope.of(prefix), AcquireAddresses.next(5, Metadata.NONE)))
                                        .join();
                            } catch (RuntimeException failed) {
                                throw new AssertionError(failed);
                            }
                            return List.of(new Read.AllocationsFrom(IpAddress.parse("10.0.0.3"), 9));
                        })
                        .join())
                .isTrue();

        assertThat(found)
                .extracting(each -> ((Found.Allocations) each).rows().size())
                .containsExactly(2, 1);
        assertThat(allocations(prefix)).hasSize(8);
        Scope nowhere = new Scope(UUID.randomUUID(), root().id(), SLASH_24);
        assertThat(store.scan(nowhere, List.of(), extract -> List.of()).join()).isFalse();
    }

    @Test
    void aTurnReadsPlansAndCommitsAsOne() {
        Prefix prefix = created(SLASH_24);

        Optional<Outcome> outcome = inTurn(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE));

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
        apply(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE));
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

        assertThat(inTurn(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE)))
                .contains(Outcome.COMMITTED);
    }

    @Test
    void turnsThatComeAtOnceAreTakenOneAfterAnother() {
        Prefix prefix = created(SLASH_24);
        int turns = 40;

        List<CompletableFuture<Optional<Outcome>>> outcomes = Stream.generate(() -> store.inTurn(
                        Scope.of(prefix),
                        List.of(),
                        planner(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE))))
                .limit(turns)
                .toList();

        assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.join()).contains(Outcome.COMMITTED));
        assertThat(allocations(prefix)).hasSize(turns);
    }

    @Test
    void whatIsSaidOfAPrefixIsKeptWithItUntilItGoes() {
        Metadata said = Metadata.of("o", Map.of("a", "1", "b", ""), "two\nlines \u00e4\uD83D\uDE80\"\\");
        Prefix parent = apply(root(), new CreatePrefix(SLASH_24, Reservation.NONE, said));
        Prefix child = apply(Scope.of(parent), AcquireChildPrefix.ofLength(26, Reservation.NONE, said));
        assertThat(parent.metadata()).isEqualTo(said);

        for (Prefix each : List.of(parent, child)) {
            assertThat(store.locate("root", each.cidr()).join().prefix()).contains(each);
            Read siblings = new Read.PrefixesFrom(each.cidr().first(), 9);
            assertThat(((Found.Prefixes)
                                    extract(Scope.above(each), siblings).found().get(0))
                            .rows())
                    .containsExactly(each);
        }
        assertThat(store.prefixes(Namespace.ROOT.id(), Span.ALL, 9).join().rows())
                .containsExactly(parent, child);

        Metadata now = Metadata.of("p", Map.of("b", "2"), "");
        Prefix after = apply(Scope.of(parent), new UpdatePrefix(child, all(now)));
        assertThat(after).isEqualTo(child.with(now));
        assertThat(store.locate("root", child.cidr()).join().prefix()).contains(after);
        assertThat(extract(Scope.of(parent)).head().children()).isEqualTo(1);

        Prefix gone = apply(Scope.of(parent), new DeletePrefix(child));
        assertThat(gone).as("as it was at last").isEqualTo(after);
        assertThat(apply(Scope.of(parent), AcquireChildPrefix.ofLength(26, Reservation.NONE, Metadata.NONE))
                        .metadata())
                .isEqualTo(Metadata.NONE);
    }

    @Test
    void whatIsSaidOfAnAddressIsKeptWithItUntilItIsReleased() {
        Metadata said = Metadata.of("", Map.of("a", "1"), "d");
        Prefix prefix = created(SLASH_24);
        Allocation plain = apply(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE))
                .allocations()
                .get(0);
        List<Allocation> described =
                apply(Scope.of(prefix), AcquireAddresses.next(2, said)).allocations();
        assertThat(allocations(prefix)).containsExactly(plain, described.get(0), described.get(1));

        Allocation first = described.get(0);
        Metadata now = Metadata.of("o", Map.of(), "");
        apply(Scope.of(prefix), new UpdateAddress(first.address(), null, all(now)));
        assertThat(allocations(prefix))
                .containsExactly(plain, new Allocation(first.id(), first.address(), now), described.get(1));

        apply(Scope.of(prefix), new UpdateAddress(first.address(), first.id(), all(Metadata.NONE)));
        assertThat(allocations(prefix).get(1).metadata()).isEqualTo(Metadata.NONE);
        Releases released =
                apply(Scope.of(prefix), release(described.get(1).address().toString()));
        assertThat(released.releases())
                .containsExactly(new Releases.Released(
                        described.get(1).address(), described.get(1).id(), said));
        apply(Scope.of(prefix), AcquireAddresses.of(described.get(1).address(), Metadata.NONE));
        assertThat(allocations(prefix)).extracting(Allocation::metadata).containsOnly(Metadata.NONE);
    }

    @Test
    void prefixesAreFoundByOwnerAndByLabelAsTheyAreNow() {
        Prefix prefix = apply(
                root(), new CreatePrefix(SLASH_24, Reservation.NONE, Metadata.of("o", Map.of("a", "1", "b", ""), "d")));
        assertThat(tagged(Tag.Word.owner("o"))).containsExactly(prefix);
        assertThat(tagged(new Tag.Word("a", "1"))).containsExactly(prefix);
        assertThat(tagged(new Tag.Word("b", ""))).containsExactly(prefix);
        assertThat(tagged(new Tag.Word("a", ""))).isEmpty();

        Prefix after = apply(root(), new UpdatePrefix(prefix, all(Metadata.of("p", Map.of("a", "2", "b", ""), ""))));
        assertThat(tagged(Tag.Word.owner("o"))).isEmpty();
        assertThat(tagged(new Tag.Word("a", "1"))).isEmpty();
        assertThat(tagged(Tag.Word.owner("p"))).containsExactly(after);
        assertThat(tagged(new Tag.Word("a", "2"))).containsExactly(after);
        assertThat(tagged(new Tag.Word("b", ""))).containsExactly(after);

        apply(root(), new DeletePrefix(prefix));
        assertThat(tagged(Tag.Word.owner("p"))).isEmpty();
        assertThat(tagged(new Tag.Word("a", "2"))).isEmpty();
        created(SLASH_24);
        assertThat(tagged(new Tag.Word("b", ""))).isEmpty();
    }

    @Test
    void addressesAreFoundByOwnerAndByLabelAsTheyAreNow() {
        Prefix prefix = created(SLASH_24);
        Allocation one = apply(Scope.of(prefix), AcquireAddresses.next(1, Metadata.of("o", Map.of("a", "1"), "")))
                .allocations()
                .get(0);
        assertThat(held(Namespace.ROOT, Tag.Word.owner("o"))).containsExactly(new Held(prefix, one));
        assertThat(held(Namespace.ROOT, new Tag.Word("a", "1"))).containsExactly(new Held(prefix, one));

        Metadata now = Metadata.of("p", Map.of("a", "1"), "");
        apply(Scope.of(prefix), new UpdateAddress(one.address(), null, all(now)));
        Held after = new Held(prefix, new Allocation(one.id(), one.address(), now));
        assertThat(held(Namespace.ROOT, Tag.Word.owner("o"))).isEmpty();
        assertThat(held(Namespace.ROOT, Tag.Word.owner("p"))).containsExactly(after);
        assertThat(held(Namespace.ROOT, new Tag.Word("a", "1"))).containsExactly(after);

        apply(Scope.of(prefix), release(one.address().toString()));
        assertThat(held(Namespace.ROOT, Tag.Word.owner("p"))).isEmpty();
        assertThat(held(Namespace.ROOT, new Tag.Word("a", "1"))).isEmpty();
    }

    @Test
    void whatOnePlanTakesBackAndGivesAgainIsFoundByTheNewOwnerOnly() {
        Prefix prefix = created(SLASH_24);
        Metadata old = Metadata.of("old", Map.of("same", ""), "");
        Metadata next = Metadata.of("new", Map.of("same", ""), "");
        Allocation before = apply(Scope.of(prefix), AcquireAddresses.next(1, old))
                .allocations()
                .get(0);

        applyAll(
                Scope.of(prefix),
                new UpdateAddress(before.address(), null, all(Metadata.of("brief", Map.of("same", "x"), ""))),
                release(before.address().toString()),
                AcquireAddresses.of(before.address(), next));

        assertThat(held(Namespace.ROOT, Tag.Word.owner("old"))).isEmpty();
        assertThat(held(Namespace.ROOT, Tag.Word.owner("brief"))).isEmpty();
        assertThat(held(Namespace.ROOT, new Tag.Word("same", "x"))).isEmpty();
        Allocation after = allocations(prefix).get(0);
        assertThat(after.id()).isNotEqualTo(before.id());
        assertThat(held(Namespace.ROOT, Tag.Word.owner("new"))).containsExactly(new Held(prefix, after));
        assertThat(held(Namespace.ROOT, new Tag.Word("same", ""))).containsExactly(new Held(prefix, after));

        applyAll(
                Scope.of(prefix),
                AcquireAddresses.of(before.address().next(), old),
                release(before.address().next().toString()));
        assertThat(held(Namespace.ROOT, Tag.Word.owner("old")))
                .as("given and taken back at once")
                .isEmpty();
    }

    @Test
    void oneWordMeansAnOwnerOrALabelAPrefixOrAnAddressInOneNamespace() {
        Namespace tenant = apply(Scope.SYSTEM, new CreateNamespace("tenant"));
        Metadata owned = Metadata.of("x", Map.of(), "");
        Metadata labelled = Metadata.of("", Map.of("x", "x"), "");
        Prefix here = apply(root(), new CreatePrefix(SLASH_24, Reservation.NONE, owned));
        Prefix there = apply(Scope.of(tenant), new CreatePrefix(SLASH_24, Reservation.NONE, labelled));
        Allocation heldHere = apply(Scope.of(here), AcquireAddresses.next(1, labelled))
                .allocations()
                .get(0);
        Allocation heldThere = apply(Scope.of(there), AcquireAddresses.next(1, owned))
                .allocations()
                .get(0);
        Tag.Word owner = Tag.Word.owner("x");
        Tag.Word label = new Tag.Word("x", "x");

        assertThat(tagged(owner)).containsExactly(here);
        assertThat(tagged(label)).isEmpty();
        assertThat(held(Namespace.ROOT, owner)).isEmpty();
        assertThat(held(Namespace.ROOT, label)).containsExactly(new Held(here, heldHere));
        assertThat(store.prefixes(tenant.id(), owner, Span.ALL, 9).join().rows())
                .isEmpty();
        assertThat(store.prefixes(tenant.id(), label, Span.ALL, 9).join().rows())
                .containsExactly(there);
        assertThat(held(tenant, owner)).containsExactly(new Held(there, heldThere));
        assertThat(held(tenant, label)).isEmpty();
    }

    /** Of both families, to the ends of both, nested, with one first address in several. */
    private List<Prefix> manyPrefixes() {
        Metadata even = Metadata.of("o", Map.of("a", "1"), "");
        List<Prefix> prefixes = new ArrayList<>();
        for (String top : List.of("0.0.0.0/7", "10.0.0.0/8", "255.0.0.0/8", "::/8", "2001:db8::/32", "ff00::/8")) {
            prefixes.add(apply(
                    root(),
                    new CreatePrefix(
                            Cidr.parse(top), Reservation.NONE, prefixes.size() % 2 == 0 ? even : Metadata.NONE)));
        }
        for (Prefix top : List.copyOf(prefixes)) {
            Prefix inner = top;
            Cidr cidr = top.cidr();
            for (int length : new int[] {
                cidr.length() + 1, cidr.family().bits() - 1, cidr.family().bits()
            }) {
                Prefix around = inner;
                for (IpAddress at : List.of(around.cidr().first(), around.cidr().last())) {
                    inner = apply(
                            Scope.of(around),
                            AcquireChildPrefix.of(
                                    Cidr.of(at, length),
                                    Reservation.NONE,
                                    prefixes.size() % 2 == 0 ? even : Metadata.NONE));
                    prefixes.add(inner);
                }
            }
        }
        prefixes.sort(Comparator.comparing(Prefix::cidr));
        return prefixes;
    }

    private static List<Span> spans(List<Cidr> places) {
        List<Span> spans = new ArrayList<>(List.of(
                Span.ALL,
                Span.between(IpAddress.min(AddressFamily.IPV4), IpAddress.max(AddressFamily.IPV4)),
                Span.between(IpAddress.min(AddressFamily.IPV6), IpAddress.max(AddressFamily.IPV6)),
                Span.between(IpAddress.parse("10.0.0.0"), IpAddress.parse("10.0.0.0")),
                Span.between(IpAddress.parse("255.255.255.255"), IpAddress.parse("::")),
                Span.between(IpAddress.parse("10.0.0.1"), IpAddress.parse("10.0.0.1")),
                Span.ALL.after(Cidr.parse("10.0.0.0/7")),
                Span.ALL.after(Cidr.parse("0.0.0.0/0")),
                Span.ALL.after(Cidr.parse("::/0"))));
        places.forEach(place -> spans.add(Span.ALL.after(place)));
        return spans;
    }

    private static int[] limits(Span span) {
        return span.equals(Span.ALL) ? new int[] {1, 2, 1_000} : new int[] {7, 1_000};
    }

    private static boolean isIn(Span span, Cidr cidr) {
        return span.first().compareTo(cidr.first()) <= 0
                && cidr.first().compareTo(span.last()) <= 0
                && (!cidr.first().equals(span.first()) || cidr.length() > span.afterLength());
    }

    @Test
    void anyPartOfTheListOfPrefixesIsReadInPagesOfAnySize() {
        List<Prefix> all = manyPrefixes();
        assertThat(all).hasSizeGreaterThan(40);

        for (Span span : spans(all.stream().map(Prefix::cidr).toList())) {
            List<Prefix> expected =
                    all.stream().filter(prefix -> isIn(span, prefix.cidr())).toList();
            for (int limit : limits(span)) {
                assertThat(walk(span, limit, rest -> store.prefixes(Namespace.ROOT.id(), rest, limit)))
                        .as("%s by %s", span, limit)
                        .isEqualTo(expected);
            }
        }
        assertThat(store.prefixes(new UUID(9, 9), Span.ALL, 9).join().rows()).isEmpty();
    }

    @Test
    void anyPartOfTheListOfPrefixesWithAWordIsReadInPagesOfAnySize() {
        List<Prefix> owned = manyPrefixes().stream()
                .filter(prefix -> !prefix.metadata().isEmpty())
                .toList();
        assertThat(owned).hasSizeGreaterThan(20);

        for (Span span : spans(owned.stream().map(Prefix::cidr).toList())) {
            List<Prefix> expected =
                    owned.stream().filter(prefix -> isIn(span, prefix.cidr())).toList();
            for (Tag.Word word : List.of(Tag.Word.owner("o"), new Tag.Word("a", "1"))) {
                for (int limit : limits(span)) {
                    assertThat(walk(span, limit, rest -> store.prefixes(Namespace.ROOT.id(), word, rest, limit)))
                            .as("%s by %s", span, limit)
                            .isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void anyPartOfTheListOfAddressesWithAWordIsReadInPagesOfAnySize() {
        Metadata owned = Metadata.of("o", Map.of("a", "1"), "");
        List<Held> expected = new ArrayList<>();
        for (String cidr : List.of("0.0.0.0/30", "10.0.0.0/29", "255.255.255.254/31", "::/126", "ffff::/126")) {
            Prefix prefix = apply(root(), new CreatePrefix(Cidr.parse(cidr), Reservation.NONE, Metadata.NONE));
            for (IpAddress address : List.of(
                    prefix.cidr().first(),
                    prefix.cidr().first().next(),
                    prefix.cidr().last())) {
                if (expected.stream()
                        .noneMatch(held -> held.allocation().address().equals(address))) {
                    apply(Scope.of(prefix), AcquireAddresses.of(address, owned)).allocations().stream()
                            .map(allocation -> new Held(prefix, allocation))
                            .forEach(expected::add);
                }
            }
            if (prefix.cidr().hostBits() > 2) {
                apply(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE));
            }
        }

        for (Span span : spans(expected.stream().map(StoreContract::place).toList())) {
            List<Held> within =
                    expected.stream().filter(held -> isIn(span, place(held))).toList();
            for (Tag.Word word : List.of(Tag.Word.owner("o"), new Tag.Word("a", "1"))) {
                for (int limit : limits(span)) {
                    assertThat(walk(span, limit, rest -> store.allocations(Namespace.ROOT.id(), word, rest, limit)))
                            .as("%s by %s", span, limit)
                            .isEqualTo(within);
                }
            }
        }
    }

    @Test
    void aListOfManyRowsWithAWordComesInOrder() {
        Prefix prefix = created(Cidr.parse("10.0.0.0/16"));
        List<Held> expected =
                apply(Scope.of(prefix), AcquireAddresses.next(3_000, Metadata.of("o", Map.of(), "")))
                        .allocations()
                        .stream()
                        .map(allocation -> new Held(prefix, allocation))
                        .toList();

        assertThat(held(Namespace.ROOT, Tag.Word.owner("o"))).isEqualTo(expected);
        assertThat(walk(
                        Span.ALL,
                        1_001,
                        rest -> store.allocations(Namespace.ROOT.id(), Tag.Word.owner("o"), rest, 1_001)))
                .isEqualTo(expected);
    }

    private static Cidr place(Held held) {
        IpAddress address = held.allocation().address();
        return new Cidr(address, address.family().bits());
    }

    private static <T> List<T> walk(Span span, int limit, Function<Span, CompletableFuture<Store.Page<T>>> read) {
        List<T> rows = new ArrayList<>();
        Span rest = span;
        for (int pages = 0; pages < 1_000; pages++) {
            Store.Page<T> page = read.apply(rest).join();
            assertThat(page.rows()).hasSizeLessThanOrEqualTo(limit);
            rows.addAll(page.rows());
            if (page.last() == null) {
                return rows;
            }
            rest = rest.after(page.last());
        }
        throw new AssertionError("pages without end");
    }

    @Test
    void namespacesArePagedByName() {
        Set<String> names = new TreeSet<>(Set.of("root"));
        for (String name : List.of("a", "b", "c", "d", "n-1", "n-2", "zz")) {
            apply(Scope.SYSTEM, new CreateNamespace(name));
            names.add(name);
        }

        for (int limit : new int[] {1, 2, 3, 100}) {
            List<String> walked = new ArrayList<>();
            List<Namespace> page = store.namespaces("", limit).join();
            while (!page.isEmpty()) {
                assertThat(page).hasSizeLessThanOrEqualTo(limit);
                page.forEach(namespace -> walked.add(namespace.name()));
                page = store.namespaces(walked.get(walked.size() - 1), limit).join();
            }
            assertThat(walked).containsExactlyElementsOf(names);
        }
        assertThat(store.namespaces("nothing of that name", 2).join())
                .extracting(Namespace::name)
                .as("a name that is gone since still has its place")
                .containsExactly("root", "zz");
        assertThat(store.namespaces("zz", 9).join()).isEmpty();
    }

    @Test
    void anAddressIsSeenInAllPrefixesAroundItOutermostFirst() {
        Prefix outer = apply(root(), new CreatePrefix(Cidr.parse("10.0.0.0/8"), Reservation.NONE, Metadata.NONE));
        Metadata said = Metadata.of("o", Map.of("a", "1"), "d");
        Prefix middle =
                apply(Scope.of(outer), AcquireChildPrefix.of(Cidr.parse("10.1.0.0/16"), Reservation.NONE, said));
        Prefix inner = apply(
                Scope.of(middle), AcquireChildPrefix.of(Cidr.parse("10.1.255.0/24"), Reservation.NONE, Metadata.NONE));
        Prefix v6 = apply(root(), new CreatePrefix(Cidr.parse("::/0"), Reservation.NONE, Metadata.NONE));
        Allocation allocation = apply(Scope.of(inner), AcquireAddresses.of(IpAddress.parse("10.1.255.255"), said))
                .allocations()
                .get(0);

        assertSeen("10.1.255.255", allocation, outer, middle, inner);
        assertSeen("10.1.255.254", null, outer, middle, inner);
        assertSeen("10.1.0.0", null, outer, middle);
        assertSeen("10.1.254.255", null, outer, middle);
        assertSeen("10.2.0.0", null, outer);
        assertSeen("10.0.255.255", null, outer);
        assertSeen("10.255.255.255", null, outer);
        assertSeen("11.0.0.0", null);
        assertSeen("9.255.255.255", null);
        assertSeen("0.0.0.0", null);
        assertSeen("::", null, v6);
        assertSeen("::ffff:10.1.255.255", null, v6);
        assertSeen("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null, v6);

        Allocation first = apply(Scope.of(v6), AcquireAddresses.of(IpAddress.parse("::"), Metadata.NONE))
                .allocations()
                .get(0);
        assertSeen("::", first, v6);
        apply(Scope.of(inner), release("10.1.255.255"));
        assertSeen("10.1.255.255", null, outer, middle, inner);
    }

    @Test
    void anAddressIsSeenInOneNamespace() {
        Namespace tenant = apply(Scope.SYSTEM, new CreateNamespace("tenant"));
        created(SLASH_24);

        Store.Sighting sighting = store.sight("tenant", SLASH_24.first()).join().orElseThrow();

        assertThat(sighting.namespace()).isEqualTo(tenant);
        assertThat(sighting.prefixes()).isEmpty();
        assertThat(store.sight("nobody", SLASH_24.first()).join()).isEmpty();
    }

    private void assertSeen(String address, Allocation allocation, Prefix... around) {
        Store.Sighting sighting =
                store.sight("root", IpAddress.parse(address)).join().orElseThrow();
        assertThat(sighting.namespace()).isEqualTo(Namespace.ROOT);
        assertThat(sighting.prefixes()).as("around %s", address).containsExactly(around);
        assertThat(sighting.allocation()).as("of %s", address).isEqualTo(Optional.ofNullable(allocation));
    }

    @Test
    void depthsAreCountedFromTheOutermost() {
        Prefix top = created(SLASH_24);
        Prefix child = apply(Scope.of(top), AcquireChildPrefix.ofLength(25, Reservation.NONE, Metadata.NONE));
        Prefix below = apply(Scope.of(child), AcquireChildPrefix.ofLength(26, Reservation.NONE, Metadata.NONE));
        Prefix gone = apply(Scope.of(child), AcquireChildPrefix.ofLength(26, Reservation.NONE, Metadata.NONE));
        apply(Scope.of(child), new DeletePrefix(gone));

        assertThat(store.depths(List.of(below.id(), top.id(), gone.id(), child.id()))
                        .join())
                .isEqualTo(Map.of(top.id(), 0, child.id(), 1, below.id(), 2));
        assertThat(store.depths(List.of(Namespace.ROOT.id(), new UUID(9, 9))).join())
                .isEmpty();
        assertThat(store.depths(List.of()).join()).isEmpty();
    }

    @Test
    void totalsAreExactToTwoToThe128() {
        Namespace tenant = apply(Scope.SYSTEM, new CreateNamespace("tenant"));
        Prefix all = apply(
                Scope.of(tenant), new CreatePrefix(Cidr.parse("::/0"), Reservation.FIRST_AND_LAST, Metadata.NONE));
        apply(Scope.of(all), new LoadContent(List.of(), List.of(Cidr.parse("8000::/1")), false));
        Prefix child = apply(Scope.of(all), AcquireChildPrefix.ofLength(2, Reservation.FIRST_AND_LAST, Metadata.NONE));
        apply(Scope.of(child), AcquireAddresses.next(2, Metadata.NONE));
        for (int i = 0; i < 2; i++) {
            Prefix v4 = apply(
                    Scope.of(tenant),
                    new CreatePrefix(Cidr.parse("10.0." + i + ".0/24"), Reservation.FIRST_AND_LAST, Metadata.NONE));
            apply(Scope.of(v4), AcquireAddresses.next(1 + i, Metadata.NONE));
        }
        created(SLASH_24); // in another namespace

        Map<String, Store.Total> totals = new HashMap<>();
        for (Store.Total total : store.totals(tenant.id()).join()) {
            totals.merge(
                    total.family() + "/" + total.length() + " " + total.topLevel() + " " + total.mode(),
                    total,
                    StoreContract::sum);
        }

        BigInteger half = BigInteger.ONE.shiftLeft(127);
        assertThat(totals.values())
                .containsExactlyInAnyOrder(
                        new Store.Total(AddressFamily.IPV6, 0, true, Mode.CHILD, 1, 0, 0, half.add(half.shiftRight(1))),
                        new Store.Total(AddressFamily.IPV6, 2, false, Mode.ADDRESS, 1, 2, 1, BigInteger.ZERO),
                        new Store.Total(AddressFamily.IPV4, 24, true, Mode.ADDRESS, 2, 3, 4, BigInteger.ZERO));
        assertThat(store.totals(new UUID(9, 9)).join()).isEmpty();
    }

    @Test
    void aWholeFamilyThatIsCoveredAddsUp() {
        Prefix all = apply(root(), new CreatePrefix(Cidr.parse("::/0"), Reservation.FIRST_AND_LAST, Metadata.NONE));
        for (int half = 0; half < 2; half++) {
            apply(Scope.of(all), AcquireChildPrefix.ofLength(1, Reservation.NONE, Metadata.NONE));
        }

        assertThat(store.totals(Namespace.ROOT.id()).join())
                .filteredOn(Store.Total::topLevel)
                .containsExactly(new Store.Total(
                        AddressFamily.IPV6, 0, true, Mode.CHILD, 1, 0, 0, BigInteger.ONE.shiftLeft(128)));
    }

    private static Store.Total sum(Store.Total a, Store.Total b) {
        return new Store.Total(
                a.family(),
                a.length(),
                a.topLevel(),
                a.mode(),
                a.prefixes() + b.prefixes(),
                a.acquired() + b.acquired(),
                a.reserved() + b.reserved(),
                a.covered().add(b.covered()));
    }

    @Test
    void theKeyOfPageTokensIsOneThatNobodyCanGuess() {
        byte[] key = store.pageTokenKey().join();

        assertThat(key).hasSizeGreaterThanOrEqualTo(16);
        assertThat(store.pageTokenKey().join()).isEqualTo(key);
        try (Store other = open()) {
            assertThat(other.pageTokenKey().join()).isNotEqualTo(key);
        }
    }

    @Test
    void aPrefixThatIsClosedGivesNothingMoreAndTakesBack() {
        Prefix prefix = created(SLASH_24);
        Allocation held = apply(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE))
                .allocations()
                .get(0);

        apply(Scope.of(prefix), new ClosePrefix(prefix));

        assertThat(extract(Scope.of(prefix)).head().closing()).isTrue();
        assertRefused(Scope.of(prefix), AcquireAddresses.next(1, Metadata.NONE), Reason.PREFIX_BEING_DELETED);
        apply(Scope.of(prefix), release(held.address().toString()));
        assertThat(extract(Scope.of(prefix)).head().closing())
                .as("also afterwards")
                .isTrue();
        assertRefused(
                Scope.of(prefix),
                AcquireChildPrefix.ofLength(25, Reservation.NONE, Metadata.NONE),
                Reason.PREFIX_BEING_DELETED);
        apply(root(), new DeletePrefix(prefix));
        apply(Scope.of(created(SLASH_24)), AcquireAddresses.next(1, Metadata.NONE));
    }

    private void assertRefused(Scope scope, Call<?> call, Reason reason) {
        View view = new View(scope, extract(scope).head());
        assertThat(plan(view, List.of(new Submission<>(call, null)))
                        .decisions()
                        .get(0)
                        .refusal()
                        .reason())
                .isEqualTo(reason);
    }

    private List<Prefix> tagged(Tag.Word word) {
        return store.prefixes(Namespace.ROOT.id(), word, Span.ALL, 1_000).join().rows();
    }

    private List<Held> held(Namespace namespace, Tag.Word word) {
        return store.allocations(namespace.id(), word, Span.ALL, 10_000).join().rows();
    }

    /** An update that makes of anything just that. */
    private static MetadataUpdate all(Metadata metadata) {
        return new MetadataUpdate(
                metadata.owner(), metadata.labels(), Collections.emptySortedMap(), metadata.description());
    }

    private void applyAll(Scope scope, Call<?>... calls) {
        List<Submission<?>> batch = new ArrayList<>();
        for (Call<?> call : calls) {
            batch.add(new Submission<>(call, null));
        }
        Planned.Complete complete = plan(new View(scope, extract(scope).head()), batch);
        assertThat(complete.decisions())
                .allSatisfy(decision -> assertThat(decision.refusal()).isNull());
        assertThat(commit(complete.plan())).isEqualTo(Outcome.COMMITTED);
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
        return apply(root(), new CreatePrefix(cidr, Reservation.FIRST_AND_LAST, Metadata.NONE));
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
