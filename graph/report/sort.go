package report

import (
	"context"
	"math"
	"slices"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

// sorted is a row that waits for its place: what it is sorted by, and what the answer has
// of it, packed.
type sorted struct {
	order []schema.Value
	cells []byte
}

// sorter holds the first rows in the order of a question, behind a position.
type sorter struct {
	question *odata.Question
	behind   []schema.Value // nil: all
	wanted   int            // how many are held
	least    int            // how many must be held
	rows     []sorted
	last     []schema.Value // of the rows that are held, when they were sorted last; nil: not all are there
	found    int64          // how many there are behind the position
	bytes    int64          // that are held
	most     int64          // bytes that may be
	packed   []byte
}

// add takes a row by its values; pack makes what is held of it. It is false when the rows
// that must be held take too much.
func (s *sorter) add(order []schema.Value, pack func([]byte) []byte) bool {
	if s.behind != nil && s.question.Compare(order, s.behind) <= 0 {
		return true
	}
	s.found++
	if s.wanted == 0 || s.last != nil && s.question.Compare(order, s.last) >= 0 {
		return true
	}
	if len(s.rows) >= 2*s.wanted {
		s.cut()
	}
	s.packed = pack(s.packed[:0])
	s.rows = append(s.rows, sorted{order: slices.Clone(order), cells: slices.Clone(s.packed)})
	if s.bytes += s.rows[len(s.rows)-1].bytes(); s.bytes <= s.most {
		return true
	}
	// Half is let go, so that not every further row has all of them sorted again.
	s.cut()
	for s.bytes > s.most/2 && len(s.rows) > s.least {
		s.wanted = len(s.rows) - 1
		s.bytes -= s.rows[s.wanted].bytes()
		s.rows[s.wanted] = sorted{}
		s.rows = s.rows[:s.wanted]
		s.last = s.rows[s.wanted-1].order
	}
	return s.bytes <= s.most
}

// valueBytes is what a schema.Value takes without its text.
const valueBytes = 96

func (r *sorted) bytes() int64 {
	n := len(r.cells) + valueBytes*len(r.order)
	for i := range r.order {
		n += len(r.order[i].Str)
	}
	return int64(n)
}

// cut sorts the rows and leaves the first ones.
func (s *sorter) cut() {
	slices.SortFunc(s.rows, func(a, b sorted) int { return s.question.Compare(a.order, b.order) })
	for i := s.wanted; i < len(s.rows); i++ {
		s.bytes -= s.rows[i].bytes()
		s.rows[i] = sorted{}
	}
	s.rows = s.rows[:min(s.wanted, len(s.rows))]
	if len(s.rows) == s.wanted && s.wanted > 0 {
		s.last = s.rows[s.wanted-1].order
	}
}

// readSorted writes rows in an order that the root list does not have. All rows are read
// for each page, and as many held as the page and what is skipped have.
func (r *Report) readSorted(ctx context.Context, with Runner, w output.Writer, from odata.Position, m mark, page int) (*odata.Position, error) {
	left, most := r.left(from.Given), int64(r.limits.Sorted)
	if r.table.Aggregate != nil {
		most = math.MaxInt32 // its groups are bounded
	}
	rows := left
	if page > 0 && (rows < 0 || int64(page) < rows) {
		rows = int64(page)
	}
	if rows < 0 || m.skip+rows > most {
		rows = most - min(most, m.skip)
	}
	s := &sorter{question: r.question, wanted: int(m.skip + rows), most: r.limits.SortedBytes}
	if s.least = s.wanted; page > 0 {
		s.least = int(m.skip) + 1 // a page may be shorter
	}
	if len(from.Mark) > 0 {
		s.behind = from.Values
	}
	isEndless := left < 0 || m.skip+left > most
	j := r.judge(&r.rows, m.scanned)
	j.isAll = true
	order := make([]schema.Value, len(r.question.Order))
	each := func(f func(row []schema.Value) error) error { return r.each(ctx, with, with.Run, &r.rows, f) }
	var added *sums
	if r.table.Aggregate != nil {
		var err error
		if added, err = r.sums(ctx, with, m.sums); err != nil {
			return nil, err
		}
		defer added.end()
		each = func(f func(row []schema.Value) error) error { return added.Rows(ctx, f) }
	}
	err := each(func(row []schema.Value) error {
		if ok, err := j.is(row); err != nil || !ok {
			return err
		}
		for i, o := range r.question.Order {
			order[i] = row[r.rows.at[o.Column]]
		}
		isHeld := s.add(order, func(b []byte) []byte {
			for _, c := range r.question.Select {
				b = appendCell(b, &row[r.rows.at[c]])
			}
			return b
		})
		if !isHeld {
			return r.tooLongSorted()
		}
		if isEndless && s.found > most {
			return r.tooManySorted(most)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.cut()
	given, err := r.writeSorted(s, m.skip, w)
	isMore := s.found > m.skip+given && (left < 0 || given < left)
	if err != nil || !isMore || page == 0 || given == 0 {
		return nil, err
	}
	last := s.rows[len(s.rows)-1].order
	next := mark{scanned: j.scanned}
	if added != nil {
		next.sums = added.keep()
	}
	return r.place(next, from, from.Given+given, last), nil
}

// writeSorted writes the rows behind those that are skipped.
func (r *Report) writeSorted(s *sorter, skip int64, w output.Writer) (given int64, err error) {
	var out []schema.Value
	for i := int(min(skip, int64(len(s.rows)))); i < len(s.rows); i++ {
		given++
		for b := s.rows[i].cells; len(b) > 0; {
			var v schema.Value
			v, b = cell(b)
			out = append(out, v)
		}
		if len(out) >= cellsHeld || i == len(s.rows)-1 {
			if err := w.Rows(out); err != nil {
				return given, err
			}
			out = out[:0]
		}
	}
	return given, nil
}
