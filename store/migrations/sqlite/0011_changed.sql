-- +goose Up
-- When Trama last saw the content of a row change, in milliseconds since 1970. 0: it
-- has not changed since this column was made, which its set knows as changed_from.
-- Nothing that was read before is written anew, or read again.
ALTER TABLE copy_rows ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
-- changed_at is the last such moment that was given in the set.
ALTER TABLE copy_sets ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE copy_sets ADD COLUMN changed_from BIGINT NOT NULL DEFAULT 0;
UPDATE copy_sets SET changed_from = CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) WHERE run > 0;
CREATE INDEX copy_rows_changed ON copy_rows (set_id, changed_at DESC, key);
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('copy_rows', 'copy_rows_changed', '1000000 100000 100 1');

-- When Trama last saw one of a customer's records change, or what joins them, in
-- microseconds since 1970; 0 = not since this column was made.
ALTER TABLE directory_customers ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE directory_customers DROP COLUMN changed_at;
DELETE FROM sqlite_stat1 WHERE idx = 'copy_rows_changed';
DROP INDEX copy_rows_changed;
ALTER TABLE copy_sets DROP COLUMN changed_from;
ALTER TABLE copy_sets DROP COLUMN changed_at;
ALTER TABLE copy_rows DROP COLUMN changed_at;
