package store

import (
	"context"
	"database/sql/driver"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
)

// rebind writes the places of arguments as PostgreSQL wants them: ? becomes $1, $2
// and so on, outside of texts, names and comments. All SQL of this package has ?,
// so that one text does for both databases.
func rebind(query string) string {
	if !strings.Contains(query, "?") {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 16)
	n := 0
	for i := 0; i < len(query); {
		rest := query[i:]
		switch {
		case rest[0] == '?':
			n++
			b.WriteString("$" + strconv.Itoa(n))
			i++
			continue
		case rest[0] == '\'' || rest[0] == '"':
			// A doubled quote ends one text and begins the next.
			i += span(&b, rest, rest[:1], 1)
		case strings.HasPrefix(rest, "--"):
			i += span(&b, rest, "\n", 2)
		case strings.HasPrefix(rest, "/*"):
			i += span(&b, rest, "*/", 2)
		default:
			b.WriteByte(rest[0])
			i++
		}
	}
	return b.String()
}

// span copies what goes on until end, which is looked for from the given place on,
// and returns its length.
func span(b *strings.Builder, text, end string, from int) int {
	n := len(text)
	if i := strings.Index(text[from:], end); i >= 0 {
		n = from + i + len(end)
	}
	b.WriteString(text[:n])
	return n
}

// rebound makes connections that take ? for arguments.
type rebound struct{ driver.Connector }

// Connect implements driver.Connector.
func (r rebound) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return reboundConn{c.(*stdlib.Conn)}, nil // what pgx documents to return
}

// reboundConn does the rest as pgx does it.
type reboundConn struct{ *stdlib.Conn }

var (
	_ driver.ExecerContext      = reboundConn{}
	_ driver.QueryerContext     = reboundConn{}
	_ driver.ConnPrepareContext = reboundConn{}
	_ driver.ConnBeginTx        = reboundConn{}
	_ driver.SessionResetter    = reboundConn{}
	_ driver.NamedValueChecker  = reboundConn{}
)

// CheckNamedValue implements driver.NamedValueChecker. A key of a foreign system may
// have signs that PostgreSQL refuses; it must not keep the others from being saved.
func (c reboundConn) CheckNamedValue(v *driver.NamedValue) error {
	if s, ok := v.Value.(string); ok && !isText(s) {
		v.Value = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
	}
	return c.Conn.CheckNamedValue(v)
}

// Prepare implements driver.Conn.
func (c reboundConn) Prepare(query string) (driver.Stmt, error) { return c.Conn.Prepare(rebind(query)) }

// PrepareContext implements driver.ConnPrepareContext.
func (c reboundConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.PrepareContext(ctx, rebind(query))
}

// ExecContext implements driver.ExecerContext.
func (c reboundConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.ExecContext(ctx, rebind(query), args)
}

// QueryContext implements driver.QueryerContext.
func (c reboundConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.QueryContext(ctx, rebind(query), args)
}
