package io.ipamer.client;

/** What a prefix gives out at the moment: addresses or child prefixes, never both. */
public enum PrefixMode {
    /** Neither yet, or everything was given back: the next acquire decides. */
    NONE,

    /** Addresses. */
    ADDRESSES,

    /** Child prefixes. */
    CHILDREN,

    /** A server that is newer than this client says something else. */
    UNRECOGNIZED
}
