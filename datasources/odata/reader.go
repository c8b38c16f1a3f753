package odata

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// reader reads one entity of the graph.
type reader[T any, P gather.Entity[T]] struct {
	*table[T]
}

var (
	_ datasources.Reader[schema.Order]  = (*reader[schema.Order, *schema.Order])(nil)
	_ datasources.Scanner[schema.Order] = (*reader[schema.Order, *schema.Order])(nil)
)

func newReader[T any, P gather.Entity[T]](s *source, entity string) *reader[T, P] {
	return &reader[T, P]{newTable(s, entity, keyOf[T, P])}
}

func keyOf[T any, P gather.Entity[T]](row *T) string {
	_, key := P(row).Identity()
	return key
}

// ByKeys implements datasources.Reader.
func (r *reader[T, P]) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[T], error) {
	w, err := r.open(ctx)
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	g := &gathered[T]{failed: map[string]error{}}
	q := w.request(f, w.fixed)
	ask := &asking{s: r.s, v: w.v, each: w.is}
	if len(w.keys) == 1 {
		ask.single = &column{path: w.keys[0].name, typ: w.keys[0].typ}
		ask.lit = w.lit
	}
	var can []string
	for _, key := range keys {
		if !w.is(key).none {
			can = append(can, key)
		}
	}
	chunks := gather.Chunks(can, ask.size(q, can))
	run := func(chunk []string) {
		items, err := r.byKeys(ctx, w, ask, q, chunk, f)
		g.add(chunk, items, err)
	}
	// The first goes alone while it must be found out how to ask.
	if len(chunks) > 0 && ask.isUnsure() {
		run(chunks[0])
		chunks = chunks[1:]
	}
	var wait errgroup.Group
	wait.SetLimit(r.s.cfg.Concurrency) // more would only queue, and time out there
	for _, chunk := range chunks {
		wait.Go(func() error {
			run(chunk)
			return nil
		})
	}
	_ = wait.Wait() // the errors are with their keys
	switch {
	case len(g.failed) == len(keys) && len(keys) > 0:
		return datasources.Rows[T]{}, g.first
	case len(g.failed) > 0:
		return datasources.Rows[T]{Items: g.items}, &datasources.BatchError{ByKey: g.failed}
	}
	return datasources.Rows[T]{Items: g.items}, nil
}

// byKeys reads one chunk, in halves when its address is too long.
func (r *reader[T, P]) byKeys(ctx context.Context, w *view[T], ask *asking, q request, chunk []string, f datasources.Fields) ([]T, error) {
	asked := newAsked(chunk, w.keys)
	plan := w.plan.Select(f)
	var items []T
	err := ask.ask(ctx, q, chunk, func(q request) error {
		tally := plan.Tally()
		seen := make(map[string]bool, len(chunk))
		items = items[:0]
		err := w.pages(ctx, q, len(chunk)+1, asked.isAsked, func(p fetched[T]) bool {
			for i := range p.items {
				if key := r.key(&p.items[i]); asked.isExact(key) && !seen[key] {
					seen[key] = true
					items = append(items, p.items[i])
				}
			}
			return true
		}, plan, tally)
		if err == nil {
			r.s.ledger.Take(tally)
		}
		return err
	})
	if wire.IsTooLong(err) && len(chunk) > 1 {
		half := len(chunk) / 2
		a, err := r.byKeys(ctx, w, ask, q, chunk[:half], f)
		if err != nil {
			return nil, err
		}
		b, err := r.byKeys(ctx, w, ask, q, chunk[half:], f)
		return append(a, b...), err
	}
	return items, err
}

// gathered collects what chunks found side by side.
type gathered[T any] struct {
	mu     sync.Mutex // guards the rest
	items  []T
	failed map[string]error
	first  error
}

func (g *gathered[T]) add(chunk []string, items []T, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		g.items = append(g.items, items...)
		return
	}
	if g.first == nil {
		g.first = err
	}
	for _, key := range chunk {
		g.failed[key] = err
	}
}
