package io.ipamer.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Hands out IP prefixes and addresses, and never the same one twice.
 *
 * <pre>{@code
 * Prefix prefix = ipamer.newPrefix("10.0.0.0/8");
 * Prefix child = ipamer.acquireChildPrefix(prefix.cidr(), 24);
 * Allocation ip = ipamer.acquireIp(child.cidr(), Metadata.ownedBy("team-web").withLabel("host", "web-1"));
 * System.out.println(ip.address());
 *
 * ipamer.releaseIp(ip);
 * ipamer.releaseChildPrefix(child);
 * ipamer.deletePrefix(prefix);
 * }</pre>
 *
 * <p>Calls block until they are answered, the deadline has passed, or their thread is interrupted (then its interrupt
 * status is set and the exception says {@link io.grpc.Status.Code#CANCELLED}). {@link #async} has them without waiting.
 *
 * <p>A call that changes something carries a request id, so that it is done once, however often it is sent: calls that
 * are not answered are sent again ({@link RetryPolicy}). Every call can throw {@link IpamerException}.
 *
 * <p>Views ({@link #inNamespace}, {@link #withRequestId}, {@link #withDeadline}, {@link #dryRun}) speak over the same
 * connection; they cost nothing and need not be closed.
 */
public interface Ipamer {

    // Views

    /** A view of another namespace; without it, all is about {@code root}. */
    Ipamer inNamespace(String name);

    /**
     * A view for one call: it is done once, also if the caller sends it again later or after a crash. A repeat gets the
     * first answer; the same id with another call is refused: {@link Reason#REQUEST_ID_REUSED}.
     *
     * @param id 1 to 128 characters, unique in the namespace; the server keeps it for 24 hours, unless it is set to another
     *     time
     */
    Ipamer withRequestId(String id);

    /**
     * A view with another deadline.
     *
     * @param deadline of each call, over all of its attempts; more than nothing
     */
    Ipamer withDeadline(Duration deadline);

    /**
     * A view whose calls only say what they would answer now: acquiring ones, whose answers have no ids, and {@link
     * #importNamespace}. Others that would change something throw {@link UnsupportedOperationException}.
     */
    Ipamer dryRun();

    /** The same calls without waiting for their answers. */
    IpamerAsync async();

    // The nine operations of the first article

    /** Creates a top-level prefix: {@link #newPrefix(String, Metadata, ReservationPolicy)}. */
    default Prefix newPrefix(String cidr) {
        return newPrefix(cidr, Metadata.NONE, ReservationPolicy.DEFAULT);
    }

    /**
     * Creates a top-level prefix that overlaps no other one of the namespace, else {@link Reason#PREFIX_OVERLAPS}.
     *
     * @param cidr without host bits
     */
    Prefix newPrefix(String cidr, Metadata metadata, ReservationPolicy reservation);

    /**
     * Deletes a prefix, top-level or child, that holds no acquired addresses and no children, else {@link
     * Reason#PREFIX_HAS_ADDRESSES} or {@link Reason#PREFIX_HAS_CHILDREN}.
     *
     * @return the prefix, as it was
     */
    Prefix deletePrefix(String cidr);

    /** The same, only if it is still this one, else {@link Reason#PREFIX_ID_MISMATCH}; in its own namespace. */
    Prefix deletePrefix(Prefix prefix);

    /** Acquires a child prefix: {@link #acquireChildPrefix(String, int, Metadata, ReservationPolicy)}. */
    default Prefix acquireChildPrefix(String parentCidr, int length) {
        return acquireChildPrefix(parentCidr, length, Metadata.NONE, ReservationPolicy.DEFAULT);
    }

    /**
     * Acquires a child prefix of a length, from the smallest free block that has room for it. {@link
     * Reason#NO_FREE_PREFIX} if none has.
     *
     * @param length in bits: greater than the parent's, at most 32 (IPv4) or 128 (IPv6)
     */
    Prefix acquireChildPrefix(String parentCidr, int length, Metadata metadata, ReservationPolicy reservation);

    /**
     * Releases a child prefix that holds no acquired addresses and no children; its space goes back to its parent.
     *
     * @return the prefix, as it was
     */
    Prefix releaseChildPrefix(String cidr);

    /** The same, only if it is still this one, else {@link Reason#PREFIX_ID_MISMATCH}; in its own namespace. */
    Prefix releaseChildPrefix(Prefix child);

    /** Reads a prefix, top-level or child, by its exact CIDR; {@link Reason#PREFIX_NOT_FOUND} if there is none. */
    Prefix prefixFrom(String cidr);

    /** Acquires a certain address: {@link #acquireSpecificIp(String, String, Metadata)}. */
    default Allocation acquireSpecificIp(String prefixCidr, String address) {
        return acquireSpecificIp(prefixCidr, address, Metadata.NONE);
    }

    /** Acquires a certain address; {@link Reason#ADDRESS_TAKEN} if somebody has it. */
    Allocation acquireSpecificIp(String prefixCidr, String address, Metadata metadata);

    /** Acquires an address: {@link #acquireIp(String, Metadata)}. */
    default Allocation acquireIp(String prefixCidr) {
        return acquireIp(prefixCidr, Metadata.NONE);
    }

    /** Acquires the lowest free address of a prefix; {@link Reason#NO_FREE_ADDRESS} if it is full. */
    Allocation acquireIp(String prefixCidr, Metadata metadata);

    /**
     * Releases an address, only if this allocation still holds it, else {@link Reason#ALLOCATION_ID_MISMATCH} or {@link
     * Reason#ALLOCATION_NOT_FOUND}; in its own namespace.
     *
     * @return the allocation that has ended
     */
    Allocation releaseIp(Allocation allocation);

    /**
     * Releases an address, whoever holds it.
     *
     * @return the allocation that has ended
     */
    Allocation releaseIpFromPrefix(String prefixCidr, String address);

    // Prefixes

    /**
     * Acquires a certain child prefix: {@link #acquireSpecificChildPrefix(String, String, Metadata, ReservationPolicy)}.
     */
    default Prefix acquireSpecificChildPrefix(String parentCidr, String cidr) {
        return acquireSpecificChildPrefix(parentCidr, cidr, Metadata.NONE, ReservationPolicy.DEFAULT);
    }

    /** Acquires a certain child prefix; {@link Reason#PREFIX_TAKEN} if it is not wholly free. */
    Prefix acquireSpecificChildPrefix(String parentCidr, String cidr, Metadata metadata, ReservationPolicy reservation);

    /** Lists prefixes by family, first address and length: a prefix before what is in it. */
    Stream<Prefix> prefixes(PrefixFilter filter);

    /** Changes what is said of a prefix. */
    Prefix updatePrefix(String cidr, MetadataUpdate update);

    /**
     * Deletes the prefix that has this CIDR now, with everything in it: {@link #deletePrefixWithContent(Prefix)}.
     *
     * @throws IpamerException {@link Reason#PREFIX_NOT_FOUND}, also when an earlier call has done it
     */
    default ForcedDelete deletePrefixWithContent(String cidr) {
        return deletePrefixWithContent(prefixFrom(cidr));
    }

    /**
     * Deletes a prefix with everything in it, in many small steps: each is within the deadline, all of them may take
     * longer. What fails on the way has done a part, and nothing in the prefix is given out any more; call it again.
     *
     * @return what was done; where answers of steps were lost, at least that
     */
    ForcedDelete deletePrefixWithContent(Prefix prefix);

    // Addresses

    /**
     * Acquires several addresses or none: the lowest that are free.
     *
     * @param count 1 to 4,096
     * @return as many as were wanted, ascending
     */
    List<Allocation> acquireIps(String prefixCidr, int count, Metadata metadata);

    /** The same, adjacent ones with no gap between them. */
    List<Allocation> acquireContiguousIps(String prefixCidr, int count, Metadata metadata);

    /** Reads an acquired address; {@link Reason#ALLOCATION_NOT_FOUND} if nobody has it. */
    Allocation ip(String prefixCidr, String address);

    /** Lists the acquired addresses of a prefix, ascending. */
    Stream<Allocation> ips(String prefixCidr, IpFilter filter);

    /** Changes what is said of an acquired address. */
    Allocation updateIp(String prefixCidr, String address, MetadataUpdate update);

    /**
     * Releases several addresses of one prefix, each judged by itself.
     *
     * @param addresses 1 to 4,096
     * @return what became of each, in their order
     */
    List<ReleaseResult> releaseIps(String prefixCidr, Collection<String> addresses);

    /**
     * Releases all addresses of an owner in the namespace, in many small steps, as {@link #deletePrefixWithContent} does.
     *
     * @return how many were released; where answers of steps were lost, at least so many
     */
    long releaseIpsByOwner(String owner);

    /** The same in one prefix only. */
    long releaseIpsByOwner(String prefixCidr, String owner);

    // What is where

    /** Says what is known of an address; it need not be acquired, or lie in any prefix. */
    AddressLookup lookup(String address);

    /** Lists what has an owner or labels: first the prefixes, then the addresses. */
    Stream<Resource> lookup(Tags tags);

    /** Says how full a prefix is. */
    PrefixUsage usage(String cidr);

    /** Says how full the namespace is. Costs a step for each of its prefixes. */
    NamespaceUsage usage();

    /** Lists the free space of a prefix, ascending. */
    Stream<FreeRange> free(String cidr);

    /**
     * Says which CIDRs overlap a prefix of the namespace, or one another. Changes and holds nothing.
     *
     * @param cidrs 1 to 1,000
     */
    Overlaps overlaps(Collection<String> cidrs);

    // Namespaces

    /** Creates an empty namespace. */
    Namespace createNamespace(String name);

    /** Reads a namespace. */
    Namespace namespace(String name);

    /** Lists the namespaces. */
    Stream<Namespace> namespaces();

    /**
     * Deletes a namespace that has no prefixes.
     *
     * @return the namespace, as it was
     */
    Namespace deleteNamespace(String name);

    /**
     * Writes the namespace as text. Takes as long as it takes, unless the view has a deadline.
     *
     * @param out not closed
     * @throws IOException of {@code out}
     */
    void exportNamespace(ExportFormat format, OutputStream out) throws IOException;

    /**
     * Reads the namespace from text. It becomes visible when it is whole, in place of one without prefixes. What fails
     * before the end of the text leaves nothing; afterwards {@link IpamerException#outcomeUnknown} tells. It is not sent
     * again. {@link Reason#INVALID_DUMP} comes after all refused lines were told of. Takes as long as it takes, unless the
     * view has a deadline.
     *
     * @param in UTF-8; not closed
     * @param listener hears how it goes at least every second, on a thread of the connection; what it throws ends the
     *     import and is thrown here
     * @return the last progress
     * @throws IOException of {@code in}
     */
    ImportProgress importNamespace(ExportFormat format, InputStream in, Consumer<ImportProgress> listener)
            throws IOException;

    // The server

    /** Says which build the server runs. */
    ServerVersion version();
}
