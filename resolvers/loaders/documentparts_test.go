package loaders_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// inParts reads all parts of a list; between is called before each further one.
func inParts(ctx context.Context, l *loaders.Loaders, args loaders.Args, size int, between func()) (got []*schema.Order, last *schema.Page[schema.Order], parts int, err error) {
	page, err := l.Orders.List(plan.WithPart(ctx, size), args)
	for err == nil {
		parts++
		got = append(got, page.Nodes...)
		rest := page.Rest()
		if rest == nil {
			return got, page, parts, nil
		}
		between()
		var next any
		if next, err = rest(ctx); err == nil {
			page = next.(*schema.Page[schema.Order])
		}
	}
	return got, nil, parts, err
}

func names(list []*schema.Order) (names []string) {
	for _, x := range list {
		names = append(names, x.Source+x.Key)
	}
	return names
}

// drawOrders fills three sources.
func drawOrders(t *rapid.T) *policed {
	w := &policed{people: people{customers: []schema.Customer{{Record: schema.Record{Key: "x"}}, {Record: schema.Record{Key: "y"}}}}}
	for _, name := range []string{"b", "a", "c"} {
		m := &memory{name: name}
		for i := range rapid.IntRange(0, 12).Draw(t, "rows") {
			m.orders = append(m.orders, order(name, fmt.Sprintf("k%02d", i), rapid.SampledFrom([]string{"x1", "x2", "y1"}).Draw(t, "customer"), "n", rapid.IntRange(1, 5).Draw(t, "day")))
		}
		w.sources = append(w.sources, m)
	}
	return w
}

// drawView draws who sees which orders: all, those of some customers, or those before a
// day; and perhaps not when they were made, so that no order by that may be told.
func drawView(t *rapid.T, config *loaders.Config) loaders.Access {
	mine := schema.Compare(policies.CustomerColumn, schema.In, schema.String(config.Seal.ID("Customer", "", "x")))
	early := schema.Compare("total", schema.Lt, schema.Dec(order("", "", "", "", 2).Total.Amount))
	rule := []schema.Predicate{{}, mine, early, schema.AllOf(mine, early)}[rapid.IntRange(0, 3).Draw(t, "rule")]
	seen := access{rows: map[string]schema.Predicate{"Order": rule}}
	if rapid.IntRange(0, 3).Draw(t, "hidden") == 0 {
		seen.fields = map[string]policies.FieldAccess{"Order.date": {Verdict: policies.Deny}}
	}
	return seen
}

// TestDocumentsInParts holds that the parts of a list are the page it has whole: rows,
// total, cursors and what stands behind it.
func TestDocumentsInParts(t *testing.T) {
	several := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawOrders(t)
		config := w.config(t)
		seen := drawView(t, config)
		config.Part = plan.Part
		first := rapid.SampledFrom([]int{1000, 20, 7, 3}).Draw(t, "first")
		args := loaders.Args{First: &first}
		if s, ok := seen.(access); ok && s.fields == nil {
			args.Order = schema.Sort{Column: rapid.SampledFrom([]string{"", "date", "total"}).Draw(t, "column"), Desc: rapid.Bool().Draw(t, "desc")}
		}
		if rapid.Bool().Draw(t, "behind") {
			two := 2
			page, err := as(config, seen).Orders.List(t.Context(), loaders.Args{First: &two, Order: args.Order})
			if err != nil {
				t.Fatal(err)
			}
			args.After = page.PageInfo().EndCursor
		}
		want, err := as(config, seen).Orders.List(t.Context(), args)
		if err != nil || want.Part != nil {
			t.Fatal(want, err)
		}
		size := rapid.IntRange(1, 6).Draw(t, "size")
		got, last, parts, err := inParts(t.Context(), as(config, seen), args, size, func() {})
		if err != nil || !slices.Equal(names(got), names(want.Nodes)) {
			t.Fatalf("%v by %d, %v\n got %v\nwant %v", args, size, err, names(got), names(want.Nodes))
		}
		a, b := last.PageInfo(), want.PageInfo()
		if fmt.Sprint(a.HasNextPage, a.HasPreviousPage, text(a.StartCursor), text(a.EndCursor), *last.TotalCount) != fmt.Sprint(b.HasNextPage, b.HasPreviousPage, text(b.StartCursor), text(b.EndCursor), *want.TotalCount) {
			t.Fatalf("the page stands at %+v, want %+v", a, b)
		}
		if parts > 1 {
			several++
		}
	})
	if several < 20 {
		t.Errorf("only %d lists had parts", several)
	}
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

