package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The calls of a view, started and not waited for. */
final class AsyncIpamer implements IpamerAsync {
    private final Calls calls;
    private final Operations operations;
    private final Duration deadline;

    AsyncIpamer(Calls calls, Operations operations, Duration deadline) {
        this.calls = calls;
        this.operations = operations;
        this.deadline = deadline;
    }

    @Override
    public CompletableFuture<Prefix> newPrefix(String cidr, Metadata metadata, ReservationPolicy reservation) {
        return start(operations.newPrefix(cidr, metadata, reservation));
    }

    @Override
    public CompletableFuture<Prefix> deletePrefix(String cidr) {
        return start(operations.deletePrefix(cidr));
    }

    @Override
    public CompletableFuture<Prefix> deletePrefix(Prefix prefix) {
        return start(operations.deletePrefix(prefix));
    }

    @Override
    public CompletableFuture<Prefix> acquireChildPrefix(
            String parentCidr, int length, Metadata metadata, ReservationPolicy reservation) {
        return start(operations.acquireChild(parentCidr, length, metadata, reservation));
    }

    @Override
    public CompletableFuture<Prefix> releaseChildPrefix(String cidr) {
        return start(operations.releaseChild(cidr));
    }

    @Override
    public CompletableFuture<Prefix> releaseChildPrefix(Prefix child) {
        return start(operations.releaseChild(child));
    }

    @Override
    public CompletableFuture<Prefix> prefixFrom(String cidr) {
        return start(operations.prefix(cidr));
    }

    @Override
    public CompletableFuture<Allocation> acquireSpecificIp(String prefixCidr, String address, Metadata metadata) {
        return start(operations.acquireIp(prefixCidr, requireNonNull(address, "address"), metadata));
    }

    @Override
    public CompletableFuture<Allocation> acquireIp(String prefixCidr, Metadata metadata) {
        return start(operations.acquireIp(prefixCidr, "", metadata));
    }

    @Override
    public CompletableFuture<Allocation> releaseIp(Allocation allocation) {
        return start(operations.releaseIp(allocation));
    }

    @Override
    public CompletableFuture<Allocation> releaseIpFromPrefix(String prefixCidr, String address) {
        return start(operations.releaseIp(prefixCidr, address));
    }

    @Override
    public CompletableFuture<Prefix> acquireSpecificChildPrefix(
            String parentCidr, String cidr, Metadata metadata, ReservationPolicy reservation) {
        return start(operations.acquireChild(parentCidr, cidr, metadata, reservation));
    }

    @Override
    public CompletableFuture<Page<Prefix>> prefixes(PrefixFilter filter, PageRequest page) {
        return start(operations.prefixes(filter, page));
    }

    @Override
    public CompletableFuture<Prefix> updatePrefix(String cidr, MetadataUpdate update) {
        return start(operations.updatePrefix(cidr, update));
    }

    @Override
    public CompletableFuture<ForcedDelete> deletePrefixWithContent(Prefix prefix) {
        return calls.startAll(operations.deleteWithContent(prefix), deadline, Steps.Deleting::done);
    }

    @Override
    public CompletableFuture<List<Allocation>> acquireIps(String prefixCidr, int count, Metadata metadata) {
        return start(operations.acquireIps(prefixCidr, count, false, metadata));
    }

    @Override
    public CompletableFuture<List<Allocation>> acquireContiguousIps(String prefixCidr, int count, Metadata metadata) {
        return start(operations.acquireIps(prefixCidr, count, true, metadata));
    }

    @Override
    public CompletableFuture<Allocation> ip(String prefixCidr, String address) {
        return start(operations.ip(prefixCidr, address));
    }

    @Override
    public CompletableFuture<Page<Allocation>> ips(String prefixCidr, IpFilter filter, PageRequest page) {
        return start(operations.ips(prefixCidr, filter, page));
    }

    @Override
    public CompletableFuture<Allocation> updateIp(String prefixCidr, String address, MetadataUpdate update) {
        return start(operations.updateIp(prefixCidr, address, update));
    }

    @Override
    public CompletableFuture<List<ReleaseResult>> releaseIps(String prefixCidr, Collection<String> addresses) {
        return start(operations.releaseIps(prefixCidr, addresses));
    }

    @Override
    public CompletableFuture<Long> releaseIpsByOwner(String owner) {
        return calls.startAll(operations.releaseIpsByOwner("", owner), deadline, Steps.Releasing::ips);
    }

    @Override
    public CompletableFuture<Long> releaseIpsByOwner(String prefixCidr, String owner) {
        return calls.startAll(operations.releaseIpsByOwner(prefixCidr, owner), deadline, Steps.Releasing::ips);
    }

    @Override
    public CompletableFuture<AddressLookup> lookup(String address) {
        return start(operations.lookup(address));
    }

    @Override
    public CompletableFuture<Page<Resource>> lookup(Tags tags, PageRequest page) {
        return start(operations.lookup(tags, page));
    }

    @Override
    public CompletableFuture<PrefixUsage> usage(String cidr) {
        return start(operations.usage(cidr));
    }

    @Override
    public CompletableFuture<NamespaceUsage> usage() {
        return start(operations.usage());
    }

    @Override
    public CompletableFuture<Page<FreeRange>> free(String cidr, PageRequest page) {
        return start(operations.free(cidr, page));
    }

    @Override
    public CompletableFuture<Overlaps> overlaps(Collection<String> cidrs) {
        return start(operations.overlaps(cidrs));
    }

    @Override
    public CompletableFuture<Namespace> createNamespace(String name) {
        return start(operations.createNamespace(name));
    }

    @Override
    public CompletableFuture<Namespace> namespace(String name) {
        return start(operations.namespace(name));
    }

    @Override
    public CompletableFuture<Page<Namespace>> namespaces(PageRequest page) {
        return start(operations.namespaces(page));
    }

    @Override
    public CompletableFuture<Namespace> deleteNamespace(String name) {
        return start(operations.deleteNamespace(name));
    }

    @Override
    public CompletableFuture<ServerVersion> version() {
        return start(operations.version());
    }

    private <T> CompletableFuture<T> start(Operation<?, ?, T> operation) {
        return calls.start(operation, deadline);
    }
}
