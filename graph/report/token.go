package report

import (
	"encoding/binary"
	"math"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// mark is where a page ended, beside what odata.Position holds of it: the answer goes on
// behind a place in the root list. Question.Token seals both, and binds them to the
// question.
type mark struct {
	after   string // the root list's cursor; "": from its beginning
	skip    int64  // rows of $skip still to be left out
	scanned int64  // rows judged so far
	sums    []byte // what a table that aggregates was added up to is kept by; nil: it is not

	over int    // rows of the element behind that place that were given; mostly 0
	of   []byte // what these rows were, see list.pass; of sumBytes
}

// The versions of marks: those behind an element, those within one, and those with the
// name of sums before the rest.
const (
	markVersion       = 1
	markVersionWithin = 2
	markVersionSums   = 3
)

// place makes the position of an answer that goes on behind m, from being where its page
// began. Values are those of the last row's order where that is sorted here, nil
// otherwise.
func (r *Report) place(m mark, from odata.Position, given int64, values []schema.Value) *odata.Position {
	if values == nil {
		values = make([]schema.Value, len(r.question.Order))
	}
	return &odata.Position{Values: values, Given: given, Count: from.Count, Mark: r.appendMark(m)}
}

func (r *Report) appendMark(m mark) []byte {
	b := append([]byte{markVersion}, r.shape...)
	if len(m.sums) > 0 && len(m.sums) <= maxSumsName {
		b[0] = markVersionSums
		b = append(append(b, byte(len(m.sums))), m.sums...)
	}
	b = binary.AppendUvarint(b, uint64(m.skip))    //nolint:gosec // never below 0
	b = binary.AppendUvarint(b, uint64(m.scanned)) //nolint:gosec // never below 0
	if m.over > 0 {
		b[0] = markVersionWithin
		b = binary.AppendUvarint(b, uint64(m.over))
		b = append(b, m.of...)
	}
	return append(b, m.after...)
}

// mark reads what place wrote; a position without one is the beginning.
func (r *Report) mark(p odata.Position) (mark, error) {
	if len(p.Mark) == 0 {
		return mark{skip: r.question.Skip}, nil
	}
	b, head := p.Mark, 1+len(r.shape)
	if len(b) < head || b[0] < markVersion || b[0] > markVersionSums || string(b[1:head]) != string(r.shape) {
		return mark{}, foreign()
	}
	isWithin, hasSums := b[0] == markVersionWithin, b[0] == markVersionSums
	b = b[head:]
	var m mark
	if hasSums {
		if len(b) == 0 || b[0] > maxSumsName || len(b) <= int(b[0]) {
			return mark{}, foreign()
		}
		m.sums, b = b[1:1+b[0]], b[1+b[0]:]
	}
	var over int64
	numbers := []*int64{&m.skip, &m.scanned}
	if isWithin {
		numbers = append(numbers, &over)
	}
	for _, n := range numbers {
		v, size := binary.Uvarint(b)
		if size <= 0 || v > 1<<62 {
			return mark{}, foreign()
		}
		*n, b = int64(v), b[size:]
	}
	if isWithin {
		if len(b) < sumBytes || over < 1 || over > math.MaxInt32 {
			return mark{}, foreign()
		}
		m.over, m.of, b = int(over), b[:sumBytes], b[sumBytes:]
	}
	m.after = string(b)
	return m, nil
}

// foreign is the answer to a position of another table than this, or of one that was
// changed since.
func foreign() error {
	return &odata.Error{Kind: odata.KindBadRequest, Option: "$skiptoken", Message: "$skiptoken: this is not the token of a page of this question; begin again without it"}
}
