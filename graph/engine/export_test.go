package engine

import (
	"context"

	"github.com/trama-graph/trama/graph/plan"
)

// Compile is all the engine does before the first call.
func (e *Engine) Compile(ctx context.Context, p *plan.Plan) error {
	_, err := e.compile(ctx, p)
	return err
}
