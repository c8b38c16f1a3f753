package loaders_test

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// access is what a request may see: all of what it does not name.
type access struct {
	rows   map[string]schema.Predicate
	fields map[string]policies.FieldAccess
	hash   string
}

func (a access) Rows(typeName string) schema.Predicate { return a.rows[typeName] }

func (a access) Field(typeName, field string) policies.FieldAccess {
	if f, ok := a.fields[typeName+"."+field]; ok {
		return f
	}
	return policies.FieldAccess{Verdict: policies.Allow}
}

func (a access) Leads(typeName string) bool {
	leads := func(p schema.Predicate) bool {
		return p.Reads(policies.ViaColumn) && strings.Contains(p.Key(), typeName)
	}
	for _, p := range a.rows {
		if leads(p) {
			return true
		}
	}
	for _, f := range a.fields {
		if leads(f.Full) {
			return true
		}
	}
	return false
}

func (a access) ViewHash() string { return a.hash }

// policed is a world with what may be seen of it.
type policed struct {
	people  people
	sources []*memory
	log     *strings.Builder
}

func sealer(t interface{ Fatal(...any) }) *seal.Sealer {
	s, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *policed) config(t interface{ Fatal(...any) }) *loaders.Config {
	var connected []*datasources.Connected
	for _, s := range w.sources {
		connected = append(connected, &datasources.Connected{Source: s, Name: s.name})
	}
	rule := datasources.LinkRule{Field: "Комментарий", Pattern: regexp.MustCompile(`Order (\S+)`)}
	if len(w.sources) > 0 && w.sources[0].exact {
		rule = datasources.LinkRule{Field: "НомерЗаказа"}
	}
	links := map[string]map[string]datasources.LinkRules{}
	for _, s := range w.sources {
		links[s.name] = map[string]datasources.LinkRules{"Invoice.order": {rule}, "Order.invoices": {{Field: "Invoices"}}}
	}
	catalog, err := datasources.NewCatalog(connected, nil, links)
	if err != nil {
		t.Fatal(err)
	}
	c := &loaders.Config{
		Spare:   leftOver,
		Catalog: catalog, Directory: w.people, Seal: sealer(t), DefaultPage: 50, MaxPage: 1000, LinkBound: 100, Links: &loaders.LinkStats{},
		Columns: func(context.Context) []string { return nil }, Total: func(context.Context) bool { return true },
	}
	if w.log != nil {
		c.Log = slog.New(slog.NewTextHandler(w.log, nil))
	}
	return c
}

// as makes the loaders of one request that sees a.
func as(c *loaders.Config, a loaders.Access) *loaders.Loaders {
	one := *c
	one.Access = func(context.Context) loaders.Access { return a }
	return loaders.New(&one)
}

func (w *policed) calls() (list []string) {
	for _, s := range w.sources {
		list = append(list, s.calls...)
	}
	return list
}

// pseudo is a row with the columns only policies know.
type pseudo struct {
	schema.Row
	customer, via string
}

func (p pseudo) Column(name string) schema.Value {
	switch name {
	case policies.CustomerColumn:
		return schema.String(p.customer)
	case policies.ViaColumn:
		return schema.String(p.via)
	}
	return p.Row.Column(name)
}

// fulfils reports whether a row of a customer, reached by via, fulfils a rule.
func fulfils(s *seal.Sealer, rule schema.Predicate, row schema.Row, customer, via string) bool {
	id := ""
	if customer != "" {
		id = s.ID("Customer", "", customer)
	}
	return now(s, rule).Match(pseudo{row, id, via})
}

// now is a rule that names customers by the ids they have now.
func now(s *seal.Sealer, p schema.Predicate) schema.Predicate {
	p.Of, p.Values = slices.Clone(p.Of), slices.Clone(p.Values)
	for i := range p.Of {
		p.Of[i] = now(s, p.Of[i])
	}
	for i, v := range p.Values {
		if v.Str == s.ID("Customer", "", "old") {
			p.Values[i] = schema.String(s.ID("Customer", "", "a"))
		}
	}
	return p
}

// without is the world in which rows that a rule does not show do not exist.
func (w *policed) without(s *seal.Sealer, entity, via string, rule schema.Predicate) *policed {
	sees := func(row schema.Row, customer string) bool { return fulfils(s, rule, row, customer, via) }
	golden := func(key string) string { g, _ := w.people.Golden("", key); return g }
	out := &policed{people: w.people}
	if entity == "Customer" {
		out.people.customers = nil
		for i := range w.people.customers {
			if c := &w.people.customers[i]; sees(c, c.Key) {
				out.people.customers = append(out.people.customers, *c)
			}
		}
	}
	for _, m := range w.sources {
		n := &memory{name: m.name, exact: m.exact, orders: m.orders, invoices: m.invoices}
		switch entity {
		case "Order":
			n.orders = nil
			for i := range m.orders {
				if o := &m.orders[i]; sees(o, golden(o.CustomerKey)) {
					n.orders = append(n.orders, *o)
				}
			}
		case "Invoice":
			n.invoices = nil
			for i := range m.invoices {
				if x := &m.invoices[i]; sees(x, golden(x.CustomerKey)) {
					n.invoices = append(n.invoices, *x)
				}
			}
		}
		out.sources = append(out.sources, n)
	}
	return out
}

