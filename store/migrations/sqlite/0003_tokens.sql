-- +goose Up
-- Tokens. The secret is never here, only its HMAC under the server's key.
CREATE TABLE tokens (
    id           TEXT   NOT NULL PRIMARY KEY,
    secret_hmac  BLOB   NOT NULL,
    account      TEXT   NOT NULL,
    packages     TEXT   NOT NULL, -- JSON array
    claims       TEXT   NOT NULL, -- JSON object
    networks     TEXT   NOT NULL, -- JSON array of CIDR
    state        TEXT   NOT NULL CHECK (state IN ('active', 'overlapping', 'replaced', 'disabled')),
    created_by   TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT, -- null: never
    last_used_at BIGINT, -- to the hour
    state_by     TEXT   NOT NULL,
    state_at     BIGINT NOT NULL
);
CREATE INDEX tokens_account ON tokens (account);
-- One active token per account. One that is still let in beside it for a while is 'overlapping'.
CREATE UNIQUE INDEX tokens_one_active ON tokens (account) WHERE state = 'active';

-- +goose Down
DROP TABLE tokens;
