package report

import (
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// Split is what the root list does of a filter, and what is left.
func Split(columns []dataset.Column, e *odata.Expr) (schema.Predicate, *odata.Expr) {
	return split(folder{columns: columns}, e, maxFilter)
}

// Input is a condition as the value of a list's filter argument.
func Input(p schema.Predicate) map[string]any { return input(p) }

// Where is what the root list does of the question's filter.
func (r *Report) Where() schema.Predicate { return r.where }

// Packed is a cell packed and unpacked.
func Packed(v schema.Value) schema.Value {
	b := appendCell(nil, &v)
	v, b = cell(b)
	if len(b) > 0 {
		panic("more was written than read")
	}
	return v
}
