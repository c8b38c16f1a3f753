package guard

import (
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// checkRoot judges the page of a root field, and those below it.
func checkRoot(n *plan.Node, l Limits) error {
	if l.Whole && n.Page == plan.WholePage {
		return checkPages(n.Children, l.PageSize)
	}
	return checkPages([]*plan.Node{n}, l.PageSize)
}

// checkPages refuses page sizes that are negative or beyond the limit, and
// names the first such field in the order of the operation.
func checkPages(nodes []*plan.Node, limit int) error {
	for _, n := range nodes {
		switch {
		case n.Page < 0:
			return schema.Errorf(schema.BadRequest,
				"argument \"first\" of %s.%s is %d, it cannot be negative", n.Type, n.Field, n.Page)
		case exceeds(n.Page, limit):
			return schema.Errorf(schema.BadRequest,
				"argument \"first\" of %s.%s is %d, the limit is %d", n.Type, n.Field, n.Page, limit)
		}
		if err := checkPages(n.Children, limit); err != nil {
			return err
		}
	}
	return nil
}