// TestDocumentsInPartsWhileTheyChange holds that no row comes twice, that none is lost
// which has not changed, and that their order holds, whatever is added and removed
// between the parts.
func TestDocumentsInPartsWhileTheyChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawOrders(t)
		config := w.config(t)
		config.Part = plan.Part
		seen := drawView(t, config)
		first := 1000
		args := loaders.Args{First: &first}
		before, err := as(config, seen).Orders.List(t.Context(), args)
		if err != nil {
			t.Fatal(err)
		}
		lasting := map[string]bool{}
		for _, name := range names(before.Nodes) {
			lasting[name] = true
		}
		added := 0
		got, _, _, err := inParts(t.Context(), as(config, seen), args, rapid.IntRange(1, 4).Draw(t, "size"), func() {
			m := w.sources[rapid.IntRange(0, 2).Draw(t, "source")]
			if rapid.Bool().Draw(t, "remove") && len(m.orders) > 0 {
				i := rapid.IntRange(0, len(m.orders)-1).Draw(t, "which")
				delete(lasting, m.name+m.orders[i].Key)
				m.orders = slices.Delete(slices.Clone(m.orders), i, i+1)
				return
			}
			added++
			m.orders = append(m.orders, order(m.name, fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"a", "k05x", "n"}).Draw(t, "key"), added), "x1", "n", rapid.IntRange(1, 5).Draw(t, "day")))
		})
		if err != nil {
			t.Fatal(err)
		}
		met := map[string]bool{}
		for _, name := range names(got) {
			if met[name] {
				t.Fatalf("%s comes twice: %v", name, names(got))
			}
			met[name] = true
		}
		for name := range lasting {
			if !met[name] {
				t.Fatalf("%s is lost: %v", name, names(got))
			}
		}
	})
}

