package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// fact is a row as its values say it, for a plain filter and sort.
type fact struct {
	key    string
	values map[string]schema.Value
	links  []copies.Link
}

// Identity implements schema.Entity.
func (f *fact) Identity() (source, key string) { return "erp", f.key }

// Column implements schema.Row.
func (f *fact) Column(name string) schema.Value {
	switch name {
	case "id":
		return schema.String(f.key)
	case "source":
		return schema.String("erp")
	}
	return f.values[name]
}

func (f *fact) row() copies.Row {
	row := copies.Row{Key: f.key, Data: []byte(f.key), Links: f.links}
	hash := fmt.Sprintf("%v", f.links)
	for _, c := range copies.Columns() {
		row.Values = append(row.Values, f.values[c.Name])
		hash += "|" + f.values[c.Name].Key()
	}
	row.Hash = []byte(hash)
	return row
}

// belongs reports whether a row is one of the parent's.
func (f *fact) belongs(relation, parent string) bool {
	switch relation {
	case "orderNumber", "quoteNumber", "invoiceNumber":
		return slices.Contains(f.links, copies.Link{Relation: relation, Number: parent})
	}
	return f.Column(relation).Str == parent
}

// draws makes facts and questions of columns whose values databases disagree about.
type draws struct {
	*rapid.T
	texts   []string
	amounts []string
	columns []copies.Column
	facts   []fact
}

func newDraws(t *rapid.T) *draws {
	return &draws{
		T: t,
		texts: []string{
			"", "a", "A", "aB", "ab", "ä", "Ä", "ÄB", "ß", "K", "\u212a", "İ", "i", "%", "_", "a%", "\\", "\\x61", "'", "?", "$1", "a b", "\x00", "a\x00b", "\xff", "É\xff",
			"Ω", "ώ", "Я", "я", "10", "9", "~", "ſ", "Σς",
		},
		amounts: []string{"0", "1", "1.00", "-1", "-1.000", "0.1", "0.01", "-0.01", "0.12", "-0.123", "10", "9", "99.9", "-100", "9999999999999999999", "-9999999999999999999", "0.0000000000000000001"},
		columns: copies.Columns(),
	}
}

func (d *draws) one(label string, of ...string) string { return rapid.SampledFrom(of).Draw(d.T, label) }

func (d *draws) value(kind schema.Kind, label string) schema.Value {
	switch kind {
	case schema.KindString:
		return schema.String(d.one(label, d.texts...))
	case schema.KindDecimal:
		return schema.Dec(decimal.MustParse(d.one(label, d.amounts...)))
	case schema.KindTime:
		n := rapid.SampledFrom([]int{0, 1, 10, 5e8, 999999999, 1e9, 2e9}).Draw(d.T, label)
		return schema.Time(when.Add(time.Duration(n)).In(time.FixedZone("x", 3600)))
	case schema.KindBool:
		return schema.Bool(rapid.Bool().Draw(d.T, label))
	case schema.KindInt:
		return schema.Int(int64(rapid.IntRange(-2, 12).Draw(d.T, label)))
	}
	return schema.Null
}

// fact has values in few columns; an empty text is an absent one.
func (d *draws) fact(i int) fact {
	f := fact{key: d.one("key", "x", "X", "é", "-", "\x00", "\xff", "\\") + fmt.Sprint(i), values: map[string]schema.Value{}}
	for range rapid.IntRange(0, 9).Draw(d.T, "values") {
		c := rapid.SampledFrom(d.columns).Draw(d.T, "column")
		if v := d.value(c.Kind, c.Name); v.Kind != schema.KindString || v.Str != "" {
			f.values[c.Name] = v
		}
	}
	// Parents with several rows each.
	for _, column := range []string{"customer", "order", "number"} {
		if rapid.Bool().Draw(d.T, "has "+column) {
			f.values[column] = schema.String(d.one(column, d.texts[1:4]...))
		}
	}
	for _, relation := range []string{"orderNumber", "quoteNumber"} {
		for _, number := range rapid.SliceOfNDistinct(rapid.SampledFrom(d.texts[1:5]), 0, 2, rapid.ID[string]).Draw(d.T, relation) {
			f.links = append(f.links, copies.Link{Relation: relation, Number: number})
		}
	}
	return f
}

