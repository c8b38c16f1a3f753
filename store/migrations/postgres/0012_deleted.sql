-- +goose Up
-- Rows that were deleted at their source, as they were last: who reads what has changed
-- since a moment learns so that they are no more. changed_at is the moment of that, in
-- milliseconds since 1970, layout that of the data. The columns are those of copy_rows.
-- A table of its own, so that nothing that is asked of living rows goes over these. No
-- table that was there is changed: nobody who writes waits for this. Where a row of the
-- key lives, which an older instance may have written, the deleted one is not shown.
CREATE TABLE copy_deleted (
    id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    set_id               BIGINT NOT NULL,
    key                  BYTEA NOT NULL,
    layout               TEXT COLLATE "C" NOT NULL,
    changed_at           BIGINT NOT NULL,
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
    fold_currency        BYTEA NOT NULL DEFAULT '',
    data                 BYTEA NOT NULL
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
CREATE INDEX copy_deleted_customer ON copy_deleted (set_id, customer_key, date DESC, key) WHERE customer_key <> '' AND octet_length(customer_key) <= 1000;
CREATE INDEX copy_deleted_number ON copy_deleted (set_id, number) WHERE number <> '' AND octet_length(number) <= 1000;

-- +goose Down
DROP TABLE copy_deleted;
