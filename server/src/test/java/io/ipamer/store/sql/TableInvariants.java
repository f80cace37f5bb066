package io.ipamer.store.sql;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What must hold of the tables at any moment, whoever wrote them: asked of the database itself, in its own words. Run it in
 * one transaction that sees one moment when others write meanwhile.
 */
public final class TableInvariants {
    private static final int SHOWN = 20;
    private static final String SYSTEM = "'00000000-0000-0000-0000-000000000000'::UUID";

    /** Prefixes that hold something, so that their free space is stored. */
    private static final String PARTS = """
            WITH scope AS (
              SELECT h.scope_id, p.first_addr, p.last_addr, h.first_reserved, h.last_reserved,
                (h.children > 0 OR h.leaked > 0) AS gives_blocks
              FROM head AS h JOIN prefix AS p ON p.prefix_id = h.scope_id
              WHERE h.acquired > 0 OR h.children > 0 OR h.leaked > 0
            ), part (scope_id, lo, hi) AS (
              SELECT f.scope_id, %s, %s FROM ip_free AS f
              UNION ALL SELECT a.scope_id, %s, %s FROM ip_addr AS a
              UNION ALL SELECT s.scope_id, %s, %s FROM scope AS s WHERE s.first_reserved AND NOT s.gives_blocks
              UNION ALL SELECT s.scope_id, %s, %s FROM scope AS s WHERE s.last_reserved AND NOT s.gives_blocks
              UNION ALL SELECT b.scope_id, %s, %s + power(2::NUMERIC, get_byte(b.block_key, 0)::NUMERIC) - 1
                FROM block_free AS b
              UNION ALL SELECT c.scope_id, %s, %s FROM prefix AS c WHERE c.parent_plen IS NOT NULL
              UNION ALL SELECT l.scope_id, %s,
                %s + power(2::NUMERIC, (octet_length(l.first_addr) * 8 - l.plen)::NUMERIC) - 1 FROM block_leaked AS l
            ), step AS (
              SELECT scope_id, lo, hi, lag(hi) OVER (PARTITION BY scope_id ORDER BY lo, hi) AS before FROM part
            )
            """.formatted(
                    number("f.first_addr"),
                    number("f.last_addr"),
                    number("a.addr"),
                    number("a.addr"),
                    number("s.first_addr"),
                    number("s.first_addr"),
                    number("s.last_addr"),
                    number("s.last_addr"),
                    number("substring(b.block_key FROM 2)"),
                    number("substring(b.block_key FROM 2)"),
                    number("c.first_addr"),
                    number("c.last_addr"),
                    number("l.first_addr"),
                    number("l.first_addr"));

    /** The tags that there must be: one for each owner and each label of each prefix and each address. */
    private static final String SAID = """
            WITH thing AS (
              SELECT p.ns_id, 1::SMALLINT AS kind, p.af, p.first_addr, p.plen, p.prefix_id AS thing_id, p.scope_id,
                p.owner, p.labels
              FROM prefix AS p
              UNION ALL
              SELECT p.ns_id, 2::SMALLINT, p.af, a.addr, (octet_length(a.addr) * 8)::SMALLINT, a.allocation_id, a.scope_id,
                a.owner, a.labels
              FROM ip_addr AS a JOIN prefix AS p ON p.prefix_id = a.scope_id
            ), said AS (
              SELECT t.ns_id, '' AS tag_key, t.owner AS tag_value, t.kind, t.af, t.first_addr, t.plen, t.thing_id, t.scope_id
              FROM thing AS t WHERE t.owner IS NOT NULL
              UNION ALL
              SELECT t.ns_id, l.key, l.value, t.kind, t.af, t.first_addr, t.plen, t.thing_id, t.scope_id
              FROM thing AS t CROSS JOIN LATERAL jsonb_each_text(CAST(t.labels AS JSONB)) AS l(key, value)
            ), found AS (
              SELECT ns_id, tag_key, tag_value, kind, af, first_addr, plen, thing_id, scope_id FROM tag
            )
            """;

    /** By what must hold: who breaks it, as text. */
    private static final Map<String, String> QUERIES = queries();

    private TableInvariants() {}

