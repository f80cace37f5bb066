package io.ipamer.model;

import java.util.List;

/** The addresses that one call acquired, ascending. */
public record Allocations(List<Allocation> allocations) implements Answer {}
