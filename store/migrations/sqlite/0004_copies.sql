-- +goose Up
-- Where the copy of each entity of each source stands. Times are microseconds
-- since 1970; run is the number of the last reading.
CREATE TABLE copy_sets (
    id           INTEGER PRIMARY KEY,
    source       TEXT    NOT NULL,
    entity       TEXT    NOT NULL,
    layout       TEXT    NOT NULL,
    row_count    BIGINT  NOT NULL DEFAULT 0, -- rows in copy_rows
    run          BIGINT  NOT NULL DEFAULT 0,
    running      INTEGER NOT NULL DEFAULT 0,
    settings     TEXT    NOT NULL DEFAULT '',
    started_at   BIGINT,
    saved_at     BIGINT,
    mark         TEXT    NOT NULL DEFAULT '',
    pages        BIGINT  NOT NULL DEFAULT 0,
    seen         BIGINT  NOT NULL DEFAULT 0, -- rows of copy_marks with this run
    changed      BIGINT  NOT NULL DEFAULT 0,
    resumed      INTEGER NOT NULL DEFAULT 0,
    at_end       INTEGER NOT NULL DEFAULT 0,
    doubtful     INTEGER NOT NULL DEFAULT 0,
    shifting     INTEGER NOT NULL DEFAULT 0,
    complete     BIGINT  NOT NULL DEFAULT 0,
    sound        BIGINT  NOT NULL DEFAULT 0,
    as_of        BIGINT,
    took         BIGINT  NOT NULL DEFAULT 0, -- microseconds
    missing      BIGINT  NOT NULL DEFAULT 0,
    refused      BIGINT  NOT NULL DEFAULT 0,
    refusal      TEXT    NOT NULL DEFAULT '',
    accept_until BIGINT,
    UNIQUE (source, entity)
);

