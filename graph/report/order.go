package report

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
)

// orderOf is the root list's order for a question's, nil where the list has none that is
// the same. Of several columns the list would do the first only. Null is the same to
// both: first where the smallest is first, last otherwise. Rows that are equal stay in
// the list's order, which is total, so the key that breaks ties in a question need not be
// sorted by.
func orderOf(columns []dataset.Column, q *odata.Question) map[string]any {
	if q.Asked != 1 || !isSorted(&columns[q.Order[0].Column]) {
		return nil
	}
	direction := "ASC"
	if q.Order[0].Descending {
		direction = "DESC"
	}
	return map[string]any{"field": columns[q.Order[0].Column].OrderValue, "direction": direction}
}

// isSorted reports whether the root list sorts by a column as an answer of OData is
// sorted. Texts it sorts without regard to letter case, not by bytes.
func isSorted(c *dataset.Column) bool {
	return c.OrderValue != "" && c.IsExact && !c.IsPartial && (c.Type == dataset.Decimal || c.Type == dataset.DateTime)
}

// steadyOrder is the value of a list's order by which its elements keep their places:
// an id does not change.
const steadyOrder = "ID"

// steady is the root list's order where neither a question nor the dataset says one, nil
// where the list has none that is steady. In the list's own, by date or latest change, an
// element that changes while pages are read would move, and be read twice or never.
func steady(q *dataset.Query, s *ast.Schema) map[string]any {
	root, err := rootOf(q)
	if err != nil || !q.IsPage || root.Arguments.ForName(argOrder) != nil {
		return nil
	}
	def := s.Query.Fields.ForName(root.Name)
	if def == nil || def.Arguments.ForName(argOrder) == nil {
		return nil
	}
	by := s.Types[def.Arguments.ForName(argOrder).Type.Name()]
	if by == nil || by.Fields.ForName("field") == nil {
		return nil
	}
	of := s.Types[by.Fields.ForName("field").Type.Name()]
	if of == nil || of.EnumValues.ForName(steadyOrder) == nil {
		return nil // the view has no ids
	}
	return map[string]any{"field": steadyOrder, "direction": "ASC"}
}
