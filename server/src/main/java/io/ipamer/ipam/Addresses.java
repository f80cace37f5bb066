package io.ipamer.ipam;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocations;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.plan.AcquireAddresses;
import io.ipamer.plan.ReleaseAddresses;
import io.ipamer.plan.Scope;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The use cases of addresses. Futures fail with {@link IpamerException} only; all may fail with NAMESPACE_NOT_FOUND and
 * PREFIX_NOT_FOUND. Costs are those of {@link AcquireAddresses} and {@link ReleaseAddresses}: none depends on how full
 * the prefix is.
 */
public final class Addresses {
    private final Router router;

    Addresses(Router router) {
        this.router = router;
    }

    /** The lowest free address. Refused: NO_FREE_ADDRESS, PREFIX_IS_PARENT. */
    public CompletableFuture<Reply<Allocations>> acquire(String namespace, Cidr prefix, CallOptions options) {
        return acquire(namespace, prefix, AcquireAddresses.next(), options);
    }

    /**
     * {@code count} addresses or none: the lowest free ones or, if contiguous, the lowest run of adjacent ones. Refused:
     * NO_FREE_ADDRESS, PREFIX_IS_PARENT.
     */
    public CompletableFuture<Reply<Allocations>> acquire(
            String namespace, Cidr prefix, int count, boolean contiguous, CallOptions options) {
        return acquire(
                namespace, prefix, contiguous ? AcquireAddresses.run(count) : AcquireAddresses.next(count), options);
    }

    /** That address. Refused: ADDRESS_TAKEN, ADDRESS_RESERVED, ADDRESS_OUTSIDE_PREFIX, PREFIX_IS_PARENT. */
    public CompletableFuture<Reply<Allocations>> acquire(
            String namespace, Cidr prefix, IpAddress address, CallOptions options) {
        return acquire(namespace, prefix, AcquireAddresses.of(address), options);
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
}
