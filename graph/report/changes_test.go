package report_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

const (
	changedLinesText  = `query d @dataset(label: "d", grain: "orders.lines") { orders { nodes { number shop date customer { id name } lines { position sku } } } }`
	changedOrdersText = `query d @dataset(label: "d", grain: "orders") { orders { nodes { id number date who: customer { name } } } }`
	changedStockText  = `query d @dataset(label: "d", grain: "products.stock") { products { nodes { sku stock { warehouse } } } }`
	changedQuoteText  = `query d @dataset(label: "d", grain: "orders") { orders { nodes { number customer { name } quote { number } } } }`
)

// dated is a Runner that knows when records changed.
type dated struct {
	*memory
	customers []record

	roots    int // elements of root lists that were read
	narrowed int // operations that were told which rows are wanted
	asked    int // questions for customers
}

func (d *dated) Run(ctx context.Context, op *report.Operation, f func(*report.Window) error) error {
	own := &memory{roots: map[string][]record{}, window: d.window}
	if op.Narrow.Op != schema.All {
		d.narrowed++
	}
	for name, list := range d.memory.roots {
		for _, r := range list {
			if op.Narrow.Match(withCustomer(r)) {
				own.roots[name] = append(own.roots[name], r)
			}
		}
	}
	last := ""
	err := own.Run(ctx, op, func(w *report.Window) error {
		width := dataset.FixedColumns + len(op.Query.Cells)
		for i := range w.Rows {
			row := w.Cells[i*width:][:width]
			if len(op.Query.Records) == 0 {
				continue
			}
			if id := row[dataset.FixedColumns+op.Query.Records[0].ID].Str; id != last {
				last, d.roots = id, d.roots+1
			}
			row[dataset.ModifiedAtColumn] = latestOf(op.Query, row)
		}
		return f(w)
	})
	return err
}

// latestOf is what the column modifiedAt is to be, told once more.
func latestOf(q *dataset.Query, row []schema.Value) schema.Value {
	out := schema.Null
	for _, r := range q.Records {
		if row[dataset.FixedColumns+r.ID].IsNull() {
			continue
		}
		at := row[dataset.FixedColumns+r.Changed]
		if at.IsNull() {
			return schema.Null
		}
		if out.IsNull() || at.Compare(out) > 0 {
			out = at
		}
	}
	return out
}

// withCustomer is a record as a condition of report.Operation.Narrow sees it.
type withCustomer record

func (r withCustomer) Column(name string) schema.Value {
	if name != report.CustomerColumn {
		return column(record(r), name)
	}
	if c, ok := r[name].(record); ok {
		return c["id"].(schema.Value)
	}
	return schema.Null
}

// knows is a dated Runner that can be asked who has changed.
type knows struct{ *dated }

func (k knows) Changed(_ context.Context, filter map[string]any, most int) ([]string, bool, error) {
	k.dated.asked++
	var ids []string
	for _, c := range k.customers {
		if matches(c, filter) {
			ids = append(ids, c.id())
		}
	}
	return ids, len(ids) <= most, nil
}

func changedOrder(t *rapid.T, i int, customers []record) record {
	r := order(i, pick(t, words...), pick(t, words...), "", pick(t, moments...), []string{"x", "y", "z"}[:rapid.IntRange(1, 3).Draw(t, "lines")]...)
	if !chance(t, 6) {
		r["changedAt"] = at(pick(t, moments...))
	}
	if n := rapid.IntRange(0, len(customers)).Draw(t, "customer"); n < len(customers) {
		r["customer"] = customers[n]
	}
	return r
}

// changeFilter writes a filter that is mostly about modifiedAt.
func changeFilter(t *rapid.T, tb *dataset.Table, depth int) string {
	if depth > 0 && !chance(t, 4) {
		l, r := changeFilter(t, tb, depth-1), changeFilter(t, tb, depth-1)
		return pick(t, "("+l+" and "+r+")", "("+l+" and "+r+")", "("+l+" or "+r+")", "not ("+l+")")
	}
	if chance(t, 4) {
		number := slices.IndexFunc(tb.Columns, func(c dataset.Column) bool { return strings.HasSuffix(c.Name, "number") })
		return filter(t, tb.Columns[number:number+1], 1)
	}
	moment := pick(t, append([]string{"null", "2026-01-01T00:00:00.0000001Z"}, moments...)...)
	switch rapid.IntRange(0, 9).Draw(t, "form") {
	case 0:
		return moment + " " + pick(t, comparisons...) + " modifiedAt"
	case 1:
		return "modifiedAt in (" + moment + "," + pick(t, moments...) + ")"
	case 2:
		return "(modifiedAt ge " + pick(t, moments...) + " and modifiedAt lt " + pick(t, moments...) + ")"
	}
	return "modifiedAt " + pick(t, comparisons...) + " " + moment
}

