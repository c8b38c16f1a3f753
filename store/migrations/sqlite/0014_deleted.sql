-- +goose Up
-- Rows that were deleted at their source, as they were last: who reads what has changed
-- since a moment learns so that they are no more. changed_at is the moment of that, in
-- milliseconds since 1970, layout that of the data. The columns are those of copy_rows.
-- A table of its own, so that nothing that is asked of living rows goes over these. Where
-- a row of the key lives, the deleted one is not shown.
CREATE TABLE copy_deleted (
    id              INTEGER PRIMARY KEY,
    set_id          BIGINT NOT NULL,
    key             TEXT NOT NULL,
    layout          TEXT NOT NULL,
    changed_at      BIGINT NOT NULL,
    customer_key    TEXT NOT NULL DEFAULT '',
    order_key       TEXT NOT NULL DEFAULT '',
    quote_key       TEXT NOT NULL DEFAULT '',
    invoice_key     TEXT NOT NULL DEFAULT '',
    order_number    TEXT NOT NULL DEFAULT '',
    quote_number    TEXT NOT NULL DEFAULT '',
    invoice_number  TEXT NOT NULL DEFAULT '',
    number          TEXT NOT NULL DEFAULT '',
    status          TEXT NOT NULL DEFAULT '',
    kind            TEXT NOT NULL DEFAULT '',
    title           TEXT NOT NULL DEFAULT '',
    name            TEXT NOT NULL DEFAULT '',
    email           TEXT NOT NULL DEFAULT '',
    state           TEXT NOT NULL DEFAULT '',
    state_type      TEXT NOT NULL DEFAULT '',
    priority        TEXT NOT NULL DEFAULT '',
    queue           TEXT NOT NULL DEFAULT '',
    type            TEXT NOT NULL DEFAULT '',
    owner           TEXT NOT NULL DEFAULT '',
    customer_number TEXT NOT NULL DEFAULT '',
    sku             TEXT NOT NULL DEFAULT '',
    barcode         TEXT NOT NULL DEFAULT '',
    category        TEXT NOT NULL DEFAULT '',
    supplier        TEXT NOT NULL DEFAULT '',
    supplier_tax_id TEXT NOT NULL DEFAULT '',
    carrier         TEXT NOT NULL DEFAULT '',
    shop            TEXT NOT NULL DEFAULT '',
    currency        TEXT NOT NULL DEFAULT '',
    date            TEXT NOT NULL DEFAULT '',
    due_date        TEXT NOT NULL DEFAULT '',
    created_at      TEXT NOT NULL DEFAULT '',
    updated_at      TEXT NOT NULL DEFAULT '',
    closed_at       TEXT NOT NULL DEFAULT '',
    total           TEXT NOT NULL DEFAULT '',
    amount          TEXT NOT NULL DEFAULT '',
    price           TEXT NOT NULL DEFAULT '',
    active          TEXT NOT NULL DEFAULT '',
    fold_number     TEXT NOT NULL DEFAULT '',
    fold_status     TEXT NOT NULL DEFAULT '',
    fold_kind       TEXT NOT NULL DEFAULT '',
    fold_title      TEXT NOT NULL DEFAULT '',
    fold_name       TEXT NOT NULL DEFAULT '',
    fold_email      TEXT NOT NULL DEFAULT '',
    fold_state      TEXT NOT NULL DEFAULT '',
    fold_state_type TEXT NOT NULL DEFAULT '',
    fold_priority   TEXT NOT NULL DEFAULT '',
    fold_queue      TEXT NOT NULL DEFAULT '',
    fold_type       TEXT NOT NULL DEFAULT '',
    fold_owner      TEXT NOT NULL DEFAULT '',
    fold_customer_number TEXT NOT NULL DEFAULT '',
    fold_sku        TEXT NOT NULL DEFAULT '',
    fold_barcode    TEXT NOT NULL DEFAULT '',
    fold_category   TEXT NOT NULL DEFAULT '',
    fold_supplier   TEXT NOT NULL DEFAULT '',
    fold_supplier_tax_id TEXT NOT NULL DEFAULT '',
    fold_carrier    TEXT NOT NULL DEFAULT '',
    fold_shop       TEXT NOT NULL DEFAULT '',
    fold_currency   TEXT NOT NULL DEFAULT '',
    data            BLOB NOT NULL
);
CREATE UNIQUE INDEX copy_deleted_key ON copy_deleted (set_id, key);
CREATE INDEX copy_deleted_changed ON copy_deleted (set_id, changed_at DESC, key);
CREATE INDEX copy_deleted_date ON copy_deleted (set_id, date DESC, key);
CREATE INDEX copy_deleted_created ON copy_deleted (set_id, created_at DESC, key);
CREATE INDEX copy_deleted_updated ON copy_deleted (set_id, updated_at DESC, key);
CREATE INDEX copy_deleted_due ON copy_deleted (set_id, due_date, key);
CREATE INDEX copy_deleted_total ON copy_deleted (set_id, total, key);
CREATE INDEX copy_deleted_amount ON copy_deleted (set_id, amount, key);
CREATE INDEX copy_deleted_price ON copy_deleted (set_id, price, key);
CREATE INDEX copy_deleted_customer ON copy_deleted (set_id, customer_key, date DESC, key) WHERE customer_key <> '';
CREATE INDEX copy_deleted_number ON copy_deleted (set_id, number) WHERE number <> '';

-- As in 0004: fixed, so that plans do not change with the data.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('copy_deleted', 'copy_deleted_key', '100000 10000 1'),
    ('copy_deleted', 'copy_deleted_changed', '100000 10000 100 1'),
    ('copy_deleted', 'copy_deleted_date', '100000 10000 20 1'),
    ('copy_deleted', 'copy_deleted_created', '100000 10000 2 1'),
    ('copy_deleted', 'copy_deleted_updated', '100000 10000 2 1'),
    ('copy_deleted', 'copy_deleted_due', '100000 10000 20 1'),
    ('copy_deleted', 'copy_deleted_total', '100000 10000 20 1'),
    ('copy_deleted', 'copy_deleted_amount', '100000 10000 20 1'),
    ('copy_deleted', 'copy_deleted_price', '100000 10000 20 1'),
    ('copy_deleted', 'copy_deleted_customer', '80000 10000 50 2 1'),
    ('copy_deleted', 'copy_deleted_number', '80000 10000 2');

-- +goose Down
DELETE FROM sqlite_stat1 WHERE tbl = 'copy_deleted';
DROP TABLE copy_deleted;
