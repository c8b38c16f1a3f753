package store

import (
	"slices"
	"strconv"
)

// copyDialect is where the SQL of copies differs between the two databases.
//
// What comes from a source is TEXT in SQLite and BYTEA in PostgreSQL, whose TEXT
// takes neither a zero byte nor what is not UTF-8: both compare by bytes, and a key
// is never another one in the database than it was in the source.
type copyDialect struct{ isPostgres bool }

func (s *Store) copyDialect() copyDialect { return copyDialect{s.isPostgres} }

// longestIndexed is the most bytes of a text that PostgreSQL finds through an index:
// its indexes take no entries of more than some 2,700 bytes. Longer values of other
// columns than these are found by walking the copy.
const longestIndexed = 1000

// text is an argument that is compared with what came from a source.
func (d copyDialect) text(v string) any {
	if d.isPostgres {
		return []byte(v)
	}
	return v
}

// texts are the same for a list.
func (d copyDialect) texts(v []string) [][]byte {
	list := make([][]byte, len(v))
	for i := range v {
		list[i] = []byte(v[i])
	}
	return list
}

// isOneOf says that a column has one of the texts, which are not none.
func (d copyDialect) isOneOf(column string, v []string) (string, []any) {
	if d.isPostgres {
		return column + " = ANY(?)", []any{d.texts(v)}
	}
	args := make([]any, len(v))
	for i := range v {
		args[i] = v[i]
	}
	return column + " IN (" + placeholders(len(v)) + ")", args
}

// ofKeys asks for some columns of those keys of a set that exist, keys first. of is
// the table, or several joined; r has the columns set_id and key.
//
// In PostgreSQL each key is looked up by itself: as one condition, a server that
// does not know yet how the rows are spread would rather read the whole set.
func (d copyDialect) ofKeys(columns, of string, set int64, keys []string) (string, []any) {
	if d.isPostgres {
		return "SELECT k.key, f.* FROM unnest(?::bytea[]) AS k(key) CROSS JOIN LATERAL (SELECT " + columns + " FROM " + of +
			" WHERE r.set_id = ? AND r.key = k.key LIMIT 1) f", []any{d.texts(keys), set}
	}
	is, args := d.isOneOf("r.key", keys)
	return "SELECT r.key, " + columns + " FROM " + of + " WHERE r.set_id = ? AND " + is, slices.Concat([]any{set}, args)
}

// isOneID says that a column has one of the numbers, which are not none.
func (d copyDialect) isOneID(column string, v []int64) (string, []any) {
	if d.isPostgres {
		return column + " = ANY(?)", []any{v}
	}
	args := make([]any, len(v))
	for i := range v {
		args[i] = v[i]
	}
	return column + " IN (" + placeholders(len(v)) + ")", args
}

// isThere says that a column has a value, in the words of the indexes that leave out
// rows without. longest is how many bytes it may have that is looked for.
func (d copyDialect) isThere(column string, longest int) string {
	if d.isPostgres && longest <= longestIndexed {
		return column + " <> '' AND octet_length(" + column + ") <= " + strconv.Itoa(longestIndexed)
	}
	return column + " <> ''"
}

// place is where in a text the argument begins, from 1 on, 0 = nowhere.
func (d copyDialect) place(text string) string {
	if d.isPostgres {
		return "position(? IN " + text + ")"
	}
	return "instr(" + text + ", ?)"
}

// bit is a condition as it is stored.
func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
