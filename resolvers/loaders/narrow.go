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

// maxNarrowed is how many keys of customers a source is asked for at most.
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
		q.filters[i] = schema.AllOf(q.filters[i], rewrite(p, true, func(p schema.Predicate, positive bool) schema.Predicate {
			switch {
			case p.Column == plan.NarrowCustomer:
				if keys, ok := d.l.keysOf(s.Name, p); ok && hasColumn(e, "customer") {
					return oneOf("customer", keys)
				}
				return decided(positive)
			case p.Column == "source":
				return decided(p.Match(one{"source", s.Name}))
			case e.Column(p.Column) == nil:
				return decided(positive)
			}
			return p
		}))
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
