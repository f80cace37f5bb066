package io.ipamer.client;

import static java.util.Objects.requireNonNull;

/**
 * Which page of a list is wanted.
 *
 * @param size how many items at most: 1 to 1,000
 * @param token {@link Page#nextToken} of the page before; empty for the first one
 */
public record PageRequest(int size, String token) {
    public PageRequest {
        requireNonNull(token, "token");
    }

    /** The first page. */
    public static PageRequest first(int size) {
        return new PageRequest(size, "");
    }

    /** The page that has this token, of the same size. */
    public PageRequest at(String nextToken) {
        return new PageRequest(size, nextToken);
    }
}
