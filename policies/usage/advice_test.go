package usage_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

// sdl is the schema as it is.
func sdl(t *testing.T) *ast.Schema {
	t.Helper()
	files, err := filepath.Glob("../../schema/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatal("no schema", err)
	}
	var sources []*ast.Source
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: f, Input: string(text)})
	}
	return gqlparser.MustLoadSchema(sources...)
}

// habit is one way of asking for TestAdvice.
type habit struct {
	roots []usage.Root
	pages []usage.PageUse
	times int
	every time.Duration
	// of the i-th call; nil: always the same
	inputs, answer func(i int) uint64
	change         func(i int, o *usage.Operation)
}

func (h habit) ask(c *clock, r *usage.Recorder) {
	for i := range h.times {
		o := usage.Operation{
			Token: "t1", Account: "shop", Hash: "aaaaaaaaaaaaaaaa", Name: "Open", Roots: h.roots, Pages: h.pages, Inputs: 1, Answer: 1, At: c.now(),
		}
		if h.inputs != nil {
			o.Inputs = h.inputs(i)
		}
		if h.answer != nil {
			o.Answer = h.answer(i)
		}
		if h.change != nil {
			h.change(i, &o)
		}
		r.Record(o)
		c.move(h.every)
	}
}

func each(i int) uint64 { return uint64(i) + 1 }

func modulo(n int) func(i int) uint64 { return func(i int) uint64 { return uint64(i%n) + 1 } }

func byKey(field, key, of string) []usage.Root {
	return []usage.Root{{Field: field, Key: key, Type: of}}
}

