package gather_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/schema"
)

// entity is a source that evaluates status and date itself, and number only here.
var entity = &datasources.Entity{
	Name: "Order", PageLimit: 7, LocalBound: 40, KeyBatch: 3, Default: schema.Sort{Column: "date", Desc: true},
	Columns: []datasources.Column{
		{Name: "status", Ops: []schema.Op{schema.Eq, schema.In}},
		{Name: "date", Ops: []schema.Op{schema.Lt, schema.Le, schema.Gt, schema.Ge}, Sortable: true, Comparable: true},
		{Name: "number"},
	},
}

// upstream is a table that sorts ids by an order of its own, as databases do.
type upstream struct {
	rows  []schema.Order
	pages int
}

func (u *upstream) page(_ context.Context, req gather.PageRequest) (gather.Reply[schema.Order], error) {
	u.pages++
	rows := u.match(req.Push)
	slices.SortStableFunc(rows, func(a, b schema.Order) int {
		c := a.Date.Compare(b.Date)
		if req.Order.Desc {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(reversed(a.Key), reversed(b.Key)))
	})
	rows = rows[min(req.Skip, len(rows)):]
	end := len(rows) <= req.Size
	return gather.Reply[schema.Order]{Items: rows[:min(req.Size, len(rows))], End: end}, nil
}

func (u *upstream) match(p schema.Predicate) []schema.Order {
	var out []schema.Order
	for _, r := range u.rows {
		if p.Match(&r) {
			out = append(out, r)
		}
	}
	return out
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func orders(t *rapid.T, most int) []schema.Order {
	n := rapid.IntRange(0, most).Draw(t, "rows")
	rows := make([]schema.Order, n)
	for i := range rows {
		rows[i] = schema.Order{
			Record: schema.Record{Source: "s", Key: fmt.Sprintf("k%03d", i)},
			Links:  schema.Links{CustomerKey: fmt.Sprintf("c%d", rapid.IntRange(0, 4).Draw(t, "customer"))},
			Status: rapid.SampledFrom([]string{"open", "done", ""}).Draw(t, "status"),
			Number: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "number"),
			Date:   time.Date(2026, 1, rapid.IntRange(1, 4).Draw(t, "day"), 0, 0, 0, 0, time.UTC),
		}
	}
	return rows
}

// TestListPagesGiveEveryRowOnce follows cursors to the end, whatever the filter,
// the page size and the direction, on a source whose id order is not ours.
func TestListPagesGiveEveryRowOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := &upstream{rows: orders(t, 40)}
		where := rapid.SampledFrom([]schema.Predicate{
			{},
			schema.Compare("status", schema.Eq, schema.String("open")), schema.Compare("number", schema.Eq, schema.String("A")),
			schema.AllOf(schema.Compare("number", schema.Eq, schema.String("B")), schema.Compare("status", schema.In, schema.String("open"), schema.String("done"))),
			schema.Negate(schema.Compare("status", schema.Eq, schema.String("open"))),
		}).Draw(t, "where")
		q := datasources.Query{
			Where: where, Order: schema.Sort{Column: "date", Desc: rapid.Bool().Draw(t, "desc")},
			First: rapid.IntRange(1, 9).Draw(t, "first"), Total: true,
		}
		var got []string
		for {
			rows, err := gather.List(t.Context(), "s", entity, q, gather.Lister[schema.Order]{
				Page:  u.page,
				Count: func(_ context.Context, p schema.Predicate) (int, error) { return len(u.match(p)), nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows.Items {
				got = append(got, r.Key)
			}
			if n := rows.Totals[0]; n >= 0 && n != len(u.match(where)) {
				t.Fatalf("total %d, want %d", n, len(u.match(where)))
			}
			if !rows.More[0] {
				break
			}
			last := rows.Items[len(rows.Items)-1]
			q.After = &datasources.After{Value: schema.Time(last.Date), ID: last.Key}
		}
		all := u.match(where)
		seen := map[string]bool{}
		for _, k := range got {
			if seen[k] {
				t.Fatalf("row %s came twice: %v", k, got)
			}
			seen[k] = true
		}
		if len(got) != len(all) {
			t.Fatalf("%d rows of %d came: %v", len(got), len(all), got)
		}
	})
}

func TestListGoesOnBehindARowThatIsGone(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	row := func(k string, n int) schema.Order {
		return schema.Order{Record: schema.Record{Key: k}, Date: day(n)}
	}
	u := &upstream{rows: []schema.Order{row("a", 1), row("b", 2), row("c", 2), row("d", 3)}}
	q := datasources.Query{Order: schema.Sort{Column: "date"}, First: 10, After: &datasources.After{Value: schema.Time(day(2)), ID: "gone"}}
	rows, err := gather.List(t.Context(), "s", entity, q, gather.Lister[schema.Order]{Page: u.page})
	if err != nil || len(rows.Items) != 3 {
		t.Errorf("got %d rows, %v; want b, c and d: rather twice than lost", len(rows.Items), err)
	}
}

// TestListGoesOnBehindARowWithoutAValue pages through rows that have no date: they
// come last when the newest are first.
func TestListGoesOnBehindARowWithoutAValue(t *testing.T) {
	u := &upstream{}
	for i := range 6 {
		r := schema.Order{Record: schema.Record{Key: fmt.Sprint(i)}}
		if i < 3 {
			r.Date = time.Date(2026, 1, i+1, 0, 0, 0, 0, time.UTC)
		}
		u.rows = append(u.rows, r)
	}
	q := datasources.Query{Order: schema.Sort{Column: "date", Desc: true}, First: 4}
	first, err := gather.List(t.Context(), "s", entity, q, gather.Lister[schema.Order]{Page: u.page})
	if err != nil {
		t.Fatal(err)
	}
	last := first.Items[3]
	q.After = &datasources.After{Value: last.Column("date"), ID: last.Key}
	second, err := gather.List(t.Context(), "s", entity, q, gather.Lister[schema.Order]{Page: u.page})
	if err != nil {
		t.Fatal(err)
	}
	got := append(keys(first.Items), keys(second.Items)...)
	if fmt.Sprint(got) != "[2 1 0 3 4 5]" {
		t.Errorf("got %v", got)
	}
}

