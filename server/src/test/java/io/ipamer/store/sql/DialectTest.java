package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ipamer.store.Store.Outcome;
import io.ipamer.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What the engines say when a flush fails, in the fields that they send, and what that means. */
class DialectTest {
    /** As it comes over the wire. CockroachDB names constraints, but neither tables nor columns. */
    private static PSQLException told(
            String state, String message, @Nullable String constraint, @Nullable String table) {
        return new PSQLException(new ServerErrorMessage("SERROR\0C" + state + "\0M" + message
                + (constraint == null ? "" : "\0n" + constraint)
                + (table == null ? "" : "\0t" + table)));
    }

    private static String outcome(PSQLException failure) {
        try {
            return Dialect.outcome(failure).name();
        } catch (StoreException meant) {
            return meant.kind().name();
        }
    }

    /** The columns: what it means of a plan that was sent, of a read, and whether the connection is spoilt. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "40001 | ABORTED | ABORTED | no | restart transaction: TransactionRetryWithProtoRefreshError:"
                        + " TransactionRetryError: retry txn (RETRY_SERIALIZABLE - failed preemptive refresh)",
                "40001 | ABORTED | ABORTED | no | restart transaction: TransactionRetryWithProtoRefreshError:"
                        + " TransactionRetryError: retry txn (RETRY_WRITE_TOO_OLD)",
                "40001 | ABORTED | ABORTED | no | restart transaction: TransactionRetryWithProtoRefreshError:"
                        + " WriteTooOldError: write for key /Table/106/1 at timestamp 1.1 too old",
                "40001 | ABORTED | ABORTED | no | restart transaction: TransactionRetryWithProtoRefreshError:"
                        + " ReadWithinUncertaintyIntervalError: read at time 1.1 encountered previous write",
                "40001 | ABORTED | ABORTED | no | restart transaction: TransactionRetryWithProtoRefreshError:"
                        + " TransactionAbortedError(ABORT_REASON_PUSHER_ABORTED)",
                "CR000 | ABORTED | ABORTED | no | restart transaction: HandledRetryableTxnError",
                "40003 | UNKNOWN | UNAVAILABLE | yes | result is ambiguous: error=unable to propagate [exhausted]",
                "XXUUU | UNKNOWN | UNAVAILABLE | no | AS OF SYSTEM TIME: cannot specify timestamp in the future",
                "55P03 | ABORTED | ABORTED | no | canceling statement due to lock timeout on row (scope_id)=('1') in"
                        + " head@head_pk",
                "57P01 | UNKNOWN | UNAVAILABLE | yes | server is shutting down",
                "57P01 | UNKNOWN | UNAVAILABLE | yes | terminating connection due to administrator command",
                "57P02 | UNKNOWN | UNAVAILABLE | yes | terminating connection because of crash of another server process",
                "57P03 | UNKNOWN | UNAVAILABLE | yes | the database system is starting up",
                "57014 | UNKNOWN | UNAVAILABLE | yes | query execution canceled due to statement timeout",
                "08000 | UNKNOWN | UNAVAILABLE | yes | connection exception",
                "08003 | UNKNOWN | UNAVAILABLE | yes | This connection has been closed.",
                "08006 | UNKNOWN | UNAVAILABLE | yes | An I/O error occurred while sending to the backend.",
                "08007 | UNKNOWN | UNAVAILABLE | yes | transaction resolution unknown",
                "08P01 | UNKNOWN | UNAVAILABLE | yes | protocol violation",
                "53100 | UNAVAILABLE | UNAVAILABLE | no | could not extend file: No space left on device",
                "53200 | UNAVAILABLE | UNAVAILABLE | no | root: memory budget exceeded: 10240 bytes requested",
                "53300 | UNAVAILABLE | UNAVAILABLE | no | sorry, too many clients already",
                "25006 | UNAVAILABLE | UNAVAILABLE | yes | cannot execute INSERT in a read-only transaction",
                "25P03 | ABORTED | ABORTED | yes | terminating connection due to idle-in-transaction timeout",
                "0A000 | ABORTED | ABORTED | yes | cached plan must not change result type",
                "40P01 | ABORTED | ABORTED | no | deadlock detected",
                "25P02 | DEFECT | DEFECT | no | current transaction is aborted, commands ignored until end of block",
                "42501 | DEFECT | DEFECT | no | user ipamer does not have INSERT privilege on relation head",
                "XXA00 | DEFECT | DEFECT | no | transaction committed but schema change aborted"
            })
    void anErrorMeansWhatItsStateSays(String state, String written, String read, String spoilt, String message) {
        PSQLException failure = told(state, message, null, null);
        assertThat(outcome(failure)).isEqualTo(written);
        assertThat(Dialect.ofRead(failure).kind().name()).isEqualTo(read);
        assertThat(Dialect.spoils(failure)).isEqualTo(spoilt.equals("yes"));
        assertThat(Dialect.describe(failure)).contains(state, message);
    }

    @Test
    void aNullInTheJournalIsAGuardsThatRefused() {
        String message = "null value in column \"scope_id\" violates not-null constraint";
        assertThat(Dialect.outcome(told("23502", message, null, null))).isEqualTo(Outcome.STALE);
        assertThat(Dialect.outcome(told(
                        "23502",
                        "null value in column \"scope_id\" of relation \"journal\" violates not-null constraint",
                        null,
                        "journal")))
                .isEqualTo(Outcome.STALE);
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> Dialect.outcome(told("23502", message, null, "head")))
                .satisfies(defect -> assertThat(defect.kind()).isEqualTo(StoreException.Kind.DEFECT));
    }

    @ParameterizedTest
    @CsvSource({
        "request_pk, REQUEST_EXISTS",
        "journal_pk, STALE",
        "prefix_cidr_uq, DEFECT",
        "ip_addr_pk, DEFECT",
        ", DEFECT"
    })
    void aKeyThatIsThereMeansWhatItsConstraintSays(@Nullable String constraint, String meaning) {
        PSQLException failure = told(
                "23505", "duplicate key value violates unique constraint \"" + constraint + "\"", constraint, null);
        assertThat(outcome(failure)).isEqualTo(meaning);
        assertThat(Dialect.leavesConnectionSound(failure)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "'CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/06/04)', COCKROACHDB",
        "'PostgreSQL 18.6 on x86_64-pc-linux-gnu', POSTGRESQL"
    })
    void anEngineIsKnownByItsVersion(String version, Dialect dialect) {
        assertThat(Dialect.of(version)).isEqualTo(dialect);
    }
}
