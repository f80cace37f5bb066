package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * PostgreSQL answers each statement by seeks in an index, whatever it knows of the tables: a plan is made once on a
 * connection, maybe when they were empty, and what walks a whole table also locks it against all who write.
 */
class PlansTest {
    /** What the planner has to go by. It reads the whole of a table that had fewer than ten rows when it was analyzed. */
    private enum State {
        NEW(""),
        ONE_SCOPE(rows(1, 20_000)),
        ONE_SCOPE_ANALYZED(rows(1, 20_000) + "; ANALYZE"),
        FEW_ROWS_ANALYZED(rows(30, 1) + "; ANALYZE"),
        SOME_SCOPES_ANALYZED(rows(100, 200) + "; ANALYZE"),
        MANY_SCOPES(rows(20_000, 1)),
        MANY_SCOPES_ANALYZED(rows(20_000, 1) + "; ANALYZE"),
        ANALYZED_AND_EMPTIED(rows(100, 200) + "; ANALYZE; DELETE FROM journal; DELETE FROM request; DELETE FROM prefix;"
                + " DELETE FROM ip_free; DELETE FROM ip_addr; DELETE FROM block_free; DELETE FROM block_leaked");

        private final String sql;

        State(String sql) {
            this.sql = sql;
        }

        /** As many scopes, each with as many rows in every table that has rows of scopes; and some without. */
        private static String rows(int scopes, int each) {
            String some = " FROM (SELECT ns_id AS id FROM namespace WHERE name LIKE 'n%') AS s, generate_series(1, "
                    + each + ") AS i";
            String first = "substring(int8send(i * 256) FROM 5)";
            String last = "substring(int8send(i * 256 + 255) FROM 5)";
            return "INSERT INTO namespace SELECT gen_random_uuid(), 'n' || i FROM generate_series(1, " + scopes
                    + ") AS i;"
                    + "INSERT INTO head SELECT ns_id, 1, ns_id, FALSE, 0, 0, 0, 0, FALSE, FALSE FROM namespace WHERE name"
                    + " LIKE 'n%';"
                    + "INSERT INTO head SELECT gen_random_uuid(), 1, gen_random_uuid(), FALSE, 0, 0, 0, 0, FALSE, FALSE"
                    + " FROM generate_series(1, 12);"
                    + "INSERT INTO journal SELECT id, i, id, id, ARRAY['a' || i, 'b' || i]" + some + ";"
                    + "INSERT INTO request SELECT id, c || i, 'f', 'a', 1, TRUE" + some
                    + ", unnest(ARRAY['a', 'b']) AS c;"
                    + "INSERT INTO ip_free SELECT id, " + last + ", " + first + some + ";"
                    + "INSERT INTO ip_addr SELECT id, " + first + ", id" + some + ";"
                    + "INSERT INTO block_free SELECT id, '\\x08'::BYTEA || " + first + some + ";"
                    + "INSERT INTO block_leaked SELECT id, " + first + ", 24" + some + ";"
                    + "INSERT INTO prefix SELECT gen_random_uuid(), id, id, NULL, 4, 24, " + first + ", " + last
                    + ", FALSE" + some + ";"
                    + "INSERT INTO tag SELECT id, 'k', 'v', kind, 4, " + first + ", 24, id, id" + some
                    + ", unnest(ARRAY[1, 2]) AS kind";
        }
    }

