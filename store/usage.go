package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

const (
	usageColumns = `kind, hour, token, subject, account, name, calls, errors, row_count, cost, took, most,
		took_0, took_1, took_2, took_3, took_4, took_5, took_6, took_7`

	addUsage = `INSERT INTO usage_hours (` + usageColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, hour, token, subject) DO UPDATE SET calls = usage_hours.calls + excluded.calls,
		errors = usage_hours.errors + excluded.errors, row_count = usage_hours.row_count + excluded.row_count,
		cost = usage_hours.cost + excluded.cost, took = usage_hours.took + excluded.took,
		most = CASE WHEN excluded.most > usage_hours.most THEN excluded.most ELSE usage_hours.most END,
		took_0 = usage_hours.took_0 + excluded.took_0, took_1 = usage_hours.took_1 + excluded.took_1,
		took_2 = usage_hours.took_2 + excluded.took_2, took_3 = usage_hours.took_3 + excluded.took_3,
		took_4 = usage_hours.took_4 + excluded.took_4, took_5 = usage_hours.took_5 + excluded.took_5,
		took_6 = usage_hours.took_6 + excluded.took_6, took_7 = usage_hours.took_7 + excluded.took_7`

	addHabit = `INSERT INTO usage_habits (hour, token, kind, operation, subject, account, name, calls, hits, amount, least, most)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (hour, token, kind, operation, subject) DO UPDATE SET calls = usage_habits.calls + excluded.calls,
		hits = usage_habits.hits + excluded.hits, amount = usage_habits.amount + excluded.amount,
		least = CASE WHEN excluded.least < usage_habits.least THEN excluded.least ELSE usage_habits.least END,
		most = CASE WHEN excluded.most > usage_habits.most THEN excluded.most ELSE usage_habits.most END`
)

// AddUsage implements usage.Store.
func (s *Store) AddUsage(ctx context.Context, rows []usage.Row, habits []usage.Habit) error {
	return s.write(ctx, "save usage", func(tx *sql.Tx) error {
		b := batch{ctx: ctx, tx: tx}
		for i := range rows {
			r := &rows[i]
			b.exec(addUsage, string(r.By), r.Hour.UnixMicro(), r.Token, r.Subject, r.Account, r.Name, r.Calls, r.Errors, r.Rows, r.Cost,
				r.Took.Microseconds(), r.Most.Microseconds(), r.Spread[0], r.Spread[1], r.Spread[2], r.Spread[3], r.Spread[4],
				r.Spread[5], r.Spread[6], r.Spread[7])
		}
		for i := range habits {
			h := &habits[i]
			b.exec(addHabit, h.Hour.UnixMicro(), h.Token, h.Kind, h.Operation, h.Subject, h.Account, h.Name, h.Calls, h.Hits, h.Amount, h.Least, h.Most)
		}
		return b.close()
	})
}

// usageOf makes the condition of a filter.
func usageOf(f usage.Filter) (text string, args []any) {
	text, args = "hour >= ? AND hour < ?", []any{f.From.UnixMicro(), f.To.UnixMicro()}
	if f.Account != "" {
		text, args = text+" AND account = ?", append(args, f.Account)
	}
	if f.Token != "" {
		text, args = text+" AND token = ?", append(args, f.Token)
	}
	return text, args
}

// Usage implements usage.Store.
func (s *Store) Usage(ctx context.Context, f usage.Filter) ([]usage.Row, error) {
	if !isText(f.Account) || !isText(f.Token) {
		return nil, nil // nobody has such a name
	}
	where, args := usageOf(f)
	text := "SELECT " + usageColumns + " FROM usage_hours WHERE kind = ? AND " + where + " ORDER BY cost DESC, hour DESC, token, subject LIMIT ?"
	args = append(append([]any{string(f.By)}, args...), f.First)
	var list []usage.Row
	err := s.read(ctx, "read usage", func(tx *sql.Tx) error {
		return each(ctx, tx, text, func(rows *sql.Rows) error {
			var r usage.Row
			var hour, took, most int64
			err := rows.Scan(&r.By, &hour, &r.Token, &r.Subject, &r.Account, &r.Name, &r.Calls, &r.Errors, &r.Rows, &r.Cost, &took, &most,
				&r.Spread[0], &r.Spread[1], &r.Spread[2], &r.Spread[3], &r.Spread[4], &r.Spread[5], &r.Spread[6], &r.Spread[7])
			r.Hour, r.Took, r.Most = time.UnixMicro(hour).UTC(), time.Duration(took)*time.Microsecond, time.Duration(most)*time.Microsecond
			list = append(list, r)
			return err
		}, args...)
	})
	return list, err
}

// UsageHabits implements usage.Store.
func (s *Store) UsageHabits(ctx context.Context, f usage.Filter) ([]usage.Habit, error) {
	if !isText(f.Account) || !isText(f.Token) {
		return nil, nil // nobody has such a name
	}
	where, args := usageOf(f)
	text := `SELECT MAX(hour), token, kind, operation, subject, MAX(account), MAX(name), CAST(SUM(calls) AS BIGINT), CAST(SUM(hits) AS BIGINT),
		CAST(SUM(amount) AS BIGINT), MIN(least), MAX(most) FROM usage_habits WHERE ` + where + ` GROUP BY token, kind, operation, subject
		ORDER BY token, kind, operation, subject`
	var list []usage.Habit
	err := s.read(ctx, "read habits", func(tx *sql.Tx) error {
		return each(ctx, tx, text, func(rows *sql.Rows) error {
			var h usage.Habit
			var hour int64
			err := rows.Scan(&hour, &h.Token, &h.Kind, &h.Operation, &h.Subject, &h.Account, &h.Name, &h.Calls, &h.Hits, &h.Amount, &h.Least, &h.Most)
			h.Hour = time.UnixMicro(hour).UTC()
			list = append(list, h)
			return err
		}, args...)
	})
	return list, err
}

// UsageRows implements usage.Store.
func (s *Store) UsageRows(ctx context.Context, account string, from, to time.Time) (n int64, err error) {
	if !isText(account) {
		return 0, nil // nobody has such a name
	}
	err = s.read(ctx, "read usage", func(tx *sql.Tx) error {
		return each(ctx, tx, `SELECT COALESCE(CAST(SUM(row_count) AS BIGINT), 0) FROM usage_hours
			WHERE kind = ? AND hour >= ? AND hour < ? AND account = ?`, func(rows *sql.Rows) error { return rows.Scan(&n) },
			string(schema.UsageByToken), from.UnixMicro(), to.UnixMicro(), account)
	})
	return n, err
}

// PruneUsage implements usage.Store. It deletes a day at a time, so that nobody
// waits long for the database.
func (s *Store) PruneUsage(ctx context.Context, before, habits time.Time) (deleted int64, err error) {
	prune := func(table string, before time.Time) {
		for more := true; more && err == nil; {
			var n int64
			n, more, err = s.pruneDay(ctx, table, before)
			deleted += n
		}
	}
	for _, kind := range []schema.UsageBy{schema.UsageByToken, schema.UsageByField, schema.UsageByOperation} {
		prune("usage_hours WHERE kind = '"+string(kind)+"' AND", before)
	}
	prune("usage_habits WHERE", habits)
	return deleted, err
}

// pruneDay deletes what a table has of its first day, as far as that is old. table
// ends with the beginning of a condition.
func (s *Store) pruneDay(ctx context.Context, table string, before time.Time) (deleted int64, more bool, err error) {
	err = s.write(ctx, "delete old usage", func(tx *sql.Tx) error {
		var first sql.NullInt64
		err := each(ctx, tx, "SELECT MIN(hour) FROM "+table+" hour < ?", func(rows *sql.Rows) error { return rows.Scan(&first) }, before.UnixMicro())
		if err != nil || !first.Valid {
			return err
		}
		until := min(before.UnixMicro(), first.Int64+(24*time.Hour).Microseconds())
		result, err := tx.ExecContext(ctx, "DELETE FROM "+table+" hour < ?", until)
		if err != nil {
			return err
		}
		deleted, err = result.RowsAffected()
		more = deleted > 0
		return err
	})
	return deleted, more, err
}
