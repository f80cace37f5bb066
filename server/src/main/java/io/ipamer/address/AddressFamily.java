package io.ipamer.address;

/** The two families of IP addresses. Values of different families are never equal, contained or overlapping. */
public enum AddressFamily {
    /** 32-bit addresses, written as dotted quads. */
    IPV4(32),
    /** 128-bit addresses, IPv4-mapped ones ({@code ::ffff:a.b.c.d}) included. */
    IPV6(128);

    private final int bits;

    AddressFamily(int bits) {
        this.bits = bits;
    }

    /** The width of an address in bits, which is also the longest prefix length: 32 or 128. */
    public int bits() {
        return bits;
    }
}
