package plan

import (
	"context"

	"github.com/trama-graph/trama/schema"
)

type narrowKey struct{}

// WithNarrow returns a context for an operation of whose root list only those rows are
// wanted that fulfil a condition. Its columns are keys of the list's filter, and
// NarrowCustomer. It asks for fewer rows and never for more, is no argument of the list,
// and may be overlooked: whoever reads the rows judges them.
func WithNarrow(ctx context.Context, p schema.Predicate) context.Context {
	if p.Op == schema.All {
		return ctx
	}
	return context.WithValue(ctx, narrowKey{}, p)
}

// Narrow returns the condition; that of a context without one matches every row.
func Narrow(ctx context.Context) schema.Predicate {
	p, _ := ctx.Value(narrowKey{}).(schema.Predicate)
	return p
}

// NarrowCustomer is, in the condition of WithNarrow, the sealed id of the customer of a
// row.
const NarrowCustomer = "customer"