-- What rows are found and sorted by. Values are texts that sort as the values do;
-- '' is an absent one, which so sorts first. fold_x is x in lower case where that
-- is another text, else ''. The data lies apart, so that a scan reads little.
CREATE TABLE copy_rows (
    id              INTEGER PRIMARY KEY,
    set_id          BIGINT NOT NULL,
    key             TEXT   NOT NULL,
    customer_key    TEXT   NOT NULL DEFAULT '',
    order_key       TEXT   NOT NULL DEFAULT '',
    quote_key       TEXT   NOT NULL DEFAULT '',
    invoice_key     TEXT   NOT NULL DEFAULT '',
    order_number    TEXT   NOT NULL DEFAULT '',
    quote_number    TEXT   NOT NULL DEFAULT '',
    invoice_number  TEXT   NOT NULL DEFAULT '',
    number          TEXT   NOT NULL DEFAULT '',
    status          TEXT   NOT NULL DEFAULT '',
    kind            TEXT   NOT NULL DEFAULT '',
    title           TEXT   NOT NULL DEFAULT '',
    name            TEXT   NOT NULL DEFAULT '',
    email           TEXT   NOT NULL DEFAULT '',
    state           TEXT   NOT NULL DEFAULT '',
    state_type      TEXT   NOT NULL DEFAULT '',
    priority        TEXT   NOT NULL DEFAULT '',
    queue           TEXT   NOT NULL DEFAULT '',
    type            TEXT   NOT NULL DEFAULT '',
    owner           TEXT   NOT NULL DEFAULT '',
    customer_number TEXT   NOT NULL DEFAULT '',
    sku             TEXT   NOT NULL DEFAULT '',
    barcode         TEXT   NOT NULL DEFAULT '',
    category        TEXT   NOT NULL DEFAULT '',
    supplier        TEXT   NOT NULL DEFAULT '',
    currency        TEXT   NOT NULL DEFAULT '',
    date            TEXT   NOT NULL DEFAULT '',
    due_date        TEXT   NOT NULL DEFAULT '',
    created_at      TEXT   NOT NULL DEFAULT '',
    updated_at      TEXT   NOT NULL DEFAULT '',
    closed_at       TEXT   NOT NULL DEFAULT '',
    total           TEXT   NOT NULL DEFAULT '',
    amount          TEXT   NOT NULL DEFAULT '',
    price           TEXT   NOT NULL DEFAULT '',
    active          TEXT   NOT NULL DEFAULT '',
    fold_number          TEXT NOT NULL DEFAULT '',
    fold_status          TEXT NOT NULL DEFAULT '',
    fold_kind            TEXT NOT NULL DEFAULT '',
    fold_title           TEXT NOT NULL DEFAULT '',
    fold_name            TEXT NOT NULL DEFAULT '',
    fold_email           TEXT NOT NULL DEFAULT '',
    fold_state           TEXT NOT NULL DEFAULT '',
    fold_state_type      TEXT NOT NULL DEFAULT '',
    fold_priority        TEXT NOT NULL DEFAULT '',
    fold_queue           TEXT NOT NULL DEFAULT '',
    fold_type            TEXT NOT NULL DEFAULT '',
    fold_owner           TEXT NOT NULL DEFAULT '',
    fold_customer_number TEXT NOT NULL DEFAULT '',
    fold_sku             TEXT NOT NULL DEFAULT '',
    fold_barcode         TEXT NOT NULL DEFAULT '',
    fold_category        TEXT NOT NULL DEFAULT '',
    fold_supplier        TEXT NOT NULL DEFAULT '',
    fold_currency        TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX copy_rows_key ON copy_rows (set_id, key);
CREATE INDEX copy_rows_date ON copy_rows (set_id, date DESC, key);
CREATE INDEX copy_rows_created ON copy_rows (set_id, created_at DESC, key);
CREATE INDEX copy_rows_updated ON copy_rows (set_id, updated_at DESC, key);
CREATE INDEX copy_rows_customer ON copy_rows (set_id, customer_key, date DESC, key) WHERE customer_key <> '';
CREATE INDEX copy_rows_number ON copy_rows (set_id, number) WHERE number <> '';
CREATE INDEX copy_rows_order ON copy_rows (set_id, order_key, date DESC, key) WHERE order_key <> '';
CREATE INDEX copy_rows_quote ON copy_rows (set_id, quote_key) WHERE quote_key <> '';
CREATE INDEX copy_rows_invoice ON copy_rows (set_id, invoice_key) WHERE invoice_key <> '';
CREATE INDEX copy_rows_sku ON copy_rows (set_id, sku) WHERE sku <> '';

-- The records themselves, in a form the store does not know.
CREATE TABLE copy_data (
    row_id INTEGER PRIMARY KEY,
    data   BLOB NOT NULL
);

-- Which reading met a row last, and what it was then. Apart from the rows, since
-- a reading writes here for each row, also where nothing changed.
CREATE TABLE copy_marks (
    row_id INTEGER PRIMARY KEY,
    run    BIGINT NOT NULL,
    hash   BLOB   NOT NULL
);

-- Numbers of other documents which rows name.
CREATE TABLE copy_links (
    set_id   BIGINT NOT NULL,
    relation TEXT   NOT NULL,
    number   TEXT   NOT NULL,
    row_id   BIGINT NOT NULL,
    PRIMARY KEY (set_id, relation, number, row_id)
) WITHOUT ROWID;
CREATE INDEX copy_links_row ON copy_links (row_id);

-- Rows that were deleted, for a while.
CREATE TABLE copy_gone (
    set_id  BIGINT NOT NULL,
    key     TEXT   NOT NULL,
    gone_at BIGINT NOT NULL,
    PRIMARY KEY (set_id, key)
) WITHOUT ROWID;
CREATE INDEX copy_gone_at ON copy_gone (set_id, gone_at, key);

-- How many rows share the first columns of each index. Without it SQLite would
-- rather walk a whole copy in the wanted order than sort the few rows of a number.
-- Fixed, so that plans do not change with the data.
ANALYZE copy_rows;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('copy_rows', 'copy_rows_key', '1000000 100000 1'),
    ('copy_rows', 'copy_rows_date', '1000000 100000 20 1'),
    ('copy_rows', 'copy_rows_created', '1000000 100000 2 1'),
    ('copy_rows', 'copy_rows_updated', '1000000 100000 2 1'),
    ('copy_rows', 'copy_rows_customer', '800000 100000 50 2 1'),
    ('copy_rows', 'copy_rows_number', '800000 100000 2'),
    ('copy_rows', 'copy_rows_order', '500000 100000 5 2 1'),
    ('copy_rows', 'copy_rows_quote', '500000 100000 5'),
    ('copy_rows', 'copy_rows_invoice', '500000 100000 5'),
    ('copy_rows', 'copy_rows_sku', '500000 100000 2');

-- +goose Down
DELETE FROM sqlite_stat1 WHERE tbl = 'copy_rows';
DROP TABLE copy_gone;
DROP TABLE copy_links;
DROP TABLE copy_marks;
DROP TABLE copy_data;
DROP TABLE copy_rows;
DROP TABLE copy_sets;
