package report

import (
	"slices"
	"time"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// maxFilter is how many conditions, and how many values, a list's filter may have: more it
// refuses. What would make it larger is judged on the rows. Half of it is left for the
// filter of a dataset that has one.
const maxFilter = 1000

// filterOfDeleted is what the filter takes of this by which a table has deleted rows.
const filterOfDeleted = 4

// split parts a filter: what the root list does, with so many conditions and values at
// most, and what is judged on rows.
func split(f folder, e *odata.Expr, most int) (where schema.Predicate, rest *odata.Expr) {
	if e == nil {
		return schema.Predicate{}, nil
	}
	conjuncts := conjunctsOf(e)
	var parts []schema.Predicate
	var left []*odata.Expr
	conditions, values := 0, 0
	for _, c := range conjuncts {
		part := f.holds(c)
		n, m := size(part.where)
		if conditions+n > most || values+m > most {
			left = append(left, c)
			continue
		}
		if !part.exact {
			left = append(left, c)
		}
		if part.where.Op != schema.All {
			conditions, values = conditions+n, values+m
			parts = append(parts, part.where)
		}
	}
	where = schema.AllOf(parts...)
	switch {
	case len(left) == 0 || where.Op == schema.None:
		return where, nil
	case len(left) == 1:
		return where, left[0]
	}
	return where, &odata.Expr{Op: odata.OpAnd, Type: odata.Boolean, Args: slices.Clip(left)}
}

// conjunctsOf are the parts of a filter that must all be so.
func conjunctsOf(e *odata.Expr) []*odata.Expr {
	switch {
	case e == nil:
		return nil
	case e.Op == odata.OpAnd:
		return e.Args
	}
	return []*odata.Expr{e}
}

// size is how many conditions and values a filter has, counted as lists count them or
// higher.
func size(p schema.Predicate) (conditions, values int) {
	conditions, values = 1, len(p.Values)
	for _, q := range p.Of {
		n, m := size(q)
		conditions, values = conditions+n, values+m
	}
	return conditions, values
}

// input is a condition as the value of a list's filter argument, as JSON has it.
func input(p schema.Predicate) map[string]any {
	switch p.Op {
	case schema.And:
		return map[string]any{"and": inputs(p.Of)}
	case schema.Or:
		return map[string]any{"or": inputs(p.Of)}
	case schema.Not:
		of := p.Of[0]
		switch {
		case of.Op == schema.IsNull:
			return map[string]any{of.Column: map[string]any{"isNull": false}}
		case of.Op == schema.Eq && of.Values[0].Kind == schema.KindString:
			return map[string]any{of.Column: map[string]any{"ne": of.Values[0].Str}}
		}
		return map[string]any{"not": input(of)}
	case schema.In:
		list := make([]any, len(p.Values))
		for i, v := range p.Values {
			list[i] = literal(v)
		}
		return map[string]any{p.Column: map[string]any{"in": list}}
	case schema.IsNull:
		return map[string]any{p.Column: map[string]any{"isNull": true}}
	}
	return map[string]any{p.Column: map[string]any{operator(p.Op): literal(p.Values[0])}}
}

func inputs(of []schema.Predicate) []any {
	out := make([]any, len(of))
	for i, p := range of {
		out[i] = input(p)
	}
	return out
}

func operator(op schema.Op) string {
	switch op {
	case schema.Lt:
		return "lt"
	case schema.Le:
		return "le"
	case schema.Gt:
		return "gt"
	case schema.Ge:
		return "ge"
	case schema.Contains:
		return "contains"
	case schema.Prefix:
		return "startsWith"
	}
	return "eq"
}

func literal(v schema.Value) any {
	switch v.Kind {
	case schema.KindBool:
		return v.Bool
	case schema.KindTime:
		return v.Time.UTC().Format(time.RFC3339Nano)
	}
	return v.Text()
}
