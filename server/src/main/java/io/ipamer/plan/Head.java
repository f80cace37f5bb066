package io.ipamer.plan;

import io.ipamer.model.Mode;
import java.math.BigInteger;
import java.util.UUID;

/**
 * The row that every change of a scope goes through.
 *
 * <p>A scope that holds nothing ({@link #isEmpty}) stores no free space: all of it is free but what the two flags
 * reserve. So a prefix is created by one head, switches freely between addresses and children, and is deleted without a
 * look at its free space.
 *
 * @param seq revision: the number of plans committed so far
 * @param txId the last plan's id; tells two histories apart that count the same {@code seq}
 * @param parentOnly gives child prefixes only, even while it has none (an import said so)
 * @param acquired addresses handed out
 * @param children child prefixes, top-level prefixes of a namespace, or namespaces of the system
 * @param leaked blocks that are used by nobody's prefix, as an import found them
 * @param covered addresses inside children and leaked blocks, exact, 0 to 2^128; 0 for namespaces and the system
 * @param firstReserved the first address is neither free nor acquired
 * @param lastReserved the last address is neither free nor acquired
 * @param closing it is being emptied and deleted, and gives out nothing any more
 */
public record Head(
        long seq,
        UUID txId,
        boolean parentOnly,
        long acquired,
        long children,
        long leaked,
        BigInteger covered,
        boolean firstReserved,
        boolean lastReserved,
        boolean closing) {

    /** A new scope that holds nothing. Its own id stands for the plan that it has not had yet. */
    public static Head fresh(UUID scopeId, boolean firstReserved, boolean lastReserved) {
        return new Head(0, scopeId, false, 0, 0, 0, BigInteger.ZERO, firstReserved, lastReserved, false);
    }

    /** The system as it starts: it has the root namespace. */
    public static Head ofSystem() {
        return new Head(0, Scope.SYSTEM.id(), false, 0, 1, 0, BigInteger.ZERO, false, false, false);
    }

    public Mode mode() {
        if (parentOnly || children > 0 || leaked > 0) {
            return Mode.CHILD;
        }
        return acquired > 0 ? Mode.ADDRESS : Mode.NONE;
    }

    /** Whether no address is handed out and no block is used: then its free space is implied, not stored. */
    public boolean isEmpty() {
        return acquired == 0 && children == 0 && leaked == 0;
    }

    /** Whether nothing in it belongs to anybody. Leaked blocks do not: they go with the prefix. */
    public boolean isDeletable() {
        return acquired == 0 && children == 0;
    }

    /** How many addresses are reserved: 0 to 2. */
    public int reserved() {
        return (firstReserved ? 1 : 0) + (lastReserved ? 1 : 0);
    }

    /** Whether this is the same state of the same history. */
    public boolean isSameAs(Head other) {
        return seq == other.seq && txId.equals(other.txId);
    }
}
