package report

import (
	"context"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// Count is how many rows the filter lets in, without $top and $skip: what $count=true and
// /$count ask. The root list counts them where it does the whole filter and the Runner is
// a Totaler; otherwise all are read, as little of each as the filter needs. The errors are
// Read's.
func (r *Report) Count(ctx context.Context, with Runner) (int64, error) {
	if r.isEmpty {
		return 0, nil
	}
	if t, ok := with.(Totaler); ok && r.isWhole() {
		if n, ok, err := t.Total(ctx, &r.count.operations[0]); err != nil || ok {
			return n, err
		}
	}
	var n int64
	j := r.judge(&r.count, 0)
	err := r.each(ctx, with, with.Run, &r.count, func(row []schema.Value) error {
		ok, err := j.is(row)
		if ok {
			n++
		}
		return err
	})
	return n, err
}

// Start is the position of the first page, with the count where the question asks for it.
// What was added up to count is kept for the page.
func (r *Report) Start(ctx context.Context, with Runner) (odata.Position, error) {
	p := odata.Position{Count: -1}
	if !r.question.IsCount {
		return p, nil
	}
	var err error
	if _, keeps := with.(Keeper); !keeps || r.table.Aggregate == nil || r.isEmpty {
		p.Count, err = r.Count(ctx, with)
		return p, err
	}
	added, err := r.sums(ctx, with, nil)
	if err != nil {
		return p, err
	}
	defer added.end()
	p.Count = 0
	j := r.judge(&r.count, 0)
	if err := added.Rows(ctx, func(row []schema.Value) error {
		ok, err := j.is(row)
		if ok {
			p.Count++
		}
		return err
	}); err != nil {
		return p, err
	}
	if name := added.keep(); name != nil {
		p.Mark = r.appendMark(mark{skip: r.question.Skip, sums: name})
	}
	return p, nil
}
