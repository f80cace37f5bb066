package io.ipamer.model;

/**
 * The answer to a changing call.
 *
 * @param revision the number of changes of the scope so far, this one included
 * @param replayed whether this is the answer of an earlier call with the same request id
 */
public record Reply<A extends Answer>(A answer, long revision, boolean replayed) {}
