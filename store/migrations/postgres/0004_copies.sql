-- +goose Up
-- The same tables as in migrations/sqlite. What comes from a source is BYTEA: it
-- compares by bytes, as there, and takes every text, also one with a zero byte.

-- Where the copy of each entity of each source stands. Times are microseconds
-- since 1970; run is the number of the last reading; cursor is how far the source's
-- changes were followed, followed_at when that was last done to the end.
CREATE TABLE copy_sets (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       TEXT COLLATE "C" NOT NULL,
    entity       TEXT COLLATE "C" NOT NULL,
    layout       TEXT COLLATE "C" NOT NULL,
    row_count    BIGINT  NOT NULL DEFAULT 0, -- rows in copy_rows
    run          BIGINT  NOT NULL DEFAULT 0,
    running      INTEGER NOT NULL DEFAULT 0,
    settings     TEXT COLLATE "C" NOT NULL DEFAULT '',
    started_at   BIGINT,
    saved_at     BIGINT,
    mark         BYTEA   NOT NULL DEFAULT '',
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
    cursor       BYTEA   NOT NULL DEFAULT '',
    failure      TEXT    NOT NULL DEFAULT '',
    followed_at  BIGINT,
    UNIQUE (source, entity)
) WITH (fillfactor = 50); -- each page that is saved writes here

-- Numbers for rows, given before they are written.
CREATE SEQUENCE copy_row_ids;

