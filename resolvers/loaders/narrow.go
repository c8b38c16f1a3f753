package loaders

import (
	"context"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// narrower is a Directory that says where it knows all keys of a customer.
type narrower interface {
	// Indexed reports whether Keys has every key that Golden knows in a source. Where keys
	// are only assumed, one may be written in several ways.
	Indexed(source string) bool
}

// maxNarrowed is how many values what narrows a list has at most, the keys of customers
// above all: more of them might be more than a source takes, and who asked for the list
// never named one.
const maxNarrowed = 2000

// narrow adds the condition of the request to what the owners of a root list are asked.
// It is a help and no part of the question: what a source cannot decide of it leaves more
// rows in, and never fewer, unlike what scopeOf makes of a rule; and cursors are not bound
// to it. It stands beside the client's filter and the rule, which are as without it.
func (d *Documents[T, P]) narrow(ctx context.Context, q *question) {
	if d.l.Narrow == nil || q.via != "" {
		return
	}
	p := d.l.Narrow(ctx)
	if p.Op == schema.All {
		return
	}
	for i, s := range q.owners {
		e := s.Entity(d.name)
		if e.Column(changedAt) == nil {
			continue // it is asked itself, and might refuse what only helps
		}
		keysOf := d.l.narrowKeys(s.Name)
		narrowed := rewrite(p, true, func(p schema.Predicate, positive bool) schema.Predicate {
			switch {
			case p.Column == plan.NarrowCustomer:
				if keys, ok := keysOf(p); ok && hasColumn(e, "customer") {
					return oneOf("customer", keys)
				}
				return decided(positive)
			case p.Column == "source":
				return decided(p.Match(one{"source", s.Name}))
			case e.Column(p.Column) == nil:
				return decided(positive)
			}
			return p
		})
		if values(narrowed) <= maxNarrowed { // the same customers may stand in it many times
			q.filters[i] = schema.AllOf(q.filters[i], narrowed)
		}
	}
}

// narrowKeys is keysOf in one source, which remembers the last answer: a condition has
// the same customers wherever it has any.
func (l *Loaders) narrowKeys(source string) func(schema.Predicate) ([]schema.Value, bool) {
	var of []schema.Value
	var keys []schema.Value
	var ok bool
	return func(p schema.Predicate) ([]schema.Value, bool) {
		if len(of) == 0 || len(p.Values) != len(of) || &p.Values[0] != &of[0] {
			of = p.Values
			keys, ok = l.keysOf(source, p)
		}
		return keys, ok
	}
}

// keysOf are the keys in a source of customers by their sealed ids; false where nobody
// can say that these are all.
func (l *Loaders) keysOf(source string, p schema.Predicate) ([]schema.Value, bool) {
	d, ok := l.Directory.(narrower)
	if !ok || !d.Indexed(source) || p.Op != schema.In {
		return nil, false
	}
	var out []schema.Value
	for _, v := range p.Values {
		entity, _, key, err := l.Seal.OpenID(v.Str)
		if err != nil || entity != "Customer" {
			return nil, false
		}
		keys, state := l.Directory.Keys(key, source)
		if state == schema.CoverageUnavailable || len(out)+len(keys) > maxNarrowed {
			return nil, false
		}
		for _, k := range keys {
			out = append(out, schema.String(k))
		}
	}
	return out, true
}

// oneOf is a condition on a text: one of some.
func oneOf(column string, values []schema.Value) schema.Predicate {
	if len(values) == 0 {
		return schema.Predicate{Op: schema.None}
	}
	return schema.Compare(column, schema.In, values...)
}
