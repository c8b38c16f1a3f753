package loaders_test

import (
	"context"
	"errors"
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

func (a access) ViewHash() string { return a.hash }

// people is a directory of customers, each with two keys in every source: a1 and
// a2 are customer a. old is merged with a.
type people struct {
	customers []schema.Customer
	unread    string
	calls     *int
}

func (p people) Golden(_, id string) (string, bool) {
	if id == "" || id[0] == '?' {
		return "", false
	}
	return id[:1], true
}

func (p people) Canonical(key string) (string, bool) {
	if key == "old" {
		key = "a"
	}
	return key, true
}

func (p people) Keys(customer, source string) ([]string, schema.CoverageState) {
	if source == p.unread {
		return nil, schema.CoverageUnavailable
	}
	customer, _ = p.Canonical(customer)
	if len(customer) != 1 {
		return nil, schema.CoverageNoMatch
	}
	return []string{customer + "1", customer + "2"}, schema.CoverageLinked
}

func (p people) find(match func(*schema.Customer) bool) (keys []string) {
	if p.calls != nil {
		*p.calls++
	}
	for i := range p.customers {
		if match(&p.customers[i]) {
			keys = append(keys, p.customers[i].Key)
		}
	}
	return keys
}

func (p people) ByTaxID(_ context.Context, id string) ([]string, error) {
	return p.find(func(c *schema.Customer) bool { return c.TaxID == id }), nil
}

func (p people) ByEmail(_ context.Context, email string) ([]string, error) {
	return p.find(func(c *schema.Customer) bool { return c.Email == email }), nil
}

func (p people) Seen(string, []string) {}

func (p people) ByKeys(_ context.Context, keys []string, _ datasources.Fields) (out datasources.Rows[schema.Customer], err error) {
	for _, k := range keys {
		now, _ := p.Canonical(k)
		p.find(func(c *schema.Customer) bool {
			if c.Key == now {
				x := *c
				x.Key = k
				out.Items = append(out.Items, x)
			}
			return false
		})
	}
	return out, nil
}

func (p people) ByParent(context.Context, datasources.Relation, []string, datasources.Query) (out datasources.Rows[schema.Customer], err error) {
	return out, errors.New("nobody's children")
}

func (p people) List(_ context.Context, q datasources.Query) (datasources.Rows[schema.Customer], error) {
	var rows []schema.Customer
	p.find(func(c *schema.Customer) bool {
		if q.Where.Match(c) {
			rows = append(rows, *c)
		}
		return false
	})
	return datasources.Cut(rows, q), nil
}

var _ loaders.Directory = people{}

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

// way is one way in which rows come out; it writes what came.
type way struct {
	name, entity, via string
	ask               func(ctx context.Context, l *loaders.Loaders, w *policed, s *seal.Sealer) string
}

func identities[T any, P interface {
	*T
	schema.Entity
}](rows []*T) string {
	out := ""
	for _, r := range rows {
		if r == nil {
			out += " null"
			continue
		}
		source, key := P(r).Identity()
		out += " " + source + "/" + key
	}
	return out
}

func codes(err error) string {
	var each interface{ Errors() []error }
	switch {
	case err == nil:
		return ""
	case errors.As(err, &each):
		out := ""
		for _, e := range each.Errors() {
			out += fmt.Sprintf(" %q", schema.CodeOf(e))
		}
		return out
	}
	return " " + string(schema.CodeOf(err))
}

func pages[T any, P interface {
	*T
	schema.Entity
}](list []*schema.Page[T], err error) string {
	out := codes(err)
	for _, p := range list {
		out += " |"
		if p == nil {
			continue
		}
		out += identities[T, P](p.Nodes)
		if p.TotalCount != nil {
			out += fmt.Sprintf(" of %d", *p.TotalCount)
		}
		if len(p.Missing) > 0 {
			out += fmt.Sprint(" without ", p.Missing)
		}
		if p.HasNext {
			out += " …"
		}
	}
	return out
}

// walk follows a list to its end by its cursors.
func walk[T any, P interface {
	*T
	schema.Entity
}](list func(loaders.Args) (*schema.Page[T], error), a loaders.Args) string {
	out := ""
	for range 100 {
		p, err := list(a)
		out += pages[T, P]([]*schema.Page[T]{p}, err)
		if err != nil || !p.PageInfo().HasNextPage || p.PageInfo().EndCursor == nil {
			break
		}
		a.After = p.PageInfo().EndCursor
	}
	return out
}

func first(n int) loaders.Args { return loaders.Args{First: &n} }

func customersAll() (list []*schema.Customer) {
	for _, k := range []string{"a", "b", "c", "old"} {
		list = append(list, &schema.Customer{Record: schema.Record{Key: k}})
	}
	return list
}

func (w *policed) orderParents() (list []loaders.Parent) {
	for _, s := range w.sources {
		for i := range s.orders {
			o := &s.orders[i]
			list = append(list, loaders.Parent{Source: o.Source, Key: o.Key, Number: o.Number, CustomerKey: o.CustomerKey, Links: o.LinkKeys()})
		}
	}
	return list
}

func (w *policed) invoiceRows() (list []loaders.Linked) {
	for _, s := range w.sources {
		for i := range s.invoices {
			list = append(list, &s.invoices[i])
		}
	}
	return list
}

func each(list []string, ask func(string) string) string {
	out := ""
	for _, x := range list {
		out += " " + x + ":" + ask(x)
	}
	return out
}

// ways are all ways in which documents and customers come out of the loaders. A new
// one is a line.
func ways() []way {
	text := func(s string) *string { return &s }
	numbers := []string{"N1", "N2", "N3", "none"}
	wide := loaders.Args{Where: schema.Compare("status", schema.In, schema.String("open"), schema.String("sent")), Order: schema.Sort{Column: "total"}}
	two := 2
	wide.First = &two
	return []way{
		{"list", "Order", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return walk(func(a loaders.Args) (*schema.Page[schema.Order], error) { return l.Orders.List(ctx, a) }, first(3))
		}},
		{"list with a filter and an order", "Order", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return walk(func(a loaders.Args) (*schema.Page[schema.Order], error) { return l.Orders.List(ctx, a) }, wide)
		}},
		{"of customers", "Order", "Customer", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return pages(l.Orders.OfCustomers(ctx, customersAll(), first(4)))
		}},
		{"of documents", "Invoice", "Order", func(ctx context.Context, l *loaders.Loaders, w *policed, _ *seal.Sealer) string {
			return pages(l.Invoices.OfDocuments(ctx, "Invoice.order", loaders.ToOrder, w.orderParents(), loaders.Args{}))
		}},
		{"to one", "Order", "Invoice", func(ctx context.Context, l *loaders.Loaders, w *policed, _ *seal.Sealer) string {
			rows, err := l.Orders.Of(ctx, "Invoice.order", loaders.ToOrder, w.invoiceRows())
			return identities(rows) + codes(err)
		}},
		{"node", "Order", "", func(ctx context.Context, l *loaders.Loaders, w *policed, s *seal.Sealer) string {
			var ids []string
			for _, p := range w.orderParents() {
				ids = append(ids, s.ID("Order", p.Source, p.Key))
			}
			return each(append(ids, s.ID("Order", "crm", "nobody")), func(id string) string {
				row, err := l.Orders.One(ctx, &id, nil, nil)
				return identities([]*schema.Order{row}) + codes(err)
			})
		}},
		{"number", "Order", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return each(numbers, func(n string) string {
				row, err := l.Orders.One(ctx, nil, &n, nil)
				here, e := l.Orders.One(ctx, nil, &n, text("books"))
				return identities([]*schema.Order{row, here}) + codes(err) + codes(e)
			})
		}},
		{"customers", "Customer", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return walk(func(a loaders.Args) (*schema.Page[schema.Customer], error) { return l.Customers.List(ctx, a) }, first(1))
		}},
		{"customer by id", "Customer", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, s *seal.Sealer) string {
			return each([]string{"a", "b", "c", "old", "z"}, func(k string) string {
				row, err := l.Customers.ByID(ctx, s.ID("Customer", "", k))
				return identities([]*schema.Customer{row}) + codes(err)
			})
		}},
		{"customer by number", "Customer", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return each([]string{"T1", "T2", "none"}, func(k string) string {
				row, err := l.Customers.ByTaxID(ctx, k)
				same, e := l.Customers.ByEmail(ctx, k)
				return identities([]*schema.Customer{row, same}) + codes(err) + codes(e)
			})
		}},
		{"customer by record", "Customer", "", func(ctx context.Context, l *loaders.Loaders, _ *policed, _ *seal.Sealer) string {
			return each([]string{"a1", "b2", "?"}, func(k string) string {
				row, err := l.Customers.BySource(ctx, "crm", k)
				return identities([]*schema.Customer{row}) + codes(err)
			})
		}},
		{"customer of documents", "Customer", "Order", func(ctx context.Context, l *loaders.Loaders, w *policed, _ *seal.Sealer) string {
			var sources, keys []string
			for _, p := range w.orderParents() {
				sources, keys = append(sources, p.Source), append(keys, p.CustomerKey)
			}
			rows, err := l.Customers.Of(ctx, "Order", sources, keys)
			return identities(rows) + codes(err)
		}},
	}
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
