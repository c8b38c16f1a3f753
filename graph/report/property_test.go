package report_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/dataset/spill"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// baseRows is what the table's operations give, whole: asked of the memory as they are.
func baseRows(tb rapid.TB, t *dataset.Table, m *memory) [][]schema.Value {
	q := &t.Queries[0]
	var out [][]schema.Value
	err := m.Run(context.Background(), &report.Operation{Query: q}, func(w *report.Window) error {
		places := len(w.Numbers) / max(w.Rows, 1)
		for i := range w.Rows {
			row := w.Cells[i*(dataset.FixedColumns+len(q.Cells)):][:dataset.FixedColumns+len(q.Cells)]
			row[dataset.KeyColumn] = schema.String(string(q.AppendKey(nil, row[dataset.FixedColumns:], w.Numbers[i*places:][:places])))
			if q.Source >= 0 {
				row[dataset.SourceColumn] = row[dataset.FixedColumns+q.Source]
			}
			row[dataset.IsDeletedColumn] = schema.Bool(q.Deleted >= 0 && row[dataset.FixedColumns+q.Deleted].Bool)
			out = append(out, row)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	if t.Aggregate == nil {
		return out
	}
	a := dataset.NewAggregator(t, dataset.AggregateOptions{})
	for _, r := range out {
		if err := a.Add(0, r); err != nil {
			tb.Fatal(err)
		}
	}
	out = nil
	if err := a.Rows(context.Background(), func(row []schema.Value) error {
		out = append(out, slices.Clone(row))
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return out
}

func orderValues(q *odata.Question, row []schema.Value) []schema.Value {
	values := make([]schema.Value, len(q.Order))
	for i, o := range q.Order {
		values[i] = row[o.Column]
	}
	return values
}

// naive is the answer to a question: all rows that the filter lets in, sorted and cut.
func naive(q *odata.Question, rows [][]schema.Value) [][]schema.Value {
	var out [][]schema.Value
	for _, r := range rows {
		if q.Filter.Eval(func(i int) schema.Value { return r[i] }) == odata.True {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b []schema.Value) int { return q.Compare(orderValues(q, a), orderValues(q, b)) })
	return out
}

func cut(q *odata.Question, rows [][]schema.Value) [][]schema.Value {
	rows = rows[min(int(q.Skip), len(rows)):]
	if q.Top >= 0 {
		rows = rows[:min(int(q.Top), len(rows))]
	}
	return rows
}

// plainSealer seals nothing; it is for tests of what is inside.
type plainSealer struct{}

func (plainSealer) Seal(plain []byte) string { return base64.RawURLEncoding.EncodeToString(plain) }
func (plainSealer) Open(sealed string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(sealed)
}

const baseURL = "https://example.com/odata"

func pages(rows int) report.Limits { return report.Limits{PageRows: rows, SortedPageRows: rows} }

// follow reads all pages of a question, by their links; between runs between two of them.
func follow(tb rapid.TB, t *dataset.Table, q *odata.Question, l report.Limits, m *memory, between func()) (rows [][]schema.Value, pages int) {
	s, _ := theSchema()
	for pages = 1; ; pages++ {
		if pages > 400 {
			tb.Fatal("the pages have no end")
		}
		r, err := report.Of(t, s, q, l)
		if err != nil {
			tb.Fatal(err)
		}
		start := func() (odata.Position, error) { return r.Start(context.Background(), m) }
		if q.IsContinued() {
			start = func() (odata.Position, error) { return q.Position(plainSealer{}) }
		}
		from, err := start()
		if err != nil {
			tb.Fatal(err)
		}
		w := &sheet{}
		next, err := r.Read(context.Background(), m, w, from)
		if err != nil {
			tb.Fatal(err)
		}
		rows = append(rows, w.rows...)
		if next == nil {
			return rows, pages
		}
		if len(w.rows) < l.PageRows {
			tb.Fatalf("a page of %d rows is not the last", len(w.rows))
		}
		link, err := q.Next(baseURL, *next, plainSealer{})
		if err != nil {
			tb.Fatal(err)
		}
		path, query, err := odata.Resolve(baseURL, link)
		if err != nil {
			tb.Fatal(err)
		}
		set := q.Set
		if q, err = odata.Parse(path, query, func(string) (*odata.Set, bool) { return set, true }, odata.Limits{}); err != nil {
			tb.Fatal(err)
		}
		between()
	}
}

// question writes a random address. The first selected column is the key.
func question(t *rapid.T, tb *dataset.Table) string {
	selected := []string{"key"}
	var filtered []dataset.Column
	for i, c := range tb.Columns {
		if i > 0 && !chance(t, 3) {
			selected = append(selected, c.Name)
		}
		if i != dataset.KeyColumn && i != dataset.AsOfColumn && i != dataset.ModifiedAtColumn {
			filtered = append(filtered, c)
		}
	}
	parts := []string{"$select=" + strings.Join(selected, ",")}
	if chance(t, 2) {
		parts = append(parts, "$filter="+filter(t, filtered, rapid.IntRange(0, 2).Draw(t, "depth")))
	}
	if chance(t, 2) {
		var order []string
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(tb.Columns)-1), 1, 3, rapid.ID).Draw(t, "order") {
			order = append(order, tb.Columns[i].Name+pick(t, "", " desc"))
			if chance(t, 2) {
				break
			}
		}
		parts = append(parts, "$orderby="+strings.Join(order, ","))
	}
	return strings.ReplaceAll(strings.Join(parts, "&"), " ", "%20")
}

// TestReadProperty holds the answers to random questions over random rows, page by page,
// against all rows filtered, sorted and cut.
func TestReadProperty(t *testing.T) {
	tables := []*dataset.Table{table(t, ordersText), table(t, linesText), table(t, someText), table(t, monthsText)}
	folded, paged, listed, shared, kept := 0, 0, 0, 0, 0
	disk := spill.NewDisk(t.TempDir(), 1<<30)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, len(tables)-1).Draw(t, "table")
		tb := tables[n]
		m := &memory{roots: map[string][]record{}, window: rapid.IntRange(1, 5).Draw(t, "window")}
		for i := range rapid.IntRange(0, 10).Draw(t, "orders") {
			m.roots["orders"] = append(m.roots["orders"], someOrder(t, i))
		}
		address := question(t, tb)
		isCut := chance(t, 2)
		if isCut {
			address += fmt.Sprintf("&$top=%d&$skip=%d&$count=true", rapid.IntRange(0, 12).Draw(t, "top"), rapid.IntRange(0, 4).Draw(t, "skip"))
		}
		set := report.Set(tb)
		q, err := odata.Parse("d", address, func(string) (*odata.Set, bool) { return set, true }, odata.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		s, _ := theSchema()
		r, err := report.Of(tb, s, q, report.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		all := naive(q, baseRows(t, tb, m))
		if total, err := r.Count(context.Background(), m); err != nil || total != int64(len(all)) {
			t.Fatalf("%s: counted %d, want %d: %v", address, total, len(all), err)
		}
		want := cut(q, all)
		limits := pages(rapid.IntRange(1, 5).Draw(t, "page"))
		if m.asked = nil; chance(t, 2) {
			limits.Aggregate = dataset.AggregateOptions{MaxBytes: 1, Disk: disk} // each row is put aside
		}
		m.keeps = chance(t, 2)
		got, number := follow(t, tb, q, limits, m, func() {})
		if tb.Aggregate != nil && m.keeps && number > 1 {
			if kept++; len(m.asked) != 1 {
				t.Fatalf("%s: %d pages were added up %d times", address, number, len(m.asked))
			}
		}
		for _, a := range m.kept { // of a count without a page
			_ = a.Close()
		}
		if used, files := disk.Used(); used != 0 || files != 0 {
			t.Fatalf("%s: %d bytes in %d files are left", address, used, files)
		}
		if r.Where().Op != schema.All {
			folded++
		}
		if number > 1 {
			paged++
		}
		if !r.IsLocal() {
			listed++
			if q.Asked > 0 {
				shared++
			}
		}
		equal(t, q, r, address, got, want, all)
		w := &sheet{} // and at once
		if whole, err := report.Of(tb, s, q, pages(1000)); err != nil {
			t.Fatal(err)
		} else if _, err := whole.Read(context.Background(), m, w, odata.Position{Count: -1}); err != nil {
			t.Fatal(err)
		}
		equal(t, q, r, address, w.rows, want, all)
	})
	t.Logf("filters folded %d, several pages %d, in the list's order %d, of these asked %d, kept %d", folded, paged, listed, shared, kept)
	if folded == 0 || paged == 0 || listed == 0 || shared == 0 || kept == 0 {
		t.Error("something was never tried")
	}
}

// equal compares an answer with the naive one. Rows that are equal in what was asked to
// sort by may be in any order, and any of them be cut, where the list sorts.
func equal(t *rapid.T, q *odata.Question, r *report.Report, address string, got, want, all [][]schema.Value) {
	if len(got) != len(want) {
		t.Fatalf("%s: got %d rows, want %d:\n%s\n%s", address, len(got), len(want), texts(got), texts(want))
	}
	byKey := map[string][]schema.Value{}
	for _, row := range all {
		byKey[row[0].Str] = row
	}
	seen := map[string]bool{}
	for i, row := range got {
		key := row[0].Str
		full := byKey[key]
		if full == nil || seen[key] {
			t.Fatalf("%s: row %s is too much", address, key)
		}
		seen[key] = true
		for j, c := range q.Select {
			if row[j].Key() != full[c].Key() {
				t.Fatalf("%s: row %s, column %s: got %s, want %s", address, key, q.Set.Columns[c].Name, row[j].Text(), full[c].Text())
			}
		}
		if r.IsLocal() {
			if q.Asked > 0 && key != want[i][0].Str {
				t.Fatalf("%s: row %d is %s, want %s", address, i, key, want[i][0].Str)
			}
			continue
		}
		for _, o := range q.Order[:q.Asked] {
			if full[o.Column].Compare(want[i][o.Column]) != 0 {
				t.Fatalf("%s: row %d is %s, out of order", address, i, key)
			}
		}
	}
}

// TestPagesProperty holds that following the links while records come, change and go gives
// each row of a record that stayed as it was exactly once.
func TestPagesProperty(t *testing.T) {
	tables := []*dataset.Table{table(t, ordersText), table(t, linesText), table(t, someText)}
	changed := 0
	rapid.Check(t, func(t *rapid.T) {
		tb := tables[rapid.IntRange(0, len(tables)-1).Draw(t, "table")]
		m := &memory{roots: map[string][]record{}, window: rapid.IntRange(1, 5).Draw(t, "window")}
		for i := range rapid.IntRange(1, 10).Draw(t, "orders") {
			m.roots["orders"] = append(m.roots["orders"], someOrder(t, i))
		}
		address := question(t, tb)
		set := report.Set(tb)
		q, err := odata.Parse("d", address, func(string) (*odata.Set, bool) { return set, true }, odata.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		want := naive(q, baseRows(t, tb, m))
		touched := map[string]bool{}
		got, _ := follow(t, tb, q, pages(rapid.IntRange(1, 3).Draw(t, "page")), m, func() {
			if len(touched) > 8 {
				return // an end
			}
			changed++
			i := rapid.IntRange(0, 14).Draw(t, "changed")
			id := fmt.Sprintf("o%03d", i)
			touched[id] = true
			m.roots["orders"] = slices.DeleteFunc(slices.Clone(m.roots["orders"]), func(r record) bool { return r.id() == id })
			if !chance(t, 3) {
				m.roots["orders"] = append(m.roots["orders"], someOrder(t, i))
			}
		})
		given := map[string]int{}
		for _, row := range got {
			given[row[0].Str]++
		}
		for _, row := range want {
			key := row[0].Str
			if id, _, _ := strings.Cut(key, "."); !touched[id] && given[key] != 1 {
				t.Fatalf("%s: row %s was given %d times", address, key, given[key])
			}
		}
		for key := range maps.Keys(given) {
			if id, _, _ := strings.Cut(key, "."); !touched[id] && !slices.ContainsFunc(want, func(r []schema.Value) bool { return r[0].Str == key }) {
				t.Fatalf("%s: row %s is not in the answer", address, key)
			}
		}
	})
	if changed == 0 {
		t.Error("nothing was ever changed")
	}
}
