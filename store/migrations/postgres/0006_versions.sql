-- +goose Up
-- Counters that say that something has changed, for the instances that share a
-- database. They only ever grow.
CREATE TABLE versions (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    n    BIGINT           NOT NULL
);
INSERT INTO versions (name, n) VALUES ('directory', 1), ('directory_notes', 1);

-- The directory's version at which a row last changed, so that an instance reads
-- only what it does not know. Rows from before this are of the first.
ALTER TABLE directory_customers ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE directory_members ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE directory_seen ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
CREATE INDEX directory_customers_version ON directory_customers (version);
CREATE INDEX directory_members_version ON directory_members (version);
CREATE INDEX directory_seen_version ON directory_seen (version);

-- Why a source's index could not be read last, as the code clients see; '' = it
-- could.
ALTER TABLE directory_sources ADD COLUMN failed TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE directory_sources DROP COLUMN failed;
DROP INDEX directory_seen_version;
DROP INDEX directory_members_version;
DROP INDEX directory_customers_version;
ALTER TABLE directory_seen DROP COLUMN version;
ALTER TABLE directory_members DROP COLUMN version;
ALTER TABLE directory_customers DROP COLUMN version;
DROP TABLE versions;
