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

// lists are the orders customers are listed in, ascending; ties are broken by id.
type lists struct {
	byID, byName, byCreated, byUpdated []int32

	name             []string // customer → his name as it is sorted
	created, updated []int64  // nanoseconds; absent sorts first
}

const absent = math.MinInt64

// sortLists makes the orders.
func (s *snapshot) sortLists() {
	n := s.customers()
	s.name, s.created, s.updated = make([]string, n), make([]int64, n), make([]int64, n)
	s.byID = make([]int32, n)
	for c := range n {
		recs := s.of(c)
		s.byID[c] = c
		if rec, _ := s.pick(recs, "name", func(rec int32) string { return s.rec(rec).text(textName) }); rec >= 0 {
			src := s.sourceOf(rec)
			s.name[c] = s.slabs[src].folds[rec-s.base[src]]
		}
		created, updated := s.times(recs)
		s.created[c], s.updated[c] = nanos(created), nanos(updated)
	}
	slices.SortFunc(s.byID, func(a, b int32) int { return strings.Compare(s.id(a), s.id(b)) })
	var wait sync.WaitGroup
	wait.Go(func() {
		s.byName = s.sorted(func(a, b int32) int { return strings.Compare(s.name[a], s.name[b]) })
	})
	s.byCreated = s.sorted(func(a, b int32) int { return cmp.Compare(s.created[a], s.created[b]) })
	s.byUpdated = s.sorted(func(a, b int32) int { return cmp.Compare(s.updated[a], s.updated[b]) })
	wait.Wait()
}

// sorted sorts stably from the order of ids, which breaks the ties.
func (s *snapshot) sorted(compare func(a, b int32) int) []int32 {
	list := slices.Clone(s.byID)
	slices.SortStableFunc(list, compare)
	return list
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return absent
	}
	return t.UnixNano()
}

// columns are those a list can be filtered by.
var columns = [...]string{"id", "name", "legalName", "taxId", "country", "email", "phone", "createdAt", "updatedAt"}

// order is one of the lists with the way to compare a customer with a cursor.
type order struct {
	list []int32
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
		o.list = s.byID
		o.compare = func(c int32, v schema.Value) int { return strings.Compare(s.id(c), v.Str) }
	case "name":
		o.list = s.byName
		// The cursor carries the name as it is shown; it is folded here, as the
		// rows were.
		o.compare = func(c int32, v schema.Value) int { return strings.Compare(s.name[c], fold(v.Str)) }
	case "createdAt":
		o.list = s.byCreated
		o.compare = func(c int32, v schema.Value) int { return cmp.Compare(s.created[c], nanos(v.Time)) }
	case "updatedAt":
		o.list = s.byUpdated
		o.compare = func(c int32, v schema.Value) int { return cmp.Compare(s.updated[c], nanos(v.Time)) }
	default:
		return o, schema.Errorf(schema.UnsupportedFilter, "customers cannot be sorted by %s", by.Column)
	}
	return o, nil
}

// at returns the i-th customer in the order's direction.
func (o *order) at(i int) int32 {
	if o.desc {
		return o.list[len(o.list)-1-i]
	}
	return o.list[i]
}

// from returns where a page begins.
func (o *order) from(s *snapshot, after *datasources.After) int {
	if after == nil {
		return 0
	}
	return sort.Search(len(o.list), func(i int) bool {
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

// List answers a page of customers, sorted by name, createdAt, updatedAt or id;
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
	s := d.snapshot.Load()
	rows := d.age(s)
	if err := d.filling(s); err != nil {
		return rows, err
	}
	o, err := s.order(q.Order)
	if err != nil {
		return rows, err
	}
	if err := filterable(q.Where); err != nil {
		return rows, err
	}
	all := q.Where.Op == schema.All
	if !all {
		s.narrow(&o, q)
	}
	r := &row{snapshot: s}
	matches := func(c int32) bool {
		r.customer = c
		return all || q.Where.Match(r)
	}
	rows.More = []bool{false}
	from := o.from(s, q.After)
	i := from
	for ; i < len(o.list); i++ {
		if i&0xfff == 0 && ctx.Err() != nil {
			return rows, ctx.Err()
		}
		c := o.at(i)
		if !matches(c) {
			continue
		}
		if len(rows.Items) >= q.First {
			rows.More[0] = true
			break
		}
		rows.Items = append(rows.Items, d.golden(s, c, s.id(c), q.Fields))
	}
	if !q.Total {
		return rows, nil
	}
	total := len(o.list)
	if !all {
		total = len(rows.Items)
		for j := range o.list {
			if j&0xfff == 0 && ctx.Err() != nil {
				return rows, ctx.Err()
			}
			if (j < from || j >= i) && matches(o.at(j)) { // what lies between is on the page
				total++
			}
		}
	}
	rows.Totals = []int{total}
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
		o.list = nil
		for _, v := range p.Values {
			if c := s.customer(v.Str); c >= 0 {
				o.list = append(o.list, c)
			}
		}
		slices.SortFunc(o.list, func(a, b int32) int {
			return cmp.Or(o.compare(a, s.column(b, column)), strings.Compare(s.id(a), s.id(b)))
		})
		o.list = slices.Compact(o.list)
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
