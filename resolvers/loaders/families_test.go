package loaders_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// numberedOf is a world of one source whose order of each customer has an invoice
// that names it by its number; and its orders, as the parents of a level.
func numberedOf(exact bool, customers ...string) (*policed, []loaders.Parent) {
	m := &memory{name: "books", exact: exact}
	w := &policed{sources: []*memory{m}}
	for _, c := range customers {
		o := order("books", "o"+c, c+"1", "SO-"+c, 1)
		m.orders = append(m.orders, o)
		m.invoices = append(m.invoices, invoice("i"+c, c+"1", "", o.Number))
		w.people.customers = append(w.people.customers, schema.Customer{Record: schema.Record{Key: c}})
	}
	return w, w.orderParents()
}

func ofKeys(keys ...string) (list []*schema.Customer) {
	for _, k := range keys {
		list = append(list, &schema.Customer{Record: schema.Record{Key: k}})
	}
	return list
}

// TestChildrenBelowMergedCustomers asks for the orders of customers and then for the
// orders' invoices: a customer asked for by the key he had before he was merged, or by
// both keys, has the invoices he has without the level above.
func TestChildrenBelowMergedCustomers(t *testing.T) {
	for name, level := range map[string][]string{
		"by the key he has": {"a", "b"}, "by the key he had": {"old", "b"}, "by both": {"a", "b", "old"}, "by both, the old one first": {"old", "b", "a"},
	} {
		for how, exact := range map[string]bool{"number": true, "customer": false} {
			t.Run("case="+name+",asked by "+how, func(t *testing.T) {
				w, parents := numberedOf(exact, "b", "a")
				l := as(w.config(t), loaders.Everything{})
				if _, err := l.Orders.OfCustomers(t.Context(), ofKeys(level...), loaders.Args{}); err != nil {
					t.Fatal(err)
				}
				got := pages(l.Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, parents, loaders.Args{}))
				if want := " | books/ib of 1 | books/ia of 1"; got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		}
	}
}

// TestTwinsBelowMergedCustomers wants the number that two orders of a customer bear to
// lead to neither, by whichever of his keys they were asked for.
func TestTwinsBelowMergedCustomers(t *testing.T) {
	w, _ := numberedOf(true, "a", "b")
	m := w.sources[0]
	m.orders = append(m.orders, order("books", "twin", "a2", "SO-a", 2))
	l := as(w.config(t), loaders.Everything{})
	if _, err := l.Orders.OfCustomers(t.Context(), ofKeys("a", "b", "old"), loaders.Args{}); err != nil {
		t.Fatal(err)
	}
	got := pages(l.Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, w.orderParents(), loaders.Args{}))
	if want := " | of 0 | books/ib of 1 | of 0"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestChildrenUnderAKeyThatIsNew finds a row under a key its customer was given after
// he was looked up.
func TestChildrenUnderAKeyThatIsNew(t *testing.T) {
	w, parents := numberedOf(true, "a")
	w.sources[0].invoices[0].CustomerKey = "a9" // which Keys does not tell
	got := pages(as(w.config(t), loaders.Everything{}).Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, parents, loaders.Args{}))
	if want := " | books/ia of 1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// merging is a directory in which b is merged into a as soon as rows of a source were
// read.
type merging struct {
	people
	isMerged *atomic.Bool
}

func (m merging) Seen(string, []string) { m.isMerged.Store(true) }

func (m merging) Golden(source, id string) (string, bool) {
	golden, ok := m.people.Golden(source, id)
	if golden == "b" && m.isMerged.Load() {
		golden = "a"
	}
	return golden, ok
}

// LookUp tells of the moment it is asked in: the keys of b are a's as soon as they are
// merged.
func (m merging) LookUp(keys []string) datasources.Customers {
	isMerged := m.isMerged.Load()
	c := moment{}
	for _, k := range keys {
		own, _ := m.Keys(k, "books")
		if isMerged {
			k = "a"
			of, _ := m.Keys("a", "books")
			ofB, _ := m.Keys("b", "books")
			own = slices.Concat(of, ofB)
		}
		c.golden = append(c.golden, k)
		c.members.Keys = append(c.members.Keys, own...)
		c.members.Ends = append(c.members.Ends, int32(len(c.members.Keys)))
	}
	return &c
}

type moment struct {
	golden  []string
	members datasources.Members
}

func (m *moment) Golden(i int) string            { return m.golden[i] }
func (m *moment) In(string) *datasources.Members { return &m.members }

// TestChildrenWhileCustomersAreMerged merges two customers between the question whose
// the orders are and the answer whose the invoices are: none is lost.
func TestChildrenWhileCustomersAreMerged(t *testing.T) {
	for name, isBelow := range map[string]bool{"below the customers": true, "on their own": false} {
		for how, exact := range map[string]bool{"number": true, "customer": false} {
			t.Run("case="+name+",asked by "+how, func(t *testing.T) {
				w, parents := numberedOf(exact, "b", "a")
				c, d := w.config(t), merging{w.people, &atomic.Bool{}}
				c.Directory = d
				l := as(c, loaders.Everything{})
				if isBelow {
					if _, err := l.Orders.OfCustomers(t.Context(), ofKeys("a", "b"), loaders.Args{}); err != nil {
						t.Fatal(err)
					}
				}
				got := pages(l.Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, parents, loaders.Args{}))
				if want := " | books/ib of 1 | books/ia of 1"; got != want || !d.isMerged.Load() {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		}
	}
}

// leaving is a directory that has lost everybody when many are looked up.
type leaving struct{ people }

func (leaving) LookUp(keys []string) datasources.Customers {
	return &moment{make([]string, len(keys)), datasources.Members{Ends: make([]int32, len(keys))}}
}

// TestChildrenOfNobody wants no row of nobody for a document whose customer is gone
// when he is looked up: that neither is anybody's makes them no kin.
func TestChildrenOfNobody(t *testing.T) {
	for name, key := range map[string]string{"a key nobody has": "?1", "no key": ""} {
		t.Run("case="+name, func(t *testing.T) {
			w, parents := numberedOf(true, "a")
			w.sources[0].invoices[0].CustomerKey = key
			c := w.config(t)
			c.Directory = leaving{w.people}
			got := pages(as(c, loaders.Everything{}).Invoices.OfDocuments(t.Context(), "Invoice.order", loaders.ToOrder, parents, loaders.Args{}))
			if want := " | of 0"; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}
