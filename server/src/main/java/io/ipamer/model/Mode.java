package io.ipamer.model;

/** What a prefix gives out. */
public enum Mode {
    /** Nothing yet, so either. */
    NONE,
    /** Addresses. */
    ADDRESS,
    /** Child prefixes. */
    CHILD
}
