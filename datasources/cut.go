package datasources

import (
	"slices"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// EntityOf is the pointer of a row type.
type EntityOf[T any] interface {
	*T
	schema.Entity
}

// Cut sorts all matching rows of one list by q.Order and then by key, and cuts
// the page out of them. The total is exact.
func Cut[T any, P EntityOf[T]](items []T, q Query) Rows[T] {
	total := len(items)
	refs := make([]*T, total)
	for i := range items {
		refs[i] = &items[i]
	}
	page, more := CutRefs[T, P](refs, q)
	out := make([]T, len(page))
	for i, row := range page {
		out[i] = *row
	}
	return Rows[T]{Items: out, More: []bool{more}, Totals: []int{total}}
}

// CutRefs is Cut for rows that stay where they are, which saves moving them for
// each step of the sorting. It sorts items; the page is a part of them.
func CutRefs[T any, P EntityOf[T]](items []*T, q Query) (page []*T, more bool) {
	by := func(a, b *T) int { return compare(P(a), P(b), q.Order) }
	if !inOrder[T, P](items, q.Order) {
		slices.SortStableFunc(items, by)
	}
	if q.After != nil {
		items = items[begin[T, P](items, q.Order, q.After):]
	}
	if q.First >= 0 && len(items) > q.First {
		items, more = items[:q.First], true
	}
	return items, more
}

// inOrder reports whether rows stand as compare wants them. The value of each is read
// once: rows of a source that sorts are only looked at.
func inOrder[T any, P EntityOf[T]](items []*T, order schema.Sort) bool {
	if len(items) < 2 {
		return true
	}
	var last, value schema.Value
	for i, row := range items {
		if order.Column != "" {
			value = P(row).Column(order.Column)
		}
		if i > 0 {
			c := last.Compare(value)
			if order.Desc {
				c = -c
			}
			if c == 0 {
				_, x := P(items[i-1]).Identity()
				_, y := P(row).Identity()
				c = strings.Compare(x, y)
			}
			if c > 0 {
				return false
			}
		}
		last = value
	}
	return true
}

func compare(a, b schema.Entity, order schema.Sort) int {
	if order.Column != "" {
		c := a.Column(order.Column).Compare(b.Column(order.Column))
		if order.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	_, x := a.Identity()
	_, y := b.Identity()
	return strings.Compare(x, y)
}

// begin returns the index of the first row behind after, in rows sorted by
// compare.
func begin[T any, P EntityOf[T]](items []*T, order schema.Sort, after *After) int {
	i, _ := slices.BinarySearchFunc(items, 0, func(x *T, _ int) int {
		if behind(P(x), order, after) {
			return 1
		}
		return -1
	})
	return i
}

func behind(row schema.Entity, order schema.Sort, after *After) bool {
	c := 0
	if order.Column != "" {
		c = row.Column(order.Column).Compare(after.Value)
		if order.Desc {
			c = -c
		}
	}
	if c != 0 {
		return c > 0
	}
	if after.ID == "" {
		return after.Inclusive
	}
	_, key := row.Identity()
	return key > after.ID
}
