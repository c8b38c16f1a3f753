package plan

import "context"

type nodeKey struct{}

// With returns a context for the call of the resolver that n belongs to.
func With(ctx context.Context, n *Node) context.Context {
	return context.WithValue(ctx, nodeKey{}, n)
}

// Asks reports whether a key of a context's values is the one From asks with, for
// contexts of another type than With's: graph/engine makes those of its calls all
// at once.
func Asks(key any) bool {
	_, ok := key.(nodeKey)
	return ok
}

// From returns the node the resolver being called belongs to, nil outside of a
// planned call (a mutation's answer runs on the generated executor).
func From(ctx context.Context) *Node {
	n, _ := ctx.Value(nodeKey{}).(*Node)
	return n
}

// Columns returns the columns the operation reads of the rows the resolver
// being called yields, sorted and distinct. Nil means all: there is no node, or
// its value has no fields. The slice is shared and must not be changed.
func Columns(ctx context.Context) []string {
	if n := From(ctx); n != nil {
		return n.Columns
	}
	return nil
}

// Total reports whether the exact number of rows is asked. Without a node it
// is, since nothing is known of what will be read.
func Total(ctx context.Context) bool {
	n := From(ctx)
	return n == nil || n.Total
}
