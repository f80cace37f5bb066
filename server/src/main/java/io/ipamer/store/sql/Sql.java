package io.ipamer.store.sql;

import java.util.List;

/**
 * Every statement of the store. The same text for both engines, no text that depends on data: arrays instead of lists,
 * so that each is prepared once on a connection. No query returns more than it is asked for.
 *
 * <p>Statements of a flush never return rows: the driver might then send them in two transactions.
 */
final class Sql {
    private Sql() {}

    // ---- plans, in this order -----------------------------------------------------------------------------------

    /**
     * The guards. Where a head is not the one that its plan was made for, the journal gets a null and all is undone.
     * First in a flush: its own request ids would else refuse a plan that is sent again.
     */
    static final String ADVANCE = """
            WITH x AS (
              SELECT u.scope_id, u.seq, u.before_tx_id, u.tx_id, u.space_id, u.request_ids, u.parent_only, u.acquired,
                u.children, u.leaked, u.covered, u.first_reserved, u.last_reserved, u.closing
              FROM unnest(:scope_id::UUID[], :seq::BIGINT[], :before_tx_id::UUID[], :tx_id::UUID[], :space_id::UUID[],
                :request_ids::TEXT[], :parent_only::BOOLEAN[], :acquired::BIGINT[], :children::BIGINT[],
                :leaked::BIGINT[], :covered::NUMERIC[], :first_reserved::BOOLEAN[], :last_reserved::BOOLEAN[],
                :closing::BOOLEAN[])
                AS u(scope_id, seq, before_tx_id, tx_id, space_id, request_ids, parent_only, acquired, children,
                  leaked, covered, first_reserved, last_reserved, closing)
            ), h AS (
              UPDATE head SET seq = x.seq + 1, tx_id = x.tx_id, parent_only = x.parent_only, acquired = x.acquired,
                children = x.children, leaked = x.leaked, covered = x.covered, first_reserved = x.first_reserved,
                last_reserved = x.last_reserved, closing = x.closing
              FROM x
              WHERE head.scope_id = x.scope_id AND head.seq = x.seq AND head.tx_id = x.before_tx_id
              RETURNING head.scope_id, head.seq
            )
            INSERT INTO journal (scope_id, seq, tx_id, space_id, request_ids)
            SELECT h.scope_id, h.seq, x.tx_id, x.space_id, CAST(x.request_ids AS TEXT[])
            FROM x LEFT JOIN h ON h.scope_id = x.scope_id""";

    /** The same for scopes that go: each must be there and hold nothing, or the journal gets a null. */
    static final String DROP = """
            WITH h AS (
              DELETE FROM head WHERE scope_id = ANY(:dropped::UUID[]) AND acquired = 0 AND children = 0
              RETURNING scope_id, seq
            )
            INSERT INTO journal (scope_id, seq, tx_id, space_id, request_ids)
            SELECT h.scope_id, h.seq + 1, d.tx_id, d.space_id, '{}'::TEXT[]
            FROM unnest(:dropped::UUID[], :dropped_tx::UUID[], :dropped_space::UUID[]) AS d(scope_id, tx_id, space_id)
            LEFT JOIN h ON h.scope_id = d.scope_id""";

    static final String DROP_FREE_BLOCKS = "DELETE FROM block_free WHERE scope_id = ANY(:dropped::UUID[])";

    static final String DROP_LEAKED = "DELETE FROM block_leaked WHERE scope_id = ANY(:dropped::UUID[])";

    static final String DELETE_FREE_RANGES = """
            DELETE FROM ip_free
            USING unnest(:range_gone_scope::UUID[], :range_gone_last::BYTEA[]) AS x(scope_id, last_addr)
            WHERE ip_free.scope_id = x.scope_id AND ip_free.last_addr = x.last_addr""";

    static final String UPDATE_FREE_RANGES = """
            UPDATE ip_free SET first_addr = x.first_addr
            FROM unnest(:range_changed_scope::UUID[], :range_changed_last::BYTEA[], :range_changed_first::BYTEA[])
              AS x(scope_id, last_addr, first_addr)
            WHERE ip_free.scope_id = x.scope_id AND ip_free.last_addr = x.last_addr""";

