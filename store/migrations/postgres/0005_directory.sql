-- +goose Up
-- What is remembered of conflicts: since when they are there, what was said about
-- them, and of those that are gone what they were. records is a JSON list.
CREATE TABLE directory_conflicts (
    key        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    field      TEXT   NOT NULL,
    records    TEXT   NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('open', 'accepted', 'resolved', 'ignored')),
    author     TEXT   NOT NULL,
    note       TEXT   NOT NULL,
    set_at     BIGINT,          -- microseconds since 1970, as all times here
    first_seen BIGINT NOT NULL,
    last_seen  BIGINT,          -- null while the conflict is there
    version    BIGINT NOT NULL  -- of directory_notes, of the last change
);
CREATE INDEX directory_conflicts_version ON directory_conflicts (version);

-- Readings that had lost too many records and were held back. had is 0 when none is.
CREATE TABLE directory_losses (
    source TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    had    BIGINT NOT NULL,
    got    BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    author TEXT   NOT NULL -- who accepted it, '' = nobody yet
);

-- +goose Down
DROP TABLE directory_losses;
DROP TABLE directory_conflicts;
