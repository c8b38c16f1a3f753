package loaders_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

func only(typeName string, p schema.Predicate) access {
	return access{rows: map[string]schema.Predicate{typeName: p}}
}

func is(column, value string) schema.Predicate {
	return schema.Compare(column, schema.Eq, schema.String(value))
}

// small is a world for tables: three customers, orders of two of them.
func small() *policed {
	crm, books, _ := linked(false)
	for i := range crm.orders {
		crm.orders[i].CustomerKey = strings.Replace(strings.Replace(crm.orders[i].CustomerKey, "x", "a", 1), "y", "b", 1)
		crm.orders[i].Status = []string{"open", "sent"}[i%2]
	}
	for i := range books.orders {
		books.orders[i].CustomerKey = strings.Replace(books.orders[i].CustomerKey, "x", "a", 1)
		books.orders[i].Status = "open"
	}
	for i := range books.invoices {
		books.invoices[i].CustomerKey = strings.Replace(books.invoices[i].CustomerKey, "x", "a", 1)
		books.invoices[i].Status = []string{"open", "sent"}[i%2]
	}
	return &policed{people: people{customers: []schema.Customer{
		{Record: schema.Record{Key: "a"}, Name: "A", Country: "MD", TaxID: "T1", Email: "T1"},
		{Record: schema.Record{Key: "b"}, Name: "B", Country: "FR", TaxID: "T1", Email: "T2"},
	}}, sources: []*memory{books, crm}}
}

// TestASourceThatIgnoresTheRule shows no row the rule does not show, whatever a
// connector answers, and says that the source is not to be believed.
func TestASourceThatIgnoresTheRule(t *testing.T) {
	for _, way := range ways() {
		if way.entity == "Customer" {
			continue
		}
		t.Run("way="+way.name, func(t *testing.T) {
			w, s := small(), sealer(t)
			w.log = &strings.Builder{}
			for _, m := range w.sources {
				m.sloppy = true
			}
			r := is("status", "open")
			got := way.ask(t.Context(), as(w.config(t), only(way.entity, r)), w, s)
			allowed := w.without(s, way.entity, way.via, r)
			for i, m := range w.sources {
				check := func(key string, isThere bool) {
					if !isThere && slices.Contains(strings.Fields(got), m.name+"/"+key) {
						t.Errorf("%s/%s came out: %s", m.name, key, got)
					}
				}
				if way.entity == "Order" {
					for _, o := range m.orders {
						check(o.Key, slices.ContainsFunc(allowed.sources[i].orders, func(x schema.Order) bool { return x.Key == o.Key }))
					}
				} else {
					for _, o := range m.invoices {
						check(o.Key, slices.ContainsFunc(allowed.sources[i].invoices, func(x schema.Invoice) bool { return x.Key == o.Key }))
					}
				}
			}
			isPage := strings.Contains(got, "|")
			if isPage && !strings.Contains(got, "without [") {
				t.Errorf("the page believes the source: %s", got)
			}
			if log := w.log.String(); way.name != "node" && strings.Count(log, "entity="+way.entity) != strings.Count(log, "source=crm")+strings.Count(log, "source=books") || isPage && log == "" {
				t.Errorf("log %q", log)
			}
			if strings.Count(w.log.String(), "source=crm") > 1 {
				t.Errorf("said more than once: %s", w.log)
			}
		})
	}
}