    static final String DELETE_ALLOCATIONS = """
            DELETE FROM ip_addr
            USING unnest(:addr_gone_scope::UUID[], :addr_gone::BYTEA[]) AS x(scope_id, addr)
            WHERE ip_addr.scope_id = x.scope_id AND ip_addr.addr = x.addr""";

    static final String DELETE_TAGS = """
            DELETE FROM tag
            USING unnest(:tag_gone_ns::UUID[], :tag_gone_key::TEXT[], :tag_gone_value::TEXT[], :tag_gone_kind::SMALLINT[],
              :tag_gone_af::SMALLINT[], :tag_gone_first::BYTEA[], :tag_gone_plen::SMALLINT[], :tag_gone_thing::UUID[])
              AS x(ns_id, tag_key, tag_value, kind, af, first_addr, plen, thing_id)
            WHERE tag.ns_id = x.ns_id AND tag.tag_key = x.tag_key AND tag.tag_value = x.tag_value AND tag.kind = x.kind
              AND tag.af = x.af AND tag.first_addr = x.first_addr AND tag.plen = x.plen AND tag.thing_id = x.thing_id""";

    static final String DELETE_FREE_BLOCKS = """
            DELETE FROM block_free
            USING unnest(:block_gone_scope::UUID[], :block_gone::BYTEA[]) AS x(scope_id, block_key)
            WHERE block_free.scope_id = x.scope_id AND block_free.block_key = x.block_key""";

    static final String DELETE_PREFIXES = "DELETE FROM prefix WHERE prefix_id = ANY(:prefix_gone::UUID[])";

    static final String DELETE_NAMESPACES = "DELETE FROM namespace WHERE ns_id = ANY(:namespace_gone::UUID[])";

    static final String INSERT_HEADS = """
            INSERT INTO head (scope_id, seq, tx_id, parent_only, acquired, children, leaked, covered,
              first_reserved, last_reserved)
            SELECT x.scope_id, x.seq, x.tx_id, x.parent_only, x.acquired, x.children, x.leaked, x.covered,
              x.first_reserved, x.last_reserved
            FROM unnest(:head_scope::UUID[], :head_seq::BIGINT[], :head_tx::UUID[], :head_parent_only::BOOLEAN[],
              :head_acquired::BIGINT[], :head_children::BIGINT[], :head_leaked::BIGINT[], :head_covered::NUMERIC[],
              :head_first_reserved::BOOLEAN[], :head_last_reserved::BOOLEAN[])
              AS x(scope_id, seq, tx_id, parent_only, acquired, children, leaked, covered,
                first_reserved, last_reserved)""";

    static final String INSERT_FREE_RANGES = """
            INSERT INTO ip_free (scope_id, last_addr, first_addr)
            SELECT x.scope_id, x.last_addr, x.first_addr
            FROM unnest(:range_scope::UUID[], :range_last::BYTEA[], :range_first::BYTEA[])
              AS x(scope_id, last_addr, first_addr)""";

    static final String INSERT_ALLOCATIONS = """
            INSERT INTO ip_addr (scope_id, addr, allocation_id)
            SELECT x.scope_id, x.addr, x.allocation_id
            FROM unnest(:addr_scope::UUID[], :addr::BYTEA[], :addr_id::UUID[]) AS x(scope_id, addr, allocation_id)""";

    /** Those of which something is said. */
    static final String INSERT_DESCRIBED_ALLOCATIONS = """
            INSERT INTO ip_addr (scope_id, addr, allocation_id, owner, labels, description)
            SELECT x.scope_id, x.addr, x.allocation_id, x.owner, x.labels, x.description
            FROM unnest(:described_scope::UUID[], :described::BYTEA[], :described_id::UUID[], :described_owner::TEXT[],
              :described_labels::TEXT[], :described_description::TEXT[])
              AS x(scope_id, addr, allocation_id, owner, labels, description)""";

    static final String INSERT_FREE_BLOCKS = """
            INSERT INTO block_free (scope_id, block_key)
            SELECT x.scope_id, x.block_key
            FROM unnest(:block_scope::UUID[], :block::BYTEA[]) AS x(scope_id, block_key)""";

