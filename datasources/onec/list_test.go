package onec_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/schema"
)

func TestListAgainstAnOracle(t *testing.T) {
	b := newBase(t)
	b.fill(40)
	s := b.open(func(c *onec.Config, d *onec.Deps) { c.Page = 10; d.Links = linkRules() })
	all, err := invoices(s).List(t.Context(), datasources.Query{First: 1000, Total: true})
	if err != nil || all.Totals[0] != len(all.Items) || len(all.Items) < 150 {
		t.Fatal(len(all.Items), all.Totals, err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		where := randomPredicate(rnd, 2)
		order := schema.Sort{Column: []string{"date", "total"}[rnd.IntN(2)], Desc: rnd.IntN(2) == 0}
		var want []schema.Invoice
		for _, x := range all.Items {
			if where.Match(&x) {
				want = append(want, x)
			}
		}
		q := datasources.Query{Where: where, Order: order, First: 1 + rnd.IntN(30), Fields: datasources.NewFields("number"), Total: true}
		got := map[string]bool{}
		var last *schema.Invoice
		for {
			rows, err := invoices(s).List(t.Context(), q)
			if err != nil {
				t.Fatalf("%+v: %v", where, err)
			}
			if n := rows.Totals[0]; n >= 0 && n != len(want) && q.After == nil {
				t.Fatalf("%+v: total %d, want %d", where, n, len(want))
			}
			for i := range rows.Items {
				x := &rows.Items[i]
				if got[x.Key] {
					t.Fatalf("%+v: %s came twice", where, x.Number)
				}
				got[x.Key] = true
				if c := compareBy(last, x, order); c > 0 {
					t.Fatalf("%+v: not in order", where)
				}
				last = x
			}
			if !rows.More[0] {
				break
			}
			q.After = &datasources.After{Value: last.Column(order.Column), ID: last.Key}
		}
		if len(got) != len(want) {
			t.Fatalf("%+v by %+v: got %d rows, want %d", where, order, len(got), len(want))
		}
	}
}

func compareBy(a, b *schema.Invoice, order schema.Sort) int {
	if a == nil {
		return 0
	}
	c := a.Column(order.Column).Compare(b.Column(order.Column))
	if order.Desc {
		c = -c
	}
	return c
}

func randomPredicate(r *rand.Rand, depth int) schema.Predicate {
	if depth > 0 && r.IntN(2) == 0 {
		of := []schema.Predicate{randomPredicate(r, depth-1), randomPredicate(r, depth-1)}
		switch r.IntN(3) {
		case 0:
			return schema.AllOf(of...)
		case 1:
			return schema.AnyOf(of...)
		}
		return schema.Negate(of[0])
	}
	op := []schema.Op{schema.Eq, schema.Lt, schema.Le, schema.Gt, schema.Ge}[r.IntN(5)]
	n := 1 + r.IntN(80)
	switch r.IntN(9) {
	case 0:
		return schema.Compare("date", op, schema.Time(time.Date(2026, time.Month(1+r.IntN(6)), 1+r.IntN(27), 8, 0, 0, r.IntN(2)*5e8, time.UTC)))
	case 1:
		return schema.Compare("total", op, dec(fmt.Sprintf("%d.5", 1000+n)))
	case 2:
		return schema.Compare("customer", schema.In, schema.String(id(kindCustomer, n)), schema.String(id(kindCustomer, n/2)), schema.String("x"))
	case 3:
		return schema.Compare("number", schema.In, schema.String(fmt.Sprintf("СЧ-%06d", n)), schema.String(fmt.Sprintf("сч-%06d", n)))
	case 4:
		return schema.Compare("currency", schema.Eq, schema.String("MDL"))
	case 5:
		return schema.Compare("order", schema.Eq, schema.String(id(kindOrder, n)))
	case 6:
		return schema.Compare("kind", schema.In, schema.String("SALE"), schema.String("TAX"))
	case 7:
		return schema.Compare("id", schema.In, schema.String("bill:"+id(kindBill, n)), schema.String("tax:"+id(kindTax, n)))
	}
	return schema.Compare("status", schema.Eq, schema.String("draft"))
}

func TestFiltersThatCannotBePushed(t *testing.T) {
	b := newBase(t)
	b.fill(30)
	s := b.open(func(c *onec.Config, _ *onec.Deps) { c.Page, c.LocalBound = 5, 15 })
	_, err := orders(s).List(t.Context(), datasources.Query{Where: schema.Compare("status", schema.Eq, schema.String("none")), First: 5})
	var e *schema.Error
	if !errors.As(err, &e) || e.Code != schema.UnsupportedFilter || e.Source != "books" {
		t.Errorf("got %v", err)
	}
	var many []schema.Value
	for n := range 200 {
		many = append(many, schema.String(id(kindCustomer, n)))
	}
	s = b.open(nil)
	rows, err := orders(s).List(t.Context(), datasources.Query{Where: schema.Compare("customer", schema.In, many...), First: 500})
	if err != nil || len(rows.Items) != 41 {
		t.Errorf("a long list of keys is checked here: %d rows, %v", len(rows.Items), err)
	}
}
