package directory

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// The orders customers are listed in.
const (
	byID = iota
	byName
	byCreated
	byUpdated
	orderCount
)

// lists are the orders, ascending; ties are broken by id.
type lists struct {
	orders [orderCount]series[int32]

	name             vector[string] // customer → his name as it is sorted
	created, updated vector[int64]  // nanoseconds; absent sorts first
}

const absent = math.MinInt64

// listed is what a customer is sorted by.
type listed struct {
	name             string
	created, updated int64
}

// listedAs computes it of a customer's records.
func (s *snapshot) listedAs(recs []int32) listed {
	var x listed
	if rec, _ := s.pick(recs, "name", func(rec int32) string { return s.rec(rec).text(textName) }); rec >= 0 {
		x.name = s.folded(rec)
	}
	created, updated := s.times(recs)
	x.created, x.updated = nanos(created), nanos(updated)
	return x
}

// sortLists makes the orders.
func (s *snapshot) sortLists() {
	n := s.customers()
	name, created, updated := make([]string, n), make([]int64, n), make([]int64, n)
	ids := make([]int32, n)
	for c := range n {
		x := s.listedAs(s.of(c))
		ids[c], name[c], created[c], updated[c] = c, x.name, x.created, x.updated
	}
	slices.SortFunc(ids, s.compareIDs)
	// Sorted stably from the order of ids, which breaks the ties.
	sorted := func(compare func(a, b int32) int) series[int32] {
		list := slices.Clone(ids)
		slices.SortStableFunc(list, compare)
		return seriesOf(list)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		s.orders[byName] = sorted(func(a, b int32) int { return strings.Compare(name[a], name[b]) })
	})
	s.orders[byCreated] = sorted(func(a, b int32) int { return cmp.Compare(created[a], created[b]) })
	s.orders[byUpdated] = sorted(func(a, b int32) int { return cmp.Compare(updated[a], updated[b]) })
	s.orders[byID] = seriesOf(ids)
	wait.Wait()
	s.name, s.created, s.updated = vectorOf(name), vectorOf(created), vectorOf(updated)
}

// compareIn orders two customers as a list has them.
func (s *snapshot) compareIn(order int, a, b int32) int {
	d := 0
	switch order {
	case byName:
		d = strings.Compare(s.name.at(a), s.name.at(b))
	case byCreated:
		d = cmp.Compare(s.created.at(a), s.created.at(b))
	case byUpdated:
		d = cmp.Compare(s.updated.at(a), s.updated.at(b))
	}
	if d == 0 {
		d = s.compareIDs(a, b)
	}
	return d
}

// compareIDs orders two customers by their ids, and by the age of the ids if a store
// should have one twice.
func (s *snapshot) compareIDs(a, b int32) int {
	if d := strings.Compare(s.id(a), s.id(b)); d != 0 {
		return d
	}
	return cmp.Compare(s.key.at(a), s.key.at(b))
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return absent
	}
	return t.UnixNano()
}

// columns are those a list can be filtered by.
var columns = [...]string{"id", "name", "legalName", "taxId", "country", "email", "phone", "createdAt", "updatedAt", "changedAt"}

// order is one of the lists with the way to compare a customer with a cursor.
type order struct {
	list series[int32]
	desc bool
	// compare orders a customer and a cursor's value, ids not looked at.
	compare func(customer int32, v schema.Value) int
}

func (s *snapshot) order(by schema.Sort) (order, error) {
	o := order{desc: by.Desc}
	switch by.Column {
	case "":
		return s.order(schema.Sort{Column: "createdAt", Desc: true})
	case "id":
		o.list = s.orders[byID]
		o.compare = func(c int32, v schema.Value) int { return strings.Compare(s.id(c), v.Str) }
	case "name":
		o.list = s.orders[byName]
		// The cursor carries the name as it is shown; it is folded here, as the
		// rows were.
		o.compare = func(c int32, v schema.Value) int { return strings.Compare(s.name.at(c), fold(v.Str)) }
	case "createdAt":
		o.list = s.orders[byCreated]
		o.compare = func(c int32, v schema.Value) int { return cmp.Compare(s.created.at(c), nanos(v.Time)) }
	case "updatedAt":
		o.list = s.orders[byUpdated]
		o.compare = func(c int32, v schema.Value) int { return cmp.Compare(s.updated.at(c), nanos(v.Time)) }
	case "changedAt":
		o.list = s.byChange()
		o.compare = s.compareChanged
	default:
		return o, schema.Errorf(schema.UnsupportedFilter, "customers cannot be sorted by %s", by.Column)
	}
	return o, nil
}

// at returns the i-th customer in the order's direction.
func (o *order) at(i int) int32 {
	if o.desc {
		return o.list.at(o.list.len() - 1 - i)
	}
	return o.list.at(i)
}

// from returns where a page begins.
func (o *order) from(s *snapshot, after *datasources.After) int {
	if after == nil {
		return 0
	}
	return sort.Search(o.list.len(), func(i int) bool {
		c := o.at(i)
		d := o.compare(c, after.Value)
		if d == 0 && after.ID != "" {
			d = strings.Compare(s.id(c), after.ID)
		}
		if o.desc {
			d = -d
		}
		return d > 0 || d == 0 && after.ID == "" && after.Inclusive
	})
}

// List answers a page of customers, sorted by name, createdAt, updatedAt,
// changedAt or id;
// the newest first when nothing is asked. Rows without the column come first
// ascending and last descending; ties go by id, in the same direction.
//
// Names are ordered with letter case and diacritics ignored. A cursor still holds
// the row's own Column value: it is folded when the page is looked for, so that
// the caller need not know how names are compared. He may not sort again.
//
// Totals are exact. As long as no source has been read at all, the answer is
// SOURCE_UNAVAILABLE, since an empty list would say that there are no customers.
func (d *Directory) List(ctx context.Context, q datasources.Query) (datasources.Rows[schema.Customer], error) {
	l, rows, err := d.listing(q)
	if err != nil {
		return rows, err
	}
	from := l.at
	if rows.Items, err = l.page(ctx, q.First); err != nil {
		return rows, err
	}
	rows.More = []bool{!l.isOver()}
	if q.Total {
		total, err := l.total(ctx, from, l.at, len(rows.Items))
		if err != nil {
			return rows, err
		}
		rows.Totals = []int{total}
	}
	return rows, nil
}

// narrow leaves only the customers whom a condition on the id can mean, which is
// how a token that may see one customer asks: the others need not be looked at.
func (s *snapshot) narrow(o *order, q datasources.Query) {
	for _, p := range q.Where.Conjuncts() {
		if p.Column != "id" || p.Op != schema.Eq && p.Op != schema.In {
			continue
		}
		column := cmp.Or(q.Order.Column, "createdAt")
		var list []int32
		for _, v := range p.Values {
			if c := s.customer(v.Str); c >= 0 {
				list = append(list, c)
			}
		}
		slices.SortFunc(list, func(a, b int32) int {
			return cmp.Or(o.compare(a, s.column(b, column)), strings.Compare(s.id(a), s.id(b)))
		})
		o.list = seriesOf(slices.Compact(list))
		return
	}
}

// filterable refuses a column customers are not filtered by: ignoring it would
// show too much.
func filterable(p schema.Predicate) (err error) {
	p.Columns(func(name string) {
		if !slices.Contains(columns[:], name) {
			err = schema.Errorf(schema.UnsupportedFilter, "customers cannot be filtered by %s", name)
		}
	})
	return err
}