func TestAdvice(t *testing.T) {
	const (
		each250ms  = 250 * time.Millisecond
		listOrders = "Query.orders"
	)
	order := byKey("Query.order", "number", "")
	list := []usage.Root{{Field: listOrders}}
	page := func(declared, parents, rows int) []usage.PageUse {
		return []usage.PageUse{{Path: listOrders, Declared: declared, Parents: parents, Rows: rows, Most: rows}}
	}
	for _, c := range []struct {
		name  string
		habit habit
		kind  string
		count int
		want  string // "" no advice
	}{
		{
			"by number, one by one",
			habit{roots: order, times: 240, every: each250ms, inputs: each, answer: each},
			usage.IDByID, 240,
			"asked order by number 240 times, up to 240 times within a minute; ask for many at once: orders(filter: {number: {in: […]}})",
		},
		{
			"by code",
			habit{roots: byKey("Query.product", "sku", ""), times: 20, every: 3 * time.Second, inputs: each, answer: each},
			usage.IDByID, 20,
			"asked product by sku 20 times, up to 20 times within a minute; ask for many at once: products(filter: {sku: {in: […]}})",
		},
		{
			"by a key that lists cannot be asked by",
			habit{roots: byKey("Query.customer", "sourceId", ""), times: 30, every: each250ms, inputs: each, answer: each},
			usage.IDByID, 30,
			"asked customer by sourceId 30 times, up to 30 times within a minute; ask for these fields in the query their keys came from: in customers { nodes { … } }, or in the relation of what they belong to",
		},
		{
			"nodes of a known type",
			habit{roots: byKey("Query.node", "id", "Ticket"), times: 30, every: each250ms, inputs: each, answer: each},
			usage.IDByID, 30,
			"asked node by id 30 times, up to 30 times within a minute; ask for these fields in the query their keys came from: in tickets { nodes { … } }, or in the relation of what they belong to",
		},
		{
			"nodes",
			habit{roots: byKey("Query.node", "id", ""), times: 30, every: each250ms, inputs: each, answer: each},
			usage.IDByID, 30,
			"asked node by id 30 times, up to 30 times within a minute; ask for many at once: in the list they are in, or as a relation of what they belong to",
		},
		{
			"several in each call",
			habit{roots: []usage.Root{{Field: "Query.me"}, order[0], order[0], order[0]}, times: 20, every: each250ms, inputs: each, answer: each},
			usage.IDByID, 20,
			"asked order by number 20 times, up to 20 times within a minute, for 60 records; ask for many at once: orders(filter: {number: {in: […]}})",
		},
		{
			"across hours",
			habit{roots: order, times: 100, every: time.Minute / 20, inputs: each, answer: each, change: func(i int, o *usage.Operation) {
				o.At = o.At.Add(58 * time.Minute) // the first 40 of them before eleven
			}},
			usage.IDByID, 100,
			"asked order by number 100 times, up to 20 times within a minute; ask for many at once: orders(filter: {number: {in: […]}})",
		},
		{"nineteen in a minute", habit{roots: order, times: 19, every: each250ms, inputs: each, answer: each}, "", 0, ""},
		{"not so quickly", habit{roots: order, times: 500, every: 3200 * time.Millisecond, inputs: each, answer: each}, "", 0, ""},
		{"the same few again", habit{roots: order, times: 500, every: time.Second, inputs: modulo(19), answer: each}, "", 0, ""},
		{"lists with other variables", habit{roots: list, times: 500, every: each250ms, inputs: each, answer: each}, "", 0, ""},
		{"variables not known", habit{roots: order, times: 500, every: each250ms, inputs: func(int) uint64 { return 0 }}, "", 0, ""},
		{"failed calls", habit{roots: order, times: 500, every: each250ms, inputs: each, change: func(_ int, o *usage.Operation) { o.Errors = 1 }}, "", 0, ""},
		{"refused calls", habit{roots: order, times: 500, every: each250ms, inputs: each, change: func(_ int, o *usage.Operation) { o.Denied = schema.TooCostly }}, "", 0, ""},

		{
			"polled",
			habit{roots: list, times: 121, every: 2 * time.Second, answer: func(i int) uint64 { return uint64(i/100) + 1 }},
			usage.Polling, 120,
			"asked the same again every 2s, unchanged 119 of 120 times; ask less often, or only for what changed: orders(filter: {updatedAt: {ge: …}})",
		},
		{
			"one record polled",
			habit{roots: order, times: 11, every: 1500 * time.Millisecond},
			usage.Polling, 10,
			"asked the same again every 1.5s, unchanged 10 of 10 times; ask less often, or only for what changed: orders(filter: {updatedAt: {ge: …}})",
		},
		{
			"what has no list",
			habit{roots: []usage.Root{{Field: "Query.coverage"}}, times: 11, every: 300 * time.Millisecond},
			usage.Polling, 10,
			"asked the same again every 300ms, unchanged 10 of 10 times; ask less often",
		},
		{"polled ten times", habit{roots: list, times: 10, every: 2 * time.Second}, "", 0, ""},
		{"polled slowly", habit{roots: list, times: 100, every: time.Minute}, "", 0, ""},
		{"polled with changes", habit{roots: list, times: 100, every: time.Second, answer: modulo(9)}, "", 0, ""},
		{"mostly changes", habit{roots: list, times: 200, every: time.Second, answer: func(i int) uint64 { return uint64(min(i, 185)) + 1 }}, "", 0, ""},
		{"answers not known", habit{roots: list, times: 100, every: time.Second, answer: func(int) uint64 { return 0 }}, "", 0, ""},
		{"introspection", habit{times: 100, every: time.Second}, "", 0, ""},

		{
			"pages too large",
			habit{pages: page(1000, 1, 7), times: 57},
			usage.UnusedPage, 57,
			"asked pages of 1000 rows or more of orders 57 times, and at most 7 rows came; ask with first: 20, since the declared size is what it costs, and go on with after where there is more",
		},
		{
			"pages of a relation",
			habit{pages: []usage.PageUse{{Path: "Query.customers/orders", Declared: 50, Parents: 100, Rows: 80, Most: 1}}, times: 10},
			usage.UnusedPage, 10,
			"asked pages of 50 rows or more of customers/orders 10 times, and at most 1 row came; ask with first: 10, since the declared size is what it costs, and go on with after where there is more",
		},
		{
			"empty pages",
			habit{pages: page(500, 1, 0), times: 10},
			usage.UnusedPage, 10,
			"asked pages of 500 rows or more of orders 10 times, and at most no row came; ask with first: 10, since the declared size is what it costs, and go on with after where there is more",
		},
		{
			"rows not read",
			habit{pages: []usage.PageUse{{Path: listOrders, Declared: 200, Parents: 1, Rows: 200, Most: 200, Unread: true}}, times: 10, change: func(i int, o *usage.Operation) {
				o.Pages[0].Rows, o.Pages[0].Most = 0, 0
			}},
			usage.UnusedPage, 10,
			"asked pages of 200 rows or more of orders 10 times and read no row of them; ask with first: 0, since the declared size is what it costs",
		},
		{"few calls", habit{pages: page(1000, 1, 7), times: 9}, "", 0, ""},
		{"one page was full", habit{times: 57, change: func(i int, o *usage.Operation) {
			if o.Pages = page(1000, 1, 7); i == 30 {
				o.Pages = page(1000, 1, 1000)
			}
		}}, "", 0, ""},
		{"small pages", habit{pages: page(10, 1, 1), times: 100}, "", 0, ""},
		{"not worth it", habit{pages: page(50, 1, 0), times: 100}, "", 0, ""},
		{"the fullest page is not known", habit{pages: []usage.PageUse{{Path: listOrders, Declared: 100, Parents: 100, Rows: 100}}, times: 100}, "", 0, ""},
		{"no page at all", habit{pages: page(1000, 0, 0), times: 100}, "", 0, ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			for _, gathered := range []bool{false, true} {
				k, s := newClock(), &memory{}
				r := usage.New(usage.Config{Store: s, Now: k.now, Schema: sdl(t)})
				c.habit.ask(k, r)
				k.move(time.Hour)
				if gathered {
					if err := r.Flush(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				list, err := r.Advice(t.Context(), usage.Filter{Account: "shop", Token: "t1"}, nil)
				if err != nil {
					t.Fatal(err)
				}
				if c.want == "" {
					for _, a := range list {
						t.Errorf("unfounded: %s: %s", a.Kind, a.Message)
					}
					continue
				}
				if len(list) != 1 {
					t.Fatalf("%d pieces of advice, want 1", len(list))
				}
				a := list[0]
				if a.Kind != c.kind || *a.Count != c.count || a.Message != c.want {
					t.Errorf("got  %s %d %q\nwant %s %d %q", a.Kind, *a.Count, a.Message, c.kind, c.count, c.want)
				}
				if a.Token != "t1" || a.Account != "shop" || a.Operation != "aaaaaaaaaaaaaaaa" || a.Name != "Open" {
					t.Errorf("of %+v", a)
				}
			}
		})
	}
}

// TestAdviceSeen: advice names nothing that its reader's schema does not have.
func TestAdviceSeen(t *testing.T) {
	c := newClock()
	r := usage.New(usage.Config{Store: &memory{}, Now: c.now, Schema: sdl(t)})
	habit{roots: byKey("Query.order", "number", ""), times: 30, every: time.Second, inputs: each, answer: each}.ask(c, r)
	habit{roots: byKey("Query.order", "number", ""), times: 30, every: time.Second, change: func(_ int, o *usage.Operation) { o.Hash = "b" }}.ask(c, r)
	message := func(seen *ast.Schema) string {
		t.Helper()
		list, err := r.Advice(t.Context(), usage.Filter{}, seen)
		if err != nil || len(list) != 2 {
			t.Fatalf("%d pieces of advice, %v", len(list), err)
		}
		return list[0].Message + "\n" + list[1].Message
	}
	whole := message(nil)
	for _, name := range []string{"orders(filter: {number:", "orders(filter: {updatedAt:"} {
		if !strings.Contains(whole, name) {
			t.Errorf("%q is not in\n%s", name, whole)
		}
	}
	without := func(change func(s *ast.Schema)) *ast.Schema {
		s := sdl(t)
		change(s)
		return s
	}
	drop := func(d *ast.Definition, name string) {
		var kept ast.FieldList
		for _, f := range d.Fields {
			if f.Name != name {
				kept = append(kept, f)
			}
		}
		d.Fields = kept
	}
	for _, c := range []struct {
		name   string
		seen   *ast.Schema
		hidden string
	}{
		{"no list", without(func(s *ast.Schema) { drop(s.Query, "orders") }), "orders"},
		{"no filter", without(func(s *ast.Schema) { s.Query.Fields.ForName("orders").Arguments = nil }), "filter"},
		{"key not to be searched", without(func(s *ast.Schema) { drop(s.Types["OrderFilter"], "number") }), "{number"},
		{"changes not to be searched", without(func(s *ast.Schema) { drop(s.Types["OrderFilter"], "updatedAt") }), "updatedAt"},
		{"filter gone", without(func(s *ast.Schema) { delete(s.Types, "OrderFilter") }), "filter"},
		{"nothing", &ast.Schema{}, "orders"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := message(c.seen); strings.Contains(got, c.hidden) {
				t.Errorf("%q is in\n%s", c.hidden, got)
			}
		})
	}
}

