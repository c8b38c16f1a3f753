package loaders_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// filter draws a client's filter on a status.
func filter(t *rapid.T, depth int) schema.Predicate {
	switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
	case kind == 0 && depth > 0:
		return schema.AllOf(filter(t, depth-1), filter(t, depth-1))
	case kind == 1 && depth > 0:
		return schema.AnyOf(filter(t, depth-1), filter(t, depth-1))
	case kind == 2 && depth > 0:
		return schema.Negate(filter(t, depth-1))
	case kind == 3:
		return schema.Predicate{Op: schema.IsNull, Column: "status"}
	}
	return is("status", rapid.SampledFrom([]string{"open", "sent"}).Draw(t, "status"))
}

// TestToFilterIsToRead filters by a field that some rows do not show, and wants the
// rows of a world where it is null on those.
func TestToFilterIsToRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, s := world(t), sealer(t)
		columns := columnsOf("Order")
		delete(columns, "status")
		full := rule(t, s, columns, 2)
		where := filter(t, 2)
		f := policies.FieldAccess{Verdict: policies.Row, Full: full}
		switch rapid.IntRange(0, 4).Draw(t, "verdict") {
		case 0:
			f, full = policies.FieldAccess{Verdict: policies.Mask, Mask: strings.ToUpper}, schema.Predicate{Op: schema.None}
		case 1:
			f, full = policies.FieldAccess{Verdict: policies.Deny}, schema.Predicate{Op: schema.None}
		}
		for via, ask := range map[string]func(*loaders.Loaders) string{
			"": func(l *loaders.Loaders) string {
				return walk(func(a loaders.Args) (*schema.Page[schema.Order], error) {
					a.Where = where
					return l.Orders.List(t.Context(), a)
				}, first(2))
			},
			"Customer": func(l *loaders.Loaders) string {
				return pages(l.Orders.OfCustomers(t.Context(), customersAll(), loaders.Args{Where: where}))
			},
		} {
			blank := *w
			blank.sources = nil
			for _, m := range w.sources {
				n := &memory{name: m.name, exact: m.exact, orders: slices.Clone(m.orders)}
				for i := range n.orders {
					golden, _ := w.people.Golden("", n.orders[i].CustomerKey)
					if !fulfils(s, full, &m.orders[i], golden, via) {
						n.orders[i].Status = ""
					}
				}
				blank.sources = append(blank.sources, n)
			}
			got := ask(as(w.config(t), access{fields: map[string]policies.FieldAccess{"Order.status": f}}))
			want := ask(as(blank.config(t), loaders.Everything{}))
			if got != want {
				t.Fatalf("%+v where the status shows %+v\ngot  %s\nwant %s", where, full, got, want)
			}
		}
	})
}