// TestASourceThatFailsBetweenParts holds that its rows are missing from there on, and
// that the page says so.
func TestASourceThatFailsBetweenParts(t *testing.T) {
	for _, tt := range []struct {
		name string
		harm func(*memory)
		code schema.Code
	}{
		{"down", func(m *memory) { m.err = schema.SourceErrorf(schema.SourceUnavailable, "b", "b does not answer") }, schema.SourceUnavailable},
		{"rows nobody asked for", func(m *memory) { m.sloppy = true }, ""},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			w := &policed{}
			for _, name := range []string{"a", "b"} {
				m := &memory{name: name}
				for i := range 20 {
					o := order(name, fmt.Sprintf("k%02d", i), "x1", "n", 1+i)
					o.Status = "open"
					m.orders = append(m.orders, o)
				}
				w.sources = append(w.sources, m)
			}
			config := w.config(t)
			config.Part = plan.Part
			l := as(config, access{rows: map[string]schema.Predicate{"Order": schema.Compare("status", schema.Eq, schema.String("open"))}})
			parts := 0
			first := 1000
			got, last, _, err := inParts(t.Context(), l, loaders.Args{First: &first}, 4, func() {
				if parts++; parts == 3 {
					w.sources[1].orders[2].Status = "lost"
					tt.harm(w.sources[1])
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			of := map[string]int{}
			for _, x := range got {
				of[x.Source]++
			}
			if of["a"] != 20 || of["b"] < 6 || of["b"] == 20 {
				t.Errorf("rows are %v", of)
			}
			if !slices.Equal(last.Missing, []string{"b"}) || last.PageInfo().EndCursor != nil || last.TotalCount != nil {
				t.Errorf("missing are %v, %+v, total %v", last.Missing, last.PageInfo(), last.TotalCount)
			}
			if s := l.Report.Sources(); s[1].Code != tt.code {
				t.Errorf("reported are %+v", s)
			}
		})
	}
	t.Run("case=the request ends", func(t *testing.T) {
		w := &policed{sources: []*memory{{name: "a", orders: []schema.Order{order("a", "1", "x1", "n", 1), order("a", "2", "x1", "n", 2)}}}}
		config := w.config(t)
		config.Part = plan.Part
		ctx, cancel := context.WithCancel(t.Context())
		first := 10
		_, _, parts, err := inParts(ctx, as(config, loaders.Everything{}), loaders.Args{First: &first}, 1, cancel)
		if err == nil || parts != 1 {
			t.Errorf("%d parts and %v", parts, err)
		}
	})
}

// endless is a source of n orders that it makes when it is asked for them.
type endless struct {
	*memory
	n    int
	most int // asked for at once
}

func (e *endless) Reader(entity string) any {
	if entity != "Order" {
		return e.memory.Reader(entity)
	}
	return datasources.Reader[schema.Order](e)
}

func (e *endless) ByKeys(context.Context, []string, datasources.Fields) (datasources.Rows[schema.Order], error) {
	return datasources.Rows[schema.Order]{}, nil
}

func (e *endless) ByParent(context.Context, datasources.Relation, []string, datasources.Query) (datasources.Rows[schema.Order], error) {
	return datasources.Rows[schema.Order]{}, nil
}

func (e *endless) List(_ context.Context, q datasources.Query) (out datasources.Rows[schema.Order], err error) {
	from := 0
	switch { // all are of one day
	case q.After == nil || q.After.ID == "" && q.After.Inclusive:
	case q.After.ID == "":
		from = e.n
	default:
		if from, err = strconv.Atoi(q.After.ID); err != nil {
			return out, err
		}
		from++
	}
	e.most = max(e.most, q.First)
	to := min(from+q.First, e.n)
	out.Items = make([]schema.Order, 0, to-from)
	for i := from; i < to; i++ {
		o := order(e.name, fmt.Sprintf("%07d", i), "x1", "number "+strconv.Itoa(i), 1)
		o.Lines = []*schema.OrderLine{{SKU: "one"}, {SKU: "two"}}
		out.Items = append(out.Items, o)
	}
	out.More = []bool{to < e.n}
	return out, nil
}

// TestWholeListsAreBounded holds that a list which is wanted to its end is read in parts,
// and that no more of it is held, however long it is.
func TestWholeListsAreBounded(t *testing.T) {
	peak := func(n int) (most uint64) {
		sources := []*endless{{memory: &memory{name: "a"}, n: n}, {memory: &memory{name: "b"}, n: n / 2}}
		var connected []*datasources.Connected
		for _, s := range sources {
			connected = append(connected, &datasources.Connected{Source: s, Name: s.name})
		}
		config := (&policed{}).config(t)
		var err error
		if config.Catalog, err = datasources.NewCatalog(connected, nil, nil); err != nil {
			t.Fatal(err)
		}
		config.Part = plan.Part
		config.Whole = func(context.Context) bool { return true }
		config.Total = func(context.Context) bool { return false }
		l := as(config, loaders.Everything{})
		rows, parts := 0, 0
		page, err := l.Orders.List(plan.WithPart(t.Context(), 500), loaders.Args{})
		var stats runtime.MemStats
		for {
			if err != nil {
				t.Fatal(err)
			}
			rows += len(page.Nodes)
			if parts++; parts%(n/5000) == 0 {
				runtime.GC()
				runtime.ReadMemStats(&stats)
				most = max(most, stats.HeapAlloc)
			}
			rest := page.Rest()
			if rest == nil {
				break
			}
			next, e := rest(t.Context())
			page, err = next.(*schema.Page[schema.Order]), e
		}
		if rows != n+n/2 || sources[0].most != 500 {
			t.Errorf("%d rows of %d, %d asked for at once", rows, n+n/2, sources[0].most)
		}
		return most
	}
	small, large := peak(10_000), peak(200_000)
	t.Logf("15,000 rows: %d kB, 300,000 rows: %d kB", small>>10, large>>10)
	if large > small+(2<<20) {
		t.Errorf("%d bytes for 300,000 rows, %d for 15,000", large, small)
	}
}
