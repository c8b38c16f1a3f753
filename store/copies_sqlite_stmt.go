package store

import (
	"encoding/binary"
	"fmt"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite3 "modernc.org/sqlite/lib"
)

// liteError is an error of SQLite. Its text may quote a statement, which holds no
// values.
type liteError struct {
	code int32
	text string
}

func (e *liteError) Error() string { return e.text }

// Code is the extended result code.
func (e *liteError) Code() int { return int(e.code) }

func (c *liteConn) check(rc int32) error {
	if rc == sqlite3.SQLITE_OK {
		return nil
	}
	return c.failed(rc)
}

func (c *liteConn) failed(rc int32) error {
	code, text := rc, "the database could not be opened"
	if c.db != 0 {
		code, text = sqlite3.Xsqlite3_extended_errcode(c.tls, c.db), libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))
	}
	return &liteError{code, fmt.Sprintf("%s (%d)", text, code)}
}

// written is the pointer that SQLite wrote into the slot.
func (c *liteConn) written() uintptr {
	return uintptr(binary.NativeEndian.Uint64(libc.GoBytes(c.slot, 8)))
}

// liteStmt is a prepared statement.
type liteStmt struct{ p uintptr }

func (c *liteConn) prepare(text string) (*liteStmt, error) {
	z, err := libc.CString(text)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, z)
	rc := sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, z, -1, sqlite3.SQLITE_PREPARE_PERSISTENT, c.slot, 0)
	if err := c.check(rc); err != nil {
		return nil, err
	}
	return &liteStmt{c.written()}, nil
}

func (st *liteStmt) finalize(c *liteConn) {
	if st != nil {
		sqlite3.Xsqlite3_finalize(c.tls, st.p)
	}
}

// statement prepares a statement, or takes the one that was kept, and binds its
// arguments: int64 and string.
func (c *liteConn) statement(text string, args []any) (*liteStmt, error) {
	st := c.kept[text]
	if st == nil {
		var err error
		if st, err = c.prepare(text); err != nil {
			return nil, err
		}
		c.kept[text] = st
	}
	for i, arg := range args {
		var err error
		switch x := arg.(type) {
		case int64:
			err = c.check(sqlite3.Xsqlite3_bind_int64(c.tls, st.p, int32(i+1), x))
		case string:
			err = c.bind(st, i+1, x)
		case parentSlot: // bound for each parent
		default:
			err = fmt.Errorf("no way to ask with a %T", arg)
		}
		if err != nil {
			return nil, err
		}
	}
	return st, nil
}

// bind gives an argument, from 1 on, its text. SQLite keeps a copy.
func (c *liteConn) bind(st *liteStmt, at int, text string) error {
	if n := len(text) + 1; n > c.size {
		libc.Xfree(c.tls, c.text)
		c.size = max(2*n, 256)
		if c.text = libc.Xmalloc(c.tls, types.Size_t(c.size)); c.text == 0 {
			c.size = 0
			return &liteError{sqlite3.SQLITE_NOMEM, "out of memory"}
		}
	}
	copy(libc.GoBytes(c.text, c.size), text)
	const copied = ^uintptr(0) // SQLITE_TRANSIENT
	return c.check(sqlite3.Xsqlite3_bind_text(c.tls, st.p, int32(at), c.text, int32(len(text)), copied))
}

// next goes to the next row.
func (c *liteConn) next(st *liteStmt) (bool, error) {
	switch rc := sqlite3.Xsqlite3_step(c.tls, st.p); rc {
	case sqlite3.SQLITE_ROW:
		return true, nil
	case sqlite3.SQLITE_DONE:
		return false, nil
	default:
		return false, c.failed(rc)
	}
}

// reset ends a statement. Its arguments stay. What went wrong is known from next.
func (c *liteConn) reset(st *liteStmt) { sqlite3.Xsqlite3_reset(c.tls, st.p) }

// do runs a statement without rows and arguments.
func (c *liteConn) do(st *liteStmt) error {
	_, err := c.next(st)
	c.reset(st)
	return err
}

// once runs a statement that does not come again.
func (c *liteConn) once(text string) error {
	st, err := c.prepare(text)
	if err != nil {
		return err
	}
	defer st.finalize(c)
	return c.do(st)
}

// each calls f for each row of a statement.
func (c *liteConn) each(text string, args []any, f func(st *liteStmt) error) error {
	st, err := c.statement(text, args)
	if err != nil {
		return err
	}
	defer c.reset(st)
	for {
		if there, err := c.next(st); err != nil || !there {
			return err
		}
		if err := f(st); err != nil {
			return err
		}
	}
}

// bytes is a column of the row, from 0 on: the database's own memory, until the
// next row.
func (c *liteConn) bytes(st *liteStmt, column int) []byte {
	p := sqlite3.Xsqlite3_column_blob(c.tls, st.p, int32(column))
	n := sqlite3.Xsqlite3_column_bytes(c.tls, st.p, int32(column))
	if p == 0 || n == 0 {
		return nil
	}
	return libc.GoBytes(p, int(n))
}

func (c *liteConn) int(st *liteStmt, column int) int64 {
	return sqlite3.Xsqlite3_column_int64(c.tls, st.p, int32(column))
}

// isNull reports whether the row has no value in a column.
func (c *liteConn) isNull(st *liteStmt, column int) bool {
	return sqlite3.Xsqlite3_column_type(c.tls, st.p, int32(column)) == sqlite3.SQLITE_NULL
}
