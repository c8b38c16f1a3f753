package copies

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trama-graph/trama/schema"
)

// save writes the batch. One batch of a source is written at a time: others wait,
// and they are few.
func (b *pushBatch) save(ctx context.Context, all bool) error {
	x := b.x
	if len(b.sets) == 0 {
		b.saved = true
		return nil
	}
	select {
	case x.turn <- struct{}{}:
		defer func() { <-x.turn }()
	case <-ctx.Done():
		return x.lost(ctx, ctx.Err())
	}
	sets := make([]PushedSet, len(b.sets))
	for i, s := range b.sets {
		sets[i] = *s
	}
	at := x.c.deps.Now()
	saved, err := x.store.SavePushedBatch(ctx, sets, all, at)
	if err != nil {
		return x.lost(ctx, err)
	}
	b.saved = saved.Saved
	b.count(saved.Results)
	b.countMarks(&saved)
	if !b.saved {
		return nil
	}
	for i, entity := range b.entity {
		s := x.c.byEntity[entity]
		before := s.snapshot()
		s.note(saved.Sets[i])
		if before.Complete == 0 && saved.Sets[i].Complete > 0 || saved.Deleted[i] > 0 || slices.Contains(saved.Results[i], PushStored) {
			x.c.deps.Changed(entity)
		}
	}
	return nil
}

// count takes down what the store says of each row.
func (b *pushBatch) count(results [][]PushResult) {
	for s, list := range results {
		for j, r := range list {
			key, i := b.sets[s].Rows[j].Key, b.origins[s][j]
			switch r {
			case PushStored:
				b.report.Stored++
			case PushSame:
				b.report.Same++
			case PushOlder:
				b.older(i, b.entity[s], key)
			case PushDiffers:
				b.refuse(i, &pushed{entity: b.entity[s], id: key}, errDiffers)
			default:
				b.refuse(i, &pushed{entity: b.entity[s], id: key}, errKind)
			}
		}
	}
}

// countMarks takes down what came of the ends of full pushes.
func (b *pushBatch) countMarks(saved *PushSaved) {
	for s, entity := range b.entity {
		b.report.Deleted += int(saved.Deleted[s])
		if n := saved.TooMany[s]; n > 0 {
			b.refuse(b.currentAt[s], &pushed{entity: entity}, &pushError{
				code: schema.Conflict, path: "current",
				err: fmt.Errorf("%d of %d records did not come in this full push, too many to be deleted: push them, or say acceptDeletions", n, saved.Sets[s].Rows),
			})
		}
	}
}

// mostDeleted is how many rows the end of a full push deletes without being told to.
func (x *Pushed) mostDeleted(rows int64) int64 {
	d := DefaultConfig()
	return max(int64(d.Handful), int64(float64(rows)*x.cfg.MaxDelete))
}

// finish puts the results in the order of the batch.
func (b *pushBatch) finish() PushReport {
	slices.SortFunc(b.report.Results, func(a, b PushOutcome) int { return a.Index - b.Index })
	return b.report
}

// lost is told when a batch could not be kept, or nobody knows whether it was: to
// push it again does no harm.
func (x *Pushed) lost(ctx context.Context, err error) error {
	if !errors.Is(err, context.Canceled) {
		x.c.deps.Log.WarnContext(ctx, "could not keep a push", "source", x.cfg.Name, "err", err)
	}
	e := schema.SourceErrorf(schema.SourceUnavailable, x.cfg.Name, "the batch could not be kept: push it again")
	return e.Because(fmt.Errorf("save a push of %s: %w", x.cfg.Name, err))
}
