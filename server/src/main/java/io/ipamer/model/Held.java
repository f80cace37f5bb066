package io.ipamer.model;

/** An allocation, and the prefix that gave it. */
public record Held(Prefix prefix, Allocation allocation) {}