    static final String INSERT_LEAKED = """
            INSERT INTO block_leaked (scope_id, first_addr, plen)
            SELECT x.scope_id, x.first_addr, x.plen
            FROM unnest(:leak_scope::UUID[], :leak_first::BYTEA[], :leak_plen::SMALLINT[])
              AS x(scope_id, first_addr, plen)""";

    static final String INSERT_PREFIXES = """
            INSERT INTO prefix (prefix_id, ns_id, scope_id, parent_plen, af, plen, first_addr, last_addr, reserves_ends,
              owner, labels, description)
            SELECT x.prefix_id, x.ns_id, x.scope_id, x.parent_plen, x.af, x.plen, x.first_addr, x.last_addr,
              x.reserves_ends, x.owner, x.labels, x.description
            FROM unnest(:prefix_id::UUID[], :prefix_ns::UUID[], :prefix_scope::UUID[], :prefix_parent_plen::SMALLINT[],
              :prefix_af::SMALLINT[], :prefix_plen::SMALLINT[], :prefix_first::BYTEA[], :prefix_last::BYTEA[],
              :prefix_reserves::BOOLEAN[], :prefix_owner::TEXT[], :prefix_labels::TEXT[], :prefix_description::TEXT[])
              AS x(prefix_id, ns_id, scope_id, parent_plen, af, plen, first_addr, last_addr, reserves_ends, owner, labels,
                description)""";

    static final String INSERT_TAGS = """
            INSERT INTO tag (ns_id, tag_key, tag_value, kind, af, first_addr, plen, thing_id, scope_id)
            SELECT x.ns_id, x.tag_key, x.tag_value, x.kind, x.af, x.first_addr, x.plen, x.thing_id, x.scope_id
            FROM unnest(:tag_ns::UUID[], :tag_key::TEXT[], :tag_value::TEXT[], :tag_kind::SMALLINT[], :tag_af::SMALLINT[],
              :tag_first::BYTEA[], :tag_plen::SMALLINT[], :tag_thing::UUID[], :tag_scope::UUID[])
              AS x(ns_id, tag_key, tag_value, kind, af, first_addr, plen, thing_id, scope_id)""";

    static final String INSERT_NAMESPACES = """
            INSERT INTO namespace (ns_id, name)
            SELECT x.ns_id, x.name FROM unnest(:namespace_id::UUID[], :namespace_name::TEXT[]) AS x(ns_id, name)""";

    static final String INSERT_REQUESTS = """
            INSERT INTO request (space_id, request_id, fingerprint, answer, revision, gives)
            SELECT x.space_id, x.request_id, x.fingerprint, x.answer, x.revision, x.gives
            FROM unnest(:request_space::UUID[], :request_id::TEXT[], :fingerprint::TEXT[], :answer::TEXT[],
              :revision::BIGINT[], :gives::BOOLEAN[]) AS x(space_id, request_id, fingerprint, answer, revision, gives)""";

    /** What a flush can consist of, in its order. */
    static final List<String> FLUSH = List.of(
            ADVANCE,
            DROP,
            DROP_FREE_BLOCKS,
            DROP_LEAKED,
            DELETE_FREE_RANGES,
            UPDATE_FREE_RANGES,
            DELETE_ALLOCATIONS,
            DELETE_TAGS,
            DELETE_FREE_BLOCKS,
            DELETE_PREFIXES,
            DELETE_NAMESPACES,
            INSERT_HEADS,
            INSERT_FREE_RANGES,
            INSERT_ALLOCATIONS,
            INSERT_DESCRIBED_ALLOCATIONS,
            INSERT_FREE_BLOCKS,
            INSERT_LEAKED,
            INSERT_PREFIXES,
            INSERT_TAGS,
            INSERT_NAMESPACES,
            INSERT_REQUESTS);

    // ---- reading a scope ----------------------------------------------------------------------------------------

    private static final String HEAD_COLUMNS =
            "scope_id, seq, tx_id, parent_only, acquired, children, leaked, covered, first_reserved, last_reserved, closing";

    static final String HEAD = "SELECT " + HEAD_COLUMNS + " FROM head WHERE scope_id = :scope_id";

