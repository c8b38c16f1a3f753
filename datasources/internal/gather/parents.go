package gather

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/trama-graph/trama/datasources"
)

// Entity is the pointer of a row type.
type Entity[T any] interface{ datasources.EntityOf[T] }

// Chunks splits keys into runs of at most size.
func Chunks[K any](keys []K, size int) [][]K {
	if size <= 0 {
		size = len(keys)
	}
	var chunks [][]K
	for len(keys) > size {
		chunks = append(chunks, keys[:size:size])
		keys = keys[size:]
	}
	if len(keys) > 0 {
		chunks = append(chunks, keys)
	}
	return chunks
}

// Parents says how the rows of many parents are fetched.
type Parents[T any] struct {
	// Fetch returns all rows of the parents in the chunk that can match q.Where.
	// complete is false when a limit cut the reply off; the items are then not
	// used, and the chunk is asked again in halves.
	Fetch func(ctx context.Context, chunk []string) (items []T, complete bool, err error)
	// One returns the page of a single parent whose rows do not fit one reply.
	One func(ctx context.Context, parent string) (datasources.Rows[T], error)
	// ParentOf returns the parent a row belongs to.
	ParentOf func(*T) string
}

// ByParent answers Reader.ByParent: chunks of batch parents are fetched side by
// side, their rows checked against q.Where, sorted by q.Order and then by key,
// and cut to q's page. A chunk that fails becomes the error of its parents in a
// *datasources.BatchError; the other parents have their rows.
func ByParent[T any, P Entity[T]](ctx context.Context, parents []string, batch int, q datasources.Query, how Parents[T]) (datasources.Rows[T], error) {
	g := &group[T]{found: make(map[string]datasources.Rows[T], len(parents)), failed: map[string]error{}}
	var wait sync.WaitGroup
	for _, chunk := range Chunks(parents, batch) {
		wait.Go(func() { fetchChunk[T, P](ctx, chunk, q, how, g) })
	}
	wait.Wait()
	return g.rows(parents)
}

type group[T any] struct {
	mu     sync.Mutex // guards both maps while chunks are fetched
	found  map[string]datasources.Rows[T]
	failed map[string]error
}

func (g *group[T]) fail(chunk []string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range chunk {
		g.failed[p] = err
	}
}

func (g *group[T]) put(parent string, r datasources.Rows[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.found[parent] = r
}

func (g *group[T]) rows(parents []string) (datasources.Rows[T], error) {
	out := datasources.Rows[T]{Offsets: make([]int, 1, len(parents)+1), More: make([]bool, len(parents)), Totals: make([]int, len(parents))}
	n := 0
	for _, r := range g.found {
		n += len(r.Items)
	}
	out.Items = make([]T, 0, n)
	for i, p := range parents {
		out.Totals[i] = -1
		if r, ok := g.found[p]; ok {
			out.Items = append(out.Items, r.Items...)
			if len(r.More) == 1 {
				out.More[i] = r.More[0]
			}
			if len(r.Totals) == 1 {
				out.Totals[i] = r.Totals[0]
			}
		}
		out.Offsets = append(out.Offsets, len(out.Items))
	}
	if len(g.failed) > 0 {
		return out, &datasources.BatchError{ByKey: g.failed}
	}
	return out, nil
}

func fetchChunk[T any, P Entity[T]](ctx context.Context, chunk []string, q datasources.Query, how Parents[T], g *group[T]) {
	items, complete, err := how.Fetch(ctx, chunk)
	if err != nil {
		var some *datasources.BatchError
		if !errors.As(err, &some) {
			g.fail(chunk, err)
			return
		}
		for p, e := range some.ByKey {
			g.fail([]string{p}, e)
		}
		chunk = slices.DeleteFunc(slices.Clone(chunk), func(p string) bool { return some.ByKey[p] != nil })
	}
	if !complete {
		switch {
		case len(chunk) == 0:
			return
		case len(chunk) > 1:
			half := len(chunk) / 2
			fetchChunk[T, P](ctx, chunk[:half], q, how, g)
			fetchChunk[T, P](ctx, chunk[half:], q, how, g)
		default:
			r, err := how.One(ctx, chunk[0])
			if err != nil {
				g.fail(chunk, err)
				return
			}
			g.put(chunk[0], r)
		}
		return
	}
	byParent := make(map[string][]T, len(chunk))
	for i := range items {
		if q.Where.Match(P(&items[i])) {
			p := how.ParentOf(&items[i])
			byParent[p] = append(byParent[p], items[i])
		}
	}
	for _, p := range chunk {
		g.put(p, Cut[T, P](byParent[p], q))
	}
}

// Cut sorts all matching rows of one list by q.Order and then by key, and cuts
// the page out of them. The total is exact.
func Cut[T any, P Entity[T]](items []T, q datasources.Query) datasources.Rows[T] {
	return datasources.Cut[T, P](items, q)
}