func TestListPositionsBetweenSources(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	var rows []schema.Order
	for i, n := range []int{1, 2, 2, 3} {
		rows = append(rows, schema.Order{Record: schema.Record{Key: fmt.Sprint(i)}, Date: day(n)})
	}
	for name, c := range map[string]struct {
		after datasources.After
		want  int
	}{
		"at the value":     {datasources.After{Value: schema.Time(day(2)), Inclusive: true}, 3},
		"behind the value": {datasources.After{Value: schema.Time(day(2))}, 1},
	} {
		t.Run("case="+name, func(t *testing.T) {
			u := &upstream{rows: rows}
			q := datasources.Query{Order: schema.Sort{Column: "date"}, First: 10, After: &c.after}
			got, err := gather.List(t.Context(), "s", entity, q, gather.Lister[schema.Order]{Page: u.page})
			if err != nil || len(got.Items) != c.want {
				t.Errorf("got %d rows, %v; want %d", len(got.Items), err, c.want)
			}
			if cut := datasources.Cut(slices.Clone(rows), q); len(cut.Items) != c.want {
				t.Errorf("Cut gives %d rows, want %d", len(cut.Items), c.want)
			}
		})
	}
}

func TestListRefusesWhatItCannotDo(t *testing.T) {
	u := &upstream{}
	for i := range 60 {
		u.rows = append(u.rows, schema.Order{Record: schema.Record{Key: fmt.Sprint(i)}, Number: "A", Date: time.Unix(int64(i), 0)})
	}
	for name, q := range map[string]datasources.Query{
		"a filter beyond the bound": {Where: schema.Compare("number", schema.Eq, schema.String("none")), First: 5},
		"an unknown sort":           {Order: schema.Sort{Column: "number"}, First: 5},
	} {
		t.Run("case="+name, func(t *testing.T) {
			_, err := gather.List(t.Context(), "books", entity, q, gather.Lister[schema.Order]{Page: u.page})
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != schema.UnsupportedFilter || e.Source != "books" {
				t.Errorf("got %v", err)
			}
		})
	}
	if rows, err := gather.List(t.Context(), "books", entity, datasources.Query{Where: schema.Predicate{Op: schema.None}, First: 5}, gather.Lister[schema.Order]{}); err != nil || len(rows.Items) != 0 {
		t.Errorf("a filter that matches nothing: %v", err)
	}
}

// TestByParentGivesEachParentItsPage compares with a plain filter-sort-cut for
// each parent, on a source that cuts replies off and fails for one parent.
func TestByParentGivesEachParentItsPage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := orders(t, 30)
		limit := rapid.IntRange(1, 40).Draw(t, "limit")
		broken := rapid.SampledFrom([]string{"", "c2"}).Draw(t, "broken")
		parents := []string{"c0", "c1", "c2", "c3", "c9"}
		q := datasources.Query{
			Where: rapid.SampledFrom([]schema.Predicate{{}, schema.Compare("number", schema.Eq, schema.String("A"))}).Draw(t, "where"),
			Order: schema.Sort{Column: "date", Desc: rapid.Bool().Draw(t, "desc")}, First: rapid.IntRange(0, 5).Draw(t, "first"),
		}
		of := func(parent string) datasources.Rows[schema.Order] {
			var own []schema.Order
			for _, r := range rows {
				if r.CustomerKey == parent && q.Where.Match(&r) {
					own = append(own, r)
				}
			}
			return gather.Cut(own, q)
		}
		got, err := gather.ByParent(t.Context(), parents, 2, q, gather.Parents[schema.Order]{
			Fetch: func(_ context.Context, chunk []string) ([]schema.Order, bool, error) {
				var found []schema.Order
				for _, r := range rows {
					if slices.Contains(chunk, r.CustomerKey) {
						found = append(found, r)
					}
				}
				if slices.Contains(chunk, broken) {
					return nil, false, errors.New("broken")
				}
				return found, len(found) <= limit, nil
			},
			One:      func(_ context.Context, parent string) (datasources.Rows[schema.Order], error) { return of(parent), nil },
			ParentOf: func(o *schema.Order) string { return o.CustomerKey },
		})
		var some *datasources.BatchError
		if broken == "" && err != nil || broken != "" && !errors.As(err, &some) {
			t.Fatalf("got error %v", err)
		}
		for i, p := range parents {
			if some != nil && some.ByKey[p] != nil {
				continue
			}
			want := of(p)
			if fmt.Sprint(keys(got.Parent(i))) != fmt.Sprint(keys(want.Items)) || got.More[i] != want.More[0] || got.Totals[i] != want.Totals[0] {
				t.Fatalf("%s: got %v more=%t total=%d, want %v", p, keys(got.Parent(i)), got.More[i], got.Totals[i], want)
			}
		}
		if broken != "" && (some.ByKey["c2"] == nil || some.ByKey["c0"] != nil || some.ByKey["c9"] != nil) {
			t.Fatalf("the failure of one chunk reached others: %v", some.ByKey)
		}
	})
}

func keys(rows []schema.Order) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, r.Key)
	}
	return out
}
