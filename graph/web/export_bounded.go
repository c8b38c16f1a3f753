package web

import (
	"context"

	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// rowBound counts the rows of a file, where an agreement says how many an answer may have.
// A page of OData needs no such count: it ends there.
type rowBound struct {
	most  int64 // 0: any number
	given int64
}

// runner is a runner whose rows are counted.
func (b *rowBound) runner(with *feedRunner, rep *report.Report) report.Runner {
	if b.most <= 0 || rep.IsLocal() {
		return with
	}
	return &boundedRunner{with, b}
}

type boundedRunner struct {
	*feedRunner
	bound *rowBound
}

// Run is that of the runner, until there are more rows than agreed.
func (r *boundedRunner) Run(ctx context.Context, op *report.Operation, f func(*report.Window) error) error {
	return r.feedRunner.Run(ctx, op, func(w *report.Window) error {
		if r.bound.given += int64(w.Rows); r.bound.given > r.bound.most {
			return schema.Errorf(schema.Limited, "the file has more than %d rows, which is the limit: filter it, or read it page by page from /odata", r.bound.most)
		}
		return f(w)
	})
}
