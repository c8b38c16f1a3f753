package dataset

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
)

// Fault is what For keeps to itself: an operation that is not valid over the view's
// schema.
func (d *Definition) Fault(v *policies.View, s *ast.Schema) error {
	m := &maker{d: d, view: v, schema: s, shown: shown{}}
	_, err := m.table()
	return err
}
