-- +goose Up
-- The same tables as in migrations/sqlite. Keys compare byte by byte, as there.

-- What the server itself must remember, by name: its key above all.
CREATE TABLE settings (
    name  TEXT  NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

-- Ids of customers. seq is given by the directory, without gaps: the lower is the older.
CREATE TABLE directory_customers (
    seq         BIGINT NOT NULL PRIMARY KEY,
    id          TEXT COLLATE "C" NOT NULL UNIQUE,
    merged_into BIGINT REFERENCES directory_customers (seq),
    created_at  BIGINT NOT NULL -- microseconds since 1970, as all times here
);

-- The crosswalk and the records it leads from. data is the directory's own form;
-- it is null when the source no longer has the record: the id waits for its return.
CREATE TABLE directory_members (
    source    TEXT COLLATE "C" NOT NULL,
    record_id TEXT COLLATE "C" NOT NULL,
    customer  BIGINT NOT NULL REFERENCES directory_customers (seq),
    origin    BIGINT NOT NULL REFERENCES directory_customers (seq),
    data      BYTEA,
    PRIMARY KEY (source, record_id)
);

-- Links that records had before they were marked as deleted.
CREATE TABLE directory_kept (
    deleted_source TEXT COLLATE "C" NOT NULL,
    deleted_id     TEXT COLLATE "C" NOT NULL,
    other_source   TEXT COLLATE "C" NOT NULL,
    other_id       TEXT COLLATE "C" NOT NULL,
    rule           TEXT NOT NULL,
    PRIMARY KEY (deleted_source, deleted_id, other_source, other_id)
);

-- What people decided about two records. The pair is stored with the lesser first.
CREATE TABLE directory_decisions (
    a_source   TEXT COLLATE "C" NOT NULL,
    a_id       TEXT COLLATE "C" NOT NULL,
    b_source   TEXT COLLATE "C" NOT NULL,
    b_id       TEXT COLLATE "C" NOT NULL,
    verdict    TEXT   NOT NULL CHECK (verdict IN ('link', 'deny')),
    author     TEXT   NOT NULL,
    reason     TEXT   NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (a_source, a_id, b_source, b_id)
);

-- Customer keys that documents of a source without an index have shown.
CREATE TABLE directory_seen (
    source       TEXT COLLATE "C" NOT NULL,
    customer_key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (source, customer_key)
);

-- When a source's index was last read with a change.
CREATE TABLE directory_sources (
    source  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    read_at BIGINT NOT NULL
);

-- History, append-only.
CREATE TABLE directory_events (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          BIGINT NOT NULL,
    kind        TEXT   NOT NULL,
    customer    TEXT COLLATE "C" NOT NULL,
    other       TEXT   NOT NULL,
    source      TEXT   NOT NULL,
    record_id   TEXT   NOT NULL,
    with_source TEXT   NOT NULL,
    with_id     TEXT   NOT NULL,
    rule        TEXT   NOT NULL,
    author      TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    records     BIGINT NOT NULL
);
CREATE INDEX directory_events_customer ON directory_events (customer);

-- +goose Down
DROP TABLE directory_events;
DROP TABLE directory_sources;
DROP TABLE directory_seen;
DROP TABLE directory_decisions;
DROP TABLE directory_kept;
DROP TABLE directory_members;
DROP TABLE directory_customers;
DROP TABLE settings;
