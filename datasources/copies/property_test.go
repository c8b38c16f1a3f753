package copies_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// words are texts whose order, case and bytes databases disagree about.
var words = []string{"", "a", "A", "aB", "Ab", "ab", "ä", "Ä", "ÄB", "ß", "K", "k", "\u212a", "İ", "i", "İstanbul", "%", "_", "a%", "\\", "'", "a b", "\x00", "a\x00b", "\xff", "É\xff", "Ω", "ώ", "Я", "я", "10", "9", "~", "ſ", "Σς"}

func genText(t *rapid.T, label string) string { return rapid.SampledFrom(words).Draw(t, label) }

func genTime(t *rapid.T, label string) time.Time {
	base := time.Date(2026, 3, 4, 8, 15, 0, 0, time.UTC)
	switch rapid.IntRange(0, 7).Draw(t, label+" kind") {
	case 0:
		return time.Time{}
	case 1:
		return time.Date(rapid.SampledFrom([]int{-5, 0, 1, 999, 9999, 10000, 123456}).Draw(t, label+" year"), 1, 2, 3, 4, 5, 6, time.FixedZone("x", 3600))
	case 2:
		return base.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 10, 100, 1e6, 1e8, 5e8, 999999999}).Draw(t, label+" nanos")))
	}
	return base.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, label)) * time.Hour)
}

var amounts = []string{"0", "0.00", "1", "1.0", "1.00", "-1", "-1.000", "0.1", "0.10", "0.01", "-0.01", "0.12", "0.123", "-0.12", "-0.123", "10", "9", "99.9", "100", "-100", "-99.9", "9999999999999999999", "-9999999999999999999", "0.0000000000000000001", "-0.0000000000000000001", "9223372036854775808"}

func genDec(t *rapid.T, label string) decimal.Decimal {
	if rapid.Bool().Draw(t, label+" any") {
		d, err := decimal.New(rapid.Int64().Draw(t, label+" coef"), rapid.IntRange(0, 19).Draw(t, label+" scale"))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	return decimal.MustParse(rapid.SampledFrom(amounts).Draw(t, label))
}

func genMoney(t *rapid.T, label string) *schema.Money {
	if rapid.IntRange(0, 3).Draw(t, label+" has") == 0 {
		return nil
	}
	return &schema.Money{Amount: genDec(t, label), Currency: rapid.SampledFrom([]string{"EUR", "mdl", ""}).Draw(t, label+" currency")}
}

func genNumbers(t *rapid.T, label string) []string {
	return rapid.SliceOfN(rapid.SampledFrom([]string{"N1", "N2", "N3"}), 0, 3).Draw(t, label)
}

func genInvoice(t *rapid.T, i int) schema.Invoice {
	label := fmt.Sprintf("row %d ", i)
	keys := rapid.SampledFrom([]string{"", "k1", "k2", "k3"})
	x := schema.Invoice{
		Record: schema.Record{Source: "erp", Key: fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"x", "X", "é", "", "-"}).Draw(t, label+"key"), i), CreatedAt: genTime(t, label+"created"), UpdatedAt: genTime(t, label+"updated")},
		Links: schema.Links{
			CustomerKey: keys.Draw(t, label+"customer"), OrderKey: keys.Draw(t, label+"order"), QuoteKey: keys.Draw(t, label+"quote"), InvoiceKey: keys.Draw(t, label+"invoice"),
			OrderNumbers: genNumbers(t, label+"orders"), QuoteNumbers: genNumbers(t, label+"quotes"), InvoiceNumbers: genNumbers(t, label+"invoices"),
		},
		Number: genText(t, label+"number"), Kind: schema.InvoiceKind(genText(t, label+"kind")), Status: genText(t, label+"status"),
		Date: genTime(t, label+"date"), DueDate: genTime(t, label+"due"), Total: genMoney(t, label+"total"), Tax: genMoney(t, label+"tax"),
	}
	if rapid.Bool().Draw(t, label+"has lines") {
		n := rapid.IntRange(0, 2).Draw(t, label+"lines")
		x.Lines = []*schema.OrderLine{}
		for j := range n {
			q := genDec(t, label+"quantity")
			x.Lines = append(x.Lines, &schema.OrderLine{Position: &j, SKU: genText(t, label+"sku"), Quantity: &q})
		}
	}
	return x
}

