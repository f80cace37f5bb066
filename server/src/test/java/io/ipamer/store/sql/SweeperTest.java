package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SweeperTest {
    private static final Retention DAY = new Retention(Duration.ofDays(1), 1_000);
    private static final String OLD = "25 hours";
    private static final String YOUNG = "23 hours";

    private Jdbi jdbi;

    @BeforeEach
    void emptyJournal() {
        DatabaseUrl url = TestDatabases.bundled();
        SqlStore.open(url, Retention.DEFAULT).close();
        jdbi = Jdbi.create(url.dataSource(""));
    }

    private long sweep(Retention retention, int page) {
        return jdbi.withHandle(new Sweeper(retention, page, new SqlMeters(new SimpleMeterRegistry()))::sweep);
    }

    private static UUID scope(int number) {
        return new UUID(7, number);
    }

    private void journal(int scope, int firstSeq, int lastSeq, String age) {
        jdbi.useHandle(handle -> handle.execute(
                "INSERT INTO journal (scope_id, seq, tx_id, space_id, request_ids, created_at) SELECT ?, seq, ?, ?, '{}',"
                        + " now() - ?::INTERVAL FROM generate_series(?, ?) AS seq",
                scope(scope),
                UUID.randomUUID(),
                scope(0),
                age,
                firstSeq,
                lastSeq));
    }

    private List<Long> seqs(int scope) {
        return jdbi.withHandle(handle -> handle.createQuery("SELECT seq FROM journal WHERE scope_id = :id ORDER BY seq")
                .bind("id", scope(scope))
                .mapTo(Long.class)
                .list());
    }

    @Test
    void whatIsOlderThanTheAgeGoesAndWhatIsYoungerStays() {
        journal(1, 1, 3, OLD);
        journal(1, 4, 5, YOUNG);
        journal(2, 1, 1, OLD);
        journal(3, 1, 1, YOUNG);

        assertThat(sweep(DAY, 500)).isEqualTo(4);

        assertThat(seqs(1)).containsExactly(4L, 5L);
        assertThat(seqs(2)).isEmpty();
        assertThat(seqs(3)).containsExactly(1L);
        assertThat(sweep(DAY, 500)).isZero();
    }

    @Test
    void ofEachScopeOnlySoManyRevisionsStay() {
        journal(1, 1, 30, YOUNG);
        journal(2, 1, 5, YOUNG);

        assertThat(sweep(new Retention(Duration.ofDays(1), 10), 500)).isEqualTo(20);

        assertThat(seqs(1)).hasSize(10).contains(21L, 30L);
        assertThat(seqs(2)).hasSize(5);
    }

    @Test
    void scopesLongerAndShorterThanAPageAreAllSwept() {
        for (int page : List.of(2, 3, 7)) {
            IntStream.rangeClosed(1, 20).forEach(scope -> {
                journal(scope, 1, scope, OLD);
                journal(scope, scope + 1, scope + scope % 4, YOUNG);
            });

            assertThat(sweep(DAY, page)).as("page of %d", page).isEqualTo(210);

            IntStream.rangeClosed(1, 20)
                    .forEach(scope ->
                            assertThat(seqs(scope)).as("scope %d", scope).hasSize(scope % 4));
            jdbi.useHandle(handle -> handle.execute("DELETE FROM journal"));
        }
    }

    @Test
    void aLongScopeIsMeasuredByItsNewestRevisionThoughThatIsOnNoPage() {
        journal(1, 1, 100, YOUNG);

        assertThat(sweep(new Retention(Duration.ofDays(1), 10), 7)).isEqualTo(90);

        assertThat(seqs(1)).hasSize(10);
    }

    @Test
    void requestIdsGoWithTheirPlanAndNoOthers() {
        journal(1, 1, 1, OLD);
        journal(1, 2, 2, YOUNG);
        jdbi.useHandle(handle -> {
            handle.execute("UPDATE journal SET request_ids = '{a,b}' WHERE seq = 1");
            handle.execute("UPDATE journal SET request_ids = '{c}' WHERE seq = 2");
            for (String id : List.of("a", "b", "c", "d")) {
                handle.execute(
                        "INSERT INTO request (space_id, request_id, fingerprint, answer, revision, gives)"
                                + " VALUES (?, ?, '', '{}', 1, true)",
                        scope(0),
                        id);
            }
            handle.execute(
                    "INSERT INTO request (space_id, request_id, fingerprint, answer, revision, gives)"
                            + " VALUES (?, 'a', '', '{}', 1, true)",
                    scope(99));
        });

        sweep(DAY, 500);

        assertThat(jdbi.<List<String>, RuntimeException>withHandle(
                        handle -> handle.createQuery("SELECT request_id FROM request WHERE space_id = :id ORDER BY 1")
                                .bind("id", scope(0))
                                .mapTo(String.class)
                                .list()))
                .containsExactly("c", "d");
        assertThat(jdbi.<Integer, RuntimeException>withHandle(
                        handle -> handle.createQuery("SELECT count(*) FROM request WHERE space_id = :id")
                                .bind("id", scope(99))
                                .mapTo(Integer.class)
                                .one()))
                .isEqualTo(1);
    }

    /** Many at once would keep a core for longer than a call may take. */
    @Test
    void pagesGetSmallerWherePlansHaveManyRequestIds() {
        journal(1, 1, 200, OLD);
        jdbi.useHandle(handle -> {
            handle.execute("UPDATE journal SET request_ids ="
                    + " (SELECT array_agg(seq || '-' || n) FROM generate_series(1, 256) AS n)");
            handle.execute(
                    "INSERT INTO request (space_id, request_id, fingerprint, answer, revision, gives)"
                            + " SELECT ?, unnest(request_ids), '', '{}', 1, true FROM journal",
                    scope(0));
            handle.execute("CREATE TABLE gone (requests INT)");
            handle.execute("CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
                    + " 'BEGIN INSERT INTO gone SELECT count(*) FROM old_rows; RETURN NULL; END'");
            handle.execute("CREATE TRIGGER note AFTER DELETE ON request REFERENCING OLD TABLE AS old_rows"
                    + " FOR EACH STATEMENT EXECUTE FUNCTION note()");
        });

        Sweeper sweeper = new Sweeper(DAY, 20, new SqlMeters(new SimpleMeterRegistry()));
        assertThat(jdbi.<Long, RuntimeException>withHandle(sweeper::sweep)).isEqualTo(200);

        List<Integer> requests = jdbi.withHandle(handle -> handle.createQuery("SELECT requests FROM gone")
                .mapTo(Integer.class)
                .list());
        assertThat(requests.get(0)).as("nobody can know").isEqualTo(20 * 256);
        assertThat(requests.subList(1, requests.size()))
                .allSatisfy(each -> assertThat(each).isLessThanOrEqualTo(4_096));
        assertThat(requests.stream().mapToInt(each -> each).sum()).isEqualTo(200 * 256);

        IntStream.rangeClosed(2, 401).forEach(scope -> journal(scope, 1, 1, YOUNG));
        AtomicInteger pages = new AtomicInteger();
        jdbi.useHandle(handle -> {
            handle.setSqlLogger(new SqlLogger() {
                @Override
                public void logBeforeExecution(StatementContext statement) {
                    if (Sql.JOURNAL_AFTER.equals(statement.getRawSql())) {
                        pages.incrementAndGet();
                    }
                }
            });
            sweeper.sweep(handle);
        });
        assertThat(pages).as("pages of a walk where there is nothing to do").hasValueLessThan(400 / 20 + 5);
    }

    @Test
    void whatAnotherServerSweptMeanwhileIsNotMissed() {
        journal(1, 1, 7, OLD);
        Sweeper sweeper = new Sweeper(DAY, 7, new SqlMeters(new SimpleMeterRegistry()));

        long swept = jdbi.withHandle(handle -> {
            handle.setSqlLogger(new SqlLogger() {
                @Override
                public void logBeforeExecution(StatementContext statement) {
                    if (Sql.NEWEST_OF_JOURNAL.equals(statement.getRawSql())) {
                        jdbi.useHandle(other -> other.execute("DELETE FROM journal"));
                    }
                }
            });
            return sweeper.sweep(handle);
        });

        assertThat(swept).as("pages that it went on from").isEqualTo(7);
        assertThat(seqs(1)).isEmpty();
    }
}
