-- +goose Up
-- Datasets that administrators saved, beside those that are shipped or lie in the
-- operator's directory.
CREATE TABLE datasets (
    name     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    text     TEXT   NOT NULL,
    saved_by TEXT   NOT NULL, -- the account
    saved_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE datasets;
