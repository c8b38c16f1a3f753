package report_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// bounds are pages of so many rows at most.
func bounds(rows int) report.Limits {
	return report.Limits{PageRows: rows, SortedPageRows: rows, MostRows: rows}
}

// follows reads all pages of a question, position by position; between runs between two.
func follows(tb rapid.TB, r *report.Report, with report.Runner, between func()) (pages [][][]schema.Value) {
	from := odata.Position{Count: -1}
	for {
		w := &sheet{}
		next, err := r.Read(context.Background(), with, w, from)
		if err != nil {
			tb.Fatal(err)
		}
		if pages = append(pages, w.rows); next == nil {
			return pages
		}
		if len(w.rows) == 0 || len(pages) > 500 {
			tb.Fatalf("%d pages, the last has %d rows", len(pages), len(w.rows))
		}
		from = *next
		between()
	}
}

// TestMostRowsProperty holds that no page has more rows than it may, that all pages have
// all rows once, and that elements which change in between take none of the others with
// them. Of an element that is longer than a page none is lost.
func TestMostRowsProperty(t *testing.T) {
	tb := table(t, linesText)
	within, changed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		m := &memory{roots: map[string][]record{}, window: rapid.IntRange(1, 6).Draw(t, "window")}
		some := func(i int) record {
			var skus []string
			for range rapid.IntRange(0, 8).Draw(t, "lines") {
				skus = append(skus, pick(t, words...))
			}
			return order(i, pick(t, words...), pick(t, words...), "1", pick(t, moments...), skus...)
		}
		for i := range rapid.IntRange(0, 8).Draw(t, "orders") {
			m.roots["orders"] = append(m.roots["orders"], some(i))
		}
		address := "$select=key,sku,order_number"
		if chance(t, 2) {
			address += "&$filter=" + filter(t, tb.Columns[5:8], 1) + "%20or%20sku%20ne%20'" + pick(t, "a", "x") + "'"
		}
		if chance(t, 3) {
			address += fmt.Sprintf("&$top=%d&$skip=%d", rapid.IntRange(0, 20).Draw(t, "top"), rapid.IntRange(0, 9).Draw(t, "skip"))
		}
		isStill := strings.Contains(address, "$top") || chance(t, 2)
		set := report.Set(tb)
		q, err := odata.Parse("d", strings.ReplaceAll(address, " ", "%20"), func(string) (*odata.Set, bool) { return set, true }, odata.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		most := rapid.IntRange(1, 6).Draw(t, "most")
		l := bounds(most)
		l.PageRows = rapid.IntRange(1, most).Draw(t, "page")
		s, _ := theSchema()
		r, err := report.Of(tb, s, q, l)
		if err != nil {
			t.Fatal(err)
		}
		want := cut(q, naive(q, baseRows(t, tb, m)))
		touched := map[string]bool{}
		pages := follows(t, r, m, func() {
			if isStill || len(touched) > 6 {
				return
			}
			changed++
			i := rapid.IntRange(0, 9).Draw(t, "changed")
			id := fmt.Sprintf("o%03d", i)
			touched[id] = true
			m.roots["orders"] = slices.DeleteFunc(slices.Clone(m.roots["orders"]), func(r record) bool { return r.id() == id })
			if !chance(t, 3) {
				m.roots["orders"] = append(m.roots["orders"], some(i))
			}
		})
		given := map[string]int{}
		total := 0
		for i, p := range pages {
			if len(p) > most {
				t.Fatalf("%s: page %d has %d rows", address, i, len(p))
			}
			for _, row := range p {
				given[row[0].Str]++
				total++
			}
			if i+1 < len(pages) && len(p) > 0 && len(pages[i+1]) > 0 && strings.HasPrefix(pages[i+1][0][0].Str, strings.Split(p[len(p)-1][0].Str, ".")[0]+".") {
				within++
			}
		}
		rows := map[string]int{} // of each order that was there at first
		for _, row := range want {
			id, _, _ := strings.Cut(row[0].Str, ".")
			rows[id]++
		}
		for _, row := range want {
			id, _, _ := strings.Cut(row[0].Str, ".")
			n := given[row[0].Str]
			// One that is longer than a page may begin again where something has come right
			// before it.
			if rows[id] > most && len(touched) > 0 {
				n = min(n, 1)
			}
			if !touched[id] && n != 1 {
				t.Fatalf("%s: row %s was given %d times", address, row[0].Str, given[row[0].Str])
			}
		}
		if len(touched) == 0 && total != len(want) {
			t.Fatalf("%s: %d rows, want %d", address, total, len(want))
		}
	})
	t.Logf("%d pages ended within an element, %d changes", within, changed)
	if within == 0 || changed == 0 {
		t.Error("something was never tried")
	}
}

