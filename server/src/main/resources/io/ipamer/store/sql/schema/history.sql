-- Which migrations were begun, and which of them finished; made before the first one. A version serves programs from schema
-- version serves_from on, from the moment on that it is begun.
CREATE TABLE IF NOT EXISTS schema_version (
  version     SMALLINT    NOT NULL,
  serves_from SMALLINT    NOT NULL,
  checksum    TEXT        NOT NULL,
  begun_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
  finished_at TIMESTAMPTZ NULL,
  CONSTRAINT schema_version_pk PRIMARY KEY (version)
);

-- Not a version, but the row that is locked by who changes the schema.
INSERT INTO schema_version (version, serves_from, checksum) VALUES (0, 0, '') ON CONFLICT (version) DO NOTHING;