// TestNothingIsAskedForNothing wants no call for a type of which no row is seen, in
// the shape of an empty world.
func TestNothingIsAskedForNothing(t *testing.T) {
	none := schema.Predicate{Op: schema.None}
	for _, way := range ways() {
		for name, a := range map[string]loaders.Access{
			"none": only(way.entity, none), "a way that is not allowed": only(way.entity, is(policies.ViaColumn, "Nowhere")), "no access at all": nil,
			"no column of that name": only(way.entity, is("colour", "red")),
		} {
			if way.entity == "Customer" && name == "no column of that name" {
				continue
			}
			t.Run("way="+way.name+",case="+name, func(t *testing.T) {
				w, s := small(), sealer(t)
				got := way.ask(t.Context(), as(w.config(t), a), w, s)
				if calls := w.calls(); len(calls) > 0 {
					t.Errorf("calls %v", calls)
				}
				empty := w.without(s, way.entity, way.via, none)
				if want := way.ask(t.Context(), as(empty.config(t), loaders.Everything{}), w, s); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		}
	}
}

// TestAccessOfTheContext sees nothing where the doors have put nothing.
func TestAccessOfTheContext(t *testing.T) {
	w := small()
	p, err := loaders.New(w.config(t)).Orders.List(t.Context(), loaders.Args{})
	if err != nil || len(p.Nodes) != 0 || len(w.calls()) != 0 {
		t.Errorf("got %v, %v", p, err)
	}
}

// TestTwoAccessesOfOneConfig asks for two tokens in turn: nothing crosses, not even
// where they share a request's loaders.
func TestTwoAccessesOfOneConfig(t *testing.T) {
	type key struct{}
	rapid.Check(t, func(t *rapid.T) {
		w, s := world(t), sealer(t)
		c := w.config(t)
		c.Access = func(ctx context.Context) loaders.Access { return ctx.Value(key{}).(loaders.Access) }
		shared := loaders.New(c)
		list := ways()
		for range 6 {
			way := rapid.SampledFrom(list).Draw(t, "way")
			r := rule(t, s, columnsOf(way.entity), 2)
			ctx := context.WithValue(t.Context(), key{}, loaders.Access(only(way.entity, r)))
			got := way.ask(ctx, shared, w, s)
			want := way.ask(t.Context(), as(w.without(s, way.entity, way.via, r).config(t), loaders.Everything{}), w, s)
			if got != want {
				t.Fatalf("%s under %+v\ngot  %s\nwant %s", way.name, r, got, want)
			}
		}
	})
}

// TestCursorsOfAnotherAccess are refused like forged ones.
func TestCursorsOfAnotherAccess(t *testing.T) {
	w, s := small(), sealer(t)
	c := w.config(t)
	mine, his := is(policies.CustomerColumn, s.ID("Customer", "", "a")), is(policies.CustomerColumn, s.ID("Customer", "", "b"))
	for name, other := range map[string]loaders.Access{
		"another rule": only("Order", his), "all rows": loaders.Everything{}, "another view": access{rows: map[string]schema.Predicate{"Order": mine}, hash: "v2"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			page, err := as(c, only("Order", mine)).Orders.List(t.Context(), first(1))
			if err != nil || len(page.Nodes) != 1 {
				t.Fatal(page, err)
			}
			cursor := page.PageInfo().EndCursor
			_, same := as(c, only("Order", mine)).Orders.List(t.Context(), loaders.Args{After: cursor})
			_, got := as(c, other).Orders.List(t.Context(), loaders.Args{After: cursor})
			forged := "x" + *cursor
			_, want := as(c, other).Orders.List(t.Context(), loaders.Args{After: &forged})
			if same != nil || schema.CodeOf(got) != schema.BadRequest || got.Error() != want.Error() {
				t.Errorf("got %v and %v, want %v", same, got, want)
			}
		})
	}
	t.Run("case=customers", func(t *testing.T) {
		md := only("Customer", is("country", "MD"))
		page, err := as(c, loaders.Everything{}).Customers.List(t.Context(), first(1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := as(c, md).Customers.List(t.Context(), loaders.Args{After: page.PageInfo().EndCursor}); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("got %v", err)
		}
	})
}

// TestCalls holds what a rule costs: the rows of one customer are asked for by him,
// and a rule that says nothing changes nothing.
func TestCalls(t *testing.T) {
	s := sealer(t)
	mine := is(policies.CustomerColumn, s.ID("Customer", "", "a"))
	for name, c := range map[string]struct {
		rule schema.Predicate
		ask  func(*loaders.Loaders, *policed) error
		want []string
	}{
		"list of one customer": {mine, func(l *loaders.Loaders, _ *policed) error {
			_, err := l.Orders.List(t.Context(), loaders.Args{})
			return err
		}, []string{"Order by customer 2", "Order by customer 2"}},
		"list of one customer or a status": {schema.AnyOf(mine, is("status", "open")), func(l *loaders.Loaders, _ *policed) error {
			_, err := l.Orders.List(t.Context(), loaders.Args{})
			return err
		}, []string{"Order list", "Order list"}},
		"of customers who are not his": {mine, func(l *loaders.Loaders, _ *policed) error {
			_, err := l.Orders.OfCustomers(t.Context(), customersAll()[1:3], loaders.Args{})
			return err
		}, nil},
		"of customers": {mine, func(l *loaders.Loaders, _ *policed) error {
			_, err := l.Orders.OfCustomers(t.Context(), customersAll(), loaders.Args{})
			return err
		}, []string{"Order by customer 2", "Order by customer 2"}},
		"of customers without a rule": {schema.Predicate{}, func(l *loaders.Loaders, _ *policed) error {
			_, err := l.Orders.OfCustomers(t.Context(), customersAll(), loaders.Args{})
			return err
		}, []string{"Order by customer 6", "Order by customer 6"}},
		"of customers, the rule has parts for each": {schema.AnyOf(mine, is("status", "open")), func(l *loaders.Loaders, _ *policed) error {
			_, err := l.Orders.OfCustomers(t.Context(), customersAll(), loaders.Args{})
			return err
		}, []string{"Order by customer 2", "Order by customer 2", "Order by customer 4", "Order by customer 4"}},
		"a source the rule excludes": {is("source", "crm"), func(l *loaders.Loaders, _ *policed) error {
			_, err := l.Orders.List(t.Context(), loaders.Args{})
			return err
		}, []string{"Order list"}},
	} {
		t.Run("case="+name, func(t *testing.T) {
			w := small()
			if err := c.ask(as(w.config(t), only("Order", c.rule)), w); err != nil {
				t.Fatal(err)
			}
			got := w.calls()
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("calls %v, want %v", got, c.want)
			}
		})
	}
}

// TestWhatCannotBeDecided shows no row more: not where a condition is turned round
// either.
func TestWhatCannotBeDecided(t *testing.T) {
	s := sealer(t)
	mine := s.ID("Customer", "", "a")
	in := func(column string, values ...string) schema.Predicate {
		p := schema.Predicate{Op: schema.In, Column: column}
		for _, v := range values {
			p.Values = append(p.Values, schema.String(v))
		}
		return p
	}
	for name, c := range map[string]struct {
		rule schema.Predicate
		want int
	}{
		"his":                           {is(policies.CustomerColumn, mine), 5},
		"not his":                       {schema.Negate(is(policies.CustomerColumn, mine)), 1},
		"no id":                         {is(policies.CustomerColumn, "a"), 0},
		"not of no id":                  {schema.Negate(is(policies.CustomerColumn, "a")), 0},
		"the id of an order":            {is(policies.CustomerColumn, s.ID("Order", "crm", "a1")), 0},
		"his or no id":                  {in(policies.CustomerColumn, mine, "a"), 5},
		"not his and not of no id":      {schema.Negate(in(policies.CustomerColumn, mine, "a")), 0},
		"somebody gone":                 {is(policies.CustomerColumn, s.ID("Customer", "", "gone")), 0},
		"not somebody gone":             {schema.Negate(is(policies.CustomerColumn, s.ID("Customer", "", "gone"))), 6},
		"a customer who was merged":     {is(policies.CustomerColumn, s.ID("Customer", "", "old")), 5},
		"another comparison":            {schema.Compare(policies.CustomerColumn, schema.Prefix, schema.String("x")), 0},
		"not another comparison":        {schema.Negate(schema.Compare(policies.CustomerColumn, schema.Prefix, schema.String("x"))), 0},
		"no such column":                {is("colour", "red"), 0},
		"not of a column that is not":   {schema.Negate(is("colour", "red")), 0},
		"or of a column that is not":    {schema.AnyOf(is("colour", "red"), is(policies.CustomerColumn, mine)), 5},
		"never by a relation":           {is(policies.ViaColumn, "Invoice"), 0},
		"not by a relation":             {schema.Negate(is(policies.ViaColumn, "Invoice")), 6},
		"not not by a relation":         {schema.Negate(schema.Negate(is(policies.ViaColumn, "Invoice"))), 0},
		"not of two, one of them not":   {schema.Negate(schema.AllOf(is("colour", "red"), is("status", "open"))), 2},
		"not of either, one of them no": {schema.Negate(schema.AnyOf(is("colour", "red"), is("status", "open"))), 0},
	} {
		t.Run("case="+name, func(t *testing.T) {
			w := small()
			p, err := as(w.config(t), only("Order", c.rule)).Orders.List(t.Context(), loaders.Args{})
			if err != nil || len(p.Nodes) != c.want || *p.TotalCount != c.want {
				t.Errorf("got %d rows, %v", len(p.Nodes), err)
			}
		})
	}
}

// TestWhatCannotBeDecidedOfACustomer is the same where a rule is decided for each
// customer beforehand: the source is not asked for rows that would be dropped.
func TestWhatCannotBeDecidedOfACustomer(t *testing.T) {
	r := schema.AnyOf(is("status", "open"), schema.Negate(is(policies.CustomerColumn, "no id")))
	pages, err := as(small().config(t), only("Order", r)).Orders.OfCustomers(t.Context(), customersAll()[:1], loaders.Args{})
	if err != nil || len(pages[0].Nodes) != 4 || len(pages[0].Missing) > 0 {
		t.Errorf("got %d, missing %v, %v", len(pages[0].Nodes), pages[0].Missing, err)
	}
}

// TestCustomersNotReadYet fails the source instead of answering that he has nothing,
// whether or not a row exists.
func TestCustomersNotReadYet(t *testing.T) {
	s := sealer(t)
	for name, r := range map[string]schema.Predicate{
		"his": is(policies.CustomerColumn, s.ID("Customer", "", "a")), "not his": schema.Negate(is(policies.CustomerColumn, s.ID("Customer", "", "a"))),
	} {
		t.Run("case="+name, func(t *testing.T) {
			w := small()
			w.people.unread = "crm"
			l := as(w.config(t), only("Order", r))
			p, err := l.Orders.List(t.Context(), loaders.Args{})
			if err != nil || !slices.Equal(p.Missing, []string{"crm"}) || p.TotalCount != nil {
				t.Errorf("list: %v, %v", p, err)
			}
			for _, key := range []string{"o1", "nobody"} {
				id := s.ID("Order", "crm", key)
				if row, err := l.Orders.ByID(t.Context(), id); row != nil || schema.CodeOf(err) != schema.SourceUnavailable {
					t.Errorf("%s: %v, %v", key, row, err)
				}
			}
			if calls := w.sources[1].calls; len(calls) > 0 {
				t.Errorf("crm was asked: %v", calls)
			}
		})
	}
}

// TestLinkHits counts the links of requests that see every row: another's would
// count what he may not see as leading nowhere.
func TestLinkHits(t *testing.T) {
	w := small()
	c := w.config(t)
	for _, a := range []loaders.Access{only("Order", is("status", "none")), loaders.Everything{}} {
		_, err := as(c, a).Orders.Of(t.Context(), "Invoice.order", loaders.ToOrder, w.invoiceRows())
		looked := 0
		for _, h := range c.Links.All() {
			looked += h.Looked
		}
		if want := map[bool]int{true: 7, false: 0}[a == loaders.Access(loaders.Everything{})]; looked != want {
			t.Errorf("%T: counted %d, want %d (%v)", a, looked, want, err)
		}
	}
}
