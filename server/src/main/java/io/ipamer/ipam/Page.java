package io.ipamer.ipam;

import java.util.List;

/**
 * A part of a list.
 *
 * @param nextToken what to ask with for the part behind it; empty when there is none
 */
public record Page<T>(List<T> rows, String nextToken) {
    /**
     * What part is wanted.
     *
     * @param size how many rows at most; at least 1
     * @param token of the part before; empty for the first
     */
    public record Wanted(int size, String token) {}
}
