package io.ipamer.client;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The calls of {@link Ipamer} without waiting for their answers. A future fails with {@link IpamerException}; cancelling
 * it cancels the call. What is composed with it runs on threads of the connection or the common pool: it must not block.
 *
 * <pre>{@code
 * IpamerAsync async = ipamer.async();
 * CompletableFuture<String> address =
 *         async.newPrefix("10.1.0.0/24", Metadata.NONE, ReservationPolicy.DEFAULT)
 *                 .thenCompose(prefix -> async.acquireIp(prefix.cidr(), Metadata.NONE))
 *                 .thenApply(Allocation::address);
 * System.out.println(address.join());
 * }</pre>
 *
 * <p>Lists come as pages, also for those who wait: {@code async().prefixes(...).join()}.
 */
public interface IpamerAsync {

    /** See {@link Ipamer#newPrefix(String, Metadata, ReservationPolicy)}. */
    CompletableFuture<Prefix> newPrefix(String cidr, Metadata metadata, ReservationPolicy reservation);

    /** See {@link Ipamer#deletePrefix(String)}. */
    CompletableFuture<Prefix> deletePrefix(String cidr);

    /** See {@link Ipamer#deletePrefix(Prefix)}. */
    CompletableFuture<Prefix> deletePrefix(Prefix prefix);

    /** See {@link Ipamer#acquireChildPrefix(String, int, Metadata, ReservationPolicy)}. */
    CompletableFuture<Prefix> acquireChildPrefix(
            String parentCidr, int length, Metadata metadata, ReservationPolicy reservation);

    /** See {@link Ipamer#releaseChildPrefix(String)}. */
    CompletableFuture<Prefix> releaseChildPrefix(String cidr);

    /** See {@link Ipamer#releaseChildPrefix(Prefix)}. */
    CompletableFuture<Prefix> releaseChildPrefix(Prefix child);

    /** See {@link Ipamer#prefixFrom}. */
    CompletableFuture<Prefix> prefixFrom(String cidr);

    /** See {@link Ipamer#acquireSpecificIp(String, String, Metadata)}. */
    CompletableFuture<Allocation> acquireSpecificIp(String prefixCidr, String address, Metadata metadata);

    /** See {@link Ipamer#acquireIp(String, Metadata)}. */
    CompletableFuture<Allocation> acquireIp(String prefixCidr, Metadata metadata);

    /** See {@link Ipamer#releaseIp}. */
    CompletableFuture<Allocation> releaseIp(Allocation allocation);

    /** See {@link Ipamer#releaseIpFromPrefix}. */
    CompletableFuture<Allocation> releaseIpFromPrefix(String prefixCidr, String address);

    /** See {@link Ipamer#acquireSpecificChildPrefix(String, String, Metadata, ReservationPolicy)}. */
    CompletableFuture<Prefix> acquireSpecificChildPrefix(
            String parentCidr, String cidr, Metadata metadata, ReservationPolicy reservation);

    /** See {@link Ipamer#prefixes}. */
    CompletableFuture<Page<Prefix>> prefixes(PrefixFilter filter, PageRequest page);

    /** See {@link Ipamer#updatePrefix}. */
    CompletableFuture<Prefix> updatePrefix(String cidr, MetadataUpdate update);

    /** See {@link Ipamer#deletePrefixWithContent(Prefix)}. */
    CompletableFuture<ForcedDelete> deletePrefixWithContent(Prefix prefix);

    /** See {@link Ipamer#acquireIps}. */
    CompletableFuture<List<Allocation>> acquireIps(String prefixCidr, int count, Metadata metadata);

    /** See {@link Ipamer#acquireContiguousIps}. */
    CompletableFuture<List<Allocation>> acquireContiguousIps(String prefixCidr, int count, Metadata metadata);

    /** See {@link Ipamer#ip}. */
    CompletableFuture<Allocation> ip(String prefixCidr, String address);

    /** See {@link Ipamer#ips}. */
    CompletableFuture<Page<Allocation>> ips(String prefixCidr, IpFilter filter, PageRequest page);

    /** See {@link Ipamer#updateIp}. */
    CompletableFuture<Allocation> updateIp(String prefixCidr, String address, MetadataUpdate update);

    /** See {@link Ipamer#releaseIps}. */
    CompletableFuture<List<ReleaseResult>> releaseIps(String prefixCidr, Collection<String> addresses);

    /** See {@link Ipamer#releaseIpsByOwner(String)}. */
    CompletableFuture<Long> releaseIpsByOwner(String owner);

    /** See {@link Ipamer#releaseIpsByOwner(String, String)}. */
    CompletableFuture<Long> releaseIpsByOwner(String prefixCidr, String owner);

    /** See {@link Ipamer#lookup(String)}. */
    CompletableFuture<AddressLookup> lookup(String address);

    /** See {@link Ipamer#lookup(Tags)}. */
    CompletableFuture<Page<Resource>> lookup(Tags tags, PageRequest page);

    /** See {@link Ipamer#usage(String)}. */
    CompletableFuture<PrefixUsage> usage(String cidr);

    /** See {@link Ipamer#usage()}. */
    CompletableFuture<NamespaceUsage> usage();

    /** See {@link Ipamer#free}. */
    CompletableFuture<Page<FreeRange>> free(String cidr, PageRequest page);

    /** See {@link Ipamer#overlaps}. */
    CompletableFuture<Overlaps> overlaps(Collection<String> cidrs);

    /** See {@link Ipamer#createNamespace}. */
    CompletableFuture<Namespace> createNamespace(String name);

    /** See {@link Ipamer#namespace}. */
    CompletableFuture<Namespace> namespace(String name);

    /** See {@link Ipamer#namespaces}. */
    CompletableFuture<Page<Namespace>> namespaces(PageRequest page);

    /** See {@link Ipamer#deleteNamespace}. */
    CompletableFuture<Namespace> deleteNamespace(String name);

    /** See {@link Ipamer#version}. */
    CompletableFuture<ServerVersion> version();
}
