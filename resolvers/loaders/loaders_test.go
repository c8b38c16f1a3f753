package loaders_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// The clock of the policies' patterns ends by itself, a moment after the last of
// them was tried.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2.runClock"))
}

// memory is a source of rows in memory. It answers as the contract says and
// counts its calls.
type memory struct {
	datasources.Source
	name     string
	orders   []schema.Order
	invoices []schema.Invoice
	exact    bool // number links can be asked by equality
	sloppy   bool // ignores every filter
	dated    bool // knows when rows changed
	keeps    bool // has a copy here, which keeps deleted rows
	err      error

	mu    sync.Mutex // guards calls
	calls []string
}

func (m *memory) Describe() datasources.Description {
	all := []schema.Op{schema.Eq, schema.In, schema.Lt, schema.Le, schema.Gt, schema.Ge}
	columns := []datasources.Column{
		{Name: "number", Ops: all},
		{Name: "date", Ops: all, Sortable: true, Comparable: true},
		{Name: "total", Ops: all, Sortable: true, Comparable: true},
		{Name: "status", Ops: all, Sortable: true},
		{Name: "shop"},
	}
	if m.dated {
		columns = append(columns, datasources.Column{Name: "changedAt", Ops: all, Sortable: true})
	}
	if m.keeps {
		columns = append(columns, datasources.Column{Name: "isDeleted", Ops: all[:2]})
	}
	newest := schema.Sort{Column: "date", Desc: true}
	rel := func(names ...datasources.Relation) (out []datasources.RelationAbility) {
		for _, n := range names {
			out = append(out, datasources.RelationAbility{Relation: n, Batch: 100})
		}
		return out
	}
	invoice := rel("customer", "number", "order")
	if m.exact {
		invoice = rel("customer", "number", "order", "orderNumber")
	}
	return datasources.Description{Name: m.name, Entities: []datasources.Entity{
		{Name: "Order", Columns: columns, Relations: rel("customer", "number", "invoiceNumber"), Default: newest},
		{Name: "Invoice", Columns: columns, Relations: invoice, Default: newest},
	}}
}

func (m *memory) Reader(entity string) any {
	switch entity {
	case "Order":
		return datasources.Reader[schema.Order](&table[schema.Order, *schema.Order]{m, &m.orders, "Order"})
	case "Invoice":
		return datasources.Reader[schema.Invoice](&table[schema.Invoice, *schema.Invoice]{m, &m.invoices, "Invoice"})
	}
	return nil
}

func (m *memory) call(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, what)
}

type table[T any, P datasources.EntityOf[T]] struct {
	m    *memory
	rows *[]T
	name string
}

func (r *table[T, P]) ByKeys(_ context.Context, keys []string, _ datasources.Fields) (out datasources.Rows[T], err error) {
	r.m.call(fmt.Sprintf("%s by id %d", r.name, len(keys)))
	for i := range *r.rows {
		if _, k := P(&(*r.rows)[i]).Identity(); slices.Contains(keys, k) {
			out.Items = append(out.Items, (*r.rows)[i])
		}
	}
	return out, r.m.err
}

func (r *table[T, P]) ByParent(_ context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[T], error) {
	r.m.call(fmt.Sprintf("%s by %s %d", r.name, rel, len(parents)))
	if r.m.err != nil {
		return datasources.Rows[T]{}, r.m.err
	}
	out := datasources.Rows[T]{Offsets: []int{0}}
	for _, p := range parents {
		var own []T
		for i := range *r.rows {
			if P(&(*r.rows)[i]).Column(string(rel)) == schema.String(p) && (r.m.sloppy || q.Where.Match(P(&(*r.rows)[i]))) && !P(&(*r.rows)[i]).Column("isDeleted").Bool {
				own = append(own, (*r.rows)[i])
			}
		}
		page := datasources.Cut[T, P](own, q)
		out.Items = append(out.Items, page.Items...)
		out.Offsets = append(out.Offsets, len(out.Items))
		out.More, out.Totals = append(out.More, page.More[0]), append(out.Totals, page.Totals[0])
	}
	return out, nil
}