    private static Map<String, String> queries() {
        Map<String, String> queries = new LinkedHashMap<>();
        queries.put(
                "free, given and reserved are the whole prefix, each address once",
                PARTS + """
                SELECT s.scope_id::TEXT || ': gap or overlap before ' || t.lo::TEXT
                FROM scope AS s JOIN step AS t ON t.scope_id = s.scope_id
                WHERE t.lo <> COALESCE(t.before + 1, %s)
                UNION ALL
                SELECT s.scope_id::TEXT || ': ends at ' || COALESCE(max(t.hi)::TEXT, 'nothing')
                FROM scope AS s LEFT JOIN part AS t ON t.scope_id = s.scope_id
                GROUP BY s.scope_id, s.last_addr HAVING max(t.hi) IS DISTINCT FROM %s""".formatted(number("s.first_addr"), number("s.last_addr")));
        queries.put("who holds nothing, or has no head, stores nothing", PARTS + """
                SELECT DISTINCT t.scope_id::TEXT FROM part AS t LEFT JOIN scope AS s ON s.scope_id = t.scope_id
                WHERE s.scope_id IS NULL""");
        queries.put(
                "a head counts what is there",
                PARTS + """
                , counted AS (
                  SELECT h.scope_id, h.acquired, h.children, h.leaked, h.covered,
                    (SELECT count(*) FROM ip_addr AS a WHERE a.scope_id = h.scope_id) AS addresses,
                    (SELECT count(*) FROM prefix AS p WHERE p.scope_id = h.scope_id)
                      + CASE WHEN h.scope_id = %s THEN (SELECT count(*) FROM namespace) ELSE 0 END AS prefixes,
                    (SELECT count(*) FROM block_leaked AS l WHERE l.scope_id = h.scope_id) AS leaks,
                    COALESCE((SELECT sum(%s - %s + 1) FROM prefix AS c
                      WHERE c.scope_id = h.scope_id AND c.parent_plen IS NOT NULL), 0)
                    + COALESCE((SELECT sum(power(2::NUMERIC, (octet_length(l.first_addr) * 8 - l.plen)::NUMERIC))
                      FROM block_leaked AS l WHERE l.scope_id = h.scope_id), 0) AS used
                  FROM head AS h
                )
                SELECT scope_id::TEXT || ': acquired ' || acquired || ' of ' || addresses || ', children ' || children
                  || ' of ' || prefixes || ', leaked ' || leaked || ' of ' || leaks || ', covered ' || covered || ' of ' || used
                FROM counted
                WHERE acquired <> addresses OR children <> prefixes OR leaked <> leaks OR covered <> used""".formatted(SYSTEM, number("c.last_addr"), number("c.first_addr")));
        queries.put("free ranges are neither adjacent nor overlapping", """
                SELECT r.scope_id::TEXT || ': ' || encode(r.last_addr, 'hex') FROM (
                  SELECT f.scope_id, f.last_addr, %s AS lo,
                    lag(%s) OVER (PARTITION BY f.scope_id ORDER BY f.last_addr) AS before FROM ip_free AS f) AS r
                WHERE r.lo <= r.before + 1""".formatted(
                        number("f.first_addr"), number("f.last_addr")));
        queries.put("free blocks are aligned, and buddies are merged", """
                WITH block AS (
                  SELECT b.scope_id, power(2::NUMERIC, get_byte(b.block_key, 0)::NUMERIC) AS size, %s AS lo FROM block_free AS b
                )
                SELECT b.scope_id::TEXT || ': ' || b.lo::TEXT FROM block AS b WHERE mod(b.lo, b.size) <> 0
                UNION ALL
                SELECT b.scope_id::TEXT || ': ' || b.lo::TEXT FROM block AS b
                JOIN block AS c ON c.scope_id = b.scope_id AND c.size = b.size AND c.lo = b.lo + b.size
                WHERE mod(b.lo, 2 * b.size) = 0""".formatted(
                        number("substring(b.block_key FROM 2)")));
        queries.put("prefixes and namespaces have heads, and heads have them", """
                SELECT 'prefix ' || p.prefix_id::TEXT FROM prefix AS p LEFT JOIN head AS h ON h.scope_id = p.prefix_id
                WHERE h.scope_id IS NULL
                UNION ALL
                SELECT 'parent of ' || p.prefix_id::TEXT FROM prefix AS p LEFT JOIN head AS h ON h.scope_id = p.scope_id
                WHERE h.scope_id IS NULL
                UNION ALL
                SELECT 'namespace ' || n.ns_id::TEXT FROM namespace AS n LEFT JOIN head AS h ON h.scope_id = n.ns_id
                WHERE h.scope_id IS NULL
                UNION ALL
                SELECT 'head ' || h.scope_id::TEXT FROM head AS h
                LEFT JOIN prefix AS p ON p.prefix_id = h.scope_id LEFT JOIN namespace AS n ON n.ns_id = h.scope_id
                WHERE p.prefix_id IS NULL AND n.ns_id IS NULL AND h.scope_id <> %s""".formatted(SYSTEM));
        queries.put("siblings do not overlap", """
                SELECT r.prefix_id::TEXT FROM (
                  SELECT p.prefix_id, p.first_addr,
                    lag(p.last_addr) OVER (PARTITION BY p.scope_id, p.af ORDER BY p.first_addr, p.last_addr) AS before
                  FROM prefix AS p) AS r
                WHERE r.first_addr <= r.before""");
        queries.put("a child is inside its parent", """
                SELECT c.prefix_id::TEXT FROM prefix AS c LEFT JOIN prefix AS p ON p.prefix_id = c.scope_id
                WHERE CASE WHEN c.parent_plen IS NULL THEN c.scope_id <> c.ns_id ELSE p.prefix_id IS NULL
                  OR p.ns_id <> c.ns_id OR p.af <> c.af OR p.plen <> c.parent_plen OR p.plen >= c.plen
                  OR c.first_addr < p.first_addr OR c.last_addr > p.last_addr END""");
        queries.put("an allocation id is given once in a namespace", """
                SELECT a.allocation_id::TEXT FROM ip_addr AS a JOIN prefix AS p ON p.prefix_id = a.scope_id
                GROUP BY p.ns_id, a.allocation_id HAVING count(*) > 1""");
        queries.put("a journal has no gap and ends with the head's last plan", """
                SELECT j.scope_id::TEXT || ': ' || j.n || ' rows from ' || j.lo || ' to ' || j.hi
                  || ', head at ' || COALESCE(h.seq::TEXT, 'none')
                FROM (SELECT scope_id, count(*) AS n, min(seq) AS lo, max(seq) AS hi FROM journal GROUP BY scope_id) AS j
                LEFT JOIN head AS h ON h.scope_id = j.scope_id
                WHERE j.n <> j.hi - j.lo + 1 OR j.hi <> h.seq
                UNION ALL
                SELECT h.scope_id::TEXT || ': another plan made ' || h.seq FROM head AS h
                JOIN journal AS j ON j.scope_id = h.scope_id AND j.seq = h.seq WHERE j.tx_id <> h.tx_id""");
        queries.put("a request id is named by its plan, which takes it along when it is swept", """
                SELECT r.request_id FROM request AS r
                LEFT JOIN (SELECT j.space_id, unnest(j.request_ids) AS request_id FROM journal AS j) AS k
                  ON k.space_id = r.space_id AND k.request_id = r.request_id
                WHERE k.request_id IS NULL""");
        queries.put("every owner and label has its tag", SAID + """
                SELECT t.thing_id::TEXT || ': ' || t.tag_key || '=' || t.tag_value
                FROM (SELECT * FROM said EXCEPT SELECT * FROM found) AS t""");
        queries.put("a tag says what its thing says of itself, and ends with it", SAID + """
                SELECT t.thing_id::TEXT || ': ' || t.tag_key || '=' || t.tag_value
                FROM (SELECT * FROM found EXCEPT SELECT * FROM said) AS t""");
        queries.put("what is not said of a thing is null", """
                SELECT p.prefix_id::TEXT FROM prefix AS p WHERE p.owner = '' OR p.labels = '{}' OR p.description = ''
                UNION ALL
                SELECT a.allocation_id::TEXT FROM ip_addr AS a WHERE a.owner = '' OR a.labels = '{}' OR a.description = ''""");
        return queries;
    }

    /** An address as a number: 0 to 2^128 - 1. */
    private static String number(String address) {
        return "(SELECT sum(get_byte(%1$s, i) * power(256::NUMERIC, (octet_length(%1$s) - 1 - i)::NUMERIC))"
                        .formatted(address)
                + " FROM generate_series(0, octet_length(" + address + ") - 1) AS i)";
    }

    /** Which of them do not hold and where, some of each; empty when all is well. */
    public static List<String> violations(Connection connection) throws SQLException {
        List<String> violations = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            statement.setMaxRows(SHOWN);
            for (Map.Entry<String, String> query : QUERIES.entrySet()) {
                try (ResultSet rows = statement.executeQuery(query.getValue())) {
                    while (rows.next()) {
                        violations.add("not so: " + query.getKey() + ": " + rows.getString(1));
                    }
                }
            }
        }
        return violations;
    }
}
