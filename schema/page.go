package schema

import "context"

// PageInfo tells whether a list goes on, in the form of the Relay cursor
// specification.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string // null when the page is partial: see Page.Missing
}

// Edge is a node with the cursor to go on behind it.
type Edge[T any] struct {
	Cursor string
	Node   *T
}

// Page is a bounded part of a list. TotalCount is exact or nil, never an
// estimate. Missing names the sources whose rows are not in it because they
// failed.
type Page[T any] struct {
	Nodes      []*T
	TotalCount *int
	HasNext    bool
	HasPrev    bool
	Missing    []string
	CursorOf   func(node *T) string // sealed cursor of one of the nodes, nil = they have none
	Part       *Part[T]             // where it stands among the parts of a long page, nil = it is whole
}

// Part is what a part of a page knows of the others. No row is in two of them. Those of
// customers are of one state of the data; those of documents each go on behind the last
// row of the one before, in the state the source has then.
type Part[T any] struct {
	// Next gets the part behind this one, nil where this is the last.
	Next func(ctx context.Context) (*Page[T], error)
	// First and Last are the first node of the whole page and the last before this part,
	// nil in the first part.
	First, Last *T
}

// Rest returns how the next part of the page is got, nil when there is none: what
// graph/engine asks of a page that comes in parts.
func (p *Page[T]) Rest() func(context.Context) (any, error) {
	if p.Part == nil || p.Part.Next == nil {
		return nil
	}
	next := p.Part.Next
	return func(ctx context.Context) (any, error) {
		page, err := next(ctx)
		if err != nil {
			return nil, err
		}
		return page, nil
	}
}

// ends returns the first and the last node of the page up to here, nil when it has
// none.
func (p *Page[T]) ends() (first, last *T) {
	if p.Part != nil {
		first, last = p.Part.First, p.Part.Last
	}
	if n := len(p.Nodes); n > 0 {
		if last = p.Nodes[n-1]; first == nil {
			first = p.Nodes[0]
		}
	}
	return first, last
}

// Follow makes a page the part behind p; next gets the one behind it, nil where it is
// the last.
func (p *Page[T]) Follow(part *Page[T], next func(ctx context.Context) (*Page[T], error)) {
	part.Part = &Part[T]{Next: next}
	part.Part.First, part.Part.Last = p.ends()
}

// Edges returns the nodes with their cursors.
func (p *Page[T]) Edges() []*Edge[T] {
	edges := make([]*Edge[T], len(p.Nodes))
	for i, n := range p.Nodes {
		edges[i] = &Edge[T]{Cursor: p.cursor(n), Node: n}
	}
	return edges
}

// PageInfo returns where the page stands in its list. That of a page's last part is
// the page's.
func (p *Page[T]) PageInfo() *PageInfo {
	info := &PageInfo{HasNextPage: p.HasNext, HasPreviousPage: p.HasPrev}
	first, last := p.ends()
	if first != nil {
		cursor := p.cursor(first)
		info.StartCursor = &cursor
		if len(p.Missing) == 0 {
			cursor := p.cursor(last)
			info.EndCursor = &cursor
		}
	}
	return info
}

// CursorBehind returns the cursor to go on behind the first n nodes of the page and the
// parts before it; "" when there are none, they have no cursors, or the page is partial:
// behind it lie rows that were never seen.
func (p *Page[T]) CursorBehind(n int) string {
	if len(p.Missing) > 0 {
		return ""
	}
	for i := n - 1; i >= 0; i-- {
		if p.Nodes[i] != nil {
			return p.cursor(p.Nodes[i])
		}
	}
	if p.Part != nil && p.Part.Last != nil {
		return p.cursor(p.Part.Last)
	}
	return ""
}

func (p *Page[T]) cursor(node *T) string {
	if p.CursorOf == nil {
		return ""
	}
	return p.CursorOf(node)
}
