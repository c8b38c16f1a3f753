package store

import (
	"strings"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// condition is a text of SQL with its arguments. All conditions are either true
// or false: no column of copy_rows is NULL.
type condition struct {
	copyDialect
	sql  strings.Builder
	args []any
	// walked is the column in whose order rows are walked from a cursor on, "" = none.
	walked string
}

func (c *condition) add(text string, args ...any) {
	c.sql.WriteString(text)
	c.args = append(c.args, args...)
}

// maxArgs is how many values one question may compare with: SQLite takes 32,766,
// PostgreSQL twice that.
const maxArgs = 30_000

// columnOf is the column of an SDL name.
func columnOf(name string) (copies.Column, bool) {
	if name == "id" {
		return copies.Column{Name: name, Kind: schema.KindString}, true
	}
	return copies.ColumnOf(name)
}

// copyColumn is a column's name in the database.
func copyColumn(name string) string {
	switch name {
	case "id":
		return "key"
	case "customer", "order", "quote", "invoice":
		return name + "_key"
	}
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			b.WriteByte(c + 'a' - 'A')
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// where writes what Predicate.Match decides. An operator or column it cannot say
// is UNSUPPORTED_FILTER: nothing is ever left out.
func where(c *condition, p schema.Predicate, of whose) error {
	switch p.Op {
	case schema.All:
		c.add("TRUE")
		return nil
	case schema.None:
		c.add("FALSE")
		return nil
	case schema.And:
		return join(c, p.Of, " AND ", "TRUE", of)
	case schema.Or:
		return join(c, p.Of, " OR ", "FALSE", of)
	case schema.Not:
		c.add("NOT (")
		err := where(c, p.Of[0], of)
		c.add(")")
		return err
	}
	if p.Column == "source" {
		if p.Match(sourceRow(of.source)) {
			c.add("TRUE")
		} else {
			c.add("FALSE")
		}
		return nil
	}
	if p.Column == changedColumn {
		return compareChanged(c, p, of.changedFrom)
	}
	col, ok := columnOf(p.Column)
	if !ok {
		return schema.Errorf(schema.UnsupportedFilter, "a copy cannot filter by %s", p.Column)
	}
	return compare(c, col, p)
}

// sourceRow is a row of which only the source is asked.
type sourceRow string

// Column implements schema.Row.
func (r sourceRow) Column(name string) schema.Value {
	if name == "source" {
		return schema.String(string(r))
	}
	return schema.Null
}

// joinDepth is how many operands stand side by side: SQLite nests them, and
// nests no deeper than a thousand.
const joinDepth = 64

func join(c *condition, list []schema.Predicate, word, empty string, of whose) error {
	switch {
	case len(list) == 0:
		c.add(empty)
		return nil
	case len(list) > joinDepth:
		half := len(list) / 2
		c.add("(")
		if err := join(c, list[:half], word, empty, of); err != nil {
			return err
		}
		c.add(word)
		err := join(c, list[half:], word, empty, of)
		c.add(")")
		return err
	}
	c.add("(")
	for i := range list {
		if i > 0 {
			c.add(word)
		}
		if err := where(c, list[i], of); err != nil {
			return err
		}
	}
	c.add(")")
	return nil
}

// compare writes the comparison of one column.
func compare(c *condition, col copies.Column, p schema.Predicate) error {
	name := "r." + copyColumn(col.Name)
	switch p.Op {
	case schema.IsNull:
		c.add(name + " = ''")
		return nil
	case schema.In:
		return oneOf(c, name, col, p.Values)
	case schema.Contains, schema.Prefix:
		return search(c, name, col, p)
	case schema.Eq, schema.Lt, schema.Le, schema.Gt, schema.Ge:
	default:
		return schema.Errorf(schema.UnsupportedFilter, "a copy cannot compare %s in this way", col.Name)
	}
	if name == c.walked && p.Op != schema.Eq && !c.isPostgres {
		// Of two bounds SQLite begins at the one that comes first: it is to be the
		// cursor's, not the filter's.
		name = "+" + name
	}
	v := p.Values[0]
	switch {
	case v.IsNull():
		c.add("FALSE")
	case !isComparable(col, v):
		// Values of different kinds have a fixed order, as in Value.Compare.
		less := col.Kind < v.Kind
		if less && (p.Op == schema.Lt || p.Op == schema.Le) || !less && (p.Op == schema.Gt || p.Op == schema.Ge) {
			c.add(name + " <> ''")
		} else {
			c.add("FALSE")
		}
	case p.Op == schema.Eq:
		// The second half is true, and what lets an index of the rows that have one be
		// used.
		text := sortText(v)
		c.add("("+name+" = ? AND "+c.isThere(name, len(text))+")", c.text(text))
	case p.Op == schema.Lt:
		c.add("("+name+" < ? AND "+name+" <> '')", c.text(sortText(v)))
	case p.Op == schema.Le:
		c.add("("+name+" <= ? AND "+name+" <> '')", c.text(sortText(v)))
	case p.Op == schema.Gt:
		c.add(name+" > ?", c.text(sortText(v)))
	case p.Op == schema.Ge:
		c.add(name+" >= ?", c.text(sortText(v)))
	}
	return nil
}

func isComparable(col copies.Column, v schema.Value) bool {
	return v.Kind == col.Kind || v.Kind == schema.KindInt && col.Kind == schema.KindDecimal
}

func oneOf(c *condition, name string, col copies.Column, values []schema.Value) error {
	var texts []string
	longest := 0
	for _, v := range values {
		if text := sortText(v); text != "" && isComparable(col, v) {
			texts, longest = append(texts, text), max(longest, len(text))
		}
	}
	switch {
	case len(texts) == 0:
		c.add("FALSE")
		return nil
	case len(texts)+len(c.args) > maxArgs:
		return schema.Errorf(schema.UnsupportedFilter, "too many values for %s", col.Name)
	}
	is, args := c.isOneOf(name, texts)
	c.add("("+is+" AND "+c.isThere(name, longest)+")", args...)
	return nil
}

func placeholders(n int) string {
	return strings.Repeat("?, ", n-1) + "?"
}

// search writes a comparison that ignores letter case. The text in lower case is
// kept where it differs.
func search(c *condition, name string, col copies.Column, p schema.Predicate) error {
	if !col.Folded {
		return schema.Errorf(schema.UnsupportedFilter, "a copy cannot search in %s", col.Name)
	}
	fold := "r.fold_" + copyColumn(col.Name)
	found := "> 0"
	if p.Op == schema.Prefix {
		found = "= 1"
	}
	c.add("("+name+" <> '' AND "+c.place("CASE WHEN "+fold+" = '' THEN "+name+" ELSE "+fold+" END")+" "+found+")", c.text(strings.ToLower(p.Values[0].Str)))
	return nil
}
