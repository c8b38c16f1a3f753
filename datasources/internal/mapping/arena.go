package mapping

import (
	"strings"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// The sizes of what rows share. A text that outlives its neighbours keeps their
// piece alive, so pieces are small; a long text stands alone.
const (
	minPiece = 512     // bytes
	maxPiece = 8 << 10 // bytes
	longText = 512     // bytes
	minSlab  = 8       // values
	maxSlab  = 128     // values
)

// arena is where the rows of one reading have their texts and values, so that
// there is no allocation for each.
type arena struct {
	texts strings.Builder
	bytes int // of texts that were copied
	page  page

	money  slab[schema.Money]
	number slab[decimal.Decimal]
	whole  slab[int]
	names  slab[string]
	lines  nested[schema.OrderLine]
	states nested[schema.OrderState]
	stock  nested[schema.Stock]
}

// page is how far the reading of a list of records is: what the records so far took
// tells how large the next piece should be. Zero where records come one by one.
type page struct{ done, records int }

// more is how much the records that are left are likely to need, when those before
// took used.
func (p page) more(used int) int {
	if p.done >= p.records {
		return used // as much again: nobody knows
	}
	done := max(p.done, 1)
	n := used * (p.records - p.done) / done
	return n + n/16
}

// expect begins a list of so many records. What is left of the pieces of the list
// before is used up first.
func (a *arena) expect(records int) {
	a.page, a.bytes = page{records: records}, 0
	a.money.used, a.number.used, a.whole.used, a.names.used = 0, 0, 0, 0
	a.lines.expect()
	a.states.expect()
	a.stock.expect()
}

// firstBytes is how many bytes of texts a record is guessed to have.
const firstBytes = 32

// text copies a text.
func (a *arena) text(b []byte) string {
	if len(b) > longText {
		return string(b)
	}
	if a.texts.Cap()-a.texts.Len() < len(b) {
		size := a.page.more(a.bytes)
		if a.bytes == 0 {
			size = firstBytes * a.page.records
		}
		a.texts.Reset()
		a.texts.Grow(min(max(size, len(b), minPiece), maxPiece))
	}
	a.bytes += len(b)
	from := a.texts.Len()
	a.texts.Write(b)
	return a.texts.String()[from:]
}

// slab gives out values of one type from pieces.
type slab[T any] struct {
	free []T
	used int // of the list under way
}

func (s *slab[T]) one(v T, p page) *T {
	x := &s.many(1, p)[0]
	*x = v
	return x
}

// many gives out n empty values in a row.
func (s *slab[T]) many(n int, p page) []T {
	if len(s.free) < n {
		size := p.more(s.used)
		if s.used == 0 {
			size = n * p.records // each record is like the first that has any
		}
		s.free = make([]T, max(n, min(max(size, minSlab), maxSlab)))
	}
	s.used += n
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}

// nested are the elements of lists within records, and the lists.
type nested[T any] struct {
	rows slab[T]
	refs slab[*T]
}

func (n *nested[T]) expect() { n.rows.used, n.refs.used = 0, 0 }
