package directory

import "slices"

// pageSize is how many values a page has: a change copies the pages it touches.
const pageSize = 512

// page is a piece of a list. It may be written to by whoever has copied it.
type page[T any] struct {
	list  []T
	isOwn bool
}

// pages are a list in pieces. What was shown to readers is not written to any more:
// a change begins with edit, whose result shares all pages with what it was made
// from, and copies them one by one.
type pages[T any] struct {
	list  []page[T]
	isOwn bool // the list of pages, too, is copied when the first of them is
}

func pagesOf[T any](list []T) pages[T] {
	p := pages[T]{list: make([]page[T], 0, (len(list)+pageSize-1)/pageSize)}
	for piece := range slices.Chunk(list, pageSize) {
		p.list = append(p.list, page[T]{list: slices.Clip(slices.Clone(piece))})
	}
	return p
}

func (p *pages[T]) edit() pages[T] { return pages[T]{list: p.list} }

// own makes the list of pages one that may be written to.
func (p *pages[T]) own() {
	if p.isOwn {
		return
	}
	p.list, p.isOwn = slices.Clone(p.list), true
	for i := range p.list {
		p.list[i].isOwn = false
	}
}

// page makes a page one that may be written to.
func (p *pages[T]) page(n int) *page[T] {
	p.own()
	x := &p.list[n]
	if !x.isOwn {
		x.list, x.isOwn = slices.Clone(x.list), true
	}
	return x
}

// flat returns all values in one piece.
func (p *pages[T]) flat() []T {
	n := 0
	for i := range p.list {
		n += len(p.list[i].list)
	}
	list := make([]T, 0, n)
	for i := range p.list {
		list = append(list, p.list[i].list...)
	}
	return list
}
