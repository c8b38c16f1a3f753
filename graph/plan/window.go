package plan

import "context"

type windowKey struct{}

// WithWindow returns a context for the calls of one window of a long answer. Windows
// are numbered from 1 within an operation.
func WithWindow(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, windowKey{}, n)
}

// Window returns the number of the window the resolver being called reads for, 0
// when it reads for the answer as a whole. What is kept for one window only can be
// let go when the window has been written: engine.Options.Forget says so.
func Window(ctx context.Context) int {
	n, _ := ctx.Value(windowKey{}).(int)
	return n
}