    /**
     * The row's lock is whose turn it is; see {@link io.ipamer.store.Store#inTurn}. A name has a fixed length: a statement
     * whose answer has columns of any length is sent only when those before it are answered, so the beginning of the
     * transaction would take a round trip of its own.
     */
    static final String LOCKED_HEAD = "SELECT "
            + HEAD_COLUMNS.replace("covered", "CAST(CAST(covered AS TEXT) AS NAME) AS covered")
            + " FROM head WHERE scope_id = :scope_id FOR UPDATE";

    static final String HEADS = "SELECT " + HEAD_COLUMNS + " FROM head WHERE scope_id = ANY(:ids::UUID[])";

    // Each of these answers any number of questions of its kind, n is the number of the question: one seek a question.

    static final String FREE_RANGES = """
            SELECT q.n, r.first_addr, r.last_addr
            FROM unnest(:n::INT4[], :from::BYTEA[]) AS q(n, addr) CROSS JOIN LATERAL (
              SELECT first_addr, last_addr FROM ip_free
              WHERE scope_id = :scope_id AND last_addr >= q.addr ORDER BY last_addr LIMIT :limit) AS r""";

    static final String ALLOCATIONS = """
            SELECT q.n, r.addr, r.allocation_id, r.owner, r.labels, r.description
            FROM unnest(:n::INT4[], :from::BYTEA[]) AS q(n, addr) CROSS JOIN LATERAL (
              SELECT addr, allocation_id, owner, labels, description FROM ip_addr
              WHERE scope_id = :scope_id AND addr >= q.addr ORDER BY addr LIMIT :limit) AS r""";

    static final String FREE_BLOCKS = """
            SELECT q.n, r.block_key
            FROM unnest(:n::INT4[], :from::BYTEA[]) AS q(n, block_key) CROSS JOIN LATERAL (
              SELECT block_key FROM block_free
              WHERE scope_id = :scope_id AND block_key >= q.block_key ORDER BY block_key LIMIT :limit) AS r""";

    static final String FREE_BLOCKS_AT =
            "SELECT block_key FROM block_free WHERE scope_id = :scope_id AND block_key = ANY(:blocks::BYTEA[])";

    static final String LARGEST_FREE_BLOCKS = """
            SELECT q.n, r.block_key
            FROM unnest(:n::INT4[], :below::BYTEA[]) AS q(n, block_key) CROSS JOIN LATERAL (
              SELECT block_key FROM block_free
              WHERE scope_id = :scope_id AND block_key < q.block_key ORDER BY block_key DESC LIMIT 1) AS r""";

    static final String LEAKED = """
            SELECT q.n, r.first_addr, r.plen
            FROM unnest(:n::INT4[], :from::BYTEA[], :plen::SMALLINT[]) AS q(n, addr, plen) CROSS JOIN LATERAL (
              SELECT first_addr, plen FROM block_leaked
              WHERE scope_id = :scope_id AND (first_addr, plen) >= (q.addr, q.plen)
              ORDER BY first_addr, plen LIMIT :limit) AS r""";

    private static final String PREFIX_COLUMNS =
            "prefix_id, ns_id, scope_id, parent_plen, plen, first_addr, reserves_ends, owner, labels, description";

    private static String prefixColumns(String table) {
        return table + "." + PREFIX_COLUMNS.replace(", ", ", " + table + ".");
    }

    static final String PREFIXES_FROM = """
            SELECT q.n, %s
            FROM unnest(:n::INT4[], :af::SMALLINT[], :from::BYTEA[]) AS q(n, af, addr) CROSS JOIN LATERAL (
              SELECT %s FROM prefix
              WHERE scope_id = :scope_id AND (af, last_addr) >= (q.af, q.addr)
              ORDER BY af, last_addr LIMIT :limit) AS r""".formatted(prefixColumns("r"), PREFIX_COLUMNS);

    static final String NAMESPACES_NAMED = "SELECT ns_id, name FROM namespace WHERE name = ANY(:names::TEXT[])";

    // ---- looking things up --------------------------------------------------------------------------------------

    static final String JOURNAL = "SELECT tx_id FROM journal WHERE scope_id = :scope_id AND seq = :seq";

    static final String REQUESTS = """
            SELECT request_id, fingerprint, answer, revision, gives FROM request
            WHERE space_id = :space_id AND request_id = ANY(:ids::TEXT[])""";

