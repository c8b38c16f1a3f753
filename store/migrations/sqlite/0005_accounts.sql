-- +goose Up
-- What accounts agreed to. The built-in one, 'default', has no row.
CREATE TABLE agreements (
    name     TEXT   NOT NULL PRIMARY KEY,
    terms    TEXT   NOT NULL, -- JSON object: packages and limits
    saved_by TEXT   NOT NULL,
    saved_at BIGINT NOT NULL
);

-- Who may have tokens.
CREATE TABLE accounts (
    name       TEXT   NOT NULL PRIMARY KEY,
    role       TEXT   NOT NULL CHECK (role IN ('root', 'admin', 'member')),
    agreement  TEXT   NOT NULL,
    disabled   BIGINT NOT NULL CHECK (disabled IN (0, 1)),
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL
);
CREATE INDEX accounts_agreement ON accounts (agreement);

-- Tokens were made without accounts before. Whoever had the package admin could do
-- everything there was to do; the token that counts is the one in use, or the last.
INSERT INTO accounts (name, role, agreement, disabled, created_at, created_by)
SELECT o.account,
       CASE WHEN EXISTS (
           SELECT 1 FROM json_each((
               SELECT t.packages FROM tokens t WHERE t.account = o.account
               ORDER BY CASE t.state WHEN 'active' THEN 0 WHEN 'overlapping' THEN 1 ELSE 2 END, t.created_at DESC LIMIT 1
           )) WHERE value = 'admin'
       ) THEN 'root' ELSE 'member' END,
       'default', 0, min(o.created_at), 'migration'
FROM tokens o GROUP BY o.account;

-- What was done and refused, append-only.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    account TEXT   NOT NULL, -- who
    token   TEXT   NOT NULL, -- with which token, its public id
    about   TEXT   NOT NULL, -- the account it is about
    subject TEXT   NOT NULL,
    detail  TEXT   NOT NULL
);
CREATE INDEX audit_kind ON audit (kind, id);
CREATE INDEX audit_account ON audit (account, id);
CREATE INDEX audit_about ON audit (about, id);
-- +goose StatementBegin
CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE audit;
DROP TABLE accounts;
DROP TABLE agreements;
