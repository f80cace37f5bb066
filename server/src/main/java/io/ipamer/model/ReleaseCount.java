package io.ipamer.model;

/** How many addresses were released. */
public record ReleaseCount(long released) implements Answer {}