    static final String NAMESPACES_AFTER =
            "SELECT ns_id, name FROM namespace WHERE name > :after_name ORDER BY name LIMIT :limit";

    /** LATERAL with a LIMIT, as plain joins may seek the prefix without its namespace, which is the whole index. */
    static final String LOCATE = """
            SELECT n.name, n.ns_id AS found_ns_id, %s
            FROM namespace AS n LEFT JOIN LATERAL (
              SELECT %s FROM prefix
              WHERE ns_id = n.ns_id AND af = :af AND first_addr = :first AND plen = :plen LIMIT 1) AS p ON TRUE
            WHERE n.name = :name""".formatted(prefixColumns("p"), PREFIX_COLUMNS);

    /**
     * From the namespace inwards, each time the one sibling that may hold the address: a seek a prefix, and one for the
     * allocation. The first row is the namespace.
     */
    static final String SIGHT = """
            WITH RECURSIVE d AS (
              SELECT 0 AS depth, ns_id AS prefix_id, ns_id, ns_id AS scope_id, CAST(NULL AS SMALLINT) AS parent_plen,
                CAST(0 AS SMALLINT) AS plen, CAST('' AS BYTEA) AS first_addr, FALSE AS reserves_ends,
                CAST(NULL AS TEXT) AS owner, CAST(NULL AS TEXT) AS labels, CAST(NULL AS TEXT) AS description
              FROM namespace WHERE name = :name
              UNION ALL
              SELECT d.depth + 1, %s FROM d CROSS JOIN LATERAL (
                SELECT %s FROM prefix
                WHERE scope_id = d.prefix_id AND af = :af AND last_addr >= :addr ORDER BY last_addr LIMIT 1) AS c
              WHERE c.first_addr <= :addr
            )
            SELECT d.depth, %s, a.addr, a.allocation_id, a.owner AS ip_owner, a.labels AS ip_labels,
              a.description AS ip_description
            FROM d LEFT JOIN LATERAL (
              SELECT addr, allocation_id, owner, labels, description FROM ip_addr
              WHERE scope_id = d.prefix_id AND addr = :addr LIMIT 1) AS a ON TRUE""".formatted(prefixColumns("c"), PREFIX_COLUMNS, prefixColumns("d"));

    /** From each prefix outwards, a row and a seek for each around it: the greatest depth counts. */
    static final String DEPTHS = """
            WITH RECURSIVE d AS (
              SELECT prefix_id AS id, scope_id, 0 AS depth FROM prefix WHERE prefix_id = ANY(:ids::UUID[])
              UNION ALL
              SELECT d.id, p.scope_id, d.depth + 1 FROM d JOIN prefix AS p ON p.prefix_id = d.scope_id
            )
            SELECT id, depth FROM d""";

    static final String PREFIXES = """
            SELECT %s FROM prefix
            WHERE ns_id = :ns_id AND (af, first_addr, plen) > (:af, :first, :after_plen) AND (af, first_addr) <= (:last_af, :last)
            ORDER BY af, first_addr, plen LIMIT :limit""".formatted(PREFIX_COLUMNS);

    /**
     * Only tags of things that are there, before they are counted: of those, no two stand at one place, so that a list can
     * go on behind it.
     */
    private static final String TAGGED = """
            SELECT %s
            FROM tag AS t %s
            WHERE t.ns_id = :ns_id AND t.tag_key = :tag_key AND t.tag_value = :tag_value AND t.kind = %s
              AND (t.af, t.first_addr, t.plen) > (:af, :first, :after_plen) AND (t.af, t.first_addr) <= (:last_af, :last)
            ORDER BY t.af, t.first_addr, t.plen LIMIT :limit""";

    static final String TAGGED_PREFIXES = TAGGED.formatted(prefixColumns("p"), """
            CROSS JOIN LATERAL (
              SELECT %s FROM prefix WHERE prefix_id = t.thing_id LIMIT 1) AS p""".formatted(PREFIX_COLUMNS), 1);

