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
	size  int

	money  slab[schema.Money]
	number slab[decimal.Decimal]
	whole  slab[int]
	lines  nested[schema.OrderLine]
	states nested[schema.OrderState]
	stock  nested[schema.Stock]
}

// expect makes the next pieces as large as so many records are likely to need.
func (a *arena) expect(records int) {
	a.size = max(a.size, min(16*records, maxPiece)/2)
	n := min(records, maxSlab) / 2
	a.money.size = max(a.money.size, n)
	a.number.size = max(a.number.size, n)
	a.whole.size = max(a.whole.size, n)
	a.lines.rows.size = max(a.lines.rows.size, n)
	a.lines.refs.size = max(a.lines.refs.size, n)
}

// text copies a text.
func (a *arena) text(b []byte) string {
	if len(b) > longText {
		return string(b)
	}
	if a.texts.Cap()-a.texts.Len() < len(b) {
		a.size = min(max(2*a.size, minPiece), maxPiece)
		a.texts.Reset()
		a.texts.Grow(a.size)
	}
	from := a.texts.Len()
	a.texts.Write(b)
	return a.texts.String()[from:]
}

// slab gives out values of one type from pieces that grow.
type slab[T any] struct {
	free []T
	size int
}

func (s *slab[T]) one(v T) *T {
	x := &s.many(1)[0]
	*x = v
	return x
}

// many gives out n empty values in a row.
func (s *slab[T]) many(n int) []T {
	if len(s.free) < n {
		s.size = min(max(2*s.size, minSlab), maxSlab)
		s.free = make([]T, max(n, s.size))
	}
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}

// nested are the elements of lists within records, and the lists.
type nested[T any] struct {
	rows slab[T]
	refs slab[*T]
}
