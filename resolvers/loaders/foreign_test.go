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

// loose is a source without a look-up by number, whose lists overlook letter case.
type loose struct{ *memory }

func (s loose) Describe() datasources.Description {
	d := s.memory.Describe()
	for i := range d.Entities {
		d.Entities[i].Relations = nil
	}
	return d
}

func (s loose) Reader(entity string) any {
	if entity != "Order" {
		return s.memory.Reader(entity)
	}
	return datasources.Reader[schema.Order](overlooking{s.memory.Reader(entity).(datasources.Reader[schema.Order])})
}

type overlooking struct {
	datasources.Reader[schema.Order]
}

func (r overlooking) List(ctx context.Context, q datasources.Query) (datasources.Rows[schema.Order], error) {
	for i, p := range q.Where.Of {
		if p.Column == "number" {
			q.Where.Of = slices.Clone(q.Where.Of)
			q.Where.Of[i].Values = []schema.Value{schema.String(strings.ToUpper(p.Values[0].Str))}
		}
	}
	if q.Where.Column == "number" {
		q.Where.Values = []schema.Value{schema.String(strings.ToUpper(q.Where.Values[0].Str))}
	}
	return r.Reader.List(ctx, q)
}

// TestNearlyANumber does not find a document by a number that differs in letter
// case, whatever its source finds.
func TestNearlyANumber(t *testing.T) {
	w := small()
	cfg := w.config(t)
	m := loose{w.sources[1]}
	catalog, err := datasources.NewCatalog([]*datasources.Connected{{Source: m, Name: m.name}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Catalog = catalog
	for name, a := range map[string]loaders.Access{"all": loaders.Everything{}, "some": only("Order", is("status", "open"))} {
		t.Run("case="+name, func(t *testing.T) {
			for number, want := range map[string]string{"so-1": " null", "SO-1": " crm/o1", "so-9": " null"} {
				if got := byNumber(t.Context(), as(cfg, a), number, nil); got != want {
					t.Errorf("%s: got %s, want %s", number, got, want)
				}
			}
		})
	}
}

// TestWhatASourceLacksDecidesNothing holds that a condition on a column which the
// source of a row does not have is fulfilled neither as it stands nor below a Not.
func TestWhatASourceLacksDecidesNothing(t *testing.T) {
	l := as(small().config(t), loaders.Everything{})
	o := order("crm", "o1", "a1", "SO-1", 1)
	secret := is("category", "secret")
	for name, c := range map[string]struct {
		p    schema.Predicate
		row  schema.Row
		want bool
	}{
		"is":         {secret, &o, false},
		"is not":     {schema.Negate(secret), &o, false},
		"or known":   {schema.AnyOf(schema.Negate(secret), is("number", "SO-1")), &o, true},
		"known not":  {schema.Negate(is("number", "SO-2")), &o, true},
		"all":        {schema.Predicate{}, &o, true},
		"no record":  {schema.Predicate{}, one{}, false},
		"other type": {schema.Negate(is("number", "SO-2")), &schema.Order{Record: schema.Record{Source: "gone"}}, false},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if got := l.Decider("Order", c.p)(c.row); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

// one is a row that is no record.
type one struct{}

func (one) Column(string) schema.Value { return schema.Null }

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
