package io.ipamer.model;

import java.util.List;

/** What of a load was left out; the rest is there. */
public record Shortfall(List<Left> left) implements Answer {
    /** All of it is there. */
    public static final Shortfall NONE = new Shortfall(List.of());

    /**
     * Something that was left out.
     *
     * @param index among the addresses and then the blocks of the load, from 0
     * @param same whether it is there already, the very same
     */
    public record Left(int index, boolean same, Reason reason, String message) {}
}