// world draws rows that refer to each other in every way.
func world(t *rapid.T) *policed {
	customer := rapid.SampledFrom([]string{"a1", "a2", "b1", "b2", "c1", "?", ""})
	number := rapid.SampledFrom([]string{"N1", "N2", "N3"})
	status := rapid.SampledFrom([]string{"open", "sent", "lost", ""})
	shop := rapid.SampledFrom([]string{"web", "lyon", ""})
	exact := rapid.Bool().Draw(t, "exact")
	w := &policed{people: people{customers: []schema.Customer{
		{Record: schema.Record{Key: "a"}, Name: "A", Country: "MD", TaxID: "T1", Email: "T1"},
		{Record: schema.Record{Key: "b"}, Name: "B", Country: "FR", TaxID: "T1", Email: "T2"},
		{Record: schema.Record{Key: "c"}, Name: "C", Country: "MD", TaxID: "T2", Email: "T2"},
	}}}
	for _, name := range []string{"books", "crm"} {
		m := &memory{name: name, exact: exact}
		for i := range rapid.IntRange(0, 6).Draw(t, "orders") {
			o := order(name, fmt.Sprintf("o%d", i), customer.Draw(t, "customer"), number.Draw(t, "number"), rapid.IntRange(1, 4).Draw(t, "day"))
			o.Status, o.Shop = status.Draw(t, "status"), shop.Draw(t, "shop")
			if rapid.IntRange(0, 3).Draw(t, "names") == 0 {
				o.InvoiceNumbers = []string{"I" + number.Draw(t, "named")}
			}
			m.orders = append(m.orders, o)
		}
		for i := range rapid.IntRange(0, 6).Draw(t, "invoices") {
			x := schema.Invoice{Record: schema.Record{Source: name, Key: fmt.Sprintf("i%d", i)}, Number: "I" + number.Draw(t, "number"), Status: status.Draw(t, "status")}
			x.CustomerKey = customer.Draw(t, "customer")
			switch rapid.IntRange(0, 3).Draw(t, "link") {
			case 0:
				x.OrderKey = fmt.Sprintf("o%d", rapid.IntRange(0, 6).Draw(t, "key"))
			case 1:
				x.OrderNumbers = []string{number.Draw(t, "of order")}
			case 2:
				x.OrderKey, x.OrderNumbers = fmt.Sprintf("o%d", rapid.IntRange(0, 6).Draw(t, "key")), []string{number.Draw(t, "of order")}
			}
			m.invoices = append(m.invoices, x)
		}
		w.sources = append(w.sources, m)
	}
	return w
}

// rule draws a condition over the columns of an entity and those of policies.
func rule(t *rapid.T, s *seal.Sealer, columns map[string][]string, depth int) schema.Predicate {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 {
		kind = rapid.IntRange(3, 6).Draw(t, "leaf")
	}
	text := func(list []string) schema.Value { return schema.String(rapid.SampledFrom(list).Draw(t, "value")) }
	switch kind {
	case 0:
		return schema.AllOf(rule(t, s, columns, depth-1), rule(t, s, columns, depth-1))
	case 1:
		return schema.AnyOf(rule(t, s, columns, depth-1), rule(t, s, columns, depth-1))
	case 2:
		return schema.Negate(rule(t, s, columns, depth-1))
	case 3:
		return schema.Compare(policies.ViaColumn, schema.Eq, text([]string{"Order", "Invoice", "Customer", "Quote"}))
	case 4:
		var ids []schema.Value
		for range rapid.IntRange(1, 2).Draw(t, "ids") {
			ids = append(ids, schema.String(s.ID("Customer", "", rapid.SampledFrom([]string{"a", "b", "c", "z", "old"}).Draw(t, "id"))))
		}
		if len(ids) == 1 {
			return schema.Compare(policies.CustomerColumn, schema.Eq, ids[0])
		}
		return schema.Compare(policies.CustomerColumn, schema.In, ids...)
	}
	var names []string
	for n := range columns {
		names = append(names, n)
	}
	slices.Sort(names)
	name := rapid.SampledFrom(names).Draw(t, "column")
	return schema.Compare(name, schema.Eq, text(columns[name]))
}

func columnsOf(entity string) map[string][]string {
	switch entity {
	case "Customer":
		return map[string][]string{"country": {"MD", "FR"}, "taxId": {"T1", "T2"}}
	case "Invoice":
		return map[string][]string{"status": {"open", "sent"}, "source": {"crm", "books"}}
	}
	return map[string][]string{"status": {"open", "sent"}, "shop": {"web", "lyon"}, "source": {"crm", "books"}}
}

// TestARowNotSeenDoesNotExist asks in every way under random rules, and wants the
// answers, totals and errors of a world in which the rows that are not seen do not
// exist.
func TestARowNotSeenDoesNotExist(t *testing.T) {
	for _, way := range ways() {
		t.Run("way="+way.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w, s := world(t), sealer(t)
				r := rule(t, s, columnsOf(way.entity), 3)
				got := way.ask(t.Context(), as(w.config(t), access{rows: map[string]schema.Predicate{way.entity: r}}), w, s)
				want := way.ask(t.Context(), as(w.without(s, way.entity, way.via, r).config(t), loaders.Everything{}), w, s)
				if got != want {
					t.Fatalf("under %+v\ngot  %s\nwant %s", r, got, want)
				}
			})
		})
	}
}
