-- name: applied
-- What has been applied to this schema, with the checksums of then.
SELECT id, checksum FROM migrations;

-- name: create_ledger
-- The schema's record of its migrations.
CREATE TABLE IF NOT EXISTS migrations (
    id text PRIMARY KEY,
    phase text NOT NULL CHECK (phase IN ('pre', 'post')),
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- name: lock
-- Wait until no other process migrates this schema.
SELECT pg_advisory_lock(hashtextextended('tiketi.migrate.' || current_schema(), 0));

-- name: record
-- Remember a migration, in its own transaction.
INSERT INTO migrations (id, phase, checksum) VALUES ($1, $2, $3);
