package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** One text for all engines: on those that are here it is tried, for CockroachDB the known traps are looked for. */
class SqlTextTest {
    enum Engine {
        BUNDLED,
        INSTALLED,
        COCKROACH;

        DatabaseUrl database() {
            return switch (this) {
                case BUNDLED -> TestDatabases.bundled();
                case INSTALLED -> {
                    assumeTrue(
                            TestDatabases.isPostgresInstalled(),
                            "no PostgreSQL is installed under /usr/lib/postgresql");
                    yield TestDatabases.installed();
                }
                case COCKROACH -> {
                    assumeTrue(
                            TestDatabases.isCockroachThere(),
                            "no CockroachDB: IPAMER_TEST_COCKROACH_URL is not set and there is no Docker engine");
                    yield TestDatabases.cockroach();
                }
            };
        }
    }

    /** {@code example}: what the pattern must find, so that none of them rusts. */
    record Trap(String pattern, String example, String why) {
        boolean isIn(String sql) {
            return Pattern.compile(pattern, Pattern.CASE_INSENSITIVE)
                    .matcher(sql)
                    .find();
        }

        @Override
        public String toString() {
            return why;
        }
    }

    static final List<Trap> TRAPS = List.of(
            new Trap(
                    "\\b(small|big)?serial\\b|\\bgenerated\\b|\\bidentity\\b|\\bsequence\\b|\\bnextval\\b",
                    "CREATE TABLE t (id BIGSERIAL)",
                    "sequences make hot spots, and other numbers on each engine: ids are made in Java"),
            new Trap(
                    "\\b(int|integer)\\b(?!\\s*\\()",
                    "CREATE TABLE t (n INT NOT NULL)",
                    "INT has 4 bytes on PostgreSQL and 8 on CockroachDB: SMALLINT or BIGINT"),
            new Trap("\\b(inet|cidr)\\b", "SELECT a::INET", "addresses sort differently: BYTEA"),
            new Trap("\\bpg_(try_)?advisory", "SELECT pg_advisory_lock(1)", "advisory locks do nothing there"),
            new Trap("\\b(un)?listen\\b|\\bnotify\\b", "NOTIFY changed", "there is no LISTEN and NOTIFY"),
            new Trap("\\bskip\\s+locked\\b", "SELECT a FROM t FOR UPDATE SKIP LOCKED", "nothing may rest on it"),
            new Trap(
                    "\\bfor\\s+(key\\s+)?share\\b",
                    "SELECT a FROM t FOR SHARE",
                    "takes no lock in a serializable transaction there"),
            new Trap(
                    "\\bon\\s+conflict\\b(?!\\s*\\()",
                    "INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING",
                    "only one arbiter index: name its columns"),
            new Trap("\\b(temp|temporary|unlogged)\\b", "CREATE TEMP TABLE t (a UUID)", "experimental there"),
            new Trap(
                    "\\b(ctid|xmin|xmax|cmin|cmax|tableoid|oid)\\b",
                    "SELECT xmin FROM t",
                    "PostgreSQL's system columns"),
            new Trap(
                    "\\b(crdb_internal\\w*|upsert|as\\s+of\\s+system)\\b|\\btxid_|\\bpg_(xact|snapshot|current|stat)",
                    "SELECT pg_current_xact_id()",
                    "one engine's own"),
            new Trap("\\b(family|none|tracing)\\b", "SELECT family FROM t", "reserved by CockroachDB"),
            new Trap(
                    "\\breferences\\b|\\bforeign\\s+key\\b|\\btrigger\\b",
                    "CREATE TABLE t (a UUID REFERENCES u)",
                    "more reads to each write, and no commit in one go"),
            new Trap("\\bdeferr(able|ed)\\b|\\bexclude\\b", "UNIQUE (a) DEFERRABLE", "not there"),
            new Trap(
                    "\\b(merge|vacuum|truncate|savepoint|cluster|reindex)\\b|\\block\\s+table\\b",
                    "MERGE INTO t USING u",
                    "not there, or different"),
            new Trap("\\bnulls\\s+(first|last|not)\\b", "ORDER BY a NULLS LAST", "nulls sort differently"),
            new Trap("\\bcollate\\b", "ORDER BY a COLLATE \"C\"", "text sorts differently: sort in Java"),
            new Trap("\\b(min|max)\\s*\\(", "SELECT max(addr) FROM t", "not of BYTEA before PostgreSQL 18"),
            new Trap("\\b(select|returning)\\s+\\*", "SELECT * FROM t", "an operator's column breaks it"),
            new Trap("\\breturning\\s+(old|new)\\b", "DELETE FROM t RETURNING OLD", "PostgreSQL 18 only"),
            new Trap("\\binsert\\s+into\\s+\\w+\\s+(?!\\()", "INSERT INTO t VALUES (1)", "name the columns"),
            new Trap("[\\w)]\\s*/\\s*[\\w(]", "SELECT a / 2", "a DECIMAL there: arithmetic is Java's"),
            new Trap("<<|>>|[&^#~]|[^|]\\|[^|]", "SELECT a << 2", "binds differently: arithmetic is Java's"),
            new Trap(
                    "\\b(clock|statement|transaction)_timestamp\\b|\\btimeofday\\b|\\b(current|local)_?time|\\bcurrent_date\\b",
                    "SELECT clock_timestamp()",
                    "a time of its own for each row and node: now() is the transaction's"),
            new Trap("\\bunnest\\s*\\(\\s*:\\w+\\s*[,)]", "FROM unnest(:ids) AS x(id)", "has no type: cast it"),
            new Trap("=>", "SELECT f(a => 1)", "no named arguments"));

