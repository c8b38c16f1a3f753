-- +goose Up
-- What tokens asked, by hour (microseconds since 1970, as took and most are
-- microseconds, too). kind: TOKEN, FIELD, OPERATION. took_0 … took_7: calls by how
-- long they took, see usage.Bound.
CREATE TABLE usage_hours (
    kind      TEXT   NOT NULL,
    hour      BIGINT NOT NULL,
    token     TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    account   TEXT   NOT NULL,
    name      TEXT   NOT NULL,
    calls     BIGINT NOT NULL,
    errors    BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    cost      BIGINT NOT NULL,
    took      BIGINT NOT NULL,
    most      BIGINT NOT NULL,
    took_0    BIGINT NOT NULL,
    took_1    BIGINT NOT NULL,
    took_2    BIGINT NOT NULL,
    took_3    BIGINT NOT NULL,
    took_4    BIGINT NOT NULL,
    took_5    BIGINT NOT NULL,
    took_6    BIGINT NOT NULL,
    took_7    BIGINT NOT NULL,
    PRIMARY KEY (kind, hour, token, subject)
) WITHOUT ROWID;

-- How tokens asked, from which advice is made. What the numbers mean depends on the
-- kind, see usage.Habit.
CREATE TABLE usage_habits (
    hour      BIGINT NOT NULL,
    token     TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    operation TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    account   TEXT   NOT NULL,
    name      TEXT   NOT NULL,
    calls     BIGINT NOT NULL,
    hits      BIGINT NOT NULL,
    amount    BIGINT NOT NULL,
    least     BIGINT NOT NULL,
    most      BIGINT NOT NULL,
    PRIMARY KEY (hour, token, kind, operation, subject)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE usage_habits;
DROP TABLE usage_hours;
