package odata_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// table is a source in memory, which answers a question page by page as the
// engine has to.
type table map[string][]schema.Value

// Null comes first, and last where the order descends; the key decides last.
func TestCompare(t *testing.T) {
	q := parse(t, "invoices", "$orderby=amount desc,city")
	var rows [][]schema.Value
	for _, r := range [][3]string{{"2", "b", "k1"}, {"", "a", "k2"}, {"10", "", "k4"}, {"2.0", "b", "k0"}, {"10", "a", "k3"}} {
		amount := schema.Null
		if r[0] != "" {
			amount = dec(r[0])
		}
		rows = append(rows, []schema.Value{amount, schema.String(r[1]), schema.String(r[2])})
	}
	slices.SortFunc(rows, q.Compare)
	var keys []string
	for _, r := range rows {
		keys = append(keys, r[2].Str)
	}
	if got := strings.Join(keys, " "); got != "k4 k3 k0 k1 k2" {
		t.Errorf("got %s", got)
	}
}

// What was asked to sort by is told from what breaks ties.
func TestAsked(t *testing.T) {
	for query, want := range map[string]int{"": 0, "$orderby=city": 1, "$orderby=amount desc,city": 2, "$orderby=city," + key(): 2} {
		if q := parse(t, "invoices", query); q.Asked != want || len(q.Order) < want {
			t.Errorf("%s: asked %d, order %v", query, q.Asked, q.Order)
		}
	}
}

// key is the name of the key column.
func key() string {
	s, _ := sets("invoices")
	return s.Columns[s.Key()].Name
}

func orderOf(q *odata.Question, cells []schema.Value) []schema.Value {
	values := make([]schema.Value, len(q.Order))
	for i, o := range q.Order {
		values[i] = cells[o.Column]
	}
	return values
}

func (tb table) page(t *rapid.T, q *odata.Question, s odata.Sealer, size int) (rows [][]schema.Value, next string) {
	p := odata.Position{Count: -1}
	if q.IsContinued() {
		var err error
		if p, err = q.Position(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, cells := range tb {
		if q.Filter.Eval(row(cells)) == odata.True && (p.Values == nil || q.Compare(orderOf(q, cells), p.Values) > 0) {
			rows = append(rows, cells)
		}
	}
	slices.SortFunc(rows, func(a, b []schema.Value) int { return q.Compare(orderOf(q, a), orderOf(q, b)) })
	if p.Values == nil {
		rows = rows[min(int(q.Skip), len(rows)):]
	}
	if q.Top >= 0 {
		size = min(size, int(q.Top-p.Given))
	}
	if size == 0 || len(rows) == 0 {
		return nil, ""
	}
	rows = rows[:min(size, len(rows))]
	p.Given += int64(len(rows))
	p.Values = orderOf(q, rows[len(rows)-1])
	next, err := q.Next(base, p, s)
	if err != nil {
		t.Fatal(err)
	}
	return rows, next
}

// Following next links while rows come, change and go: every row that stayed as
// it was from the first page to the last is given exactly once, in order, and
// without changes the pages together are the whole answer.
func TestPagingProperty(t *testing.T) {
	s := newSealer(t)
	rapid.Check(t, func(t *rapid.T) {
		tb := table{}
		put := func(key string) {
			c := cells(t)
			c[colKey] = schema.String(key)
			tb[key] = c
		}
		for i := range rapid.IntRange(0, 25).Draw(t, "rows") {
			put(fmt.Sprintf("k%d", i))
		}
		options := []string{"$orderby=" + strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"city", "lines desc", "amount", "modifiedAt desc", "isDeleted"}), 1, 3, rapid.ID).Draw(t, "order"), ","), "api_key=sesame"}
		if rapid.Bool().Draw(t, "filter") {
			options = append(options, "$filter=lines ge 0 or city ne null")
		}
		isWhole := rapid.Bool().Draw(t, "whole")
		if !isWhole {
			options = append(options, fmt.Sprintf("$top=%d", rapid.IntRange(0, 30).Draw(t, "top")), fmt.Sprintf("$skip=%d", rapid.IntRange(0, 5).Draw(t, "skip")))
		}
		changes := rapid.Bool().Draw(t, "changes")
		first, err := odata.Parse("invoices", strings.Join(options, "&"), sets, odata.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var want [][]schema.Value
		for _, cells := range tb {
			if first.Filter.Eval(row(cells)) == odata.True {
				want = append(want, cells)
			}
		}
		slices.SortFunc(want, func(a, b []schema.Value) int { return first.Compare(orderOf(first, a), orderOf(first, b)) })
		want = want[min(int(first.Skip), len(want)):]
		if first.Top >= 0 {
			want = want[:min(int(first.Top), len(want))]
		}

		touched, given := map[string]bool{}, map[string]int{}
		var last []schema.Value
		q := first
		for page := 0; ; page++ {
			if page > 200 {
				t.Fatal("the pages have no end")
			}
			rows, next := tb.page(t, q, s, rapid.IntRange(1, 7).Draw(t, "size"))
			for _, cells := range rows {
				given[cells[colKey].Str]++
				if last != nil && first.Compare(last, orderOf(first, cells)) >= 0 {
					t.Fatalf("%s is out of order", cells[colKey].Str)
				}
				last = orderOf(first, cells)
			}
			if next == "" {
				break
			}
			if changes && page < 20 {
				key := fmt.Sprintf("k%d", rapid.IntRange(0, 40).Draw(t, "key"))
				touched[key] = true
				if rapid.Bool().Draw(t, "delete") {
					delete(tb, key)
				} else {
					put(key)
				}
			}
			path, query, err := odata.Resolve(base, next)
			if err != nil {
				t.Fatal(err)
			}
			if q, err = odata.Parse(path, query, sets, odata.Limits{}); err != nil {
				t.Fatal(err)
			}
		}
		if changes && !isWhole { // $top counts the new rows too
			return
		}
		for _, cells := range want {
			key := cells[colKey].Str
			if !touched[key] && given[key] != 1 {
				t.Fatalf("%s was given %d times", key, given[key])
			}
			if !changes {
				delete(given, key)
			}
		}
		if !changes && len(given) > 0 {
			t.Fatalf("%v were given and do not belong to the answer", given)
		}
	})
}