func (r *table[T, P]) List(_ context.Context, q datasources.Query) (datasources.Rows[T], error) {
	r.m.call(r.name + " list")
	if r.m.err != nil {
		return datasources.Rows[T]{}, r.m.err
	}
	var rows []T
	for i := range *r.rows {
		if (r.m.sloppy || q.Where.Match(P(&(*r.rows)[i]))) && (q.Deleted || !P(&(*r.rows)[i]).Column("isDeleted").Bool) {
			rows = append(rows, (*r.rows)[i])
		}
	}
	return datasources.Cut[T, P](rows, q), nil
}

// directory makes the customer out of the key: a1 in any source is customer a.
type directory struct {
	loaders.Directory
	unread string // a source whose customers were not read yet
}

func (d directory) Golden(_, id string) (string, bool) { return id[:1], id != "" && id[0] != '?' }

func (d directory) Keys(customer, source string) ([]string, schema.CoverageState) {
	if source == d.unread {
		return nil, schema.CoverageUnavailable
	}
	return []string{customer + "1"}, schema.CoverageLinked
}

func (d directory) Seen(string, []string) {}

func (d directory) Indexed(source string) bool { return source != "assumed" }

func setup(t interface {
	Helper()
	Fatal(...any)
}, d directory, documents datasources.Documents, links map[string]map[string]datasources.LinkRules, sources ...*memory,
) *loaders.Loaders {
	t.Helper()
	var connected []*datasources.Connected
	for _, s := range sources {
		connected = append(connected, &datasources.Connected{Source: s, Name: s.name})
	}
	catalog, err := datasources.NewCatalog(connected, documents, links)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return loaders.New(&loaders.Config{
		Spare:   leftOver,
		Catalog: catalog, Directory: d, Seal: sealer, DefaultPage: 50, MaxPage: 1000, LinkBound: 100, Links: &loaders.LinkStats{},
		Columns: func(context.Context) []string { return nil }, Total: func(context.Context) bool { return true },
		Access: func(context.Context) loaders.Access { return loaders.Everything{} },
	})
}

func order(source, key, customer, number string, day int) schema.Order {
	return schema.Order{
		Record: schema.Record{Source: source, Key: key}, Links: schema.Links{CustomerKey: customer}, Number: number,
		Date: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC), Total: &schema.Money{Amount: decimal.MustNew(int64(day%3), 0), Currency: "MDL"},
	}
}

// TestPagesOverSeveralSources follows cursors to the end of a list fed by three
// sources, and wants every row once, in the order of (value, source).
func TestPagesOverSeveralSources(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []schema.Order
		var sources []*memory
		for _, name := range []string{"b", "a", "c"} {
			m := &memory{name: name}
			for i := range rapid.IntRange(0, 12).Draw(t, "rows") {
				m.orders = append(m.orders, order(name, fmt.Sprintf("k%02d", i), rapid.SampledFrom([]string{"x1", "y1"}).Draw(t, "customer"), "n", rapid.IntRange(1, 5).Draw(t, "day")))
			}
			all = append(all, m.orders...)
			sources = append(sources, m)
		}
		by := schema.Sort{Column: rapid.SampledFrom([]string{"date", "total"}).Draw(t, "column"), Desc: rapid.Bool().Draw(t, "desc")}
		first := rapid.IntRange(1, 7).Draw(t, "first")
		ofCustomer := rapid.Bool().Draw(t, "of a customer")
		if ofCustomer {
			all = slices.DeleteFunc(all, func(o schema.Order) bool { return o.CustomerKey != "x1" })
		}
		slices.SortFunc(all, func(a, b schema.Order) int {
			c := a.Column(by.Column).Compare(b.Column(by.Column))
			if by.Desc {
				c = -c
			}
			return cmp.Or(c, cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key))
		})
		var got []string
		var after *string
		for {
			l := setup(t, directory{}, nil, nil, sources...)
			args := loaders.Args{Order: by, First: &first, After: after}
			var page *schema.Page[schema.Order]
			var err error
			if ofCustomer {
				var pages []*schema.Page[schema.Order]
				pages, err = l.Orders.OfCustomers(t.Context(), []*schema.Customer{{Record: schema.Record{Key: "x"}}}, args)
				page = pages[0]
			} else {
				page, err = l.Orders.List(t.Context(), args)
			}
			if err != nil {
				t.Fatal(err)
			}
			if *page.TotalCount != len(all) {
				t.Fatalf("total %d, want %d", *page.TotalCount, len(all))
			}
			for _, o := range page.Nodes {
				got = append(got, o.Source+o.Key)
			}
			info := page.PageInfo()
			if !info.HasNextPage {
				break
			}
			after = info.EndCursor
		}
		var want []string
		for _, o := range all {
			want = append(want, o.Source+o.Key)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	})
}

