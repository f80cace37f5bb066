package io.ipamer.store.sql;

import io.ipamer.store.Store;
import io.ipamer.store.StoreException;
import io.ipamer.store.StoreException.Kind;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Where the engines differ, and what their errors mean for what was asked. The only place that knows SQLSTATEs. */
enum Dialect {
    /**
     * A plan's transaction looks at nothing but what it writes. What the plan was made of was read before it, and for that
     * the guards stand: whoever changes a scope writes its head. Snapshots are serializable then (Fekete et al.,
     * Making Snapshot Isolation Serializable, 2005). PostgreSQL's own serializable level would add false alarms alone: it
     * takes index pages for rows, and plans of different prefixes share pages.
     *
     * <p>Statements are planned once: with few values in their arrays PostgreSQL would hold planning anew to be worth its
     * while, each time. What is planned at a time when a table was small is still used when it is large, so everything is
     * an index seek a row: all else would read the whole table.
     */
    POSTGRESQL(
            Sql.BEGIN_TURN,
            "repeatable read",
            "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"),
    /** Waiters queue for a lock at any level. */
    COCKROACHDB(Sql.BEGIN, "serializable", "");

    /** The state of a connection that broke. */
    static final String CONNECTION_FAILURE = "08006";

    private static final String JOURNAL = "journal";

    private final String beginTurn;
    private final String options;

    Dialect(String beginTurn, String isolation, String planOptions) {
        this.beginTurn = beginTurn;
        this.options = planOptions + " -c default_transaction_isolation=" + isolation.replace(" ", "\\ ");
    }

    /** By the answer to {@link Sql#VERSION}. */
    static Dialect of(String version) {
        return version.startsWith("CockroachDB") ? COCKROACHDB : POSTGRESQL;
    }

    /** Begins a transaction that takes its turn at a scope by locking its head. */
    String beginTurn() {
        return beginTurn;
    }

    /**
     * Session settings of connections that write. A transaction that idles for a second belongs to a process that
     * stopped.
     */
    String writeOptions() {
        return options + " -c statement_timeout=10000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=1000";
    }

    /**
     * Session settings of connections that only read: a transaction sees one moment, and locks nothing. They do not say
     * read-only, for that is how the driver tells a standby.
     */
    String readOptions() {
        return options + " -c statement_timeout=15000 -c idle_in_transaction_session_timeout=15000";
    }

    /**
     * How plans are committed. On CockroachDB plans of different scopes write to different ranges, so one transaction for
     * several would cost more than one each.
     */
    GroupCommit groupCommit(ConnectionPool connections, SqlMeters meters) {
        return this == COCKROACHDB
                ? new GroupCommit(connections, 16, 1, meters)
                : new GroupCommit(connections, 4, 32, meters);
    }

    /** What a failed flush means: an outcome that is certain, or an exception. */
    static Store.Outcome outcome(SQLException failure) throws StoreException {
        String state = state(failure);
        if (state.equals("23502") && isOf(failure, JOURNAL)) {
            return Store.Outcome.STALE;
        }
        if (state.equals("23505")) {
            String constraint = constraint(failure);
            if (constraint.equals("request_pk")) {
                return Store.Outcome.REQUEST_EXISTS;
            } else if (constraint.equals("journal_pk")) {
                return Store.Outcome.STALE;
            }
        }
        throw new StoreException(ofWrite(state), describe(failure), failure);
    }

    /**
     * What a failure says of a write that was sent. What is not known to mean that nothing was done means that nobody
     * knows; the plan is then sent again, which is always safe.
     */
    private static Kind ofWrite(String state) {
        return switch (state) {
            case "40001", "40P01", "CR000", "55P03", "25P03", "0A000" -> Kind.ABORTED;
            case "25006" -> Kind.UNAVAILABLE; // a standby since a failover
            default ->
                switch (state.length() == 5 ? state.substring(0, 2) : "") {
                    case "53" -> Kind.UNAVAILABLE;
                    case "08", "40", "57", "58", "" -> Kind.UNKNOWN;
                    case "XX" -> state.equals("XXUUU") ? Kind.UNKNOWN : Kind.DEFECT;
                    default -> Kind.DEFECT;
                };
        };
    }

    /** What a failure of a read, of a connection, or before a plan was sent means: nothing was done. */
    static StoreException ofRead(SQLException failure) {
        String state = state(failure);
        Kind kind = switch (ofWrite(state)) {
            case ABORTED -> Kind.ABORTED;
            case UNAVAILABLE, UNKNOWN -> Kind.UNAVAILABLE;
            case DEFECT -> CONNECTING.contains(state.substring(0, 2)) ? Kind.UNAVAILABLE : Kind.DEFECT;
        };
        return new StoreException(kind, describe(failure), failure);
    }

    /** Authentication and authorization (28), catalogue (3D): an operator sets them right while the server runs. */
    private static final Set<String> CONNECTING = Set.of("28", "3D");

    /** Whether that connection must not be used again. */
    static boolean spoils(SQLException failure) {
        String state = state(failure);
        return state.isEmpty()
                || Set.of("40003", "25006", "0A000", "25P03").contains(state)
                || Set.of("08", "57", "58").contains(state.substring(0, Math.min(2, state.length())));
    }

    /** Whether it is a constraint, such as a taken request id: the connection is sound once its transaction is left. */
    static boolean leavesConnectionSound(SQLException failure) {
        return state(failure).startsWith("23");
    }

    /**
     * Whether waiting may help when the database is looked at or its schema changed: it is not there yet, or another
     * server got in the way.
     */
    static boolean mayComeUp(SQLException failure) {
        String state = state(failure);
        return Set.of("40001", "40003", "40P01", "CR000", "25006", "23505", "42P07", "42701", "42710")
                        .contains(state)
                || Set.of("08", "57", "58", "53", "55", "").contains(state.substring(0, Math.min(2, state.length())));
    }

    static boolean isMissingTable(SQLException failure) {
        return state(failure).equals("42P01");
    }

    static boolean isMissingColumn(SQLException failure) {
        return state(failure).equals("42703");
    }

    /** Whether none of the schemas that are searched is there. */
    static boolean isMissingSchema(SQLException failure) {
        return state(failure).equals("3F000");
    }

    /** Whether the user has not the right to. */
    static boolean isForbidden(SQLException failure) {
        return state(failure).equals("42501");
    }

    /** Whether somebody else had what was to be locked, for too long. */
    static boolean isLocked(SQLException failure) {
        return state(failure).equals("55P03");
    }

    /** PostgreSQL names the table of a null that it refuses; CockroachDB names none, and no other null is ever sent. */
    private static boolean isOf(SQLException failure, String table) {
        ServerErrorMessage message = message(failure);
        return message == null
                || message.getTable() == null
                || message.getTable().equals(table);
    }

    private static String constraint(SQLException failure) {
        ServerErrorMessage message = message(failure);
        String constraint = message == null ? null : message.getConstraint();
        return constraint == null ? "" : constraint;
    }

    private static @Nullable ServerErrorMessage message(SQLException failure) {
        return failure instanceof PSQLException told ? told.getServerErrorMessage() : null;
    }

    /** Empty for failures without one: the driver's own, and those of the network. */
    private static String state(SQLException failure) {
        return failure.getSQLState() == null ? "" : failure.getSQLState();
    }

    static String describe(SQLException failure) {
        return "SQLSTATE " + (state(failure).isEmpty() ? "none" : state(failure)) + ": " + failure.getMessage();
    }
}