-- What rows are found and sorted by. Values are texts that sort as the values do;
-- '' is an absent one, which so sorts first. fold_x is x in lower case where that
-- is another text, else ''. The data lies apart, so that a scan reads little.
CREATE TABLE copy_rows (
    id     BIGINT PRIMARY KEY,
    set_id BIGINT NOT NULL,
    key    BYTEA  NOT NULL,
    customer_key         BYTEA NOT NULL DEFAULT '',
    order_key            BYTEA NOT NULL DEFAULT '',
    quote_key            BYTEA NOT NULL DEFAULT '',
    invoice_key          BYTEA NOT NULL DEFAULT '',
    order_number         BYTEA NOT NULL DEFAULT '',
    quote_number         BYTEA NOT NULL DEFAULT '',
    invoice_number       BYTEA NOT NULL DEFAULT '',
    number               BYTEA NOT NULL DEFAULT '',
    status               BYTEA NOT NULL DEFAULT '',
    kind                 BYTEA NOT NULL DEFAULT '',
    title                BYTEA NOT NULL DEFAULT '',
    name                 BYTEA NOT NULL DEFAULT '',
    email                BYTEA NOT NULL DEFAULT '',
    state                BYTEA NOT NULL DEFAULT '',
    state_type           BYTEA NOT NULL DEFAULT '',
    priority             BYTEA NOT NULL DEFAULT '',
    queue                BYTEA NOT NULL DEFAULT '',
    type                 BYTEA NOT NULL DEFAULT '',
    owner                BYTEA NOT NULL DEFAULT '',
    customer_number      BYTEA NOT NULL DEFAULT '',
    sku                  BYTEA NOT NULL DEFAULT '',
    barcode              BYTEA NOT NULL DEFAULT '',
    category             BYTEA NOT NULL DEFAULT '',
    supplier             BYTEA NOT NULL DEFAULT '',
    supplier_tax_id      BYTEA NOT NULL DEFAULT '',
    carrier              BYTEA NOT NULL DEFAULT '',
    shop                 BYTEA NOT NULL DEFAULT '',
    currency             BYTEA NOT NULL DEFAULT '',
    date                 BYTEA NOT NULL DEFAULT '',
    due_date             BYTEA NOT NULL DEFAULT '',
    created_at           BYTEA NOT NULL DEFAULT '',
    updated_at           BYTEA NOT NULL DEFAULT '',
    closed_at            BYTEA NOT NULL DEFAULT '',
    total                BYTEA NOT NULL DEFAULT '',
    amount               BYTEA NOT NULL DEFAULT '',
    price                BYTEA NOT NULL DEFAULT '',
    active               BYTEA NOT NULL DEFAULT '',
    fold_number          BYTEA NOT NULL DEFAULT '',
    fold_status          BYTEA NOT NULL DEFAULT '',
    fold_kind            BYTEA NOT NULL DEFAULT '',
    fold_title           BYTEA NOT NULL DEFAULT '',
    fold_name            BYTEA NOT NULL DEFAULT '',
    fold_email           BYTEA NOT NULL DEFAULT '',
    fold_state           BYTEA NOT NULL DEFAULT '',
    fold_state_type      BYTEA NOT NULL DEFAULT '',
    fold_priority        BYTEA NOT NULL DEFAULT '',
    fold_queue           BYTEA NOT NULL DEFAULT '',
    fold_type            BYTEA NOT NULL DEFAULT '',
    fold_owner           BYTEA NOT NULL DEFAULT '',
    fold_customer_number BYTEA NOT NULL DEFAULT '',
    fold_sku             BYTEA NOT NULL DEFAULT '',
    fold_barcode         BYTEA NOT NULL DEFAULT '',
    fold_category        BYTEA NOT NULL DEFAULT '',
    fold_supplier        BYTEA NOT NULL DEFAULT '',
    fold_supplier_tax_id BYTEA NOT NULL DEFAULT '',
    fold_carrier         BYTEA NOT NULL DEFAULT '',
    fold_shop            BYTEA NOT NULL DEFAULT '',
    fold_currency        BYTEA NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX copy_rows_key ON copy_rows (set_id, key);
CREATE INDEX copy_rows_date ON copy_rows (set_id, date DESC, key);
CREATE INDEX copy_rows_created ON copy_rows (set_id, created_at DESC, key);
CREATE INDEX copy_rows_updated ON copy_rows (set_id, updated_at DESC, key);
CREATE INDEX copy_rows_due ON copy_rows (set_id, due_date, key);
CREATE INDEX copy_rows_total ON copy_rows (set_id, total, key);
CREATE INDEX copy_rows_amount ON copy_rows (set_id, amount, key);
CREATE INDEX copy_rows_price ON copy_rows (set_id, price, key);
-- An index takes no entry of more than some 2,700 bytes, and a source may send
-- anything: longer texts are found without one.
CREATE INDEX copy_rows_customer ON copy_rows (set_id, customer_key, date DESC, key) WHERE customer_key <> '' AND octet_length(customer_key) <= 1000;
CREATE INDEX copy_rows_number ON copy_rows (set_id, number) WHERE number <> '' AND octet_length(number) <= 1000;
CREATE INDEX copy_rows_order ON copy_rows (set_id, order_key, date DESC, key) WHERE order_key <> '' AND octet_length(order_key) <= 1000;
CREATE INDEX copy_rows_quote ON copy_rows (set_id, quote_key) WHERE quote_key <> '' AND octet_length(quote_key) <= 1000;
CREATE INDEX copy_rows_invoice ON copy_rows (set_id, invoice_key) WHERE invoice_key <> '' AND octet_length(invoice_key) <= 1000;
CREATE INDEX copy_rows_sku ON copy_rows (set_id, sku) WHERE sku <> '' AND octet_length(sku) <= 1000;

-- The records themselves, in a form the store does not know.
CREATE TABLE copy_data (
    row_id BIGINT PRIMARY KEY,
    data   BYTEA NOT NULL
);

-- Which reading met a row last, what it was then, and the source's version of it,
-- '' = it tells none. Apart from the rows, since a reading writes here for each row,
-- also where nothing changed; with room for that on every page.
CREATE TABLE copy_marks (
    row_id  BIGINT PRIMARY KEY,
    run     BIGINT NOT NULL,
    hash    BYTEA  NOT NULL,
    version BYTEA  NOT NULL DEFAULT ''
) WITH (fillfactor = 50);

-- Numbers of other documents which rows name.
CREATE TABLE copy_links (
    set_id   BIGINT NOT NULL,
    relation TEXT COLLATE "C" NOT NULL,
    number   BYTEA  NOT NULL,
    row_id   BIGINT NOT NULL,
    PRIMARY KEY (set_id, relation, number, row_id)
);
CREATE INDEX copy_links_row ON copy_links (row_id);

-- Rows that were deleted, for a while, and the version they had: an older one does
-- not bring them back.
CREATE TABLE copy_gone (
    set_id  BIGINT NOT NULL,
    key     BYTEA  NOT NULL,
    gone_at BIGINT NOT NULL,
    version BYTEA  NOT NULL DEFAULT '',
    PRIMARY KEY (set_id, key)
);
CREATE INDEX copy_gone_at ON copy_gone (set_id, gone_at, key);

-- +goose Down
DROP TABLE copy_gone;
DROP TABLE copy_links;
DROP TABLE copy_marks;
DROP TABLE copy_data;
DROP TABLE copy_rows;
DROP SEQUENCE copy_row_ids;
DROP TABLE copy_sets;