// TestLookUpsReadToo finds nothing by a field that is not shown whole.
func TestLookUpsReadToo(t *testing.T) {
	s := sealer(t)
	mine := policies.FieldAccess{Verdict: policies.Row, Full: is(policies.CustomerColumn, s.ID("Customer", "", "a"))}
	books := "books"
	for name, c := range map[string]struct {
		field string
		as    policies.FieldAccess
		ask   func(ctx context.Context, l *loaders.Loaders) string
		want  string
	}{
		"number of his":     {"Order.number", mine, func(ctx context.Context, l *loaders.Loaders) string { return byNumber(ctx, l, "SO-1", nil) }, " books/b1"},
		"number of another": {"Order.number", mine, func(ctx context.Context, l *loaders.Loaders) string { return byNumber(ctx, l, "SO-2", nil) }, " null"},
		"masked number": {"Order.number", policies.FieldAccess{Verdict: policies.Mask}, func(ctx context.Context, l *loaders.Loaders) string {
			return byNumber(ctx, l, "SO-1", nil)
		}, " null"},
		"source": {"Order.source", policies.FieldAccess{}, func(ctx context.Context, l *loaders.Loaders) string {
			return byNumber(ctx, l, "SO-1", nil) + byNumber(ctx, l, "SO-1", &books)
		}, " books/b1 null"},
		"fiscal number of his": {"Customer.taxId", mine, func(ctx context.Context, l *loaders.Loaders) string {
			row, err := l.Customers.ByTaxID(ctx, "T1")
			return identities([]*schema.Customer{row}) + codes(err)
		}, " /a"},
		"denied e-mail": {"Customer.email", policies.FieldAccess{}, func(ctx context.Context, l *loaders.Loaders) string {
			row, err := l.Customers.ByEmail(ctx, "T1")
			return identities([]*schema.Customer{row}) + codes(err)
		}, " null"},
		"denied record": {"CustomerMember.recordId", policies.FieldAccess{}, func(ctx context.Context, l *loaders.Loaders) string {
			row, err := l.Customers.BySource(ctx, "crm", "a1")
			return identities([]*schema.Customer{row}) + codes(err)
		}, " null"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			w := small()
			l := as(w.config(t), access{fields: map[string]policies.FieldAccess{c.field: c.as}})
			if got := c.ask(t.Context(), l); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func byNumber(ctx context.Context, l *loaders.Loaders, number string, source *string) string {
	row, err := l.Orders.ByNumber(ctx, number, source)
	return identities([]*schema.Order{row}) + codes(err)
}

// TestToSortIsToRead refuses an order that would tell where hidden values lie.
func TestToSortIsToRead(t *testing.T) {
	open := is("status", "open")
	for name, c := range map[string]struct {
		field policies.FieldAccess
		code  schema.Code
	}{
		"whole":             {policies.FieldAccess{Verdict: policies.Allow}, ""},
		"where rows are":    {policies.FieldAccess{Verdict: policies.Row, Full: open}, ""},
		"on some rows":      {policies.FieldAccess{Verdict: policies.Row, Full: is("status", "sent")}, schema.ForbiddenField},
		"masked":            {policies.FieldAccess{Verdict: policies.Mask}, schema.ForbiddenField},
		"denied":            {policies.FieldAccess{}, schema.ForbiddenField},
		"by a relation not": {policies.FieldAccess{Verdict: policies.Row, Full: is(policies.ViaColumn, "Invoice")}, schema.ForbiddenField},
	} {
		t.Run("case="+name, func(t *testing.T) {
			a := access{rows: map[string]schema.Predicate{"Order": open}, fields: map[string]policies.FieldAccess{"Order.total": c.field, "Customer.name": c.field}}
			_, err := as(small().config(t), a).Orders.List(t.Context(), loaders.Args{Order: schema.Sort{Column: "total"}})
			if schema.CodeOf(err) != c.code {
				t.Errorf("got %v", err)
			}
			if name == "masked" {
				if _, err := as(small().config(t), a).Customers.List(t.Context(), loaders.Args{Order: schema.Sort{Column: "name"}}); schema.CodeOf(err) != c.code {
					t.Errorf("customers: %v", err)
				}
			}
		})
	}
}

// TestComputed names no amount that is not shown, and leaves the shared row alone.
func TestComputed(t *testing.T) {
	s := sealer(t)
	fields := map[string]policies.FieldAccess{
		"Order.total": {},
		"Order.net":   {Verdict: policies.Row, Full: is(policies.CustomerColumn, s.ID("Customer", "", "a"))},
		"Order.tax":   {Verdict: policies.Row, Full: is(policies.ViaColumn, "Customer")},
	}
	w := small()
	for _, m := range w.sources {
		for i := range m.orders {
			m.orders[i].Computed = []string{"total", "net", "tax"}
		}
	}
	l := as(w.config(t), access{fields: fields})
	page, err := l.Orders.List(t.Context(), loaders.Args{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range page.Nodes {
		want := []string{"net"}
		if o.CustomerKey == "b1" {
			want = nil
		}
		if !slices.Equal(o.Computed, want) || want == nil && o.Computed != nil {
			t.Errorf("%s: %v, want %v", o.Key, o.Computed, want)
		}
	}
	of, err := l.Orders.OfCustomers(t.Context(), customersAll()[:1], loaders.Args{})
	if err != nil || !slices.Equal(of[0].Nodes[0].Computed, []string{"net", "tax"}) {
		t.Errorf("of a customer: %v, %v", of[0].Nodes[0].Computed, err)
	}
	id := s.ID("Order", "crm", "o2")
	one, err := l.Orders.ByID(t.Context(), id)
	if err != nil || one.Computed != nil {
		t.Errorf("one: %v, %v", one, err)
	}
	free, err := as(w.config(t), loaders.Everything{}).Orders.ByID(t.Context(), id)
	if err != nil || len(free.Computed) != 3 || len(w.sources[1].orders[1].Computed) != 3 {
		t.Errorf("the row was changed: %v, %v", free, err)
	}
}

// TestMatcherAndRow decide as the plain rule does on a row with its customer.
func TestMatcherAndRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, s := world(t), sealer(t)
		l := as(w.config(t), loaders.Everything{})
		r := rule(t, s, columnsOf("Order"), 3)
		via := rapid.SampledFrom([]string{"", "Invoice"}).Draw(t, "via")
		match := l.Matcher("Order", via, r)
		for _, m := range w.sources {
			for i := range m.orders {
				o := &m.orders[i]
				golden, _ := w.people.Golden("", o.CustomerKey)
				want := fulfils(s, r, o, golden, via)
				if got := match(o); got != want {
					t.Fatalf("%+v on %+v: got %t, want %t", r, o, got, want)
				}
				row, err := l.Row(t.Context(), "Order", o)
				if err != nil || row.Column("status") != o.Column("status") || now(s, r).Match(pseudo{row, row.Column(policies.CustomerColumn).Str, via}) != want {
					t.Fatalf("%+v on %+v as a row: %v", r, o, err)
				}
			}
		}
		for i := range w.people.customers {
			c := &w.people.customers[i]
			r := rule(t, s, columnsOf("Customer"), 2)
			if got, want := l.Matcher("Customer", via, r)(c), fulfils(s, r, c, c.Key, via); got != want {
				t.Fatalf("%+v on %+v: got %t, want %t", r, c, got, want)
			}
		}
	})
	w, s := small(), sealer(t)
	l := as(w.config(t), loaders.Everything{})
	if l.Matcher("Order", "", is("status", "open"))(&schema.Order{Record: schema.Record{Source: "gone"}, Status: "open"}) {
		t.Error("a source nobody knows was believed")
	}
	old, stays := s.ID("Customer", "", "old"), "no id"
	if l.CustomerID(old) != s.ID("Customer", "", "a") || l.CustomerID(stays) != stays {
		t.Error("ids of merged customers do not follow")
	}
	if row, err := l.Row(t.Context(), "Customer", &schema.Customer{Record: schema.Record{Key: "old"}}); err != nil || row.Column(policies.CustomerColumn).Str != s.ID("Customer", "", "a") {
		t.Errorf("got %v, %v", row, err)
	}
	w.people.unread = "crm"
	c := w.config(t)
	c.Directory = unreadable{w.people}
	if row, err := loaders.New(c).Row(t.Context(), "Order", &schema.Order{Record: schema.Record{Source: "crm"}, Links: schema.Links{CustomerKey: "?"}}); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("got %v, %v", row, err)
	}
}

// unreadable is a directory that has read the customers of books only.
type unreadable struct{ people }

func (unreadable) Coverage() []*schema.Coverage {
	return []*schema.Coverage{{Source: "crm"}, {Source: "books", AsOf: time.Unix(1, 0)}}
}

// TestFieldsHoldWhatTheRuleReads wants the readers to be asked for the columns a
// rule reads, so that it can be checked on what they answer.
func TestFieldsHoldWhatTheRuleReads(t *testing.T) {
	s := sealer(t)
	r := schema.AnyOf(is("shop", "web"), is("status", "open"), is(policies.CustomerColumn, s.ID("Customer", "", "a")))
	for _, way := range ways() {
		if way.entity == "Customer" {
			continue
		}
		t.Run("way="+way.name, func(t *testing.T) {
			w := small()
			c := w.config(t)
			c.Columns = func(context.Context) []string { return []string{"id"} }
			asked := &askedFields{}
			var connected []*datasources.Connected
			for _, m := range w.sources {
				connected = append(connected, &datasources.Connected{Source: spied{m, asked}, Name: m.name})
			}
			catalog, err := datasources.NewCatalog(connected, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			c.Catalog = catalog
			way.ask(t.Context(), as(c, only(way.entity, r)), w, s)
			if len(asked.list) == 0 {
				t.Error("nothing was asked")
			}
			for _, f := range asked.list {
				for _, column := range []string{"shop", "status", "customer"} {
					if !f.Has(column) {
						t.Errorf("asked for %v", f)
					}
				}
			}
		})
	}
}

type askedFields struct {
	mu   sync.Mutex // guards list
	list []datasources.Fields
}

// spied is a source that notes which columns are asked for.
type spied struct {
	*memory
	asked *askedFields
}

func (s spied) Reader(entity string) any {
	if entity == "Order" {
		return datasources.Reader[schema.Order](spy[schema.Order]{s.memory.Reader(entity).(datasources.Reader[schema.Order]), s})
	}
	return datasources.Reader[schema.Invoice](spy[schema.Invoice]{s.memory.Reader(entity).(datasources.Reader[schema.Invoice]), s})
}

type spy[T any] struct {
	datasources.Reader[T]
	s spied
}

func (r spy[T]) note(f datasources.Fields) {
	r.s.asked.mu.Lock()
	defer r.s.asked.mu.Unlock()
	r.s.asked.list = append(r.s.asked.list, f)
}

func (r spy[T]) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[T], error) {
	r.note(f)
	return r.Reader.ByKeys(ctx, keys, f)
}

func (r spy[T]) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[T], error) {
	r.note(q.Fields)
	return r.Reader.ByParent(ctx, rel, parents, q)
}

func (r spy[T]) List(ctx context.Context, q datasources.Query) (datasources.Rows[T], error) {
	r.note(q.Fields)
	return r.Reader.List(ctx, q)
}
