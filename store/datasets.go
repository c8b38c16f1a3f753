package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

// DatasetsVersion is the counter, for WatchVersions, that every saved or removed
// dataset raises.
const DatasetsVersion = "datasets"

// Dataset is a dataset that an administrator saved.
type Dataset struct {
	Name, Text string
	SavedBy    string // the account
	SavedAt    time.Time
}

// Datasets returns those that are saved, by name.
func (s *Store) Datasets(ctx context.Context) ([]Dataset, error) {
	var list []Dataset
	err := s.read(ctx, "list the datasets", func(tx *sql.Tx) error {
		return each(ctx, tx, "SELECT name, text, saved_by, saved_at FROM datasets ORDER BY name", func(rows *sql.Rows) error {
			var d Dataset
			var at sql.NullInt64
			err := rows.Scan(&d.Name, &d.Text, &d.SavedBy, &at)
			d.SavedAt = fromMicros(at)
			list = append(list, d)
			return err
		})
	})
	return list, err
}

// SaveDataset keeps a dataset in the place of one of its name, writes the audit and
// raises DatasetsVersion, all or nothing. most is how many there may be: one more is
// LIMITED. A name or a text that no database takes is BAD_REQUEST.
func (s *Store) SaveDataset(ctx context.Context, d *Dataset, most int, e tokens.Entry) error {
	if !isText(d.Name) || !isText(d.Text) {
		return schema.Errorf(schema.BadRequest, "the dataset has signs that are no text")
	}
	return s.Act(ctx, func(act tokens.Tx) error {
		tx := act.(*acts).tx
		// It comes first: whoever saves beside this waits here, and counts what this one kept.
		if _, err := s.bumpHeld(ctx, tx, DatasetsVersion); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO datasets (name, text, saved_by, saved_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET text = excluded.text, saved_by = excluded.saved_by, saved_at = excluded.saved_at`,
			d.Name, d.Text, d.SavedBy, d.SavedAt.UnixMicro())
		if err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM datasets").Scan(&n); err != nil {
			return err
		}
		if n > most {
			return schema.Errorf(schema.Limited, "there are %d saved datasets, which is the limit", most)
		}
		return act.Audit(ctx, e)
	})
}

// RemoveDataset deletes a saved dataset, writes the audit and raises DatasetsVersion,
// all or nothing. One that is not saved is NOT_FOUND.
func (s *Store) RemoveDataset(ctx context.Context, name string, e tokens.Entry) error {
	if !isText(name) {
		return errNoDataset
	}
	return s.Act(ctx, func(act tokens.Tx) error {
		tx := act.(*acts).tx
		// It comes first here too: two who take the counter and a row in another order
		// would wait for each other.
		if _, err := s.bumpHeld(ctx, tx, DatasetsVersion); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM datasets WHERE name = ?", name)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return errNoDataset
		}
		return act.Audit(ctx, e)
	})
}

var errNoDataset = schema.Errorf(schema.NotFound, "no dataset of this name was saved")
