package report

import (
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
