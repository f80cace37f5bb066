package io.ipamer.store;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import java.util.Optional;

/**
 * A part of the order of {@link Cidr}: from the first address on, there only CIDRs longer than {@code afterLength}, up
 * to those that begin at the last address.
 *
 * @param afterLength -1 for all that begin at the first address
 */
public record Span(IpAddress first, int afterLength, IpAddress last) {
    /** Everything of both families. */
    public static final Span ALL = between(IpAddress.min(AddressFamily.IPV4), IpAddress.max(AddressFamily.IPV6));

    public static Span between(IpAddress first, IpAddress last) {
        return new Span(first, -1, last);
    }

    /** The rest of it behind that CIDR. */
    public Span after(Cidr cidr) {
        return new Span(cidr.first(), cidr.length(), last);
    }

    /** Where it begins, as what it comes after; not of one that begins with all at its first address. */
    public String place() {
        return first + "/" + afterLength;
    }

    /** The first address of what it can hold of disjoint CIDRs, when it comes after one of them; empty for none. */
    public Optional<IpAddress> firstOfDisjoint() {
        if (afterLength < 0) {
            return Optional.of(first);
        }
        IpAddress before = new Cidr(first, afterLength).last();
        if (!before.isMax()) {
            return Optional.of(before.next());
        }
        return before.family() == AddressFamily.IPV4
                ? Optional.of(IpAddress.min(AddressFamily.IPV6))
                : Optional.empty();
    }

    /** Whether nothing can be in it. */
    public boolean isEmpty() {
        return first.compareTo(last) > 0;
    }
}
