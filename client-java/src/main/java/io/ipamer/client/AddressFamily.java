package io.ipamer.client;

/** IP version. */
public enum AddressFamily {
    IPV4,
    IPV6
}
