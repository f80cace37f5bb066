-- serves-from: 1
-- What is said of prefixes and addresses, null where nothing is: labels are a JSON object of texts.
ALTER TABLE prefix ADD COLUMN IF NOT EXISTS owner TEXT NULL;
ALTER TABLE prefix ADD COLUMN IF NOT EXISTS labels TEXT NULL;
ALTER TABLE prefix ADD COLUMN IF NOT EXISTS description TEXT NULL;
ALTER TABLE ip_addr ADD COLUMN IF NOT EXISTS owner TEXT NULL;
ALTER TABLE ip_addr ADD COLUMN IF NOT EXISTS labels TEXT NULL;
ALTER TABLE ip_addr ADD COLUMN IF NOT EXISTS description TEXT NULL;

-- The index to find them by owner (its key is empty) and by label; rows only where there are such. scope_id is where the
-- thing stands, thing_id what it is. A program of version 1 leaves rows of what it deletes: they count only while the
-- thing is there.
CREATE TABLE IF NOT EXISTS tag (
  ns_id      UUID     NOT NULL,
  tag_key    TEXT     NOT NULL,
  tag_value  TEXT     NOT NULL,
  kind       SMALLINT NOT NULL,
  af         SMALLINT NOT NULL,
  first_addr BYTEA    NOT NULL,
  plen       SMALLINT NOT NULL,
  thing_id   UUID     NOT NULL,
  scope_id   UUID     NOT NULL,
  CONSTRAINT tag_pk PRIMARY KEY (ns_id, tag_key, tag_value, kind, af, first_addr, plen, thing_id),
  CONSTRAINT tag_kind_ck CHECK (kind IN (1, 2))
);

-- Set while a prefix is emptied and deleted: it gives out nothing any more.
ALTER TABLE head ADD COLUMN IF NOT EXISTS closing BOOLEAN NOT NULL DEFAULT FALSE;

-- What all servers of a database share and nobody else may know.
CREATE TABLE IF NOT EXISTS secret (
  name  TEXT NOT NULL,
  value TEXT NOT NULL,
  CONSTRAINT secret_pk PRIMARY KEY (name)
);
INSERT INTO secret (name, value)
VALUES ('page-tokens', CAST(gen_random_uuid() AS TEXT) || CAST(gen_random_uuid() AS TEXT))
ON CONFLICT (name) DO NOTHING;
