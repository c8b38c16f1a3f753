-- +goose Up
-- When Trama last saw the content of a row change, in milliseconds since 1970. 0: it
-- has not changed since this column was made, which its set knows as changed_from.
-- Nothing that was read before is written anew, or read again.
--
-- copy_sets goes first, as every writer takes it first: so nobody who has a part of
-- what this waits for waits for this. Its column has the last moment that was given in
-- the set.
ALTER TABLE copy_sets ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0, ADD COLUMN changed_from BIGINT NOT NULL DEFAULT 0;
UPDATE copy_sets SET changed_from = floor(extract(epoch FROM clock_timestamp()) * 1000) WHERE run > 0;
ALTER TABLE copy_rows ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;

-- Instances of an older version write beside those of this one while they are
-- replaced, and do not know the column. Those of this one always give another moment,
-- so that for them neither condition is met.
-- +goose StatementBegin
CREATE FUNCTION copy_rows_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := greatest(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, (SELECT changed_at FROM copy_sets WHERE id = NEW.set_id));
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER copy_rows_added BEFORE INSERT ON copy_rows FOR EACH ROW WHEN (NEW.changed_at = 0) EXECUTE FUNCTION copy_rows_changed();
CREATE TRIGGER copy_rows_updated BEFORE UPDATE ON copy_rows FOR EACH ROW WHEN (NEW.changed_at = OLD.changed_at) EXECUTE FUNCTION copy_rows_changed();

-- +goose Down
DROP TRIGGER copy_rows_updated ON copy_rows;
DROP TRIGGER copy_rows_added ON copy_rows;
DROP FUNCTION copy_rows_changed;
ALTER TABLE copy_rows DROP COLUMN changed_at;
ALTER TABLE copy_sets DROP COLUMN changed_from, DROP COLUMN changed_at;