func TestSourcesThatFail(t *testing.T) {
	down := schema.SourceErrorf(schema.SourceUnavailable, "b", "b does not answer")
	customers := []*schema.Customer{{Record: schema.Record{Key: "x"}}, {Record: schema.Record{Key: "y"}}}
	well := func() *memory {
		return &memory{name: "a", orders: []schema.Order{order("a", "1", "x1", "n", 1)}}
	}
	t.Run("case=one of two", func(t *testing.T) {
		l := setup(t, directory{}, nil, nil, well(), &memory{name: "b", err: down})
		pages, err := l.Orders.OfCustomers(t.Context(), customers, loaders.Args{})
		if err != nil {
			t.Fatal(err)
		}
		p := pages[0]
		if len(p.Nodes) != 1 || !slices.Equal(p.Missing, []string{"b"}) || p.PageInfo().EndCursor != nil || p.TotalCount != nil {
			t.Errorf("got %d rows, missing %v, %+v, total %v", len(p.Nodes), p.Missing, p.PageInfo(), p.TotalCount)
		}
		if r := l.Report.Sources(); len(r) != 2 || r[1].Code != schema.SourceUnavailable {
			t.Errorf("report %+v", r)
		}
	})
	t.Run("case=all", func(t *testing.T) {
		l := setup(t, directory{}, nil, nil, &memory{name: "b", err: down})
		pages, err := l.Orders.OfCustomers(t.Context(), customers, loaders.Args{})
		var each interface{ Errors() []error }
		if !errors.As(err, &each) || len(each.Errors()) != 2 || pages[0] != nil {
			t.Errorf("got %v, %v", pages, err)
		}
	})
	t.Run("case=customers not read yet", func(t *testing.T) {
		l := setup(t, directory{unread: "a"}, nil, nil, well())
		_, err := l.Orders.OfCustomers(t.Context(), customers, loaders.Args{})
		if err == nil {
			t.Error("no orders and not knowing look alike")
		}
	})
	t.Run("case=nobody has it", func(t *testing.T) {
		l := setup(t, directory{}, nil, nil, well())
		pages, err := l.Boletos.OfCustomers(t.Context(), customers, loaders.Args{})
		if err != nil || len(pages[1].Nodes) != 0 || *pages[1].TotalCount != 0 {
			t.Errorf("got %v, %v", pages, err)
		}
	})
}