    static final String TAGGED_ALLOCATIONS = TAGGED.formatted(
            prefixColumns("p") + ", a.addr, a.allocation_id, a.owner AS ip_owner, a.labels AS ip_labels,"
                    + " a.description AS ip_description",
            """
            CROSS JOIN LATERAL (
              SELECT scope_id, addr, allocation_id, owner, labels, description FROM ip_addr
              WHERE scope_id = t.scope_id AND addr = t.first_addr AND allocation_id = t.thing_id LIMIT 1) AS a
            CROSS JOIN LATERAL (
              SELECT %s FROM prefix WHERE prefix_id = a.scope_id LIMIT 1) AS p""".formatted(PREFIX_COLUMNS),
            2);

    static final String TOTALS = """
            SELECT p.af, p.plen, p.parent_plen IS NULL AS top_level,
              h.parent_only OR h.children > 0 OR h.leaked > 0 AS gives_prefixes,
              count(*) AS prefixes, CAST(sum(h.acquired) AS BIGINT) AS acquired, sum(h.covered) AS covered,
              sum(CASE WHEN h.first_reserved THEN 1 ELSE 0 END) + sum(CASE WHEN h.last_reserved THEN 1 ELSE 0 END) AS reserved
            FROM prefix AS p CROSS JOIN LATERAL (
              SELECT parent_only, acquired, children, leaked, covered, first_reserved, last_reserved FROM head
              WHERE scope_id = p.prefix_id LIMIT 1) AS h
            WHERE p.ns_id = :ns_id
            GROUP BY p.af, p.plen, p.parent_plen IS NULL, h.parent_only OR h.children > 0 OR h.leaked > 0""";

    static final String SECRET = "SELECT value FROM secret WHERE name = :name";

    // ---- sweeping -----------------------------------------------------------------------------------------------

    /**
     * The next rows, scope by scope, each from its oldest. From a row and not from a scope on: what was deleted before it
     * still lies in the index for a while, and would be passed again each time.
     */
    static final String JOURNAL_AFTER = """
            SELECT scope_id, seq,
              CAST(EXTRACT(EPOCH FROM now()) - EXTRACT(EPOCH FROM created_at) AS BIGINT) AS age_seconds
            FROM journal WHERE (scope_id, seq) > (:after, :after_seq) ORDER BY scope_id, seq LIMIT :limit""";

    static final String NEWEST_OF_JOURNAL =
            "SELECT seq FROM journal WHERE scope_id = :scope_id ORDER BY seq DESC LIMIT 1";

    /** With the request ids that those plans used up, at once: a later use of the same id keeps its row. */
    static final String SWEEP = """
            WITH gone AS (
              DELETE FROM journal
              USING unnest(:scopes::UUID[], :first_seqs::BIGINT[], :last_seqs::BIGINT[]) AS x(scope_id, first_seq, last_seq)
              WHERE journal.scope_id = x.scope_id AND journal.seq >= x.first_seq AND journal.seq <= x.last_seq
              RETURNING journal.space_id, journal.request_ids
            )
            DELETE FROM request
            USING (SELECT g.space_id, unnest(g.request_ids) AS request_id FROM gone AS g) AS y
            WHERE request.space_id = y.space_id AND request.request_id = y.request_id""";

    // ---- the database -------------------------------------------------------------------------------------------

    static final String VERSION = "SELECT version()";

    static final String READ_ONLY = "SELECT current_setting('transaction_read_only')";

    /** Compares nothing: of somebody else's table of that name both engines then say that it lacks a column. */
    static final String SCHEMA_HISTORY =
            "SELECT version, serves_from, checksum, finished_at FROM schema_version ORDER BY version";

    static final String LOCK_SCHEMA = "SELECT version FROM schema_version WHERE version = 0 FOR UPDATE";

    static final String BEGIN_MIGRATION = """
            INSERT INTO schema_version (version, serves_from, checksum) VALUES (:version, :serves_from, :checksum)
            ON CONFLICT (version) DO NOTHING""";

    static final String FINISH_MIGRATION = "UPDATE schema_version SET finished_at = now() WHERE version = :version";

    static final String COLUMNS =
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()";

    /**
     * At this level waiters for a lock go on with the newest state where others would fail. The guard puts plans in order
     * at any level.
     */
    static final String BEGIN_TURN = "BEGIN ISOLATION LEVEL READ COMMITTED";

    static final String BEGIN = "BEGIN";
    static final String COMMIT = "COMMIT";
    static final String ROLLBACK = "ROLLBACK";
}
