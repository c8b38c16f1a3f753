package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// How long a database that is away may hold up a call. A caller's own deadline
// counts when it is earlier.
const (
	// poolWait bounds waiting for a connection to PostgreSQL: it has to be made, or
	// all of them are in use.
	poolWait = 10 * time.Second
	// shortCall bounds what reads or writes single rows.
	shortCall = 5 * time.Second
	// longCall bounds what reads or writes a whole directory.
	longCall = 10 * time.Minute
	// usualCall bounds every other transaction. The longest of them delete what a
	// reading of a copy has not met.
	usualCall = 5 * time.Minute
)

var errNoConnection = errors.New("the database gave no connection in time")

// begin begins a transaction on a connection that has to be there soon, however
// long the transaction may take. end gives the connection back, and has to be
// called. The one connection of SQLite that writes is waited for as long as the
// caller likes: who has it is in this process, and busy.
func (s *Store) begin(ctx context.Context, db *sql.DB, o *sql.TxOptions) (tx *sql.Tx, end func(), err error) {
	soon, cancel := ctx, func() {}
	if s.isPostgres {
		soon, cancel = context.WithTimeout(ctx, poolWait)
	}
	conn, err := db.Conn(soon)
	late := soon.Err() != nil && ctx.Err() == nil
	cancel()
	switch {
	case err != nil && late:
		return nil, nil, fmt.Errorf("%w: %w", errNoConnection, err)
	case err != nil:
		return nil, nil, err
	}
	if tx, err = conn.BeginTx(ctx, o); err != nil {
		_ = conn.Close() // it goes back into the pool; why there is no transaction is told
		return nil, nil, err
	}
	return tx, func() {
		_ = tx.Rollback() // a no-op after the commit
		_ = conn.Close()
	}, nil
}
