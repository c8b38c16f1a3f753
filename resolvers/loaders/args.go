package loaders

import (
	"fmt"
	"slices"
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
}

// first returns the bounded page size.
func (l *Loaders) first(a Args) (int, error) {
	if a.First == nil {
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

func bounded(p schema.Predicate) error {
	if n := values(p); n > maxValues {
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

// inSource is the filter as one source sees it: conditions on `source` are
// decided here and never sent.
func inSource(p schema.Predicate, source string) schema.Predicate {
	switch p.Op {
	case schema.All, schema.None:
		return p
	case schema.And, schema.Or:
		of := make([]schema.Predicate, len(p.Of))
		for i, q := range p.Of {
			of[i] = inSource(q, source)
		}
		if p.Op == schema.And {
			return none(of, schema.AllOf(of...))
		}
		return schema.AnyOf(of...)
	case schema.Not:
		return schema.Negate(inSource(p.Of[0], source))
	}
	if p.Column != "source" {
		return p
	}
	if p.Match(sourceRow(source)) {
		return schema.Predicate{}
	}
	return schema.Predicate{Op: schema.None}
}

// none returns None when an operand of an And is None, else p.
func none(of []schema.Predicate, p schema.Predicate) schema.Predicate {
	if slices.ContainsFunc(of, func(q schema.Predicate) bool { return q.Op == schema.None }) {
		return schema.Predicate{Op: schema.None}
	}
	return p
}

type sourceRow string

func (s sourceRow) Column(name string) schema.Value {
	if name == "source" {
		return schema.String(string(s))
	}
	return schema.Null
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

// shape is what a cursor is bound to: the list's kind, its filter, its order and
// its sources.
func shape(list string, a Args, order schema.Sort, owners []string) []byte {
	return fmt.Appendf(nil, "%s\x00%s\x00%t\x00%s\x00%s", list, order.Column, order.Desc, strings.Join(owners, ","), a.Where.Key())
}
