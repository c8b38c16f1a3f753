package store

import (
	"context"
	"database/sql"
	"strings"
)

// ownText is a text in a TEXT column of both databases: Trama's own.
type ownText string

// bulk writes many rows of a table. SQLite is fastest with one prepared statement
// that is run for each; of PostgreSQL every statement is a round trip, so that it
// gets all rows in one, column by column.
type bulk struct {
	batch
	copyDialect
}

func newBulk(ctx context.Context, tx *sql.Tx, d copyDialect) *bulk {
	return &bulk{batch: batch{ctx: ctx, tx: tx}, copyDialect: d}
}

// cells gives the value of a row and column: int64, string, ownText or []byte, the
// same kind in all rows of a column.
type cells func(row, column int) any

// insert adds n rows. tail is what follows, ON CONFLICT.
func (b *bulk) insert(table string, columns []string, n int, cell cells, tail string) {
	if n == 0 {
		return
	}
	into := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") "
	if b.isPostgres {
		lists, args := arrays(len(columns), n, cell)
		b.run(into+"SELECT * FROM unnest("+lists+") "+tail, args...)
		return
	}
	text := into + "VALUES (" + placeholders(len(columns)) + ") " + tail
	args := make([]any, len(columns))
	for row := range n {
		for c := range columns {
			args[c] = plainCell(cell(row, c))
		}
		b.exec(text, args...)
	}
}

// update changes n rows, which the first column tells apart.
func (b *bulk) update(table string, columns []string, n int, cell cells) {
	if n == 0 {
		return
	}
	var set strings.Builder
	for i, name := range columns[1:] {
		if i > 0 {
			set.WriteString(", ")
		}
		set.WriteString(name + " = ")
		if b.isPostgres {
			set.WriteString("x." + name)
		} else {
			set.WriteByte('?')
		}
	}
	text := "UPDATE " + table + " SET " + set.String()
	if b.isPostgres {
		lists, args := arrays(len(columns), n, cell)
		b.run(text+" FROM unnest("+lists+") AS x("+strings.Join(columns, ", ")+") WHERE "+table+"."+columns[0]+" = x."+columns[0], args...)
		return
	}
	text += " WHERE " + columns[0] + " = ?"
	args := make([]any, len(columns))
	for row := range n {
		for c := range columns {
			// The first is the last.
			args[(c+len(columns)-1)%len(columns)] = plainCell(cell(row, c))
		}
		b.exec(text, args...)
	}
}

// run runs a statement that does not come again in this transaction: preparing it
// apart would be two more round trips.
func (b *bulk) run(text string, args ...any) {
	if b.err != nil {
		return
	}
	b.finish()
	if b.err == nil {
		_, b.err = b.tx.ExecContext(b.ctx, text, args...)
	}
}

func plainCell(v any) any {
	if x, ok := v.(ownText); ok {
		return string(x)
	}
	return v
}

// arrays are the columns as PostgreSQL's arrays, and the words for them.
func arrays(columns, n int, cell cells) (lists string, args []any) {
	types := make([]string, columns)
	args = make([]any, columns)
	for c := range columns {
		switch cell(0, c).(type) {
		case int64:
			types[c], args[c] = "?::bigint[]", column(n, func(row int) int64 { return cell(row, c).(int64) })
		case ownText:
			types[c], args[c] = "?::text[]", column(n, func(row int) string { return string(cell(row, c).(ownText)) })
		case string:
			types[c], args[c] = "?::bytea[]", column(n, func(row int) []byte { return []byte(cell(row, c).(string)) })
		default:
			types[c], args[c] = "?::bytea[]", column(n, func(row int) []byte {
				// A nil slice would be NULL.
				return append([]byte{}, cell(row, c).([]byte)...)
			})
		}
	}
	return strings.Join(types, ", "), args
}

func column[T any](n int, value func(row int) T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = value(i)
	}
	return list
}
