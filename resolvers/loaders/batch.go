package loaders

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// batchKey names a batch of one request: equal questions share one dataloader, within
// one window of a long answer.
type batchKey struct {
	source, entity, relation, query string
	window                          int
}

// batch is a dataloader whose cache lives as long as the request, while its
// capacity is set anew for each level: it is dispatched when all keys of the
// level are in it, never by a timer.
type batch[V any] struct {
	mu    sync.Mutex // held while a level's keys are counted and loaded
	cache *dataloader.InMemoryCache[string, V]
	fetch dataloader.BatchFunc[string, V]
}

// never is the dataloader's timer. The number of keys of a level is counted under
// the lock, so its batch is always full; on a starved processor a short timer
// would part it and cost calls.
const never = time.Hour

func batchOf[V any](l *Loaders, k batchKey, fetch dataloader.BatchFunc[string, V]) *batch[V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.batches[k].(*batch[V]); ok {
		return b
	}
	b := &batch[V]{cache: dataloader.NewCache[string, V](), fetch: fetch}
	l.batches[k] = b
	return b
}

// load returns a result for each key; the keys are distinct. Keys already asked in
// this request are not asked again.
func (b *batch[V]) load(ctx context.Context, keys []string) found[V] {
	thunks := b.start(ctx, keys)
	out := foundFor[V](keys)
	for i := range keys {
		out.of[i].value, out.of[i].err = thunks[i]()
	}
	return out
}

func (b *batch[V]) start(ctx context.Context, keys []string) []dataloader.Thunk[V] {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := 0
	for _, k := range keys {
		if _, ok := b.cache.Get(ctx, k); !ok {
			fresh++
		}
	}
	capacity := max(fresh, 1)
	level := dataloader.NewBatchedLoader(b.fetch,
		dataloader.WithBatchCapacity[string, V](capacity),
		dataloader.WithInputCapacity[string, V](capacity),
		dataloader.WithWait[string, V](never),
		dataloader.WithCache[string, V](b.cache))
	thunks := make([]dataloader.Thunk[V], len(keys))
	for i, k := range keys {
		thunks[i] = level.Load(ctx, k)
	}
	return thunks
}

// page is what a reader gave for one parent.
type page[T any] struct {
	items []T
	more  bool
	total int
	asOf  time.Time
	stale bool
	odd   bool // rows were dropped that should not have come
}

// parents makes the batch of one relation: fetch is called once per level with
// all keys that were not asked yet.
func parents[T any](ctx context.Context, l *Loaders, source *datasources.Connected, entity string, rel datasources.Relation, q datasources.Query) *batch[page[T]] {
	k := batchKey{source.Name, entity, string(rel), q.Key(), l.window(ctx)}
	return batchOf(l, k, func(ctx context.Context, keys []string) []*dataloader.Result[page[T]] {
		l.count(source.Name, entity, string(rel), len(keys))
		ctx, cancel := share(ctx)
		defer cancel()
		rows, err := datasources.ReaderOf[T](source, entity).ByParent(ctx, rel, keys, q)
		l.Report.read(source.Name, len(rows.Items), rows.AsOf, rows.Stale, err)
		seen(l, source.Name, rows.Items)
		return results(keys, err, func(i int) page[T] {
			p := page[T]{items: rows.Parent(i), total: -1, asOf: rows.AsOf, stale: rows.Stale}
			if i < len(rows.More) {
				p.more = rows.More[i]
			}
			if i < len(rows.Totals) {
				p.total = rows.Totals[i]
			}
			return p
		})
	})
}

// share bounds one read to half of the time the operation has left: a source that
// hangs on one level leaves time for the healthy ones on the next.
func share(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

// seen tells the directory which customer keys stand on documents that were read:
// what it assumed of a source without customers is then known.
func seen[T any](l *Loaders, source string, rows []T) {
	var keys []string
	last := ""
	for i := range rows {
		row, ok := any(&rows[i]).(Linked)
		if !ok {
			return
		}
		if k := row.LinkKeys().CustomerKey; k != "" && k != last {
			keys, last = append(keys, k), k
		}
	}
	l.Directory.Seen(source, keys)
}

// byKeys makes the batch of one entity's rows by their keys; a missing row is
// nil.
func byKeys[T any, P entity[T]](ctx context.Context, l *Loaders, source *datasources.Connected, name string, f datasources.Fields) *batch[*T] {
	k := batchKey{source.Name, name, "id", f.Key(), l.window(ctx)}
	return batchOf(l, k, func(ctx context.Context, keys []string) []*dataloader.Result[*T] {
		l.count(source.Name, name, "id", len(keys))
		ctx, cancel := share(ctx)
		defer cancel()
		rows, err := datasources.ReaderOf[T](source, name).ByKeys(ctx, keys, f)
		l.Report.read(source.Name, len(rows.Items), rows.AsOf, rows.Stale, err)
		found := make(map[string]*T, len(rows.Items))
		for i := range rows.Items {
			_, key := P(&rows.Items[i]).Identity()
			found[key] = &rows.Items[i]
		}
		return results(keys, err, func(i int) *T { return found[keys[i]] })
	})
}

// results pairs keys with values by position, and with their errors by key.
func results[V any](keys []string, err error, value func(i int) V) []*dataloader.Result[V] {
	var some *datasources.BatchError
	isWhole := err != nil && !errors.As(err, &some)
	out, slab := make([]*dataloader.Result[V], len(keys)), make([]dataloader.Result[V], len(keys))
	for i, k := range keys {
		r := &slab[i]
		out[i] = r
		switch {
		case isWhole:
			r.Error = err
		case some != nil && some.ByKey[k] != nil:
			r.Error = some.ByKey[k]
		default:
			r.Data = value(i)
		}
	}
	return out
}

func (l *Loaders) count(source, entity, relation string, keys int) {
	if l.Batches != nil {
		l.Batches(source, entity, relation, keys)
	}
}

// entity is the pointer of a row type.
type entity[T any] interface {
	*T
	schema.Entity
}
