package schema

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
}

// Edges returns the nodes with their cursors.
func (p *Page[T]) Edges() []*Edge[T] {
	edges := make([]*Edge[T], len(p.Nodes))
	for i, n := range p.Nodes {
		edges[i] = &Edge[T]{Cursor: p.cursor(i), Node: n}
	}
	return edges
}

// PageInfo returns where the page stands in its list.
func (p *Page[T]) PageInfo() *PageInfo {
	info := &PageInfo{HasNextPage: p.HasNext, HasPreviousPage: p.HasPrev}
	if n := len(p.Nodes); n > 0 {
		first := p.cursor(0)
		info.StartCursor = &first
		if len(p.Missing) == 0 {
			last := p.cursor(n - 1)
			info.EndCursor = &last
		}
	}
	return info
}

func (p *Page[T]) cursor(i int) string {
	if p.CursorOf == nil {
		return ""
	}
	return p.CursorOf(p.Nodes[i])
}
