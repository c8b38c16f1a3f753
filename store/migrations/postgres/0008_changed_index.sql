-- +goose Up
-- Apart from 0007, in a transaction of its own: while it is made rows can be read, and
-- those who write wait, some two seconds for a million rows. Not CONCURRENTLY: that
-- waits for every statement under way, and other instances that start wait meanwhile,
-- in a statement, for this migration to end.
CREATE INDEX copy_rows_changed ON copy_rows (set_id, changed_at DESC, key);

-- +goose Down
DROP INDEX copy_rows_changed;