// genValue is a value of a column, mostly one that occurs.
func genValue(t *rapid.T, rows []schema.Invoice, column, label string) schema.Value {
	if len(rows) > 0 && rapid.IntRange(0, 3).Draw(t, label+" occurs") > 0 {
		return rows[rapid.IntRange(0, len(rows)-1).Draw(t, label+" of")].Column(column)
	}
	switch rapid.IntRange(0, 5).Draw(t, label+" kind") {
	case 0:
		return schema.String(genText(t, label))
	case 1:
		return schema.Dec(genDec(t, label))
	case 2:
		return schema.Time(genTime(t, label))
	case 3:
		return schema.Int(rapid.Int64().Draw(t, label))
	case 4:
		return schema.Bool(rapid.Bool().Draw(t, label))
	}
	return schema.Null
}

func columnNames() []string {
	names := []string{"id", "source"}
	for _, c := range copies.Columns() {
		names = append(names, c.Name)
	}
	return names
}

func genPredicate(t *rapid.T, rows []schema.Invoice, depth int) schema.Predicate {
	op := rapid.SampledFrom([]schema.Op{schema.All, schema.None, schema.And, schema.Or, schema.Not, schema.Eq, schema.In, schema.Lt, schema.Le, schema.Gt, schema.Ge, schema.Contains, schema.Prefix, schema.IsNull}).Draw(t, "op")
	switch op {
	case schema.All, schema.None:
		return schema.Predicate{Op: op}
	case schema.And, schema.Or:
		p := schema.Predicate{Op: op}
		if depth > 0 {
			for range rapid.IntRange(0, 3).Draw(t, "operands") {
				p.Of = append(p.Of, genPredicate(t, rows, depth-1))
			}
		}
		return p
	case schema.Not:
		if depth == 0 {
			return schema.Predicate{}
		}
		return schema.Predicate{Op: op, Of: []schema.Predicate{genPredicate(t, rows, depth-1)}}
	}
	column := rapid.SampledFrom(columnNames()).Draw(t, "column")
	p := schema.Predicate{Op: op, Column: column}
	switch op {
	case schema.IsNull:
	case schema.In:
		for range rapid.IntRange(0, 3).Draw(t, "values") {
			p.Values = append(p.Values, genValue(t, rows, column, "value"))
		}
	case schema.Contains, schema.Prefix:
		p.Column = rapid.SampledFrom([]string{"number", "status", "kind", "currency", "title"}).Draw(t, "text column")
		p.Values = []schema.Value{schema.String(genText(t, "part"))}
	default:
		p.Values = []schema.Value{genValue(t, rows, column, "value")}
	}
	return p
}

func genQuery(t *rapid.T, rows []schema.Invoice) datasources.Query {
	q := datasources.Query{Where: genPredicate(t, rows, 2), First: rapid.IntRange(0, 6).Draw(t, "first"), Total: rapid.Bool().Draw(t, "total")}
	q.Order = schema.Sort{Column: rapid.SampledFrom(append(columnNames(), "", "date", "date", "total")).Draw(t, "order"), Desc: rapid.Bool().Draw(t, "desc")}
	if rapid.Bool().Draw(t, "has after") {
		v := schema.Null
		if len(rows) > 0 {
			v = rows[rapid.IntRange(0, len(rows)-1).Draw(t, "after row")].Column(q.Order.Column)
		}
		id := ""
		if rapid.IntRange(0, 3).Draw(t, "has id") > 0 && len(rows) > 0 {
			id = rows[rapid.IntRange(0, len(rows)-1).Draw(t, "after id")].Key
		}
		q.After = &datasources.After{Value: v, ID: id, Inclusive: rapid.Bool().Draw(t, "inclusive")}
	}
	return q
}

// plain answers as Cut does over all rows that match.
func plain(rows []schema.Invoice, q datasources.Query) datasources.Rows[schema.Invoice] {
	var match []schema.Invoice
	for i := range rows {
		if q.Where.Match(&rows[i]) {
			match = append(match, rows[i])
		}
	}
	return datasources.Cut(match, q)
}

