package loaders_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// gone is an order that its source has no more.
func gone(o schema.Order) schema.Order {
	o.Delete()
	return o
}

func isDeleted(v ...bool) schema.Predicate {
	values := make([]schema.Value, len(v))
	for i := range v {
		values[i] = schema.Bool(v[i])
	}
	return schema.Compare("isDeleted", schema.In, values...)
}

// TestDeletedRows: a list has the deleted rows its filter asks for, and no others.
func TestDeletedRows(t *testing.T) {
	kept := &memory{name: "a", keeps: true, orders: []schema.Order{order("a", "1", "x1", "n", 1), gone(order("a", "2", "x1", "n", 2)), order("a", "3", "y1", "n", 3), gone(order("a", "4", "y1", "m", 4))}}
	live := &memory{name: "b", orders: []schema.Order{order("b", "5", "x1", "n", 5)}}
	l := setup(t, directory{}, nil, nil, kept, live)
	number := schema.Compare("number", schema.Eq, schema.String("n"))
	inA := schema.Compare("source", schema.Eq, schema.String("a"))
	for _, c := range []struct {
		name  string
		where schema.Predicate
		want  string // keys, or the error's code
	}{
		{"nothing said", schema.Predicate{}, "5 3 1"},
		{"living", schema.Compare("isDeleted", schema.Eq, schema.Bool(false)), "5 3 1"},
		{"not deleted", schema.Negate(isDeleted(true)), "5 3 1"},
		{"both", isDeleted(true, false), "5 4 3 2 1"},
		{"whatever", schema.Negate(schema.Compare("isDeleted", schema.IsNull)), "5 4 3 2 1"},
		{"either of the two", schema.AnyOf(isDeleted(true), isDeleted(false)), "5 4 3 2 1"},
		{"both, with a number", schema.AllOf(isDeleted(true, false), number), "5 3 2 1"},
		{"both, and then the living", schema.AllOf(isDeleted(true, false), isDeleted(false)), "5 3 1"},
		{"deleted, of the source that keeps them", schema.AllOf(isDeleted(true), inA), "4 2"},
		{"living ones, or those of a number", schema.AnyOf(schema.AllOf(isDeleted(true), number), isDeleted(false)), "5 3 2 1"},
		{"deleted ones, or those of a number", schema.AnyOf(isDeleted(true), number), "5 4 3 2 1"},
		{"none", isDeleted(), ""},
		{"deleted and living", schema.AllOf(isDeleted(true), isDeleted(false)), ""},
		{"deleted, of any", isDeleted(true), "UNSUPPORTED_FILTER"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			first, got := 2, []string{} // page by page
			for after := (*string)(nil); ; {
				page, err := l.Orders.List(t.Context(), loaders.Args{Where: c.where, First: &first, After: after})
				if err != nil {
					got = append(got, string(schema.CodeOf(err)))
					if !strings.HasPrefix(err.Error(), "b has no deleted rows") {
						t.Errorf("the error is %v", err)
					}
					break
				}
				for _, o := range page.Nodes {
					if o.IsDeleted != (o.Key == "2" || o.Key == "4") {
						t.Errorf("%s is deleted: %t", o.Key, o.IsDeleted)
					}
					got = append(got, o.Key)
				}
				if *page.TotalCount != len(strings.Fields(c.want)) {
					t.Errorf("%d in all, want %q", *page.TotalCount, c.want)
				}
				if after = page.PageInfo().EndCursor; !page.PageInfo().HasNextPage {
					break
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestDeletedRowsOfOthers: where rows belong to another there are living ones only, and
// whoever asks for others is told.
func TestDeletedRowsOfOthers(t *testing.T) {
	l := setup(t, directory{}, nil, nil, &memory{name: "a", keeps: true, orders: []schema.Order{order("a", "1", "x1", "n", 1), gone(order("a", "2", "x1", "n", 2))}})
	customers := []*schema.Customer{{Record: schema.Record{Key: "x"}}}
	for _, where := range []schema.Predicate{isDeleted(true), isDeleted(true, false)} {
		if _, err := l.Orders.OfCustomers(t.Context(), customers, loaders.Args{Where: where}); schema.CodeOf(err) != schema.UnsupportedFilter {
			t.Errorf("of %s: %v", where.Key(), err)
		}
	}
	for _, where := range []schema.Predicate{{}, isDeleted(false)} {
		pages, err := l.Orders.OfCustomers(t.Context(), customers, loaders.Args{Where: where})
		if err != nil || len(pages[0].Nodes) != 1 || pages[0].Nodes[0].Key != "1" {
			t.Errorf("of %s: %v", where.Key(), err)
		}
	}
}

// TestDeletedRowsArePoliced: of deleted rows a token sees those it would have seen alive.
func TestDeletedRowsArePoliced(t *testing.T) {
	for _, sloppy := range []bool{false, true} {
		w := &policed{sources: []*memory{{name: "a", keeps: true, sloppy: sloppy, orders: []schema.Order{
			order("a", "1", "x1", "n", 1), gone(order("a", "2", "x1", "n", 2)), gone(order("a", "3", "y1", "n", 3)), gone(order("a", "4", "x1", "m", 4)),
		}}}, people: people{}}
		c := w.config(t)
		mine := c.Seal.ID("Customer", "", "x")
		for name, rule := range map[string]schema.Predicate{
			"a number":       schema.Compare("number", schema.Eq, schema.String("n")),
			"a customer":     schema.Compare(policies.CustomerColumn, schema.Eq, schema.String(mine)),
			"nobody":         {Op: schema.None},
			"an unknown one": schema.Compare("nothing", schema.Eq, schema.String("n")),
		} {
			page, err := as(c, access{rows: map[string]schema.Predicate{"Order": rule}}).Orders.List(t.Context(), loaders.Args{Where: isDeleted(true, false)})
			var got []string
			if err == nil {
				for _, o := range page.Nodes {
					got = append(got, o.Key)
				}
			}
			want := map[string]string{"a number": "3 2 1", "a customer": "4 2 1"}[name]
			if sloppy {
				if slices.ContainsFunc(got, func(key string) bool { return !slices.Contains(strings.Fields(want), key) }) {
					t.Errorf("%s, of a source that ignores filters: %q is too much", name, got)
				}
			} else if err != nil || strings.Join(got, " ") != want {
				t.Errorf("%s: got %q, want %q; %v", name, got, want, err)
			}
		}
	}
}

// TestDeletedRowsLeadNowhere: who sees other records because orders lead to them sees no
// deleted ones, and whether a row is deleted is told by no filter where it is not shown.
func TestDeletedRowsLeadNowhere(t *testing.T) {
	w := &policed{people: people{}, sources: []*memory{{name: "a", keeps: true, orders: []schema.Order{
		order("a", "1", "x1", "n", 1), gone(order("a", "2", "x1", "n", 2)), gone(order("a", "3", "y1", "m", 3)),
	}}}}
	c := w.config(t)
	number := func(n string) schema.Predicate { return schema.Compare("number", schema.Eq, schema.String(n)) }
	via := schema.Compare(policies.ViaColumn, schema.Eq, schema.String("Order"))
	shownOfN := access{fields: map[string]policies.FieldAccess{"Order.isDeleted": {Verdict: policies.Row, Full: number("n"), Masked: schema.Predicate{Op: schema.None}}}}
	leads := access{rows: map[string]schema.Predicate{"Customer": via}}
	leadsToField := access{fields: map[string]policies.FieldAccess{"Invoice.total": {Verdict: policies.Row, Full: via, Masked: schema.Predicate{Op: schema.None}}}}
	for name, where := range map[string]schema.Predicate{
		"both": isDeleted(true, false), "null": schema.AnyOf(schema.Compare("isDeleted", schema.IsNull), isDeleted(true)),
		"not living": schema.Negate(isDeleted(false)), "or another": schema.AnyOf(isDeleted(true), number("m")), "deleted": isDeleted(true),
	} {
		for who, a := range map[string]access{"shown on some": shownOfN, "leads to customers": leads, "leads to a field": leadsToField, "all": {}} {
			page, err := as(c, a).Orders.List(t.Context(), loaders.Args{Where: where})
			if err != nil {
				t.Errorf("%s, %s: %v", name, who, err)
				continue
			}
			got := ""
			for _, o := range page.Nodes {
				if o.IsDeleted {
					got += o.Key
				}
			}
			if want := map[string]string{"shown on some": "2", "all": "32"}[who]; got != want {
				t.Errorf("%s, %s: the deleted rows %q came, want %q", name, who, got, want)
			}
		}
	}
}
