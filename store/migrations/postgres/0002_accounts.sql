-- +goose Up
-- What accounts agreed to. The built-in one, 'default', has no row.
CREATE TABLE agreements (
    name     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    terms    TEXT   NOT NULL, -- JSON object: packages and limits
    saved_by TEXT   NOT NULL,
    saved_at BIGINT NOT NULL
);

-- Who may have tokens.
CREATE TABLE accounts (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    role       TEXT   NOT NULL CHECK (role IN ('root', 'admin', 'member')),
    agreement  TEXT COLLATE "C" NOT NULL,
    disabled   BIGINT NOT NULL CHECK (disabled IN (0, 1)),
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL
);
CREATE INDEX accounts_agreement ON accounts (agreement);

-- Tokens. The secret is never here, only its HMAC under the server's key.
CREATE TABLE tokens (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    secret_hmac  BYTEA  NOT NULL,
    account      TEXT COLLATE "C" NOT NULL,
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

-- What was done and refused, append-only.
CREATE TABLE audit (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL, -- who
    token   TEXT   NOT NULL, -- with which token, its public id
    about   TEXT COLLATE "C" NOT NULL, -- the account it is about
    subject TEXT   NOT NULL,
    detail  TEXT   NOT NULL
);
CREATE INDEX audit_kind ON audit (kind, id);
CREATE INDEX audit_account ON audit (account, id);
CREATE INDEX audit_about ON audit (about, id);
-- +goose StatementBegin
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();

-- +goose Down
DROP TABLE audit;
DROP FUNCTION audit_append_only;
DROP TABLE tokens;
DROP TABLE accounts;
DROP TABLE agreements;
