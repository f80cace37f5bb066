package io.ipamer.cli.remote;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.cli.terminal.BlockMap.Kind;
import io.ipamer.client.FreeRange;
import io.ipamer.client.Ipamer;
import io.ipamer.client.IpamerException;
import io.ipamer.client.Prefix;
import io.ipamer.client.PrefixFilter;
import io.ipamer.client.PrefixMode;
import io.ipamer.client.PrefixUsage;
import io.ipamer.client.Reason;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Collections;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * What a prefix consists of, from its first address to its last, without holding it. Acquired is what is neither free
 * nor reserved: there are fewer gaps than addresses. It is read in pages, so that changes meanwhile may be in it or not:
 * {@link #hasChanged} tells.
 */
final class Content {
    private final Ipamer ipamer;
    private final Cidr prefix;
    private Walk walk = (range, kind) -> true;
    private boolean wanted = true;
    private long revision;
    private @Nullable IpAddress next;

    Content(Ipamer ipamer, Cidr prefix) {
        this.ipamer = ipamer;
        this.prefix = prefix;
        this.next = prefix.first();
    }

    /** Is told of each part; false if it wants to hear of no more. */
    interface Walk {
        boolean part(AddressRange range, Kind kind) throws IOException;
    }

    /** To be called once; false if it was not wanted to its end. */
    boolean walk(Walk told) throws IOException {
        walk = told;
        PrefixUsage usage = ipamer.usage(prefix.toString());
        revision = usage.revision();
        boolean parent = usage.mode() == PrefixMode.CHILDREN;
        boolean lastReserved = false;
        if (!parent && usage.reserved().signum() > 0) {
            boolean firstReserved = isFirstReserved(usage);
            BigInteger others = usage.reserved().subtract(firstReserved ? BigInteger.ONE : BigInteger.ZERO);
            lastReserved = others.signum() > 0;
            if (firstReserved) {
                part(new AddressRange(prefix.first(), prefix.first()), Kind.RESERVED, Kind.RESERVED);
            }
        }
        Kind gap = parent ? gapOfParent(usage) : Kind.ACQUIRED;
        Iterator<FreeRange> free = ipamer.free(prefix.toString()).iterator();
        Iterator<Prefix> children = parent
                ? ipamer.prefixes(PrefixFilter.childrenOf(prefix.toString())).iterator()
                : Collections.emptyIterator();
        AddressRange nextFree = free(free);
        AddressRange nextChild = child(children);
        while (wanted && (nextFree != null || nextChild != null)) {
            if (nextChild == null || nextFree != null && nextFree.first().isBefore(nextChild.first())) {
                part(nextFree, Kind.FREE, gap);
                nextFree = free(free);
            } else {
                part(nextChild, Kind.CHILD, gap);
                nextChild = child(children);
            }
        }
        end(lastReserved, gap);
        return wanted;
    }

    /** Whether something else may be in the prefix now than when the walk began. */
    boolean hasChanged() {
        return ipamer.usage(prefix.toString()).revision() != revision;
    }

    /** Where nothing leaked, a child was released between two reads. */
    private static Kind gapOfParent(PrefixUsage usage) {
        return usage.leaked() > 0 ? Kind.LEAKED : Kind.FREE;
    }

    private boolean isFirstReserved(PrefixUsage usage) {
        if (prefix.family() == AddressFamily.IPV6 || usage.reserved().compareTo(BigInteger.ONE) > 0) {
            return true;
        }
        // One of the two has been given back, as go-ipam's clients may.
        try {
            ipamer.ip(prefix.toString(), prefix.first().toString());
            return false;
        } catch (IpamerException none) {
            if (none.reason() != Reason.ALLOCATION_NOT_FOUND) {
                throw none;
            }
            return ipamer.free(prefix.toString())
                    .findFirst()
                    .map(range -> !range.first().equals(prefix.first().toString()))
                    .orElse(true);
        }
    }

    private void end(boolean lastReserved, Kind gap) throws IOException {
        if (next == null || !wanted) {
            return;
        }
        if (!lastReserved) {
            part(new AddressRange(next, prefix.last()), gap, gap);
        } else {
            part(new AddressRange(prefix.last(), prefix.last()), Kind.RESERVED, gap);
        }
    }

    /** What lies before it and was not told of is a gap. */
    private void part(@Nullable AddressRange range, Kind kind, Kind gap) throws IOException {
        if (range == null || next == null || range.last().isBefore(next)) {
            return; // it was changed meanwhile, and something else was told of it
        }
        IpAddress first = range.first().isBefore(next) ? next : range.first();
        if (next.isBefore(first)) {
            wanted = walk.part(new AddressRange(next, first.previous()), gap);
        }
        wanted = wanted && walk.part(new AddressRange(first, range.last()), kind);
        next = range.last().equals(prefix.last()) ? null : range.last().next();
    }

    private static @Nullable AddressRange free(Iterator<FreeRange> ranges) {
        if (!ranges.hasNext()) {
            return null;
        }
        FreeRange range = ranges.next();
        return new AddressRange(IpAddress.parse(range.first()), IpAddress.parse(range.last()));
    }

    private static @Nullable AddressRange child(Iterator<Prefix> children) {
        return children.hasNext() ? Cidr.parse(children.next().cidr()).range() : null;
    }
}
