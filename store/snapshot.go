package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
)

// Snapshot writes a consistent copy of the database to a new SQLite file, which may
// be opened like the database itself. Neither readers nor the process that runs on
// it are held up. Of PostgreSQL the settings, the saved datasets and the directory are
// copied, not the accounts and their history.
func (s *Store) Snapshot(ctx context.Context, path string) error {
	if s.isPostgres {
		return s.snapshotPostgres(ctx, path)
	}
	if _, err := s.w.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return s.failed("copy the database", err)
	}
	return os.Chmod(path, 0o600)
}

// snapshotTables are copied in this order: records refer to customers.
var snapshotTables = [...]struct{ name, columns, order string }{
	{"settings", "name, value", "name"},
	{"datasets", "name, text, saved_by, saved_at", "name"},
	{"directory_customers", "seq, id, merged_into, created_at, changed_at", "seq"},
	{"directory_members", "source, record_id, customer, origin, data", "source, record_id"},
	{"directory_kept", "deleted_source, deleted_id, other_source, other_id, rule", "1"},
	{"directory_decisions", "a_source, a_id, b_source, b_id, verdict, author, reason, decided_at", "1"},
	{"directory_seen", "source, customer_key", "1"},
	{"directory_sources", "source, read_at", "1"},
	{"directory_events", "seq, at, kind, customer, other, source, record_id, with_source, with_id, rule, author, reason, records", "seq"},
}

func (s *Store) snapshotPostgres(ctx context.Context, path string) (err error) {
	to, err := openSQLite(ctx, path, Deps{Log: s.log, Now: s.now, BusyTimeout: busyTimeout})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return s.read(ctx, "copy the database", func(from *sql.Tx) error {
		return to.write(ctx, "copy the database", func(tx *sql.Tx) error {
			// Customers refer to customers that may come later.
			if _, err := tx.ExecContext(ctx, "PRAGMA defer_foreign_keys = 1"); err != nil {
				return err
			}
			w := &batch{ctx: ctx, tx: tx}
			for _, t := range snapshotTables {
				n := strings.Count(t.columns, ",") + 1
				text := "INSERT INTO " + t.name + " (" + t.columns + ") VALUES (" + placeholders(n) + ")"
				values, into := make([]any, n), make([]any, n)
				for i := range values {
					into[i] = &values[i]
				}
				err := each(ctx, from, "SELECT "+t.columns+" FROM "+t.name+" ORDER BY "+t.order, func(rows *sql.Rows) error {
					if err := rows.Scan(into...); err != nil {
						return err
					}
					w.exec(text, values...)
					return w.err
				})
				if err != nil {
					return errors.Join(err, w.close())
				}
			}
			return w.close()
		})
	})
}
