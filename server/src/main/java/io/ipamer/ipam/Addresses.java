package io.ipamer.ipam;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.IpamerException;
import io.ipamer.model.MetadataUpdate;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.plan.AcquireAddresses;
import io.ipamer.plan.Found;
import io.ipamer.plan.Read;
import io.ipamer.plan.ReleaseAddresses;
import io.ipamer.plan.Scope;
import io.ipamer.plan.UpdateAddress;
import io.ipamer.store.Store;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The use cases of addresses. Futures fail with {@link IpamerException} only; all may fail with NAMESPACE_NOT_FOUND and
 * PREFIX_NOT_FOUND. Costs are those of {@link AcquireAddresses} and {@link ReleaseAddresses}: none depends on how full
 * the prefix is.
 */
public final class Addresses {
    private final Store store;
    private final Router router;

    Addresses(Store store, Router router) {
        this.store = store;
        this.router = router;
    }

    /** The lowest free address. Refused: NO_FREE_ADDRESS, PREFIX_IS_PARENT. */
    public CompletableFuture<Reply<Allocations>> acquire(String namespace, Cidr prefix, CallOptions options) {
        return acquire(namespace, prefix, AcquireAddresses.next(1, options.metadata()), options);
    }

    /**
     * {@code count} addresses or none: the lowest free ones or, if contiguous, the lowest run of adjacent ones. Refused:
     * NO_FREE_ADDRESS, PREFIX_IS_PARENT.
     */
    public CompletableFuture<Reply<Allocations>> acquire(
            String namespace, Cidr prefix, int count, boolean contiguous, CallOptions options) {
        return acquire(
                namespace,
                prefix,
                contiguous
                        ? AcquireAddresses.run(count, options.metadata())
                        : AcquireAddresses.next(count, options.metadata()),
                options);
    }

    /** That address. Refused: ADDRESS_TAKEN, ADDRESS_RESERVED, ADDRESS_OUTSIDE_PREFIX, PREFIX_IS_PARENT. */
    public CompletableFuture<Reply<Allocations>> acquire(
            String namespace, Cidr prefix, IpAddress address, CallOptions options) {
        return acquire(namespace, prefix, AcquireAddresses.of(address, options.metadata()), options);
    }

    private CompletableFuture<Reply<Allocations>> acquire(
            String namespace, Cidr prefix, AcquireAddresses call, CallOptions options) {
        return router.toPrefix(
                namespace,
                prefix,
                found -> new Router.Route<>(Scope.of(found), call),
                options,
                () -> prefix + " " + call);
    }

    /**
     * Each address judged by itself: ALLOCATION_NOT_FOUND, ALLOCATION_ID_MISMATCH.
     *
     * @param alsoReserved whether a reserved first or last address may be released, as go-ipam's clients do
     */
    public CompletableFuture<Reply<Releases>> release(
            String namespace, Cidr prefix, List<Releases.Item> items, boolean alsoReserved, CallOptions options) {
        ReleaseAddresses call = new ReleaseAddresses(items, alsoReserved);
        return router.toPrefix(
                namespace,
                prefix,
                found -> new Router.Route<>(Scope.of(found), call),
                options,
                () -> prefix + " " + call);
    }

    /**
     * What became of the addresses of an owner.
     *
     * @param released how many were released
     * @param inProgress whether some may be left
     * @param replayed whether this is the answer of an earlier call with the same request id
     */
    public record OwnerReleaseProgress(long released, boolean inProgress, boolean replayed) {}

    /**
     * Releases all addresses of an owner, each prefix by itself; takes at most 15 s and may be called again to go on. Two
     * seeks an address.
     *
     * @param prefix only what this one gave; null for all of the namespace
     */
    public CompletableFuture<OwnerReleaseProgress> releaseOwned(
            String namespace, @Nullable Cidr prefix, String owner, CallOptions options) {
        CompletableFuture<OwnerReleaseProgress> promise = new CompletableFuture<>();
        Steps steps = router.steps(options, promise::isDone);
        CompletableFuture<OwnerReleaseProgress> release = router.namespace(namespace)
                .thenCompose(found -> new OwnerRelease(store, router, found, prefix, owner, options, steps).run());
        Promises.finish(release, promise::complete, failure -> promise.completeExceptionally(Steps.stopped(failure)));
        return promise;
    }

    /** Refused: ALLOCATION_NOT_FOUND. */
    public CompletableFuture<Allocation> get(String namespace, Cidr prefix, IpAddress address) {
        return Failures.told(router.prefix(namespace, prefix)
                .thenCompose(found -> store.read(Scope.of(found), List.of(new Read.AllocationsFrom(address, 1))))
                .thenApply(extract -> extract.stream()
                        .flatMap(read -> ((Found.Allocations) read.found().get(0)).rows().stream())
                        .filter(allocation -> allocation.address().equals(address))
                        .findFirst()
                        .orElseThrow(() -> new IpamerException(
                                Reason.ALLOCATION_NOT_FOUND,
                                "address " + address + " is not acquired in " + prefix,
                                Map.of("address", address.toString(), "cidr", prefix.toString())))));
    }

    /**
     * Changes what is said of an address. Refused: ALLOCATION_NOT_FOUND, ALLOCATION_ID_MISMATCH, INVALID_LABEL.
     *
     * @param allocationId changes it only if this allocation still holds it; null whoever holds it
     */
    public CompletableFuture<Reply<Allocations>> update(
            String namespace,
            Cidr prefix,
            IpAddress address,
            @Nullable UUID allocationId,
            MetadataUpdate update,
            CallOptions options) {
        UpdateAddress call = new UpdateAddress(address, allocationId, update);
        return router.toPrefix(
                namespace,
                prefix,
                found -> new Router.Route<>(Scope.of(found), call),
                options,
                () -> prefix + " " + call);
    }
}