    /** What each statement may read: indexes with the columns that they are sought by. An insert reads nothing. */
    private static final Map<String, Set<String>> SEEKS = Map.ofEntries(
            Map.entry("ADVANCE", Set.of("head_pk(scope_id)")),
            Map.entry("DROP", Set.of("head_pk(scope_id)")),
            Map.entry("DROP_FREE_BLOCKS", Set.of("block_free_pk(scope_id)")),
            Map.entry("DROP_LEAKED", Set.of("block_leaked_pk(scope_id)")),
            Map.entry("DELETE_FREE_RANGES", Set.of("ip_free_pk(scope_id, last_addr)")),
            Map.entry("UPDATE_FREE_RANGES", Set.of("ip_free_pk(scope_id, last_addr)")),
            Map.entry("DELETE_ALLOCATIONS", Set.of("ip_addr_pk(scope_id, addr)")),
            Map.entry("DELETE_FREE_BLOCKS", Set.of("block_free_pk(scope_id, block_key)")),
            Map.entry("DELETE_PREFIXES", Set.of("prefix_pk(prefix_id)")),
            Map.entry("DELETE_NAMESPACES", Set.of("namespace_pk(ns_id)")),
            Map.entry("INSERT_HEADS", Set.of()),
            Map.entry("INSERT_FREE_RANGES", Set.of()),
            Map.entry("DELETE_TAGS", Set.of("tag_pk(ns_id, tag_key, tag_value, kind, af, first_addr, plen, thing_id)")),
            Map.entry("INSERT_ALLOCATIONS", Set.of()),
            Map.entry("INSERT_DESCRIBED_ALLOCATIONS", Set.of()),
            Map.entry("INSERT_TAGS", Set.of()),
            Map.entry("INSERT_FREE_BLOCKS", Set.of()),
            Map.entry("INSERT_LEAKED", Set.of()),
            Map.entry("INSERT_PREFIXES", Set.of()),
            Map.entry("INSERT_NAMESPACES", Set.of()),
            Map.entry("INSERT_REQUESTS", Set.of()),
            Map.entry("HEAD", Set.of("head_pk(scope_id)")),
            Map.entry("LOCKED_HEAD", Set.of("head_pk(scope_id)")),
            Map.entry("HEADS", Set.of("head_pk(scope_id)")),
            Map.entry("FREE_RANGES", Set.of("ip_free_pk(scope_id, last_addr)")),
            Map.entry("ALLOCATIONS", Set.of("ip_addr_pk(scope_id, addr)")),
            Map.entry("FREE_BLOCKS", Set.of("block_free_pk(scope_id, block_key)")),
            Map.entry("FREE_BLOCKS_AT", Set.of("block_free_pk(scope_id, block_key)")),
            Map.entry("LARGEST_FREE_BLOCKS", Set.of("block_free_pk(scope_id, block_key)")),
            Map.entry("LEAKED", Set.of("block_leaked_pk(scope_id, first_addr, plen)")),
            Map.entry("PREFIXES_FROM", Set.of("prefix_sibling_uq(scope_id, af, last_addr)")),
            Map.entry("NAMESPACES_NAMED", Set.of("namespace_name_uq(name)")),
            Map.entry("JOURNAL", Set.of("journal_pk(scope_id, seq)")),
            Map.entry("REQUESTS", Set.of("request_pk(space_id, request_id)")),
            Map.entry("LOCATE", Set.of("namespace_name_uq(name)", "prefix_cidr_uq(ns_id, af, first_addr, plen)")),
            Map.entry(
                    "SIGHT",
                    Set.of(
                            "namespace_name_uq(name)",
                            "prefix_sibling_uq(scope_id, af, last_addr)",
                            "ip_addr_pk(scope_id, addr)",
                            "Recursive Union",
                            "WorkTable Scan")),
            Map.entry("DEPTHS", Set.of("prefix_pk(prefix_id)", "Recursive Union", "WorkTable Scan")),
            Map.entry(
                    "TAGGED_PREFIXES",
                    Set.of("tag_pk(ns_id, tag_key, tag_value, kind, af, first_addr, plen)", "prefix_pk(prefix_id)")),
            Map.entry(
                    "TAGGED_ALLOCATIONS",
                    Set.of(
                            "tag_pk(ns_id, tag_key, tag_value, kind, af, first_addr, plen)",
                            "ip_addr_pk(scope_id, addr)",
                            "prefix_pk(prefix_id)")),
            Map.entry("SECRET", Set.of("secret_pk(name)")),
            Map.entry("NAMESPACES_AFTER", Set.of("namespace_name_uq(name)")),
            Map.entry("PREFIXES", Set.of("prefix_cidr_uq(ns_id, af, first_addr, plen)")),
            Map.entry("JOURNAL_AFTER", Set.of("journal_pk(scope_id, seq)")),
            Map.entry("NEWEST_OF_JOURNAL", Set.of("journal_pk(scope_id)")),
            Map.entry("SWEEP", Set.of("journal_pk(scope_id, seq)", "request_pk(space_id, request_id)")),
            // It adds up all there is in a namespace.
            Map.entry("TOTALS", Set.of("prefix_cidr_uq(ns_id)", "head_pk(scope_id)", "Aggregate")));

    /** It brings together what belongs to one group, or keeps all groups at once. */
    private static final String MAY_SORT = "TOTALS";

    /** What is asked of the database itself, when a server starts or its schema changes. */
    private static final Set<String> OF_NO_CALL = Set.of(
            "VERSION", "READ_ONLY", "SCHEMA_HISTORY", "LOCK_SCHEMA", "BEGIN_MIGRATION", "FINISH_MIGRATION", "COLUMNS");

