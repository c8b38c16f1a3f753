package rest

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"strconv"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// position is where a list goes on; it is the Mark of a scan. Its size is bounded
// by that of a cursor.
type position struct {
	Page   int    `json:"p,omitempty"` // pages read
	Rows   int    `json:"n,omitempty"` // records read
	Cursor string `json:"c,omitempty"`
	First  string `json:"f,omitempty"` // print of the first page's first record
	Before string `json:"b,omitempty"` // print of the last page's first record
	Most   int    `json:"m,omitempty"` // records of the first page
}

// maxCursor bounds what an upstream makes us keep.
const maxCursor = 2 << 10

func (p position) mark() datasources.Mark {
	text, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return datasources.Mark(text)
}

// positionOf reads a mark. One that cannot be read is the beginning: rows may
// come twice.
func positionOf(m datasources.Mark) position {
	var p position
	if m == "" || json.Unmarshal([]byte(m), &p) != nil || p.Page < 0 || p.Rows < 0 {
		return position{}
	}
	return p
}

// pager reads a list page by page.
type pager struct {
	s    *source
	r    *resource
	more []param // keys, an order, a window
	at   position
	size int
	// isQuiet: nothing is counted, as it is only a look.
	isQuiet bool
	// isScan: it reads the whole list for a copy, which may miss nothing.
	isScan bool

	end bool
	// doubtful: there may be more records than came.
	doubtful bool
	// byStatus: it is empty only because its status says so.
	byStatus bool
	total    int // -1 = not told

	// shape is what is kept of the records, nil = all.
	shape *mapping.Shape
	body  []byte // of the page that was read last
}

func (s *source) pager(r *resource, from position, more []param) *pager {
	return &pager{
		s: s, r: r, more: more, at: from, size: r.paging.Size, total: -1,
	}
}

// note counts a problem of the list itself.
func (p *pager) note(kind string) {
	if !p.isQuiet {
		p.s.ledger.Add(p.r.entity, "", kind, 1)
	}
}

// next reads a page; end says then whether it was the last. A page that repeats
// another is not given out.
func (p *pager) next(ctx context.Context) (mapping.Value, error) {
	got, err := p.s.fetch(ctx, p.r, append(p.where(), p.more...), p.shape)
	if err != nil {
		return mapping.Value{}, err
	}
	p.body = got.body
	if got.total >= 0 {
		p.total = got.total
	}
	n := got.rows.Len()
	isFirst := p.at.Page == 0
	p.byStatus = got.byStatus && isFirst
	print := p.r.printOf(got.rows)
	if n > 0 && !isFirst && (print == p.at.Before || print == p.at.First) {
		p.note(pageRepeated)
		p.end = true
		// The offset may be ignored by a system that gives all at once.
		p.doubtful = p.doubtful || p.at.Most <= p.size && !p.hasAll()
		return mapping.Value{}, nil
	}
	p.at.Page++
	p.at.Rows += n
	p.at.Before = print
	if isFirst {
		p.at.First, p.at.Most = print, n
		if n > p.size && p.r.paging.SizeParam != "" {
			p.note(sizeIgnored)
		}
	}
	p.end = p.isLast(n, got.next)
	switch {
	case p.end && p.total > p.at.Rows:
		p.note(fewerThanSaid)
		p.doubtful = true
	case !p.end && p.at.Page >= p.r.paging.MaxPages:
		p.note(pageLimit)
		p.end, p.doubtful = true, true
	}
	if p.at.Cursor = got.next; p.end {
		p.at.Cursor = ""
	}
	return got.rows, nil
}

// free gives the memory of a page back, when nothing points to its records any
// more. It need not be called.
func (p *pager) free(records mapping.Value) {
	records.Free()
	wire.Recycle(p.body)
	p.body = nil
}

func (p *pager) hasAll() bool { return p.total >= 0 && p.at.Rows >= p.total }

// isLast tells whether nothing follows a page of n records.
func (p *pager) isLast(n int, next string) bool {
	switch p.r.paging.Style {
	case PagingNone:
		return true
	case PagingCursor:
		switch {
		case next == "":
			return true
		case len(next) > maxCursor:
			p.note(cursorTooLong)
			p.doubtful = true
			return true
		case next == p.at.Cursor && p.at.Page > 1:
			p.note(pageRepeated)
			p.doubtful = true
			return true
		}
		return false // pages of a cursor may be short, or empty
	}
	switch {
	case n == 0, p.hasAll():
		return true
	case p.total > p.at.Rows:
		return false // the system gives smaller pages than asked for
	}
	switch {
	case !p.r.isSized:
		return false
	case !p.isScan:
		return n < p.size
	}
	// A first page that is short is all there is, or the system gives smaller pages
	// than asked for: the next one tells, and costs a call for small lists only.
	return p.at.Page > 1 && n < min(p.size, p.at.Most)
}

// where is the page's parameters.
func (p *pager) where() []param {
	var list []param
	c := &p.r.paging
	switch c.Style {
	case PagingPage:
		list = append(list, number(c.PageParam, c.First+p.at.Page))
	case PagingOffset:
		list = append(list, number(c.OffsetParam, p.at.Rows))
	case PagingCursor:
		if p.at.Cursor != "" {
			list = append(list, text(c.CursorParam, p.at.Cursor))
		}
	default:
		return nil
	}
	if c.SizeParam != "" {
		list = append(list, number(c.SizeParam, p.size))
	}
	return list
}

// isShifting reports whether records that come and go move others between pages.
func (r *resource) isShifting() bool {
	return r.paging.Style == PagingPage || r.paging.Style == PagingOffset
}

// printOf tells pages apart by their first record: by its id, as other members
// may change from one call to the next.
func (r *resource) printOf(rows mapping.Value) string {
	for rec := range rows.Items() {
		h := fnv.New64a()
		if id, _ := mapping.First(r.idAt, rec); len(id.Raw()) > 0 && (id.Kind() == mapping.Text || id.Kind() == mapping.Number || id.Kind() == mapping.Bool) {
			_, _ = h.Write(id.Raw())
		} else {
			_, _ = h.Write(rec.Raw())
		}
		return strconv.FormatUint(h.Sum64(), 36)
	}
	return ""
}

// mayHoldMore reports whether a whole list that has ended may have more records
// than came. A status that stands for an empty list counts: a wrong path looks the
// same.
func (p *pager) mayHoldMore() bool {
	if p.byStatus {
		p.note(emptyByStatus)
	}
	return p.doubtful || p.byStatus
}