func (d *draws) column() string {
	if rapid.IntRange(0, 9).Draw(d.T, "known") == 0 {
		return d.one("column", "id", "source")
	}
	return rapid.SampledFrom(d.columns).Draw(d.T, "column").Name
}

// occurring is a value of a column, mostly one that some row has.
func (d *draws) occurring(column string) schema.Value {
	if len(d.facts) > 0 && rapid.IntRange(0, 3).Draw(d.T, "occurs") > 0 {
		if v := d.facts[rapid.IntRange(0, len(d.facts)-1).Draw(d.T, "whose")].Column(column); !v.IsNull() {
			return v
		}
	}
	return d.value(rapid.SampledFrom([]schema.Kind{schema.KindString, schema.KindDecimal, schema.KindTime, schema.KindBool, schema.KindInt, schema.KindNull}).Draw(d.T, "kind"), "value")
}

func (d *draws) predicate(depth int) schema.Predicate {
	op := rapid.SampledFrom([]schema.Op{
		schema.All, schema.None, schema.And, schema.Or, schema.Not, schema.Eq, schema.In, schema.Lt, schema.Le, schema.Gt, schema.Ge,
		schema.Contains, schema.Prefix, schema.IsNull,
	}).Draw(d.T, "op")
	p := schema.Predicate{Op: op}
	switch op {
	case schema.All, schema.None:
	case schema.And, schema.Or, schema.Not:
		n := 1
		if op != schema.Not {
			n = rapid.IntRange(0, 3).Draw(d.T, "operands")
		}
		if depth == 0 {
			return schema.Predicate{}
		}
		for range n {
			p.Of = append(p.Of, d.predicate(depth-1))
		}
	case schema.IsNull:
		p.Column = d.column()
	case schema.In:
		p.Column = d.column()
		for range rapid.IntRange(0, 3).Draw(d.T, "values") {
			p.Values = append(p.Values, d.occurring(p.Column))
		}
	case schema.Contains, schema.Prefix:
		p.Column = d.one("text column", "number", "status", "kind", "currency", "title", "supplierTaxId", "shop")
		p.Values = []schema.Value{schema.String(d.one("part", d.texts...))}
	default:
		p.Column = d.column()
		p.Values = []schema.Value{d.occurring(p.Column)}
	}
	return p
}

func (d *draws) ask() copies.Ask {
	a := copies.Ask{Source: "erp"}
	a.Where, a.First, a.Total = d.predicate(2), rapid.IntRange(0, 6).Draw(d.T, "first"), rapid.Bool().Draw(d.T, "total")
	a.Order = schema.Sort{Column: d.one("order", d.column(), "", "date", "total"), Desc: rapid.Bool().Draw(d.T, "desc")}
	if len(d.facts) > 0 && rapid.Bool().Draw(d.T, "has after") {
		of := func() *fact { return &d.facts[rapid.IntRange(0, len(d.facts)-1).Draw(d.T, "behind")] }
		a.After = &datasources.After{Value: of().Column(a.Order.Column), Inclusive: rapid.Bool().Draw(d.T, "inclusive")}
		if rapid.IntRange(0, 3).Draw(d.T, "has id") > 0 {
			a.After.ID = of().key
		}
	}
	return a
}

// answer is what a plain filter, sort and cut give.
func (d *draws) answer(a *copies.Ask, isIn func(*fact) bool) datasources.Rows[fact] {
	var match []fact
	for i := range d.facts {
		if f := &d.facts[i]; isIn(f) && a.Where.Match(f) {
			match = append(match, *f)
		}
	}
	return datasources.Cut(match, a.Query)
}

