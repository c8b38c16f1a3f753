package loaders

import (
	"context"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Told decides what is told of records beside the graph: in conflicts, suggestions,
// histories. A value bears the verdict and the mask of the field it is of.
type Told struct{ access Access }

// Told returns what this request may be told. It is FORBIDDEN to whoever may not see
// all customers: these lists count over all of them.
func (l *Loaders) Told(ctx context.Context) (Told, error) {
	a := l.access(ctx)
	if a.Rows("Customer").Op != schema.All {
		return Told{}, schema.Errorf(schema.Forbidden, "only who may see all customers asks for this")
	}
	return Told{a}, nil
}

// Text returns a value of a field of a type as it may be told, "" where it may not.
// A field that depends on the row is not: there is none.
func (t Told) Text(typeName, field, value string) string {
	if value == "" {
		return ""
	}
	switch f := t.access.Field(typeName, field); f.Verdict {
	case policies.Allow:
		return value
	case policies.Mask:
		return shown{mask: f.Mask}.text(value)
	case policies.Deny, policies.Row:
	}
	return ""
}

// NamesAll reports whether every field that customers are told by may be named.
func (t Told) NamesAll() bool {
	for _, f := range goldenFields() {
		if !t.Names("Customer", f) {
			return false
		}
	}
	return true
}

// Names reports whether a field may be named.
func (t Told) Names(typeName, field string) bool {
	v := t.access.Field(typeName, field).Verdict
	return v == policies.Allow || v == policies.Mask
}
