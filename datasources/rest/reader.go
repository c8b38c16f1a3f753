package rest

import (
	"context"
	"sync"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// reader reads one entity of the graph.
type reader[T any, P gather.Entity[T]] struct {
	t *table[T]
	e *datasources.Entity
}

var (
	_ datasources.Reader[schema.Order]  = (*reader[schema.Order, *schema.Order])(nil)
	_ datasources.Scanner[schema.Order] = (*reader[schema.Order, *schema.Order])(nil)

	_ datasources.Follower[schema.Order] = (*reader[schema.Order, *schema.Order])(nil)
)

func newReader[T any, P gather.Entity[T]](s *source, e *entity) (*reader[T, P], error) {
	t, err := newTable(s, e, shapeOf[T, P](e))
	if err != nil {
		return nil, err
	}
	return &reader[T, P]{t: t, e: e.desc}, nil
}

// Scan implements datasources.Scanner.
func (r *reader[T, P]) Scan(ctx context.Context, from datasources.Mark, f func(datasources.Scanned[T]) error) error {
	return r.t.scan(ctx, from, f)
}

// Head implements datasources.Follower, NOT_ENABLED where the config says of
// nothing by which changes could be found.
func (r *reader[T, P]) Head(ctx context.Context) (datasources.Cursor, error) { return r.t.head(ctx) }

// Since implements datasources.Follower.
func (r *reader[T, P]) Since(ctx context.Context, c datasources.Cursor) (datasources.Changes[T], error) {
	return r.t.since(ctx, c)
}

// live is the resource that answers single questions, and its plan for them.
func (r *reader[T, P]) live(f datasources.Fields, columns ...string) (*resource, *mapping.Plan[T], error) {
	first, err := r.t.e.first(r.t.s.cfg.Name)
	if err != nil {
		return nil, nil, err
	}
	return first, r.t.plans[0].Select(f.With(columns...)), nil
}

// ByKeys implements datasources.Reader.
func (r *reader[T, P]) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[T], error) {
	first, plan, err := r.live(f)
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	k := first.cfg.Keys
	if k.Param == "" || r.t.joins() {
		return datasources.Rows[T]{}, unsupported(r.t.s.cfg.Name, "cannot be asked for many %s by their ids", plural(r.e.Name))
	}
	var (
		mu     sync.Mutex // guards rows and failed
		rows   []T
		failed = map[string]error{}
		some   error
		wait   sync.WaitGroup
	)
	fail := func(chunk []string, err error) {
		some = err
		for _, key := range chunk {
			failed[key] = err
		}
	}
	good := make([]string, 0, len(keys))
	for _, key := range keys {
		switch {
		case !first.isKey(&k, key):
		case k.canHold(key):
			good = append(good, key)
		default:
			fail([]string{key}, cannotHold(r.t.s.cfg.Name, r.e.Name))
		}
	}
	fetch := func(chunk []string) {
		found, err := r.chunk(ctx, first, plan, &k, chunk)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			fail(chunk, err)
		case rows == nil:
			rows = found
		default:
			rows = append(rows, found...)
		}
	}
	if chunks := gather.Chunks(good, first.keyBatch(k)); len(chunks) == 1 {
		fetch(chunks[0])
	} else {
		for _, chunk := range chunks {
			wait.Go(func() { fetch(chunk) })
		}
		wait.Wait()
	}
	switch {
	case len(failed) == 0:
		return datasources.Rows[T]{Items: rows}, nil
	case len(failed) == len(keys):
		return datasources.Rows[T]{}, some
	}
	return datasources.Rows[T]{Items: rows}, &datasources.BatchError{ByKey: failed}
}

func cannotHold(source, entity string) error {
	return unsupported(source, "cannot be asked for %s by a key with such signs", plural(entity))
}

// chunk asks for the records of one call's keys, and goes on while some are
// missing and there are further pages.
func (r *reader[T, P]) chunk(ctx context.Context, first *resource, plan *mapping.Plan[T], k *Keys, keys []string) ([]T, error) {
	asked := make(map[string]bool, len(keys)) // whether it was found
	for _, key := range keys {
		asked[key] = false
	}
	tally := plan.Tally()
	defer r.t.s.ledger.Take(tally)
	p := r.t.s.pager(first, position{}, []param{k.param(keys)})
	p.shape = plan.Shape()
	var rows []T
	for !p.end && len(rows) < len(keys) {
		records, err := p.next(ctx)
		if err != nil {
			return nil, err
		}
		page, err := rowsOf(r.t.s.cfg.Name, r.e.Name, plan, records, tally, nil)
		if err != nil {
			return nil, err
		}
		p.free(records)
		for i := range page {
			key := r.t.shape.id(&page[i])
			found, ok := asked[key]
			if !ok {
				return nil, invalid(r.t.s.cfg.Name, r.e.Name, errForeign)
			}
			if !found {
				asked[key] = true
				rows = append(rows, page[i])
			}
		}
	}
	if p.end && p.doubtful && len(rows) < len(keys) {
		return nil, invalid(r.t.s.cfg.Name, r.e.Name, errDoubtful)
	}
	return rows, nil
}
