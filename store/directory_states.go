package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

var (
	_ directory.Historian  = (*Store)(nil)
	_ directory.LossReader = (*Store)(nil)
)

// loadConflicts hands out what is remembered of conflicts.
func loadConflicts(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	if in.Conflict == nil {
		return nil
	}
	return each(ctx, tx, "SELECT key, kind, field, records, state, author, note, set_at, first_seen, last_seen FROM directory_conflicts"+newer(in.Since.Notes), func(rows *sql.Rows) error {
		var c directory.ConflictState
		var kind, state, records string
		var at, first, last sql.NullInt64
		if err := rows.Scan(&c.Key, &kind, &c.Field, &records, &state, &c.Author, &c.Note, &at, &first, &last); err != nil {
			return err
		}
		c.Kind, c.State = schema.ConflictKind(kind), directory.State(state)
		c.At, c.FirstSeen, c.LastSeen = fromMicros(at), fromMicros(first), fromMicros(last)
		if c.State != directory.StateOpen || c.Author != "" { // of the many others nobody reads them
			if err := json.Unmarshal([]byte(records), &c.Records); err != nil {
				return err
			}
		}
		return in.Conflict(c)
	})
}

// loadLosses hands out the readings that were held back.
func loadLosses(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	if in.Loss == nil {
		return nil
	}
	return each(ctx, tx, "SELECT source, had, got, at, author FROM directory_losses", func(rows *sql.Rows) error {
		l, err := scanLoss(rows.Scan)
		if err != nil {
			return err
		}
		return in.Loss(l)
	})
}

func scanLoss(scan func(...any) error) (l directory.Loss, err error) {
	var at int64
	err = scan(&l.Source, &l.Had, &l.Got, &at, &l.Author)
	l.At = time.UnixMicro(at).UTC()
	return l, err
}

// DirectoryLoss implements directory.LossReader.
func (s *Store) DirectoryLoss(ctx context.Context, source string) (l directory.Loss, ok bool, err error) {
	err = s.read(ctx, "read a held reading", func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, "SELECT source, had, got, at, author FROM directory_losses WHERE source = ? AND had > 0", source)
		l, err = scanLoss(row.Scan)
		ok = err == nil
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return l, ok, err
}

// saveStates writes what is remembered of conflicts and held readings.
func saveStates(w *batch, c *directory.Changes, version int64) {
	for i := range c.Conflicts {
		x := &c.Conflicts[i]
		// Of one that is gone since the last start nobody knows the records any more:
		// those of then stay.
		records, err := []byte("[]"), error(nil)
		if len(x.Records) > 0 {
			records, err = json.Marshal(x.Records)
		}
		if err != nil && w.err == nil {
			w.err = err
		}
		w.exec(`INSERT INTO directory_conflicts (key, kind, field, records, state, author, note, set_at, first_seen, last_seen, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, field = excluded.field, records = CASE WHEN excluded.records = '[]' THEN directory_conflicts.records ELSE excluded.records END, state = excluded.state, author = excluded.author,
			note = excluded.note, set_at = excluded.set_at, last_seen = excluded.last_seen, version = excluded.version`,
			x.Key, string(x.Kind), x.Field, string(records), string(x.State), x.Author, x.Note, micros(x.At), x.FirstSeen.UnixMicro(), micros(x.LastSeen), version)
	}
	for _, key := range c.Forgotten {
		w.exec("DELETE FROM directory_conflicts WHERE key = ?", key)
	}
	for _, l := range c.Losses {
		saveLoss(w, l)
	}
	for _, source := range c.NoLoss { // the row stays, so that other instances learn of it
		saveLoss(w, directory.Loss{Source: source})
	}
}

func saveLoss(w *batch, l directory.Loss) {
	w.exec(`INSERT INTO directory_losses (source, had, got, at, author) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (source) DO UPDATE SET had = excluded.had, got = excluded.got, at = excluded.at, author = excluded.author`,
		l.Source, l.Had, l.Got, l.At.UnixMicro(), l.Author)
}
