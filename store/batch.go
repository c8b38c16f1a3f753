package store

import (
	"context"
	"database/sql"
	"errors"
)

// batch runs many statements in one transaction, each text prepared once. After
// the first error it does nothing more; close returns it.
type batch struct {
	ctx  context.Context //nolint:containedctx // lives as long as one call of SaveDirectory
	tx   *sql.Tx
	text string // the statement of the last exec: they come in runs
	stmt *sql.Stmt
	err  error
}

func (b *batch) exec(text string, args ...any) {
	if b.err != nil {
		return
	}
	if text != b.text {
		b.finish()
		if b.stmt, b.err = b.tx.PrepareContext(b.ctx, text); b.err != nil {
			return
		}
		b.text = text
	}
	_, b.err = b.stmt.ExecContext(b.ctx, args...)
}

func (b *batch) finish() {
	if b.stmt != nil {
		b.err = errors.Join(b.err, b.stmt.Close())
	}
	b.stmt, b.text = nil, ""
}

func (b *batch) close() error {
	b.finish()
	return b.err
}