func TestWhatCannotBeSortedTogether(t *testing.T) {
	a, b := &memory{name: "a"}, &memory{name: "b"}
	byStatus := loaders.Args{Order: schema.Sort{Column: "status"}}
	if _, err := setup(t, directory{}, nil, nil, a).Orders.List(t.Context(), byStatus); err != nil {
		t.Errorf("one source: %v", err)
	}
	if _, err := setup(t, directory{}, nil, nil, a, b).Orders.List(t.Context(), byStatus); schema.CodeOf(err) != schema.UnsupportedFilter {
		t.Errorf("texts of two sources: %v", err)
	}
	only := loaders.Args{Order: schema.Sort{Column: "status"}, Where: schema.Compare("source", schema.Eq, schema.String("b"))}
	if _, err := setup(t, directory{}, nil, nil, a, b).Orders.List(t.Context(), only); err != nil {
		t.Errorf("two sources, one asked: %v", err)
	}
	if len(a.calls) != 1 {
		t.Errorf("the other source was asked: %v", a.calls)
	}
}

func TestOneCallForALevel(t *testing.T) {
	m := &memory{name: "a"}
	l := setup(t, directory{}, nil, nil, m)
	var customers []*schema.Customer
	for i := range 100 {
		customers = append(customers, &schema.Customer{Record: schema.Record{Key: string(rune('A' + i%50))}})
	}
	for range 2 { // the second time everything is known
		if _, err := l.Orders.OfCustomers(t.Context(), customers, loaders.Args{}); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(m.calls, []string{"Order by customer 50"}) {
		t.Errorf("calls %v", m.calls)
	}
	// A key given twice is one key: the batch must not wait for a second.
	twice := []loaders.Linked{&schema.Invoice{Record: schema.Record{Source: "a"}, Links: schema.Links{OrderKey: "k"}}, &schema.Invoice{Record: schema.Record{Source: "a"}, Links: schema.Links{OrderKey: "k"}}}
	if _, err := l.Orders.Of(t.Context(), "Invoice.order", loaders.ToOrder, twice); err != nil {
		t.Fatal(err)
	}
	m.calls = m.calls[:1]
	var wait sync.WaitGroup
	for range 8 { // the same relation asked under eight aliases at once
		wait.Go(func() {
			if _, err := l.Invoices.OfCustomers(t.Context(), customers, loaders.Args{}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if len(m.calls) != 2 {
		t.Errorf("calls %v", m.calls)
	}
}

func invoice(key, customer, orderKey string, numbers ...string) schema.Invoice {
	return schema.Invoice{Record: schema.Record{Source: "books", Key: key}, Links: schema.Links{CustomerKey: customer, OrderKey: orderKey, OrderNumbers: numbers}, Number: "I" + key}
}

// linked is a CRM and books with every kind of link between them.
func linked(exact bool) (crm, books *memory, links map[string]map[string]datasources.LinkRules) {
	crm = &memory{name: "crm", orders: []schema.Order{
		order("crm", "o1", "x1", "SO-1", 1), order("crm", "o2", "y1", "SO-2", 2), order("crm", "o3", "x1", "SO-3", 3), order("crm", "o4", "x1", "SO-3", 4),
	}}
	books = &memory{
		name: "books", exact: exact,
		orders: []schema.Order{order("books", "b1", "x1", "SO-1", 1), order("books", "b9", "x1", "SO-9", 1)},
		invoices: []schema.Invoice{
			invoice("i1", "x1", "", "SO-1"),       // in both systems: the first in authority
			invoice("i2", "x1", "b9"),             // by its own system's key
			invoice("i3", "x1", "", "SO-2"),       // another customer's number
			invoice("i4", "x1", "", "SO-3"),       // twice in one system
			invoice("i5", "x1", "", "no", "SO-9"), // the second candidate leads somewhere
			invoice("i6", "?1", "", "SO-1"),       // of nobody
			invoice("i7", "x1", ""),               // no link
			invoice("i8", "x1", "b1", "SO-1"),     // by key and by number: once
		},
	}
	rule := datasources.LinkRule{Field: "Комментарий", Pattern: regexp.MustCompile(`Order (\S+)`)}
	if exact {
		rule = datasources.LinkRule{Field: "НомерЗаказа"}
	}
	return crm, books, map[string]map[string]datasources.LinkRules{"books": {"Invoice.order": {rule}}}
}

func TestLinksToOne(t *testing.T) {
	crm, books, links := linked(false)
	l := setup(t, directory{}, datasources.Documents{"Order": {"crm", "books"}}, links, crm, books)
	var rows []loaders.Linked
	for i := range books.invoices {
		rows = append(rows, &books.invoices[i])
	}
	got, err := l.Orders.Of(t.Context(), "Invoice.order", loaders.ToOrder, rows)
	var each interface{ Errors() []error }
	if !errors.As(err, &each) {
		t.Fatalf("got %v", err)
	}
	for i, want := range []string{"crm o1", "books b9", "", "AMBIGUOUS", "books b9", "", "", "books b1"} {
		have := ""
		if got[i] != nil {
			have = got[i].Source + " " + got[i].Key
		}
		if e := each.Errors()[i]; e != nil {
			have = string(schema.CodeOf(e))
		}
		if have != want {
			t.Errorf("invoice %s leads to %q, want %q", books.invoices[i].Key, have, want)
		}
	}
	hits := l.Links.All()
	if len(hits) != 1 || hits[0].Looked != 7 || hits[0].Linked != 4 || hits[0].Ambiguous != 1 || hits[0].Unmatched != 2 {
		t.Errorf("hits %+v", hits)
	}
}

func TestLinksToMany(t *testing.T) {
	for _, exact := range []bool{false, true} {
		t.Run(fmt.Sprintf("exact=%t", exact), func(t *testing.T) {
			crm, books, links := linked(exact)
			l := setup(t, directory{}, datasources.Documents{"Order": {"crm", "books"}}, links, crm, books)
			var parents []loaders.Parent
			for _, o := range append(slices.Clone(crm.orders), books.orders...) {
				parents = append(parents, loaders.Parent{Source: o.Source, Key: o.Key, Number: o.Number, CustomerKey: o.CustomerKey})
			}
			pages, err := l.Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, parents, loaders.Args{})
			if err != nil {
				t.Fatal(err)
			}
			// i8 has a key of its own system and is that order's; the number of o3 and o4
			// is ambiguous, so i4 is nobody's.
			want := [][]string{{"i1"}, {}, {}, {}, {"i1", "i8"}, {"i2", "i5"}}
			if exact { // equality sees the first candidate only, as such a source holds one field
				want[5] = []string{"i2"}
			}
			for i, p := range pages {
				got := []string{}
				for _, n := range p.Nodes {
					got = append(got, n.Key)
				}
				slices.Sort(got)
				if !slices.Equal(got, want[i]) || *p.TotalCount != len(got) {
					t.Errorf("%s %s: got %v (total %d), want %v", parents[i].Source, parents[i].Number, got, *p.TotalCount, want[i])
				}
			}
			if slices.Contains(books.calls, "Invoice by customer 2") == exact {
				t.Errorf("calls %v", books.calls)
			}
		})
	}
}

func TestByNumber(t *testing.T) {
	crm, books, links := linked(false)
	l := setup(t, directory{}, datasources.Documents{"Order": {"crm", "books"}}, links, crm, books)
	name := func(s string) *string { return &s }
	for _, c := range []struct {
		number string
		source *string
		want   string
	}{{"SO-1", nil, "crm o1"}, {"SO-1", name("books"), "books b1"}, {"SO-9", nil, "books b9"}, {"none", nil, ""}, {"SO-3", nil, "AMBIGUOUS"}, {"SO-1", name("nobody"), "BAD_REQUEST"}} {
		got, err := l.Orders.ByNumber(t.Context(), c.number, c.source)
		have := string(schema.CodeOf(err))
		if got != nil {
			have = got.Source + " " + got.Key
		}
		if have != c.want {
			t.Errorf("%s: got %q, want %q", c.number, have, c.want)
		}
	}
}
