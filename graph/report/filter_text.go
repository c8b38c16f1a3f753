package report

import (
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// maxMembers is how many members of a list become comparisons of their own, where the
// list's filter knows no in.
const maxMembers = 50

// in folds membership: null is a member of a list that has it.
func (f folder) in(e *odata.Expr) folded {
	if c := f.column(e.Args[0]); c != nil && c.Type == dataset.Text {
		return inTexts(c.FilterKey, e.List)
	}
	if len(e.List) <= maxMembers {
		equal := make([]folded, len(e.List))
		for i, v := range e.List {
			equal[i] = f.compare(e.Args[0], odata.OpEq, v)
		}
		return anyOf(equal)
	}
	if e.List[0].IsNull() { // the list is sorted
		return unknown()
	}
	from, to := f.compare(e.Args[0], odata.OpGe, e.List[0]), f.compare(e.Args[0], odata.OpLe, e.List[len(e.List)-1])
	return folded{where: schema.AllOf(from.where, to.where)}
}

func inTexts(key string, list []schema.Value) folded {
	var parts []schema.Predicate
	if len(list) > 0 && list[0].IsNull() {
		parts, list = append(parts, schema.Compare(key, schema.IsNull)), list[1:]
	}
	for _, v := range list {
		if _, ok := operand(dataset.Text, v); !ok {
			return unknown()
		}
	}
	if len(list) > 0 {
		parts = append(parts, schema.Compare(key, schema.In, list...))
	}
	return exactly(schema.AnyOf(parts...))
}

// text folds contains, startswith and endswith, loosely: the list's own ignore letter case
// and know no end. So tolower around the column changes nothing.
func (f folder) text(e *odata.Expr) folded {
	of := e.Args[0]
	if of.Op == odata.OpToLower {
		of = of.Args[0]
	}
	c := f.column(of)
	v, ok := operand(dataset.Text, e.Args[1].Value)
	if c == nil || c.Type != dataset.Text || e.Args[1].Op != odata.OpLiteral || !ok {
		return unknown()
	}
	if e.Op == odata.OpStartsWith {
		return loosely(schema.Compare(c.FilterKey, schema.Prefix, v))
	}
	return loosely(schema.Compare(c.FilterKey, schema.Contains, v))
}
