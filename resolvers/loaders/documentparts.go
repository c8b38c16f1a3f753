package loaders

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// documentParts gives the page of a list of documents in parts. Each source is asked for
// what stands behind the last row it has given, so that no row comes twice and none is
// lost that does not change meanwhile, whatever is added or removed; rows are held for
// one part, and for each source of as many more.
type documentParts[T any, P entity[T]] struct {
	d     *Documents[T, P]
	q     *question
	size  int
	left  int // of the page, behind the parts given
	feeds []*feed[T]

	total   *int
	missing []string // sources that have failed
}

// feed is what one source has for a list, as far as it was read: all it has, or those of
// one customer.
type feed[T any] struct {
	owner int // in question.owners
	key   string
	rows  []*T
	last  *T   // the last row read
	more  bool // there are others behind it
}

// inParts returns the size of a part, 0 when the list is to be given whole.
func (d *Documents[T, P]) inParts(ctx context.Context, q *question) int {
	if d.l.Part == nil {
		return 0
	}
	if size := d.l.Part(ctx); size < q.first {
		return max(size, 0)
	}
	return 0
}

// begin gives the first part.
func (d *Documents[T, P]) begin(ctx context.Context, q *question, size int) (*schema.Page[T], error) {
	p := &documentParts[T, P]{d: d, q: q, size: size, left: q.first}
	q.first = size
	streams := d.listStreams(ctx, q)
	page, err := d.merge(ctx, q, streams)
	if err != nil {
		return nil, err
	}
	p.total, p.missing = page.TotalCount, page.Missing
	p.keep(ctx, streams, page.Nodes)
	return p.give(ctx, &schema.Page[T]{}, page), nil
}

// keep keeps of the streams what is not in the first part.
func (p *documentParts[T, P]) keep(ctx context.Context, streams []stream[T], given []*T) {
	at := make([]int, len(streams))
	for _, x := range given {
		for i := range streams {
			if s := &streams[i]; at[i] < s.len() && s.row(at[i]) == x {
				at[i]++
				break
			}
		}
	}
	for i := range streams {
		s := &streams[i]
		if s.err != nil || p.q.isGiven(s.source) {
			continue
		}
		f := &feed[T]{owner: slices.Index(p.q.names, s.source), key: s.key}
		p.take(ctx, f, s, at[i])
		p.feeds = append(p.feeds, f)
	}
}

// give makes a page the part behind another.
func (p *documentParts[T, P]) give(ctx context.Context, before, page *schema.Page[T]) *schema.Page[T] {
	p.left -= len(page.Nodes)
	isMore := slices.ContainsFunc(p.feeds, func(f *feed[T]) bool { return f.more || len(f.rows) > 0 })
	page.HasNext, page.HasPrev = isMore, p.q.after != nil
	page.TotalCount, page.Missing = p.total, p.missing
	page.CursorOf = p.d.cursors(p.q, len(p.missing) > 0)
	p.d.show(ctx, p.q.via, []*schema.Page[T]{page})
	if p.left <= 0 || !isMore {
		before.Follow(page, nil)
		return page
	}
	before.Follow(page, func(ctx context.Context) (*schema.Page[T], error) {
		next, err := p.next(ctx)
		if err != nil {
			return nil, err
		}
		return p.give(ctx, page, next), nil
	})
	return page
}

// next reads and merges the next part. It fails only with the request: a source that
// fails is missing from here on, as from a page that is read whole.
func (p *documentParts[T, P]) next(ctx context.Context) (*schema.Page[T], error) {
	size := min(p.size, p.left)
	var short []*feed[T]
	for _, f := range p.feeds {
		if f.more && len(f.rows) < size {
			short = append(short, f)
		}
	}
	streams := make([]stream[T], len(short))
	each(len(short), func(i int) { streams[i] = p.read(ctx, short[i]) })
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	for i, f := range short {
		p.add(ctx, f, &streams[i])
	}
	page := &schema.Page[T]{Nodes: make([]*T, 0, size)}
	for len(page.Nodes) < size {
		best := p.first()
		if best == nil {
			break
		}
		page.Nodes, best.rows = append(page.Nodes, best.rows[0]), best.rows[1:]
		if len(best.rows) == 0 && best.more {
			break // what it has next is not known
		}
	}
	return page, nil
}

// read asks a source for what stands behind the last row it has given.
func (p *documentParts[T, P]) read(ctx context.Context, f *feed[T]) stream[T] {
	source, key := P(f.last).Identity()
	query := p.q.query(f.owner)
	query.After = &datasources.After{ID: key}
	if own := p.d.ownOrder(p.q, source); own.Column != "" {
		query.After.Value = P(f.last).Column(own.Column)
	}
	query.First, query.Total = p.size, false
	if f.key == "" {
		return p.d.listed(ctx, p.q, f.owner, query)
	}
	s := stream[T]{source: source, key: f.key}
	s.fill(&p.d.ofCustomerKeys(ctx, p.q, f.owner, query, keysOf(f.key)).of[0])
	return s
}

// add adds what was read to what there is of a source.
func (p *documentParts[T, P]) add(ctx context.Context, f *feed[T], s *stream[T]) {
	err := s.err
	if err == nil && s.odd {
		err = schema.SourceErrorf(schema.SourceInvalid, s.source, "%s answered rows it was not asked for", s.source)
	}
	if err != nil {
		p.miss(ctx, s.source, err)
	}
	f.rows = slices.Clone(f.rows) // what was given of it is let go
	p.take(ctx, f, s, 0)
}

// take takes what a source has given, without the first rows of it.
func (p *documentParts[T, P]) take(ctx context.Context, f *feed[T], s *stream[T], without int) {
	n := s.len()
	f.more = s.err == nil && s.more
	if f.more && n == 0 {
		f.more = false
		p.miss(ctx, s.source, schema.SourceErrorf(schema.SourceInvalid, s.source, "%s has answered no rows, and that there are more", s.source))
	}
	for i := without; i < n; i++ {
		f.rows = append(f.rows, s.row(i))
	}
	if n > 0 {
		f.last = s.row(n - 1)
	}
}

// miss notes that the rows of a source are missing from here on.
func (p *documentParts[T, P]) miss(ctx context.Context, source string, err error) {
	p.missing, p.total = appendNew(slices.Clip(p.missing), source), nil
	p.d.l.Report.partial(ctx, p.q.list, err)
}

// first returns the feed whose row stands before those of all others.
func (p *documentParts[T, P]) first() (best *feed[T]) {
	for _, f := range p.feeds {
		if len(f.rows) > 0 && (best == nil || p.d.before(f.rows[0], best.rows[0], p.q)) {
			best = f
		}
	}
	return best
}
