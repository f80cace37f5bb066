package io.ipamer.ipam;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import io.ipamer.model.LoadItem;
import io.ipamer.model.Metadata;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.model.Shortfall;
import io.ipamer.plan.AcquireChildPrefix;
import io.ipamer.plan.Call;
import io.ipamer.plan.CreatePrefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.LoadContent;
import io.ipamer.plan.ReleaseAddresses;
import io.ipamer.plan.RenameNamespace;
import io.ipamer.plan.RevealNamespace;
import io.ipamer.plan.Scope;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An import that is under way: what is put into it is seen by nobody before {@link #reveal}. Either that or
 * {@link #discard} ends it, once no other call of it is under way; meanwhile its place is kept. Futures fail with
 * {@link IpamerException} only; all may fail with IMPORT_EXPIRED, which means that another server has given it up.
 */
public final class Import {
    private static final Logger LOG = LoggerFactory.getLogger(Import.class);
    private static final long RENEW_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int MOST_AT_ONE_ADDRESS = 129; // one of each length
    private static final Set<Reason> GONE =
            EnumSet.of(Reason.NAMESPACE_NOT_FOUND, Reason.PREFIX_NOT_FOUND, Reason.PREFIX_BEING_DELETED);

    private final Store store;
    private final Router router;
    private final Surroundings surroundings;
    private final Namespace created;
    private final String target;

    // Guarded by this.
    private boolean ended;
    private CompletableFuture<?> renaming = CompletableFuture.completedFuture(null);

    /** What it may be called: of several, nobody could say whether it was renamed. Used by what renames, one at a time. */
    private List<Namespace> names;

    Import(Store store, Router router, Surroundings surroundings, Namespace created, String target) {
        this.store = store;
        this.router = router;
        this.surroundings = surroundings;
        this.created = created;
        this.target = target;
        this.names = List.of(created);
        renewLater();
    }

    /** A top-level prefix. Refused: PREFIX_OVERLAPS. */
    public CompletableFuture<Prefix> create(Cidr cidr, Reservation reservation, Metadata metadata) {
        return answer(Scope.of(created), new CreatePrefix(cidr, reservation, metadata));
    }

    /** Refused: PREFIX_TAKEN, PREFIX_HAS_ADDRESSES, PREFIX_OUTSIDE_PARENT, LENGTH_OUT_OF_RANGE. */
    public CompletableFuture<Prefix> createIn(Prefix parent, Cidr cidr, Reservation reservation, Metadata metadata) {
        return answer(Scope.of(parent), AcquireChildPrefix.of(cidr, reservation, metadata));
    }

    /** The prefix of exactly that CIDR. */
    public CompletableFuture<Optional<Prefix>> find(Cidr cidr) {
        Span span = Span.between(cidr.first(), cidr.first());
        return Failures.told(store.prefixes(created.id(), span, MOST_AT_ONE_ADDRESS)
                .thenApply(page -> page.rows().stream()
                        .filter(prefix -> prefix.cidr().equals(cidr))
                        .findFirst()));
    }

    /** Whether of its reserved addresses just these are not free. */
    public CompletableFuture<Boolean> reserves(Prefix prefix, boolean first, boolean last) {
        return Failures.told(store.read(Scope.of(prefix), List.of())
                .thenApply(extract -> extract.map(Extract::head)
                        .filter(head -> head.firstReserved() == first && head.lastReserved() == last)
                        .isPresent()));
    }

    /** Frees reserved addresses of a prefix that holds nothing yet. */
    public CompletableFuture<Releases> unreserve(Prefix prefix, List<IpAddress> addresses) {
        List<Releases.Item> items = addresses.stream()
                .map(address -> new Releases.Item(address, null))
                .toList();
        return answer(Scope.of(prefix), new ReleaseAddresses(items, true));
    }

    /** See {@link LoadContent}. Refused as a whole: PREFIX_HAS_ADDRESSES, with {@code parentOnly}. */
    public CompletableFuture<Shortfall> load(
            Prefix prefix, List<LoadItem> addresses, List<Cidr> leaked, boolean parentOnly) {
        return answer(Scope.of(prefix), new LoadContent(addresses, leaked, parentOnly));
    }

    private <A extends Answer> CompletableFuture<A> answer(Scope scope, Call<A> call) {
        CompletableFuture<A> answer = new CompletableFuture<>();
        Promises.finish(
                router.toScope(new Router.Route<>(scope, call), CallOptions.NONE, call::toString),
                reply -> answer.complete(reply.answer()),
                failure -> answer.completeExceptionally(orExpired(Failures.unavailable(failure))));
        return answer;
    }

    private static IpamerException orExpired(IpamerException refusal) {
        return GONE.contains(refusal.reason())
                ? new IpamerException(
                        Reason.IMPORT_EXPIRED, "the import took longer than its place was kept: begin it again")
                : refusal;
    }

    /** Makes it the namespace that it was begun for. Refused: NAMESPACE_NOT_EMPTY. */
    public CompletableFuture<Reply<Namespace>> reveal() {
        end();
        return Failures.told(inTurn(() -> rename(
                        names,
                        name -> router.toSystem(new RevealNamespace(name, target), CallOptions.NONE, () -> target))))
                .thenApply(reply -> {
                    router.learn(reply.answer());
                    return reply;
                });
    }

    /**
     * Removes all of it, in steps.
     *
     * @return comes when nothing is left; nobody needs to wait for it
     */
    public CompletableFuture<Boolean> discard() {
        end();
        CompletableFuture<Boolean> removed = inTurn(() -> {
            CompletableFuture<Boolean> any = CompletableFuture.completedFuture(false);
            for (Namespace name : names) {
                any = any.thenCompose(gone -> gone
                        ? CompletableFuture.completedFuture(true)
                        : new Removal(store, router, surroundings).run(name));
            }
            return any;
        });
        Promises.finish(
                removed,
                done -> LOG.debug("an import was removed"),
                failure -> LOG.warn("an import could not be removed, to be tried again later", failure));
        return removed;
    }

    private synchronized void end() {
        ended = true;
    }

    private void renewLater() {
        surroundings.timer().after(RENEW_NANOS, this::renew);
    }

    private void renew() {
        if (hasEnded()) {
            return;
        }
        Promises.finish(inTurn(this::takeNewName), done -> renewLater(), failure -> {
            // Whether it is still there its calls will say.
            LOG.warn("the place of an import could not be kept for longer", failure);
            renewLater();
        });
    }

    private synchronized boolean hasEnded() {
        return ended;
    }

    private CompletableFuture<Reply<Namespace>> takeNewName() {
        String newName = HiddenName.of(HiddenName.Use.IMPORT, surroundings).text();
        CompletableFuture<Reply<Namespace>> renamed = rename(
                names, name -> router.toSystem(new RenameNamespace(name, newName), CallOptions.NONE, () -> newName));
        return Promises.then(
                renamed,
                reply -> {
                    names = List.of(reply.answer());
                    return renamed;
                },
                failure -> {
                    if (failure instanceof IpamerException refusal && refusal.reason() == Reason.OUTCOME_UNKNOWN) {
                        List<Namespace> more = new ArrayList<>(names);
                        more.add(new Namespace(created.id(), newName));
                        names = List.copyOf(more);
                    }
                    return renamed;
                });
    }

    /** Under the first of the names that it has. */
    private static CompletableFuture<Reply<Namespace>> rename(
            List<Namespace> names, Function<Namespace, CompletableFuture<Reply<Namespace>>> call) {
        CompletableFuture<Reply<Namespace>> first = call.apply(names.get(0));
        return names.size() == 1
                ? first
                : Promises.then(
                        first,
                        CompletableFuture::completedFuture,
                        failure -> failure instanceof IpamerException refusal
                                        && (GONE.contains(refusal.reason())
                                                || refusal.reason() == Reason.IMPORT_EXPIRED)
                                ? rename(names.subList(1, names.size()), call)
                                : CompletableFuture.failedFuture(failure));
    }

    /** One after another, whatever becomes of those before. */
    @SuppressWarnings("FutureReturnValueIgnored") // the nested future is unwrapped
    private synchronized <T> CompletableFuture<T> inTurn(Supplier<CompletableFuture<T>> step) {
        CompletableFuture<T> next =
                renaming.handle((done, failure) -> step.get()).thenCompose(Function.identity());
        renaming = next;
        return next;
    }
}
