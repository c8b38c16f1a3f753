-- +goose Up
-- The column for which the last reading or following was refused, since most rows had
-- lost it, '' = none was; how many rows are kept as they were; and until when what is
-- garbled may be taken all the same, in microseconds since 1970.
ALTER TABLE copy_sets ADD COLUMN garbled TEXT NOT NULL DEFAULT '';
ALTER TABLE copy_sets ADD COLUMN held BIGINT NOT NULL DEFAULT 0; -- rows in copy_held
ALTER TABLE copy_sets ADD COLUMN garbled_until BIGINT;

-- Rows that are kept as they were, since their source gives a value garbled that it
-- gave well before. They have no version, so that a reading by keys reads them.
CREATE TABLE copy_held (
    set_id BIGINT NOT NULL,
    key    TEXT   NOT NULL,
    PRIMARY KEY (set_id, key)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE copy_held;
ALTER TABLE copy_sets DROP COLUMN garbled_until;
ALTER TABLE copy_sets DROP COLUMN held;
ALTER TABLE copy_sets DROP COLUMN garbled;
