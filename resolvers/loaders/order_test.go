package loaders_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// able is a source that describes what it sorts by: those columns, the first of
// them downwards when nothing is asked.
type able struct {
	*memory
	by []string
}

func (s able) Describe() datasources.Description {
	d := s.memory.Describe()
	for i := range d.Entities {
		e := &d.Entities[i]
		e.Columns = append([]datasources.Column{{Name: "id"}}, slices.Clone(e.Columns)...)
		for j := range e.Columns {
			e.Columns[j].Sortable = slices.Contains(s.by, e.Columns[j].Name)
			e.Columns[j].Comparable = e.Columns[j].Sortable
		}
		e.Default = schema.Sort{Column: s.by[0], Desc: true}
	}
	return d
}

func (s able) Reader(entity string) any {
	if entity != "Order" {
		return s.memory.Reader(entity)
	}
	return datasources.Reader[schema.Order](sorting{s.memory.Reader(entity).(datasources.Reader[schema.Order]), s})
}

// sorting completes the order, and refuses one the source does not describe.
type sorting struct {
	datasources.Reader[schema.Order]
	s able
}

func (r sorting) order(q *datasources.Query) error {
	if q.Order.Column == "" {
		q.Order = schema.Sort{Column: r.s.by[0], Desc: true}
	}
	if !slices.Contains(r.s.by, q.Order.Column) {
		return schema.Errorf(schema.UnsupportedFilter, "no order by %s", q.Order.Column)
	}
	return nil
}

func (r sorting) List(ctx context.Context, q datasources.Query) (datasources.Rows[schema.Order], error) {
	if err := r.order(&q); err != nil {
		return datasources.Rows[schema.Order]{}, err
	}
	return r.Reader.List(ctx, q)
}

func (r sorting) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[schema.Order], error) {
	if err := r.order(&q); err != nil {
		return datasources.Rows[schema.Order]{}, err
	}
	return r.Reader.ByParent(ctx, rel, parents, q)
}

// walked are the rows of a list, page by page in twos.
func walked(t *testing.T, list func(loaders.Args) (*schema.Page[schema.Order], error)) string {
	t.Helper()
	var out []string
	a := first(2)
	for range 20 {
		page, err := list(a)
		if err != nil {
			return string(schema.CodeOf(err))
		}
		for _, o := range page.Nodes {
			out = append(out, o.Source+"/"+o.Key)
		}
		if !page.HasNext {
			break
		}
		end := page.CursorOf(page.Nodes[len(page.Nodes)-1])
		a.After = &end
	}
	return strings.Join(out, " ")
}

