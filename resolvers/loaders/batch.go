package loaders

import (
	"context"
	"errors"
	"slices"
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

// batch is a dataloader whose cache lives as long as the request. Its keys are sets:
// all that one field asks of a source at one level, so that a level costs one key, one
// channel and one thunk, not one for each parent. Equal sets are one key of the
// dataloader; of sets that overlap, what another has asked for already is not asked
// again. A set is dispatched as soon as it is in, never by a timer.
type batch[V any] struct {
	loader *dataloader.Loader[string, []result[V]]
	fetch  func(ctx context.Context, keys []string) []result[V]

	mu    sync.Mutex         // guards the rest
	sets  map[string]*keySet // by their names, which are the dataloader's keys
	reads []*read[V]
	at    map[string]place[V] // of the keys of all reads; nil as long as these are few
}

// read is one call of fetch.
type read[V any] struct {
	keys *keySet
	of   []result[V]   // in the order of the keys, once done is closed
	done chan struct{} // closed whatever comes of it
}

// place is where the result of a key is.
type place[V any] struct {
	in *read[V]
	i  int
}

// never is the dataloader's timer. A set is a whole batch, so it is full at once; on a
// starved processor a short timer would part levels and cost calls.
const never = time.Hour

func batchOf[V any](l *Loaders, k batchKey, fetch func(ctx context.Context, keys []string) []result[V]) *batch[V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.batches[k].(*batch[V]); ok {
		return b
	}
	b := &batch[V]{fetch: fetch, sets: make(map[string]*keySet, 1)}
	b.loader = dataloader.NewBatchedLoader(b.ask,
		dataloader.WithBatchCapacity[string, []result[V]](1),
		dataloader.WithInputCapacity[string, []result[V]](1),
		dataloader.WithWait[string, []result[V]](never))
	l.batches[k] = b
	return b
}

// load returns a result for each key of a set, which is not changed any more. Keys
// already asked in this request are not asked again. What is returned is shared.
func (b *batch[V]) load(ctx context.Context, keys *keySet) found[V] {
	if len(keys.list) == 0 {
		return found[V]{}
	}
	name := keys.name()
	b.mu.Lock()
	if b.sets[name] == nil {
		b.sets[name] = keys
	}
	b.mu.Unlock()
	of, err := b.loader.Load(ctx, name)()
	if err != nil { // a panic
		return failed[V](keys, err)
	}
	return found[V]{keys, of}
}

// ask is the dataloader's batch function: it asks once for the keys of all sets that
// were not asked for yet, and gives each set its part.
func (b *batch[V]) ask(ctx context.Context, names []string) []*dataloader.Result[[]result[V]] {
	roomy(len(names)) // the dataloader has just begun this goroutine
	fresh, parts := b.claim(names)
	b.run(ctx, fresh)
	out, slab := make([]*dataloader.Result[[]result[V]], len(names)), make([]dataloader.Result[[]result[V]], len(names))
	for i, places := range parts {
		out[i] = &slab[i]
		if places == nil {
			slab[i].Data = fresh.of
			continue
		}
		of := make([]result[V], len(places))
		for j, p := range places {
			<-p.in.done
			of[j] = p.in.of[p.i]
		}
		slab[i].Data = of
	}
	return out
}

// claim says of the keys nobody has asked for yet that they are being read, and where
// the results of each set will be: nil where they are the read itself.
func (b *batch[V]) claim(names []string) (fresh *read[V], parts [][]place[V]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	parts = make([][]place[V], len(names))
	fresh = &read[V]{done: make(chan struct{})}
	if len(b.reads) == 0 && len(names) == 1 { // nearly always
		fresh.keys = b.sets[names[0]]
		b.keep(fresh)
		return fresh, parts
	}
	fresh.keys = newKeySet(0)
	for i, name := range names {
		set := b.sets[name]
		parts[i] = make([]place[V], len(set.list))
		for j, k := range set.list {
			p, known := b.find(k)
			if !known {
				p = place[V]{fresh, fresh.keys.add(k)}
			}
			parts[i][j] = p
		}
	}
	if len(fresh.keys.list) > 0 {
		b.keep(fresh)
	}
	return fresh, parts
}

// fewReads is how many reads are looked through one by one.
const fewReads = 4

func (b *batch[V]) keep(r *read[V]) {
	b.reads = append(b.reads, r)
	of := b.reads[len(b.reads)-1:]
	switch {
	case len(b.reads) <= fewReads:
		return
	case b.at == nil:
		b.at, of = map[string]place[V]{}, b.reads
	}
	for _, r := range of {
		for i, k := range r.keys.list {
			b.at[k] = place[V]{r, i}
		}
	}
}

func (b *batch[V]) find(key string) (p place[V], ok bool) {
	if b.at != nil {
		p, ok = b.at[key]
		return p, ok
	}
	for _, r := range b.reads {
		if i := r.keys.place(key); i >= 0 {
			return place[V]{r, i}, true
		}
	}
	return p, false
}

// run reads what was claimed. After a panic the keys are as if nobody had asked for
// them, and those who wait for them are told.
func (b *batch[V]) run(ctx context.Context, r *read[V]) {
	defer close(r.done)
	if len(r.keys.list) == 0 {
		return
	}
	defer func() {
		if r.of != nil {
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.reads = slices.DeleteFunc(b.reads, func(x *read[V]) bool { return x == r })
		for _, k := range r.keys.list {
			delete(b.at, k)
		}
		r.of = failed[V](r.keys, errPanicked).of
	}()
	r.of = b.fetch(ctx, r.keys.list)
}

// errPanicked is told to those who wait for what another has begun to read.
var errPanicked = errors.New("loaders: the read of these keys broke off")

// page is what a reader gave for one parent.
type page[T any] struct {
	items []T
	total int
	more  bool
	odd   bool // rows were dropped that should not have come
}

// parents makes the batch of one relation: fetch is called once per level with
// all keys that were not asked yet.
func parents[T any](ctx context.Context, l *Loaders, source *datasources.Connected, entity string, rel datasources.Relation, q datasources.Query) *batch[page[T]] {
	k := batchKey{source.Name, entity, string(rel), q.Key(), l.window(ctx)}
	return batchOf(l, k, func(ctx context.Context, keys []string) []result[page[T]] {
		l.count(source.Name, entity, string(rel), len(keys))
		ctx, cancel := share(ctx)
		defer cancel()
		rows, err := datasources.ReaderOf[T](source, entity).ByParent(ctx, rel, keys, q)
		l.Report.read(source.Name, rows.Len(), rows.AsOf, rows.Stale, err)
		told := seen[T]{keys: make([]string, 0, len(keys))}
		told.add(rows.Items)
		for _, page := range rows.Pages {
			told.add(page)
		}
		l.Directory.Seen(source.Name, told.keys)
		return results(keys, err, func(i int) page[T] {
			p := page[T]{items: rows.Parent(i), total: -1}
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

// seen are the customer keys that stand on documents that were read. The directory is
// told: what it assumed of a source without customers is then known.
type seen[T any] struct{ keys []string }

func (s *seen[T]) add(rows []T) {
	for i := range rows {
		row, ok := any(&rows[i]).(Linked)
		if !ok {
			return
		}
		if k := row.LinkKeys().CustomerKey; k != "" && (len(s.keys) == 0 || s.keys[len(s.keys)-1] != k) {
			s.keys = append(s.keys, k)
		}
	}
}

// byKeys makes the batch of one entity's rows by their keys; a missing row is
// nil.
func byKeys[T any, P entity[T]](ctx context.Context, l *Loaders, source *datasources.Connected, name string, f datasources.Fields) *batch[*T] {
	k := batchKey{source.Name, name, "id", f.Key(), l.window(ctx)}
	return batchOf(l, k, func(ctx context.Context, keys []string) []result[*T] {
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
func results[V any](keys []string, err error, value func(i int) V) []result[V] {
	var some *datasources.BatchError
	isWhole := err != nil && !errors.As(err, &some)
	out := make([]result[V], len(keys))
	for i, k := range keys {
		switch {
		case isWhole:
			out[i].err = err
		case some != nil && some.ByKey[k] != nil:
			out[i].err = some.ByKey[k]
		default:
			out[i].value = value(i)
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