// TestMostRowsOfOneElement holds what comes of an element that has more rows than a page
// may, and changes between two: it begins again, so that nothing of it is lost.
func TestMostRowsOfOneElement(t *testing.T) {
	tb := table(t, linesText)
	for _, c := range []struct {
		name   string
		change func(m *memory)
		want   string
	}{
		{"nothing", func(*memory) {}, "a1 a2|a3 a4|a5 b1|b2"},
		{"a row of those given goes", func(m *memory) { lines(m, 1, "a2", "a3", "a4", "a5") }, "a1 a2|a2 a3|a4 a5|b1 b2"},
		{"one comes before them", func(m *memory) { lines(m, 1, "a0", "a1", "a2", "a3", "a4", "a5") }, "a1 a2|a0 a1|a2 a3|a4 a5|b1 b2"},
		{"one behind them goes", func(m *memory) { lines(m, 1, "a1", "a2", "a4", "a5") }, "a1 a2|a4 a5|b1 b2"},
		{"no more than were given", func(m *memory) { lines(m, 1, "a1") }, "a1 a2|a1|b1 b2"},
		{"none is left", func(m *memory) { lines(m, 1) }, "a1 a2|b1 b2"},
		{"it goes", func(m *memory) { m.roots["orders"] = m.roots["orders"][1:] }, "a1 a2|b1 b2"},
		{"another one", func(m *memory) { lines(m, 2, "b0", "b1", "b2") }, "a1 a2|a3 a4|a5|b0 b1|b2"},
	} {
		for window := 1; window < 8; window++ {
			t.Run(fmt.Sprintf("case=%s/%d", c.name, window), func(t *testing.T) {
				m := &memory{window: window, roots: map[string][]record{"orders": {order(1, "A", "s", "", ""), order(2, "B", "s", "", "")}}}
				lines(m, 1, "a1", "a2", "a3", "a4", "a5")
				lines(m, 2, "b1", "b2")
				r, _ := ask(t, tb, "$select=sku", bounds(2))
				pages := 0
				var got []string
				for _, p := range follows(t, r, m, func() {
					if pages++; pages == 1 {
						c.change(m)
					}
				}) {
					got = append(got, texts(p))
				}
				if text := strings.Join(got, "|"); strings.ReplaceAll(text, "|", " ") != strings.ReplaceAll(c.want, "|", " ") {
					t.Errorf("got %s, want %s", text, c.want)
				}
				for _, p := range got {
					if strings.Count(p, " ") > 1 {
						t.Errorf("a page has more than two rows: %s", p)
					}
				}
			})
		}
	}
}

// lines gives an order other lines.
func lines(m *memory, n int, skus ...string) {
	id := fmt.Sprintf("o%03d", n)
	for i, r := range m.roots["orders"] {
		if r.id() == id {
			m.roots["orders"][i] = order(n, "X", "s", "", "", skus...)
		}
	}
}

// TestMostRowsRefused holds that a page which cannot be as short as it may is refused,
// and clearly.
func TestMostRowsRefused(t *testing.T) {
	tb := table(t, `query d @dataset(label: "d", grain: "orders.lines", partial: true) { orders { nodes { lines { sku } } } }`)
	m := &memory{roots: map[string][]record{"orders": {order(1, "A", "s", "", "")}}}
	lines(m, 1, "a", "b", "c")
	r, _ := ask(t, tb, "$select=sku", bounds(2))
	w := &sheet{}
	_, err := r.Read(t.Context(), m, w, odata.Position{Count: -1})
	if schema.CodeOf(err) != schema.Limited || len(w.rows) > 2 {
		t.Errorf("%d rows, %v", len(w.rows), err)
	}
	file, _ := ask(t, tb, "$select=sku", report.Limits{MostRows: 2})
	if err := file.Export(t.Context(), m, "ndjson", &strings.Builder{}, output.Options{}); err != nil {
		t.Errorf("a file: %v", err)
	}
}
