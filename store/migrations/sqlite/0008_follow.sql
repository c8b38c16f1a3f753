-- +goose Up
-- How far the changes of a source were followed, and when that was last done to the
-- end. cursor is the source's own text.
ALTER TABLE copy_sets ADD COLUMN cursor TEXT NOT NULL DEFAULT '';
ALTER TABLE copy_sets ADD COLUMN followed_at BIGINT;
-- Why the last reading or following failed, a code.
ALTER TABLE copy_sets ADD COLUMN failure TEXT NOT NULL DEFAULT '';

-- The source's version of a row, '' = it tells none. Texts, compared as bytes.
ALTER TABLE copy_marks ADD COLUMN version TEXT NOT NULL DEFAULT '';
-- The version a row had when it was deleted: an older one does not bring it back.
ALTER TABLE copy_gone ADD COLUMN version TEXT NOT NULL DEFAULT '';

-- What lists are sorted by beside the dates of 0004. An absent value sorts first, so
-- the many rows that have none lie together by their keys.
CREATE INDEX copy_rows_due ON copy_rows (set_id, due_date, key);
CREATE INDEX copy_rows_total ON copy_rows (set_id, total, key);
CREATE INDEX copy_rows_amount ON copy_rows (set_id, amount, key);
CREATE INDEX copy_rows_price ON copy_rows (set_id, price, key);
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('copy_rows', 'copy_rows_due', '1000000 100000 20 1'),
    ('copy_rows', 'copy_rows_total', '1000000 100000 20 1'),
    ('copy_rows', 'copy_rows_amount', '1000000 100000 20 1'),
    ('copy_rows', 'copy_rows_price', '1000000 100000 20 1');

-- +goose Down
DELETE FROM sqlite_stat1 WHERE idx IN ('copy_rows_due', 'copy_rows_total', 'copy_rows_amount', 'copy_rows_price');
DROP INDEX copy_rows_price;
DROP INDEX copy_rows_amount;
DROP INDEX copy_rows_total;
DROP INDEX copy_rows_due;
ALTER TABLE copy_gone DROP COLUMN version;
ALTER TABLE copy_marks DROP COLUMN version;
ALTER TABLE copy_sets DROP COLUMN failure;
ALTER TABLE copy_sets DROP COLUMN followed_at;
ALTER TABLE copy_sets DROP COLUMN cursor;
