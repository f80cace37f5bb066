package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/**
 * A part of a list.
 *
 * @param items may be fewer than were asked for, and even none, before the end of the list
 * @param nextToken asks for the next page of the same list; none after the last page
 */
public record Page<T>(List<T> items, Optional<String> nextToken) {
    public Page {
        items = List.copyOf(items);
        requireNonNull(nextToken, "nextToken");
    }
}