// TestAdviceLists: every root field that yields one record has a list to be sent to.
func TestAdviceLists(t *testing.T) {
	s := sdl(t)
	for _, f := range s.Query.Fields {
		if f.Arguments.ForName("id") == nil || f.Name == "node" {
			continue
		}
		t.Run("case="+f.Name, func(t *testing.T) {
			c := newClock()
			r := usage.New(usage.Config{Store: &memory{}, Now: c.now, Schema: s})
			habit{roots: byKey("Query."+f.Name, "id", ""), times: 20, inputs: each, answer: each}.ask(c, r)
			list, err := r.Advice(t.Context(), usage.Filter{}, nil)
			if err != nil || len(list) != 1 || !strings.Contains(list[0].Message, " { nodes { … } }") {
				t.Errorf("%+v, %v", list, err)
			}
		})
	}
}

// TestAdviceOfWhom: of whom, of when, and the most frequent first.
func TestAdviceOfWhom(t *testing.T) {
	c, s := newClock(), &memory{}
	r := usage.New(usage.Config{Store: s, Now: c.now})
	for i := range 5 {
		habit{roots: []usage.Root{{Field: "Query.orders"}}, times: 11 + i, every: time.Second, change: func(_ int, o *usage.Operation) {
			o.Token, o.Account = fmt.Sprint("t", i), fmt.Sprint("shop", i%2)
		}}.ask(c, r)
	}
	of := func(f usage.Filter) string {
		t.Helper()
		list, err := r.Advice(t.Context(), f, nil)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, a := range list {
			out = append(out, fmt.Sprint(a.Token, "=", *a.Count))
		}
		return strings.Join(out, " ")
	}
	check := func() {
		t.Helper()
		for _, x := range []struct {
			f    usage.Filter
			want string
		}{
			{usage.Filter{}, "t4=14 t3=13 t2=12 t1=11 t0=10"},
			{usage.Filter{First: 2}, "t4=14 t3=13"},
			{usage.Filter{Account: "shop1"}, "t3=13 t1=11"},
			{usage.Filter{Account: "shop1", Token: "t0"}, ""},
			{usage.Filter{From: c.now().Add(time.Hour), To: c.now().Add(2 * time.Hour)}, ""},
		} {
			if got := of(x.f); got != x.want {
				t.Errorf("%+v: %s, want %s", x.f, got, x.want)
			}
		}
	}
	check()
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	check()
	// Another process adds to it, and finds it.
	r = usage.New(usage.Config{Store: s, Now: c.now})
	check()
	c.move(26 * time.Hour)
	if got := of(usage.Filter{}); got != "" {
		t.Errorf("a day later %s", got)
	}
	s.failWith(errDown, 0)
	if _, err := r.Advice(t.Context(), usage.Filter{}, nil); schema.CodeOf(err) != schema.Internal {
		t.Errorf("error %v", err)
	}
}

// TestForgetful: only the last questions of a token are remembered.
func TestForgetful(t *testing.T) {
	for _, c := range []struct {
		among int
		want  int
	}{{64, 1}, {65, 0}} {
		k := newClock()
		r := usage.New(usage.Config{Store: &memory{}, Now: k.now})
		habit{roots: []usage.Root{{Field: "Query.orders"}}, times: 40 * c.among, every: 10 * time.Millisecond, inputs: modulo(c.among)}.ask(k, r)
		list, err := r.Advice(t.Context(), usage.Filter{}, nil)
		if err != nil || len(list) != c.want {
			t.Errorf("%d pieces of advice among %d questions, %v; want %d", len(list), c.among, err, c.want)
		}
	}
}
