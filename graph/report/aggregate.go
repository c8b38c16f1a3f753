package report

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

// addUp adds up the rows of a table that aggregates. The rows of the first list are those
// the others are summed up for, so they come first; the others come in any order, some of
// them at the same time. The caller closes what it is given.
func (r *Report) addUp(ctx context.Context, with func(context.Context, *Operation, func(*Window) error) error) (_ *dataset.Aggregator, err error) {
	a := dataset.NewAggregator(r.table, r.limits.Aggregate)
	isWhole := false
	defer func() { // also when a row panics
		if !isWhole {
			_ = a.Close() // what was put aside is gone either way
		}
	}()
	var mu sync.Mutex // guards a
	read := func(ctx context.Context, i int) error {
		op := &r.rows.operations[i]
		width := dataset.FixedColumns + len(op.Query.Cells)
		hasKey := i == 0 && r.table.Aggregate.Per != nil // groups have keys of their own
		return run(ctx, with, op, hasKey, func(win *Window) error {
			mu.Lock()
			defer mu.Unlock()
			for j := range win.Rows {
				if err := a.Add(op.Number, win.Cells[j*width:][:width]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := read(ctx, 0); err != nil {
		return nil, err
	}
	g, below := errgroup.WithContext(ctx)
	g.SetLimit(r.limits.Parallel)
	for i := 1; i < len(r.rows.operations); i++ {
		g.Go(func() error { return read(below, i) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	isWhole = true
	return a, nil
}

// eachGroup adds up the rows of a table that aggregates, and calls f with each group.
func (r *Report) eachGroup(ctx context.Context, with func(context.Context, *Operation, func(*Window) error) error, f func(row []schema.Value) error) error {
	a, err := r.addUp(ctx, with)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // the same
	if err := a.Rows(ctx, f); err != nil && !errors.Is(err, errEnough) {
		return err
	}
	return nil
}

// readGroups writes all groups in the order the aggregator has them: that of the values
// they are grouped by. Pages of them are in the order of their keys, which is theirs
// alone whatever groups come and go.
func (r *Report) readGroups(ctx context.Context, with Runner, w output.Writer, m mark) error {
	p := r.picker(&r.rows, m, 0, w)
	if err := r.eachGroup(ctx, with.Run, p.add); err != nil {
		return err
	}
	return p.flush()
}