func keysOf(facts []fact) []string {
	keys := []string{}
	for i := range facts {
		keys = append(keys, facts[i].key)
	}
	return keys
}

// copyProperty asks for lists and pages of parents and compares with a plain filter,
// sort and cut.
func copyProperty(t *testing.T, open func() Store) {
	s := opened(t, open)
	turn := 0
	rapid.Check(t, func(r *rapid.T) {
		d := newDraws(r)
		for i := range rapid.IntRange(0, 12).Draw(r, "facts") {
			d.facts = append(d.facts, d.fact(i))
		}
		turn++
		c := openCopied(t, s, "erp", fmt.Sprint("Order", turn%5)) // read again: rows change, too
		var rows []copies.Row
		for i := range d.facts {
			rows = append(rows, d.facts[i].row())
		}
		c.read(rows...)
		for range 4 {
			a := d.ask()
			got := []string{}
			answer, err := s.CopyList(t.Context(), c.at.ID, a, func(data []byte, _ int64) error { got = append(got, string(data)); return nil })
			if err != nil {
				r.Fatalf("%+v: %v", a, err)
			}
			d.compare(fmt.Sprintf("list by %+v", a), &a, got, answer.More[0], answer.Totals[0], d.answer(&a, func(*fact) bool { return true }))
		}
		d.byParents(t, c)
		d.byKeys(t, c)
	})
}

func (d *draws) compare(what string, a *copies.Ask, got []string, more bool, total int, want datasources.Rows[fact]) {
	d.Helper()
	if !slices.Equal(got, keysOf(want.Items)) || more != want.More[0] {
		d.Fatalf("%s\ngot  %q, more %t\nwant %q, more %t", what, got, more, keysOf(want.Items), want.More[0])
	}
	if wanted := map[bool]int{true: want.Totals[0], false: -1}[a.Total]; total != wanted {
		d.Fatalf("%s: total %d, want %d", what, total, wanted)
	}
}

func (d *draws) byParents(t *testing.T, c *copied) {
	relation := d.one("relation", "customer", "order", "quote", "invoice", "number", "sku", "orderNumber", "quoteNumber", "invoiceNumber")
	parents := rapid.SliceOfNDistinct(rapid.SampledFrom(d.texts[1:]), 0, 9, rapid.ID[string]).Draw(d.T, "parents")
	parents = slices.DeleteFunc(parents, func(p string) bool { return slices.Contains(d.texts[1:4], p) })
	parents = append(parents, d.texts[1:4]...)
	a := d.ask()
	pages := make([][]string, len(parents))
	last := 0
	answer, err := c.s.CopyByParent(t.Context(), c.at.ID, relation, parents, a, func(parent int, data []byte, _ int64) error {
		if parent < last {
			d.Errorf("parent %d behind %d", parent, last)
		}
		last = parent
		pages[parent] = append(pages[parent], string(data))
		return nil
	})
	if err != nil {
		d.Fatalf("%s of %q by %+v: %v", relation, parents, a, err)
	}
	for i, p := range parents {
		want := d.answer(&a, func(f *fact) bool { return f.belongs(relation, p) })
		d.compare(fmt.Sprintf("%s of %q by %+v", relation, p, a), &a, append([]string{}, pages[i]...), answer.More[i], answer.Totals[i], want)
	}
}

func (d *draws) byKeys(t *testing.T, c *copied) {
	got := []string{}
	_, err := c.s.CopyByKeys(t.Context(), c.at.ID, append(keysOf(d.facts), "nobody", "\xffnobody"), false, func(data []byte, _ int64) error { got = append(got, string(data)); return nil })
	if err != nil {
		d.Fatal(err)
	}
	want := keysOf(d.facts)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		d.Fatalf("by keys %q, want %q", got, want)
	}
}
