package io.ipamer.plan;

import java.util.List;

/**
 * What a store knows of a scope at one moment.
 *
 * @param found one for each read that was asked, in that order
 */
public record Extract(Head head, List<Found> found) {}
