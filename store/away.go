package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/trama-graph/trama/schema"
)

// unavailable gives the errors of a database that cannot be asked now the code
// SOURCE_UNAVAILABLE, without a source; others, which are mistakes, stay as they are.
func unavailable(err error) error {
	if err == nil || !isAway(err) {
		return err
	}
	e := schema.Errorf(schema.SourceUnavailable, "the store is away").Because(err)
	e.Retryable = true
	return e
}

// isAway reports whether the database could not be reached, gave no answer in time, or
// was not able to: the same call may succeed later.
func isAway(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	var file *sqlite.Error
	switch {
	case errors.Is(err, errNoConnection), errors.Is(err, context.DeadlineExceeded), errors.Is(err, driver.ErrBadConn),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.As(err, &connect), errors.As(err, &network), pgconn.SafeToRetry(err):
		return true
	case errors.As(err, &file):
		switch file.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN:
			return true
		}
		return false
	}
	switch code := sqlState(err); {
	case len(code) != 5:
		return false
	case code == lockTimeout:
		return true
	default:
		switch code[:2] {
		case "08", "53", "57": // the connection, resources, an operator who stops it
			return true
		}
	}
	return false
}