// TestChangesProperty holds that answers filtered by modifiedAt are the same whether the
// root list is told which rows are wanted or not, page by page, and that it is told.
func TestChangesProperty(t *testing.T) {
	tables := []*dataset.Table{table(t, changedLinesText), table(t, changedOrdersText)}
	narrowed, fewer, some := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		tb := tables[rapid.IntRange(0, 1).Draw(t, "table")]
		m := &dated{memory: &memory{roots: map[string][]record{}, window: rapid.IntRange(1, 4).Draw(t, "window")}}
		for i := range rapid.IntRange(0, 4).Draw(t, "customers") {
			m.customers = append(m.customers, record{"id": schema.String(fmt.Sprint("c", i)), "name": schema.String(pick(t, words...)), "changedAt": at(pick(t, moments...))})
		}
		for i := range rapid.IntRange(0, 10).Draw(t, "orders") {
			m.memory.roots["orders"] = append(m.memory.roots["orders"], changedOrder(t, i, m.customers))
		}
		address := "$select=key,modifiedAt&$filter=" + changeFilter(t, tb, rapid.IntRange(0, 2).Draw(t, "depth"))
		if chance(t, 3) {
			address += "&$orderby=modifiedAt"
		}
		set := report.Set(tb)
		q, err := odata.Parse("d", strings.ReplaceAll(address, " ", "%20"), func(string) (*odata.Set, bool) { return set, true }, odata.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		s, _ := theSchema()
		l := pages(rapid.IntRange(1, 4).Draw(t, "page"))
		answer := func(with report.Runner) (out []string) {
			r, err := report.Of(tb, s, q, l)
			if err != nil {
				t.Fatal(err)
			}
			for from, n := (odata.Position{Count: -1}), 0; ; n++ {
				w := &sheet{}
				next, err := r.Read(context.Background(), with, w, from)
				if err != nil || n > 100 {
					t.Fatal(n, err)
				}
				out = append(out, strings.Fields(texts(w.rows))...)
				if next == nil {
					break
				}
				from = *next
			}
			n, err := r.Count(context.Background(), with)
			if err != nil || n != int64(len(out)) {
				t.Fatalf("%s: %d rows, counted %d: %v", address, len(out), n, err)
			}
			return out
		}
		want := answer(m) // reads every row it may mean
		all := m.roots
		m.roots = 0
		if got := answer(knows{m}); !slices.Equal(got, want) {
			t.Fatalf("%s: got %v, want %v", address, got, want)
		}
		if m.narrowed > 0 {
			narrowed++
		}
		if m.roots < all {
			fewer++
		} else if m.roots > all {
			t.Fatalf("%s: %d read, %d without", address, m.roots, all)
		}
		if len(want) > 0 && m.roots < all {
			some++
		}
	})
	t.Logf("narrowed %d, read fewer %d, with rows %d", narrowed, fewer, some)
	if narrowed == 0 || fewer == 0 || some == 0 {
		t.Error("something was never tried")
	}
}

// TestChanges holds of which tables the root list knows when rows have changed, and who
// is asked for.
func TestChanges(t *testing.T) {
	for _, c := range []struct {
		text string
		want dataset.Changes
		key  string
	}{
		{changedLinesText, dataset.Changes{Key: "changedAt", Customer: true}, ""},
		{changedOrdersText, dataset.Changes{Key: "changedAt", Customer: true}, ""},
		{changedQuoteText, dataset.Changes{Key: "changedAt"}, ""},
		{changedStockText, dataset.Changes{}, "changedAt"},
		{productsText, dataset.Changes{}, "changedAt"},
		{monthsText, dataset.Changes{}, ""},
	} {
		if tb := table(t, c.text); tb.Changes != c.want || tb.Columns[dataset.ModifiedAtColumn].FilterKey != c.key {
			t.Errorf("%s: got %+v and %q", c.text, tb.Changes, tb.Columns[dataset.ModifiedAtColumn].FilterKey)
		}
	}
	m := knows{&dated{memory: &memory{roots: map[string][]record{}}}}
	for i := range report.MaxChanged + 1 {
		c := record{"id": schema.String(fmt.Sprint("c", i)), "changedAt": at(moments[0])}
		r := order(i, "n", "s", "", moments[0], "x")
		r["customer"], r["changedAt"] = c, at(moments[0])
		m.customers, m.memory.roots["orders"] = append(m.customers, c), append(m.memory.roots["orders"], r)
	}
	tb := table(t, changedLinesText)
	for _, c := range []struct {
		filter                string
		asked, narrowed, rows int
	}{
		{"modifiedAt ge " + moments[0], 1, 0, report.MaxChanged + 1}, // too many have changed
		{"modifiedAt gt " + moments[0], 1, 1, 0},
		{"modifiedAt lt " + moments[0], 0, 0, 0},
		{"modifiedAt ne " + moments[0], 0, 0, 0},
		{"modifiedAt eq null", 0, 0, 0},
		{"modifiedAt ge " + moments[0] + " and modifiedAt lt " + moments[0], 1, 1, 0},
	} {
		m.dated.asked, m.narrowed = 0, 0
		r, _ := ask(t, tb, "$select=key&$filter="+strings.ReplaceAll(c.filter, " ", "%20"), report.Limits{})
		if rows := read(t, r, m); len(rows) != c.rows || m.dated.asked != c.asked || m.narrowed != c.narrowed {
			t.Errorf("%s: %d rows, asked %d times, narrowed %d times", c.filter, len(rows), m.dated.asked, m.narrowed)
		}
	}
}
