package datasources

import "context"

// SharedFlow is the flow of calls that belong to nobody and for which everybody
// waits: a login, the reading of $metadata. It is served like one token.
const SharedFlow = "shared"

type flowKey struct{}

// WithFlow says for whom calls to sources are made under ctx: a token's id. Calls
// that wait for a source are served fairly between flows, so that one who asks
// much delays the others by his share only. Without a flow, or with "", calls are
// background work (copies, the directory, probes), which yields to all flows.
//
// A value of the context: it must be kept where work is detached from the caller
// who began it (context.WithoutCancel keeps it, context.Background loses it).
func WithFlow(ctx context.Context, flow string) context.Context {
	return context.WithValue(ctx, flowKey{}, flow)
}

// FlowOf returns for whom calls are made under ctx, "" for background work.
func FlowOf(ctx context.Context) string {
	flow, _ := ctx.Value(flowKey{}).(string)
	return flow
}

type onceKey struct{}

// ReadOnce says that what is read under ctx is a whole table that is handed out once:
// remembering it would cost more than it saves, and push out what others ask for again.
func ReadOnce(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, true)
}

// IsReadOnce reports whether ctx was made by ReadOnce.
func IsReadOnce(ctx context.Context) bool {
	once, _ := ctx.Value(onceKey{}).(bool)
	return once
}