    @ParameterizedTest
    @EnumSource(Engine.class)
    void everyTextIsUnderstoodByEveryEngine(Engine engine) throws SQLException {
        try (Connection connection = engine.database()
                        .dataSource(Dialect.POSTGRESQL.writeOptions())
                        .getConnection();
                Statement statement = connection.createStatement()) {
            for (SqlText text : Stream.of(SqlText.schema(), SqlText.schema(), SqlText.all())
                    .flatMap(List::stream)
                    .toList()) {
                boolean asIs = text.name().startsWith("SCHEMA") || text.isOfTransactions();
                assertThatCode(() -> statement.execute(asIs ? text.sql() : text.prepareAs("p_" + text.name())))
                        .as(text.name())
                        .doesNotThrowAnyException();
                if (text.name().startsWith("BEGIN")) {
                    statement.execute(Sql.ROLLBACK);
                }
            }
        }
    }

    static List<Trap> traps() {
        return TRAPS;
    }

    @ParameterizedTest
    @MethodSource("traps")
    void noTextWalksIntoATrapOfCockroachDb(Trap trap) {
        assertThat(trap.isIn(trap.example())).as("sees %s", trap.example()).isTrue();
        assertThat(Stream.concat(SqlText.all().stream(), SqlText.schema().stream()))
                .filteredOn(text -> trap.isIn(text.sql()))
                .as(trap.why())
                .isEmpty();
    }

    /** CockroachDB refuses others unless all are plain inserts. */
    @Test
    void aStatementChangesATableOnce() {
        Pattern change = Pattern.compile("(?:UPDATE|DELETE FROM|INSERT INTO)\\s+(\\w+)");
        assertThat(SqlText.all())
                .allSatisfy(
                        text -> assertThat(change.matcher(text.sql()).results().map(table -> table.group(1)))
                                .as(text.name())
                                .doesNotHaveDuplicates());
    }

    @Test
    void noStatementOfAFlushReturnsRows() {
        assertThat(Sql.FLUSH).allSatisfy(sql -> {
            String top = sql;
            for (String inner = ""; !inner.equals(top); ) {
                inner = top;
                top = inner.replaceAll("\\([^()]*\\)", "");
            }
            assertThat(top)
                    .containsPattern("\\b(INSERT INTO|UPDATE|DELETE FROM) ")
                    .doesNotContain("RETURNING");
        });
    }

    @Test
    void aFlushIsMadeOfTextsThatAreHeldToAllOfThis() {
        assertThat(SqlText.all()).extracting(SqlText::sql).containsAll(Sql.FLUSH);
    }

    /** Each index more is a write more; the prefixes' are worth it, and rarely written. */
    @Test
    void hotTablesHaveOneIndex() {
        Pattern index = Pattern.compile("\\bINDEX\\b.* ON (\\w+)|\\bUNIQUE \\(");
        assertThat(SqlText.schema().stream()
                        .flatMap(text -> index.matcher(text.sql()).results())
                        .map(MatchResult::group))
                .allSatisfy(found -> assertThat(found).containsPattern("ON prefix|UNIQUE \\("))
                .hasSize(3);
        assertThat(SqlText.schema())
                .filteredOn(text -> text.sql().contains("UNIQUE ("))
                .extracting(text -> text.sql().replaceFirst("(?s) \\(.*", ""))
                .containsExactly("CREATE TABLE IF NOT EXISTS namespace");
    }

    /** For the linter, which knows more traps. */
    @Test
    void everyTextIsWrittenToAFileForTheLinter() throws IOException {
        Path folder = Files.createDirectories(Path.of("target", "sql"));
        try (DirectoryStream<Path> earlier = Files.newDirectoryStream(folder, "*.sql")) {
            for (Path file : earlier) {
                Files.delete(file);
            }
        }
        for (SqlText text : SqlText.all()) {
            Files.writeString(folder.resolve(text.name().toLowerCase(Locale.ROOT) + ".sql"), text.sql() + ";\n");
        }

        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).hasSameSizeAs(SqlText.all()).hasSizeGreaterThan(Sql.FLUSH.size());
        }
    }
}
