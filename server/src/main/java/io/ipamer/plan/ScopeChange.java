package io.ipamer.plan;

import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reservation;

/** What a plan does to one scope. */
public sealed interface ScopeChange {
    Scope scope();

    /** About how many rows it writes beside the head. */
    default int rowCount() {
        return 0;
    }

    /**
     * Moves a scope from one revision to the next. Guard: its head is still {@code before}, by seq and tx id.
     *
     * @param after the head to write; its seq is one more, its tx id the plan's
     */
    record Advance(Scope scope, Head before, Head after, Rows rows) implements ScopeChange {
        @Override
        public int rowCount() {
            return rows.count();
        }
    }

    /** Deletes a scope with its head and all rows under its id. Guard: its head is there and {@link Head#isDeletable}. */
    record Drop(Scope scope) implements ScopeChange {}

    /** Inserts a new scope. It needs no guard: its id has never been used. */
    record Create(Scope scope, Head head, Rows rows) implements ScopeChange {
        @Override
        public int rowCount() {
            return rows.count();
        }

        static Create of(Namespace namespace) {
            return new Create(Scope.of(namespace), Head.fresh(namespace.id(), false, false), Rows.NONE);
        }

        static Create of(Prefix prefix) {
            Reservation reservation = prefix.reservation();
            Head head = Head.fresh(prefix.id(), reservation.reservesFirst(), reservation.reservesLast(prefix.cidr()));
            return new Create(Scope.of(prefix), head, Rows.NONE);
        }
    }
}