    @ParameterizedTest
    @EnumSource(State.class)
    void eachStatementIsSeeksInAnIndex(State state) throws SQLException {
        DatabaseUrl url = TestDatabases.bundled();
        Map<String, List<String>> keys = new HashMap<>();
        try (Connection connection = url.dataSource("").getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : SqlText.schemaStatements()) {
                statement.execute(sql);
            }
            for (String table : column(
                    statement,
                    "SELECT relname FROM pg_class WHERE relkind = 'r'"
                            + " AND relnamespace = current_schema()::regnamespace")) {
                statement.execute("ALTER TABLE " + table + " SET (autovacuum_enabled = FALSE)"); // it would analyze
            }
            statement.execute(state.sql);
            for (String index :
                    column(statement, "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()")) {
                keys.put(
                        index,
                        column(
                                statement,
                                "SELECT attname FROM pg_attribute WHERE attrelid = '" + index
                                        + "'::regclass ORDER BY attnum"));
            }
        }
        for (String options : List.of(Dialect.POSTGRESQL.writeOptions(), Dialect.POSTGRESQL.readOptions())) {
            Map<String, String> others = new TreeMap<>();
            Set<String> named = new TreeSet<>();
            try (Connection connection = url.dataSource(options).getConnection();
                    Statement statement = connection.createStatement()) {
                for (SqlText text : SqlText.all()) {
                    if (!text.isOfTransactions() && !OF_NO_CALL.contains(text.name())) {
                        statement.execute(text.prepareAs(text.name()));
                        named.add(text.name());
                        String plan = plan(statement, "JSON, COSTS OFF", text);
                        Set<String> reads = new TreeSet<>();
                        read(
                                JsonParser.parseString(plan)
                                        .getAsJsonArray()
                                        .get(0)
                                        .getAsJsonObject()
                                        .getAsJsonObject("Plan"),
                                keys,
                                reads);
                        if (text.name().equals(MAY_SORT)) {
                            reads.removeAll(Set.of("Sort", "Incremental Sort"));
                        }
                        if (!reads.equals(SEEKS.get(text.name()))) {
                            others.put(text.name(), reads + "\n" + plan(statement, "TEXT", text) + "\n");
                        }
                    }
                }
            }
            assertThat(others).as("other plans than expected with %s", options).isEmpty();
            assertThat(named).isEqualTo(SEEKS.keySet());
        }
    }

    private static String plan(Statement statement, String form, SqlText text) throws SQLException {
        return String.join("\n", column(statement, "EXPLAIN (FORMAT " + form + ") " + text.execute(text.name())));
    }

    /** Adds what a part of a plan reads of tables, and what else it does that grows with them. Returns whether it reads. */
    private static boolean read(JsonObject node, Map<String, List<String>> keys, Set<String> reads) {
        String type = text(node, "Node Type");
        List<JsonObject> parts = parts(node);
        boolean tables = false;
        for (JsonObject part : parts) {
            tables |= read(part, keys, reads);
        }
        if (node.has("Index Name")) {
            List<String> key = keys.get(text(node, "Index Name"));
            List<String> sought = sought(node, key);
            reads.add(text(node, "Index Name") + "(" + String.join(", ", sought) + ")");
            filter(node, key.equals(sought), reads);
            return true;
        }
        switch (type) {
            case "Bitmap Heap Scan" -> {
                JsonObject index = parts.get(0);
                List<String> key = keys.getOrDefault(text(index, "Index Name"), List.of());
                filter(node, key.equals(sought(index, key)), reads);
            }
            case "Nested Loop" -> {
                if (tables && node.has("Join Filter")) {
                    reads.add("Join Filter: " + text(node, "Join Filter"));
                }
            }
            case "ModifyTable",
                    "Limit",
                    "LockRows",
                    "Memoize",
                    "ProjectSet",
                    "Result",
                    "Materialize",
                    "Subquery Scan" -> {
                // They do nothing with rows that were not sought.
            }
            case "CTE Scan", "Function Scan" -> {
                return false;
            }
            default -> reads.add(type + (node.has("Relation Name") ? " on " + text(node, "Relation Name") : ""));
        }
        return tables;
    }

    /** A filter is nothing where at most one row comes to it. */
    private static void filter(JsonObject node, boolean unique, Set<String> reads) {
        if (node.has("Filter") && !unique) {
            reads.add("Filter: " + text(node, "Filter"));
        }
    }

    /** The columns of the index that there are conditions on, up to the first that has none. */
    private static List<String> sought(JsonObject index, List<String> key) {
        List<String> sought = new ArrayList<>();
        for (String column : key) {
            if (!Pattern.compile("[( ]" + column + "\\b")
                    .matcher(text(index, "Index Cond"))
                    .find()) {
                break;
            }
            sought.add(column);
        }
        return sought;
    }

    private static List<JsonObject> parts(JsonObject node) {
        List<JsonObject> parts = new ArrayList<>();
        if (node.has("Plans")) {
            for (JsonElement part : node.getAsJsonArray("Plans")) {
                parts.add(part.getAsJsonObject());
            }
        }
        return parts;
    }

    private static String text(JsonObject node, String name) {
        return node.has(name) ? node.get(name).getAsString() : "";
    }

    private static List<String> column(Statement statement, String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                values.add(rows.getString(1));
            }
        }
        return values;
    }
}
