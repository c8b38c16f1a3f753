package store

import (
	"context"
	"database/sql"

	"github.com/trama-graph/trama/policies/tokens"
)

// Audit implements tokens.Tx. Rows of the audit are never changed or deleted: the
// database itself refuses it.
func (a *acts) Audit(ctx context.Context, e tokens.Entry) error {
	_, err := a.tx.ExecContext(ctx, "INSERT INTO audit (at, kind, account, token, about, subject, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
		e.At.UnixMicro(), e.Kind, e.Account, e.Token, e.About, e.Subject, e.Detail)
	return err
}

// Audit implements tokens.Store.
func (s *Store) Audit(ctx context.Context, f tokens.AuditFilter) ([]tokens.Entry, error) {
	text, args := "SELECT id, at, kind, account, token, about, subject, detail FROM audit WHERE 1 = 1", []any{}
	add := func(condition string, values ...any) {
		text += " AND " + condition
		args = append(args, values...)
	}
	if !isText(f.Kind) || !isText(f.Account) {
		return nil, nil // no entry has such a text
	}
	if f.Kind != "" {
		add("kind = ?", f.Kind)
	}
	if f.Account != "" {
		add("(account = ? OR about = ?)", f.Account, f.Account)
	}
	if f.Before > 0 {
		add("id < ?", f.Before)
	}
	text += " ORDER BY id DESC LIMIT ?"
	args = append(args, f.First)
	var list []tokens.Entry
	err := s.read(ctx, "list the audit", func(tx *sql.Tx) error {
		return each(ctx, tx, text, func(rows *sql.Rows) error {
			var e tokens.Entry
			var at sql.NullInt64
			err := rows.Scan(&e.ID, &at, &e.Kind, &e.Account, &e.Token, &e.About, &e.Subject, &e.Detail)
			e.At = fromMicros(at)
			list = append(list, e)
			return err
		}, args...)
	})
	return list, err
}
