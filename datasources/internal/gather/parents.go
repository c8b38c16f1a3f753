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
	// Places are those of all parents, where the caller has them; nil = they are made.
	Places *Places
}

// ByParent answers Reader.ByParent: chunks of batch parents are fetched side by
// side, their rows checked against q.Where, sorted by q.Order and then by key,
// and cut to q's page. A chunk that fails becomes the error of its parents in a
// *datasources.BatchError; the other parents have their rows. What Fetch and One
// return is its to change: the rows are put in order where they are.
func ByParent[T any, P Entity[T]](ctx context.Context, parents []string, batch int, q datasources.Query, how Parents[T]) (datasources.Rows[T], error) {
	g := &group[T]{}
	chunks := Chunks(parents, batch)
	if len(chunks) == 1 {
		fetchChunk[T, P](ctx, chunks[0], q, how, g)
		return g.rows(parents)
	}
	var wait sync.WaitGroup
	for _, chunk := range chunks {
		wait.Go(func() { fetchChunk[T, P](ctx, chunk, q, how, g) })
	}
	wait.Wait()
	return g.rows(parents)
}

type group[T any] struct {
	mu     sync.Mutex // guards the rest while chunks are fetched
	pages  []pages[T]
	failed map[string]error
}

// pages are what belongs to the parents of one chunk. Rows are not moved before
// the whole answer is known: they are large.
type pages[T any] struct {
	parents []string
	items   []T // as fetched; rows point into it
	of      []page[T]
	isOwn   bool // rows are all of items, in its order
	hasTwin bool // a parent is there twice, and so are its rows
}

type page[T any] struct {
	rows  []*T
	more  bool
	total int   // -1 = not known
	err   error // why there is no page
}

func (g *group[T]) fail(chunk []string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.failed == nil {
		g.failed = make(map[string]error, len(chunk))
	}
	for _, p := range chunk {
		g.failed[p] = err
	}
}

func (g *group[T]) put(p pages[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pages = append(g.pages, p)
}

func (g *group[T]) rows(parents []string) (datasources.Rows[T], error) {
	out := datasources.Rows[T]{Offsets: make([]int, len(parents)+1), More: make([]bool, len(parents)), Totals: make([]int, len(parents))}
	of, n := g.inOrder(parents)
	switch {
	case n == 0:
	case len(g.pages) == 1 && g.pages[0].isOwn && n == len(g.pages[0].items):
		out.Items = g.pages[0].items // nothing would change its place
	default:
		rows := make([]*T, 0, n)
		for _, p := range of {
			if p != nil {
				rows = append(rows, p.rows...)
			}
		}
		if len(g.pages) == 1 && !g.pages[0].hasTwin {
			out.Items = place(g.pages[0].items, rows)
			break
		}
		out.Items = make([]T, n)
		for i, row := range rows {
			out.Items[i] = *row
		}
	}
	at := 0
	for i := range parents {
		out.Totals[i] = -1
		if p := of[i]; p != nil {
			at += len(p.rows)
			out.More[i], out.Totals[i] = p.more, p.total
		}
		out.Offsets[i+1] = at
	}
	if len(g.failed) > 0 {
		return out, &datasources.BatchError{ByKey: g.failed}
	}
	return out, nil
}

// inOrder are the pages of each parent, nil = it failed, and how many rows they
// have together.
func (g *group[T]) inOrder(parents []string) (of []*page[T], n int) {
	of = make([]*page[T], len(parents))
	take := func(i int, p *page[T]) {
		if p.err != nil {
			g.fail(parents[i:i+1], p.err)
			return
		}
		of[i] = p
		n += len(p.rows)
	}
	if len(g.pages) == 1 && len(g.pages[0].parents) == len(parents) {
		for i := range of {
			take(i, &g.pages[0].of[i])
		}
		return of, n
	}
	at := make(map[string]*page[T], len(parents))
	for i := range g.pages {
		for j, p := range g.pages[i].parents {
			at[p] = &g.pages[i].of[j]
		}
	}
	for i, p := range parents {
		if found := at[p]; found != nil {
			take(i, found)
			g.pages[0].isOwn = false
		}
	}
	return of, n
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
			g.put(whole(chunk, r))
		}
		return
	}
	g.put(parted[T, P](chunk, items, q, &how))
}

// whole is the page of one parent that was asked for alone.
func whole[T any](chunk []string, r datasources.Rows[T]) pages[T] {
	one := page[T]{rows: make([]*T, len(r.Items)), total: -1}
	for i := range r.Items {
		one.rows[i] = &r.Items[i]
	}
	if len(r.More) == 1 {
		one.more = r.More[0]
	}
	if len(r.Totals) == 1 {
		one.total = r.Totals[0]
	}
	return pages[T]{parents: chunk, items: r.Items, of: []page[T]{one}, isOwn: true}
}

// parted gives each parent of a chunk its page of the rows.
func parted[T any, P Entity[T]](chunk []string, items []T, q datasources.Query, how *Parents[T]) pages[T] {
	out := pages[T]{parents: chunk, items: items, of: make([]page[T], len(chunk))}
	at := how.Places
	if !at.are(chunk) {
		at = PlacesOf(chunk)
	}
	owner := make([]int32, len(items)) // of each row, nobody's = -1
	last, lastAt := "", nobodys        // rows of one parent often stand together
	for i := range items {
		owner[i] = nobodys
		if parent := how.ParentOf(&items[i]); parent != last {
			last, lastAt = parent, at.Of(parent)
		}
		if lastAt >= 0 && q.Where.Match(P(&items[i])) {
			owner[i] = lastAt
			out.of[lastAt].total++
		}
	}
	rows := make([]*T, 0, len(items))
	for i := range out.of {
		n := out.of[i].total
		out.of[i].rows, rows = rows[:0:n], rows[n:n]
	}
	for i := range items {
		if j := owner[i]; j >= 0 {
			out.of[j].rows = append(out.of[j].rows, &items[i])
		}
	}
	next := 0
	out.isOwn = true
	for i := range out.of {
		p := &out.of[i]
		if first := at.Of(chunk[i]); int(first) != i {
			*p, out.isOwn, out.hasTwin = out.of[first], false, true
			continue
		}
		p.rows, p.more = datasources.CutRefs[T, P](p.rows, q)
		for _, row := range p.rows {
			out.isOwn = out.isOwn && next < len(items) && row == &items[next]
			next++
		}
	}
	return out
}

const nobodys int32 = -1

// Cut sorts all matching rows of one list by q.Order and then by key, and cuts
// the page out of them. The total is exact.
func Cut[T any, P Entity[T]](items []T, q datasources.Query) datasources.Rows[T] {
	return datasources.Cut[T, P](items, q)
}
