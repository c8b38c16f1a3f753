-- +goose Up
-- When Trama last saw one of a customer's records change, or what joins them, in
-- microseconds since 1970; 0 = not since this column was made.
ALTER TABLE directory_customers ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE directory_customers DROP COLUMN changed_at;
