-- serves-from: 1
-- One text for CockroachDB and PostgreSQL 15 to 18; each statement may be run again. Ids are made by the server, addresses
-- are 4 or 16 bytes, big-endian. Hot tables have no foreign keys, triggers, sequences or second indexes.

-- The row that every change of a scope goes through; see io.ipamer.plan.Head. Few bytes change in it, over and over.
CREATE TABLE IF NOT EXISTS head (
  scope_id       UUID          NOT NULL,
  seq            BIGINT        NOT NULL,
  tx_id          UUID          NOT NULL,
  parent_only    BOOLEAN       NOT NULL,
  acquired       BIGINT        NOT NULL,
  children       BIGINT        NOT NULL,
  leaked         BIGINT        NOT NULL,
  covered        NUMERIC(39,0) NOT NULL,
  first_reserved BOOLEAN       NOT NULL,
  last_reserved  BOOLEAN       NOT NULL,
  CONSTRAINT head_pk PRIMARY KEY (scope_id)
) WITH (fillfactor = 70);

-- Which plan made which revision, and the request ids that it used up. Swept from the low end of each scope.
CREATE TABLE IF NOT EXISTS journal (
  scope_id    UUID        NOT NULL,
  seq         BIGINT      NOT NULL,
  tx_id       UUID        NOT NULL,
  space_id    UUID        NOT NULL,
  request_ids TEXT[]      NOT NULL,
  created_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT journal_pk PRIMARY KEY (scope_id, seq)
);

-- Calls that were done under a request id, with what was answered. Unique in a namespace.
CREATE TABLE IF NOT EXISTS request (
  space_id    UUID    NOT NULL,
  request_id  TEXT    NOT NULL,
  fingerprint TEXT    NOT NULL,
  answer      TEXT    NOT NULL,
  revision    BIGINT  NOT NULL,
  gives       BOOLEAN NOT NULL,
  CONSTRAINT request_pk PRIMARY KEY (space_id, request_id)
);

-- Free ranges, disjoint and never adjacent. By last address: taking from the low end changes no key.
CREATE TABLE IF NOT EXISTS ip_free (
  scope_id   UUID  NOT NULL,
  last_addr  BYTEA NOT NULL,
  first_addr BYTEA NOT NULL,
  CONSTRAINT ip_free_pk PRIMARY KEY (scope_id, last_addr),
  CONSTRAINT ip_free_ck CHECK (first_addr <= last_addr AND octet_length(first_addr) = octet_length(last_addr))
) WITH (fillfactor = 70);

-- Addresses that are handed out.
CREATE TABLE IF NOT EXISTS ip_addr (
  scope_id      UUID  NOT NULL,
  addr          BYTEA NOT NULL,
  allocation_id UUID  NOT NULL,
  CONSTRAINT ip_addr_pk PRIMARY KEY (scope_id, addr)
);

-- Maximal free blocks. The key is the number of host bits (1 byte), then the first address: the best fit comes first.
CREATE TABLE IF NOT EXISTS block_free (
  scope_id  UUID  NOT NULL,
  block_key BYTEA NOT NULL,
  CONSTRAINT block_free_pk PRIMARY KEY (scope_id, block_key)
);

-- Blocks that an import found in use by nobody's prefix.
CREATE TABLE IF NOT EXISTS block_leaked (
  scope_id   UUID     NOT NULL,
  first_addr BYTEA    NOT NULL,
  plen       SMALLINT NOT NULL,
  CONSTRAINT block_leaked_pk PRIMARY KEY (scope_id, first_addr, plen)
);

-- scope_id is where the prefix stands: its parent or, for a top-level prefix, its namespace.
CREATE TABLE IF NOT EXISTS prefix (
  prefix_id     UUID     NOT NULL,
  ns_id         UUID     NOT NULL,
  scope_id      UUID     NOT NULL,
  parent_plen   SMALLINT NULL,
  af            SMALLINT NOT NULL,
  plen          SMALLINT NOT NULL,
  first_addr    BYTEA    NOT NULL,
  last_addr     BYTEA    NOT NULL,
  reserves_ends BOOLEAN  NOT NULL,
  CONSTRAINT prefix_pk PRIMARY KEY (prefix_id),
  CONSTRAINT prefix_af_ck CHECK (af IN (4, 6)),
  CONSTRAINT prefix_addr_ck CHECK (first_addr <= last_addr
    AND octet_length(first_addr) = CASE WHEN af = 4 THEN 4 ELSE 16 END
    AND octet_length(first_addr) = octet_length(last_addr))
);
CREATE UNIQUE INDEX IF NOT EXISTS prefix_cidr_uq ON prefix (ns_id, af, first_addr, plen);
CREATE UNIQUE INDEX IF NOT EXISTS prefix_sibling_uq ON prefix (scope_id, af, last_addr);

CREATE TABLE IF NOT EXISTS namespace (
  ns_id UUID NOT NULL,
  name  TEXT NOT NULL,
  CONSTRAINT namespace_pk PRIMARY KEY (ns_id),
  CONSTRAINT namespace_name_uq UNIQUE (name)
);

-- The system (whose scope orders the namespaces) and the root namespace.
INSERT INTO namespace (ns_id, name)
VALUES ('00000000-0000-0000-0000-000000000001'::UUID, 'root')
ON CONFLICT (ns_id) DO NOTHING;

INSERT INTO head (scope_id, seq, tx_id, parent_only, acquired, children, leaked, covered, first_reserved, last_reserved)
VALUES
  ('00000000-0000-0000-0000-000000000000'::UUID, 0, '00000000-0000-0000-0000-000000000000'::UUID, FALSE, 0, 1, 0, 0, FALSE, FALSE),
  ('00000000-0000-0000-0000-000000000001'::UUID, 0, '00000000-0000-0000-0000-000000000001'::UUID, FALSE, 0, 0, 0, 0, FALSE, FALSE)
ON CONFLICT (scope_id) DO NOTHING;
