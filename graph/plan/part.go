package plan

import "context"

type partKey struct{}

// WithPart returns a context for the call of a list that may be given in parts of n
// rows each: engine.Parted.
func WithPart(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, partKey{}, n)
}

// Part returns how many rows the first part of the list has that the resolver being
// called may give in parts, 0 when the list is wanted whole.
func Part(ctx context.Context) int {
	n, _ := ctx.Value(partKey{}).(int)
	return n
}

// Whole reports whether the list that the resolver being called yields is wanted to its
// end, however long it is: Options.Whole.
func Whole(ctx context.Context) bool {
	n := From(ctx)
	return n != nil && n.Page == WholePage
}
