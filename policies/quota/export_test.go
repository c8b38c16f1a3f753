package quota

import (
	"context"

	"github.com/trama-graph/trama/policies"
)

// Rows counts rows that nothing was reserved for, as answers of other processes are.
func (l *Limiter) Rows(ctx context.Context, p *policies.Principal, rows int64) {
	if p == nil || p.Agreement.RowsPerDay <= 0 || rows <= 0 {
		return
	}
	_, day := l.clock()
	l.addRows(ctx, accountOf(p), day, rows, nil)
}
