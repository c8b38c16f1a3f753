package loaders

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Args are the arguments of a list as the client gave them.
type Args struct {
	Where schema.Predicate
	Order schema.Sort
	First *int
	After *string
	// Conditions is how many the filter has, where it was too large to become Where.
	Conditions int
}

// first returns the bounded page size.
func (l *Loaders) first(ctx context.Context, a Args) (int, error) {
	if a.First == nil {
		if l.Whole != nil && l.Whole(ctx) {
			return math.MaxInt32, nil
		}
		return l.DefaultPage, nil
	}
	if *a.First < 0 || *a.First > l.MaxPage {
		return 0, schema.Errorf(schema.BadRequest, "first must be between 0 and %d", l.MaxPage)
	}
	return *a.First, nil
}

// maxValues is how many values a filter may have in all. Each costs a piece of an
// address, and a thousand are more than a page.
const maxValues = 1000

// MaxConditions is how many conditions a filter may have in all, each comparison
// and each `not` being one: one without values costs as much as one with.
const MaxConditions = 1000

// bounded refuses a filter that is too large, before anything is made of it.
func bounded(a Args) error {
	if n := max(a.Conditions, conditions(a.Where)); n > MaxConditions {
		return schema.Errorf(schema.Limited, "the filter has %d conditions, the limit is %d", n, MaxConditions)
	}
	if n := values(a.Where); n > maxValues {
		return schema.Errorf(schema.Limited, "the filter has %d values, the limit is %d", n, maxValues)
	}
	return nil
}

func values(p schema.Predicate) int {
	n := len(p.Values)
	for _, q := range p.Of {
		n += values(q)
	}
	return n
}

func conditions(p schema.Predicate) int {
	n := 0
	if p.Op != schema.And && p.Op != schema.Or { // they are bounded by what they join
		n = 1
	}
	for _, q := range p.Of {
		n += conditions(q)
	}
	return n
}

// orderIn checks that rows of these sources can be sorted together, and completes
// the order by the entity's default. Where the sources have different defaults
// there is no common order: they come one after the other, each in its own.
func orderIn(entity string, owners []*datasources.Connected, order schema.Sort) (schema.Sort, error) {
	if order.Column == "" {
		for i, s := range owners {
			d := s.Entity(entity).Default
			if c := s.Entity(entity).Column(d.Column); len(owners) > 1 && (c == nil || !c.Comparable) {
				return schema.Sort{}, nil
			}
			if i > 0 && d != order {
				return schema.Sort{}, nil
			}
			order = d
		}
		return order, nil
	}
	for _, s := range owners {
		c := s.Entity(entity).Column(order.Column)
		if c == nil || !c.Sortable || (len(owners) > 1 && !c.Comparable) {
			return order, schema.SourceErrorf(schema.UnsupportedFilter, s.Name, "%s cannot sort %s by %s", s.Name, entity, order.Column)
		}
	}
	return order, nil
}

// dated refuses a filter by when rows were seen to change of a source nobody watches,
// which is asked itself: in its rows the column is absent, and a comparison with it
// would quietly leave all of them out.
func (q *question) dated(entity string) error {
	for i, s := range q.owners {
		asks := false
		q.filters[i].Columns(func(column string) { asks = asks || column == changedAt })
		if asks && s.Entity(entity).Column(changedAt) == nil {
			return schema.SourceErrorf(schema.UnsupportedFilter, s.Name, "%s cannot filter %s by %s: it is asked itself, and has no copy here", s.Name, entity, changedAt)
		}
	}
	return nil
}

const changedAt = "changedAt"

// shape is what a cursor is bound to: the list's kind, its filter, its order, its
// sources, and what of it may be seen.
func shape(list string, a Args, order schema.Sort, owners []string, rule schema.Predicate, view string) []byte {
	return fmt.Appendf(nil, "%s\x00%s\x00%t\x00%s\x00%s\x00%s\x00%s", list, order.Column, order.Desc, strings.Join(owners, ","), a.Where.Key(), rule.Key(), view)
}
