package loaders_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// TestAForeignRowCostsWhatNoneCosts wants the same calls for a row that is not seen
// and for one that is not there: time would tell them apart.
func TestAForeignRowCostsWhatNoneCosts(t *testing.T) {
	s := sealer(t)
	a := only("Order", is(policies.CustomerColumn, s.ID("Customer", "", "b")))
	for name, ask := range map[string]func(l *loaders.Loaders, key, number string) (*schema.Order, error){
		"id": func(l *loaders.Loaders, key, _ string) (*schema.Order, error) {
			id := s.ID("Order", "crm", key)
			return l.Orders.One(t.Context(), &id, nil, nil)
		},
		"number": func(l *loaders.Loaders, _, number string) (*schema.Order, error) {
			return l.Orders.One(t.Context(), nil, &number, nil)
		},
	} {
		t.Run("case="+name, func(t *testing.T) {
			asked := func(key, number string) []string {
				w := small()
				row, err := ask(as(w.config(t), a), key, number)
				if row != nil || err != nil {
					t.Errorf("%s: got %v, %v", key, row, err)
				}
				return w.calls()
			}
			foreign, none := asked("o1", "SO-1"), asked("none", "none")
			if !slices.Equal(foreign, none) || len(foreign) == 0 {
				t.Errorf("a foreign row cost %v, none %v", foreign, none)
			}
		})
	}
}

// TestForeignCandidates finds the one visible order of a number that more foreign
// orders have than are looked at.
func TestForeignCandidates(t *testing.T) {
	w := small()
	crm, books := w.sources[1], w.sources[0]
	crm.orders, books.orders = nil, nil
	for i := range 60 {
		o := order("crm", fmt.Sprintf("k%02d", i), "a1", "SO-1", 1+i%20)
		o.Status = "sent"
		crm.orders = append(crm.orders, o)
	}
	mine := order("crm", "mine", "a1", "SO-1", 1)
	mine.Status = "open"
	crm.orders = append(crm.orders, mine)
	l := as(w.config(t), only("Order", is("status", "open")))
	link := &schema.Invoice{Record: schema.Record{Source: "books", Key: "i"}, Links: schema.Links{CustomerKey: "a1", OrderNumbers: []string{"SO-1"}}}
	if rows, err := l.Orders.Of(t.Context(), "Invoice.order", loaders.ToOrder, []loaders.Linked{link}); err != nil || identities(rows) != " crm/mine" {
		t.Errorf("by its link: %s, %v", identities(rows), err)
	}
	if got := byNumber(t.Context(), l, "SO-1", nil); got != " crm/mine" {
		t.Errorf("by its number: %s", got)
	}
}

// TestMatcherOfUnreadCustomers shows nothing where it is not known whose a row is.
func TestMatcherOfUnreadCustomers(t *testing.T) {
	w, s := small(), sealer(t)
	w.people.unread = "crm"
	notHis := schema.Negate(is(policies.CustomerColumn, s.ID("Customer", "", "b")))
	match := as(w.config(t), loaders.Everything{}).Matcher("Order", "", notHis)
	if match(&w.sources[1].orders[0]) || !match(&w.sources[0].orders[0]) {
		t.Error("a row was shown before it was known whose it is, or not afterwards")
	}
}
