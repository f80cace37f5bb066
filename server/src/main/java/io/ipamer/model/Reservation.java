package io.ipamer.model;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.Cidr;

/** Which addresses of a new prefix are kept out of allocation. */
public enum Reservation {
    /** The first address (network, subnet-router anycast) and, for IPv4, the last one (broadcast). */
    FIRST_AND_LAST,
    /** None: every address is usable. */
    NONE;

    public boolean reservesFirst() {
        return this == FIRST_AND_LAST;
    }

    /** A prefix of one address has no last address beside its first. */
    public boolean reservesLast(Cidr cidr) {
        return this == FIRST_AND_LAST && cidr.family() == AddressFamily.IPV4 && cidr.hostBits() > 0;
    }
}