// TestADefaultOrderTellsNothing lists without an order where the default one is by
// a column that some rows do not show.
func TestADefaultOrderTellsNothing(t *testing.T) {
	mask := policies.FieldAccess{Verdict: policies.Mask}
	some := policies.FieldAccess{Verdict: policies.Row, Full: is("status", "sent")}
	for name, c := range map[string]struct {
		sources map[string][]string
		fields  map[string]policies.FieldAccess
		bound   int
		want    string
	}{
		"shown":                       {map[string][]string{"a": {"date", "id"}}, nil, 100, "a/k0 a/k3 a/k1 a/k4 a/k2"},
		"by key":                      {map[string][]string{"a": {"date", "total", "id"}}, map[string]policies.FieldAccess{"Order.date": mask}, 100, "a/k0 a/k1 a/k2 a/k3 a/k4"},
		"on some rows":                {map[string][]string{"a": {"date", "total", "id"}}, map[string]policies.FieldAccess{"Order.date": some}, 100, "a/k0 a/k1 a/k2 a/k3 a/k4"},
		"denied":                      {map[string][]string{"a": {"date", "id"}}, map[string]policies.FieldAccess{"Order.date": {}}, 100, "a/k0 a/k1 a/k2 a/k3 a/k4"},
		"by what else is shown":       {map[string][]string{"a": {"date", "total"}}, map[string]policies.FieldAccess{"Order.date": mask}, 100, "a/k1 a/k3 a/k4 a/k0 a/k2"},
		"sorted here":                 {map[string][]string{"a": {"date"}}, map[string]policies.FieldAccess{"Order.date": mask}, 100, "a/k0 a/k1 a/k2 a/k3 a/k4"},
		"too many to sort":            {map[string][]string{"a": {"date"}}, map[string]policies.FieldAccess{"Order.date": mask}, 3, "LIMITED"},
		"two sources":                 {map[string][]string{"a": {"date", "id"}, "b": {"date", "id"}}, map[string]policies.FieldAccess{"Order.date": mask}, 100, "a/k0 b/k0 a/k1 b/k1 a/k2 b/k2 a/k3 b/k3 a/k4 b/k4"},
		"two sources, one by its key": {map[string][]string{"a": {"date"}, "b": {"date", "id"}}, map[string]policies.FieldAccess{"Order.date": mask}, 100, "a/k0 a/k1 a/k2 a/k3 a/k4 b/k0 b/k1 b/k2 b/k3 b/k4"},
		"two defaults, one shown":     {map[string][]string{"a": {"date"}, "b": {"total"}}, map[string]policies.FieldAccess{"Order.date": mask}, 100, "a/k0 a/k1 a/k2 a/k3 a/k4 b/k1 b/k3 b/k4 b/k0 b/k2"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			w := small()
			cfg := w.config(t)
			var connected []*datasources.Connected
			for _, source := range []string{"a", "b"} {
				by := c.sources[source]
				if by == nil {
					continue
				}
				m := &memory{name: source}
				for i, day := range []int{9, 5, 3, 7, 4} { // days
					o := order(source, fmt.Sprintf("k%d", i), "a1", "n", day)
					o.Status = "open"
					m.orders = append(m.orders, o)
				}
				connected = append(connected, &datasources.Connected{Source: able{m, by}, Name: source})
			}
			catalog, err := datasources.NewCatalog(connected, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Catalog, cfg.LinkBound = catalog, c.bound
			l := as(cfg, access{fields: c.fields})
			if got := walked(t, func(a loaders.Args) (*schema.Page[schema.Order], error) { return l.Orders.List(t.Context(), a) }); got != c.want {
				t.Errorf("the list: got %s, want %s", got, c.want)
			}
			got := walked(t, func(a loaders.Args) (*schema.Page[schema.Order], error) {
				pages, err := l.Orders.OfCustomers(t.Context(), customersAll()[:1], a)
				if err != nil {
					return nil, err
				}
				return pages[0], nil
			})
			if got != c.want && c.want != "LIMITED" {
				t.Errorf("his: got %s, want %s", got, c.want)
			}
		})
	}
}

// TestCustomersByDefault lists customers in the order of their names only where
// every one of them is shown.
func TestCustomersByDefault(t *testing.T) {
	for name, c := range map[string]struct {
		as   policies.FieldAccess
		want string
	}{
		"shown":        {policies.FieldAccess{Verdict: policies.Allow}, "c b a"},
		"masked":       {policies.FieldAccess{Verdict: policies.Mask}, "a b c"},
		"on some rows": {policies.FieldAccess{Verdict: policies.Row, Full: is("country", "MD")}, "a b c"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			w := small()
			for i, key := range []string{"a", "b", "c"} {
				w.people.customers = append(w.people.customers[:i:i], schema.Customer{Record: schema.Record{Key: key}, Name: string(rune('z' - i)), Country: "MD"})
			}
			l := as(w.config(t), access{fields: map[string]policies.FieldAccess{"Customer.name": c.as}})
			var got []string
			a := first(2)
			for range 2 {
				page, err := l.Customers.List(t.Context(), a)
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range page.Nodes {
					got = append(got, x.Key)
				}
				end := page.CursorOf(page.Nodes[len(page.Nodes)-1])
				a.After = &end
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
		})
	}
}

// TestFiltersAreBounded refuses filters with more conditions than one may have.
func TestFiltersAreBounded(t *testing.T) {
	l := as(small().config(t), loaders.Everything{})
	null := schema.Negate(schema.Predicate{Op: schema.IsNull, Column: "number"})
	many := func(n int) schema.Predicate {
		of := make([]schema.Predicate, n)
		for i := range of {
			of[i] = null
		}
		return schema.AnyOf(of...)
	}
	for name, c := range map[string]struct {
		a    loaders.Args
		code schema.Code
	}{
		"few":       {loaders.Args{Where: many(500)}, ""},
		"many":      {loaders.Args{Where: many(501)}, schema.Limited},
		"not built": {loaders.Args{Conditions: 1001}, schema.Limited},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if _, err := l.Orders.List(t.Context(), c.a); schema.CodeOf(err) != c.code {
				t.Errorf("orders: %v", err)
			}
			if _, err := l.Customers.List(t.Context(), c.a); schema.CodeOf(err) != c.code {
				t.Errorf("customers: %v", err)
			}
		})
	}
}