func keysOf(rows []schema.Invoice) []string {
	keys := []string{}
	for i := range rows {
		keys = append(keys, rows[i].Key)
	}
	return keys
}

// belongs tells by which parents a row is found.
func belongs(x *schema.Invoice, rel datasources.Relation) []string {
	switch rel {
	case "orderNumber":
		return x.OrderNumbers
	case "quoteNumber":
		return x.QuoteNumbers
	case "invoiceNumber":
		return x.InvoiceNumbers
	}
	return []string{x.Column(string(rel)).Str}
}

// TestAnswersAsCut asks a copy and compares with a plain filter, sort and cut.
func TestAnswersAsCut(t *testing.T) {
	st := newStore(t)
	turn := 0
	rapid.Check(t, func(r *rapid.T) {
		turn++
		name := fmt.Sprintf("s%d", turn)
		var rows []schema.Invoice
		for i := range rapid.IntRange(0, 12).Draw(r, "rows") {
			x := genInvoice(r, i)
			x.Source = name
			rows = append(rows, x)
		}
		up := &table[schema.Invoice, *schema.Invoice]{rows: rows}
		src := &system{readers: map[string]any{"Invoice": up}, entries: []datasources.Entity{entry("Invoice", schema.Sort{}, 5)}}
		c := openCopy(t, copies.Config{Name: name}, src, st, copies.Deps{})
		mustSync(t, c)
		reader := datasources.ReaderOf[schema.Invoice](c, "Invoice")
		for range rapid.IntRange(1, 6).Draw(r, "lists") {
			q := genQuery(r, rows)
			got, err := reader.List(t.Context(), q)
			if err != nil {
				r.Fatalf("%+v: %v", q, err)
			}
			want := plain(rows, q)
			if !slices.Equal(keysOf(got.Items), keysOf(want.Items)) || got.More[0] != want.More[0] {
				r.Fatalf("%+v\ngot  %q, more %t\nwant %q, more %t", q, keysOf(got.Items), got.More[0], keysOf(want.Items), want.More[0])
			}
			if q.Total != (got.Totals[0] >= 0) || q.Total && got.Totals[0] != want.Totals[0] {
				r.Fatalf("%+v: total %d, want %d", q, got.Totals[0], want.Totals[0])
			}
		}
		rel := rapid.SampledFrom([]datasources.Relation{"customer", "order", "quote", "invoice", "number", "orderNumber", "quoteNumber", "invoiceNumber"}).Draw(r, "relation")
		parents := []string{"k1", "k3", "N1", "N2", "a", "nobody", "k2", "a%", "Ä"}
		q := genQuery(r, rows)
		got, err := reader.ByParent(t.Context(), rel, parents, q)
		if err != nil {
			r.Fatal(err)
		}
		for i, p := range parents {
			var of []schema.Invoice
			for j := range rows {
				if slices.Contains(belongs(&rows[j], rel), p) {
					of = append(of, rows[j])
				}
			}
			want := plain(of, q)
			if !slices.Equal(keysOf(got.Parent(i)), keysOf(want.Items)) || got.More[i] != want.More[0] || q.Total != (got.Totals[i] >= 0) || q.Total && got.Totals[i] != want.Totals[0] {
				r.Fatalf("%s of %q by %+v\ngot  %q of %d, more %t\nwant %q of %d, more %t", rel, p, q, keysOf(got.Parent(i)), got.Totals[i], got.More[i], keysOf(want.Items), want.Totals[0], want.More[0])
			}
		}
		whole(r, reader, rows)
	})
}

// whole compares every record field by field.
func whole(r *rapid.T, reader datasources.Reader[schema.Invoice], rows []schema.Invoice) {
	got, err := reader.ByKeys(r.Context(), append(keysOf(rows), "nobody"), nil)
	if err != nil {
		r.Fatal(err)
	}
	if len(got.Items) != len(rows) {
		r.Fatalf("%d rows by their keys, want %d", len(got.Items), len(rows))
	}
	byKey := map[string]schema.Invoice{}
	for _, x := range got.Items {
		byKey[x.Key] = x
	}
	exact := asRead() // scale included
	for _, x := range rows {
		if diff := cmp.Diff(x, byKey[x.Key], exact); diff != "" {
			r.Fatal(diff)
		}
	}
}
