package loaders

import (
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// rewrite replaces the comparisons of a condition. positive tells the leaf whether
// more rows match the whole when more match the comparison; below a Not it is the
// other way round.
func rewrite(p schema.Predicate, positive bool, leaf func(p schema.Predicate, positive bool) schema.Predicate) schema.Predicate {
	switch p.Op {
	case schema.All, schema.None:
		return p
	case schema.And, schema.Or:
		of := make([]schema.Predicate, len(p.Of))
		for i, q := range p.Of {
			of[i] = rewrite(q, positive, leaf)
		}
		if p.Op == schema.And {
			return schema.AllOf(of...)
		}
		return schema.AnyOf(of...)
	case schema.Not:
		return schema.Negate(rewrite(p.Of[0], !positive, leaf))
	}
	return leaf(p, positive)
}

// undecided stands for a comparison of a rule nobody can decide: it shows fewer
// rows, never more.
func undecided(positive bool) schema.Predicate {
	if positive {
		return schema.Predicate{Op: schema.None}
	}
	return schema.Predicate{}
}

// decided is a comparison whose outcome is known.
func decided(holds bool) schema.Predicate {
	if holds {
		return schema.Predicate{}
	}
	return schema.Predicate{Op: schema.None}
}

// one is a row with a single column.
type one struct{ column, text string }

// Column implements schema.Row.
func (o one) Column(name string) schema.Value {
	if name == o.column {
		return schema.String(o.text)
	}
	return schema.Null
}

// decideVia decides the conditions on the type from which rows are reached, ""
// for lists and look-ups.
func decideVia(p schema.Predicate, via string) schema.Predicate {
	return rewrite(p, true, func(p schema.Predicate, _ bool) schema.Predicate {
		if p.Column != policies.ViaColumn {
			return p
		}
		return decided(p.Match(one{policies.ViaColumn, via}))
	})
}

// inSource is a condition as one source sees it: conditions on `source` are
// decided here and never sent.
func inSource(p schema.Predicate, source string) schema.Predicate {
	return rewrite(p, true, func(p schema.Predicate, _ bool) schema.Predicate {
		if p.Column != "source" {
			return p
		}
		return decided(p.Match(one{"source", source}))
	})
}
