package io.ipamer.client;

/** Which addresses of a new prefix are kept out of allocation, for its whole life. */
public enum ReservationPolicy {
    /** The first address and, for IPv4, the last: network or subnet-router anycast, and broadcast. */
    DEFAULT,

    /** None: every address is usable. */
    NONE,

    /** A server that is newer than this client says something else; it cannot be asked for. */
    UNRECOGNIZED
}
