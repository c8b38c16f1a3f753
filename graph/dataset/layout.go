package dataset

import (
	"encoding/binary"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// layout says where the parts of a group's record are. A record is bytes of one length
// for all groups of a table: its marks, its times, how many places the decimals it is
// grouped by were given with, which of its measures have a value, and a slot for each
// measure that is as long as its kind of value needs.
type layout struct {
	measures []slot
	scales   []int // of the columns that are grouped by: the byte of a decimal's places; 0: it is none
	decimals int   // how many of these there are
	bits     int   // where the bits of the measures begin
	size     int
}

// slot is where a measure of a record is.
type slot struct {
	kind slotKind
	at   int
}

type slotKind uint8

const (
	countSlot   slotKind = iota // a whole number
	intSlot                     // the least or greatest of whole numbers
	decimalSlot                 // the same of decimals
	timeSlot                    // of moments
	sumSlot
)

func (k slotKind) size() int {
	return [...]int{8, 8, decimalBytes, timeBytes, sumBytes}[k]
}

const (
	decimalBytes = 10
	timeBytes    = 12

	asOfAt     = 1
	modifiedAt = asOfAt + timeBytes
	scalesAt   = modifiedAt + timeBytes
)

// The marks of a record, its first byte.
const (
	isLive     = 1 << iota // any row of it is not deleted
	hasAsOf                // the time is there
	hasChanged             // so is the other
	hasScales              // the places are
	allMarks   = isLive | hasAsOf | hasChanged | hasScales
)

func layoutOf(columns []Column, a *Aggregate) layout {
	l := layout{scales: make([]int, len(a.Groups)), size: scalesAt}
	if a.Per == nil {
		for i, g := range a.Groups {
			if columns[g.Column].Type == Decimal {
				l.scales[i] = l.size
				l.size++
				l.decimals++
			}
		}
	}
	l.bits = l.size
	l.size += (len(a.Measures) + 7) / 8
	for i := range a.Measures {
		m := &a.Measures[i]
		kind := decimalSlot
		switch t := columns[m.Column].Type; {
		case m.op == count:
			kind = countSlot
		case m.op == sum:
			kind = sumSlot
		case t == Int:
			kind = intSlot
		case t == DateTime || t == Date:
			kind = timeSlot
		}
		l.measures = append(l.measures, slot{kind, l.size})
		l.size += kind.size()
	}
	return l
}

func (l *layout) slot(rec []byte, i int) []byte { return rec[l.measures[i].at:] }

func (l *layout) isSet(rec []byte, i int) bool { return rec[l.bits+i/8]&(1<<(i%8)) != 0 }

func (l *layout) set(rec []byte, i int) { rec[l.bits+i/8] |= 1 << (i % 8) }

// putTime writes a moment into twelve bytes.
func putTime(b []byte, at time.Time) {
	binary.LittleEndian.PutUint64(b, uint64(at.Unix()))           //nolint:gosec // the same bits
	binary.LittleEndian.PutUint32(b[8:], uint32(at.Nanosecond())) //nolint:gosec // below 1e9
}

func getTime(b []byte) time.Time {
	return time.Unix(int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint32(b[8:]))).UTC() //nolint:gosec // the same bits
}

// putDecimal writes a decimal into ten bytes.
func putDecimal(b []byte, d decimal.Decimal) {
	binary.LittleEndian.PutUint64(b, d.Coef())
	b[8], b[9] = byte(d.Scale()), 0 //nolint:gosec // 19 at most
	if d.IsNeg() {
		b[9] = 1
	}
}

func getDecimal(b []byte) decimal.Decimal {
	return newDecimal(b[9] == 1, binary.LittleEndian.Uint64(b), int(b[8]))
}

// asOf notes how old a row is: the oldest of them tells.
func (l *layout) asOf(rec []byte, at time.Time) {
	if rec[0]&hasAsOf == 0 || at.Before(getTime(rec[asOfAt:])) {
		rec[0] |= hasAsOf
		putTime(rec[asOfAt:], at)
	}
}

// changed notes when a row changed: the latest of them tells.
func (l *layout) changed(rec []byte, at time.Time) {
	if rec[0]&hasChanged == 0 || at.After(getTime(rec[modifiedAt:])) {
		rec[0] |= hasChanged
		putTime(rec[modifiedAt:], at)
	}
}

// times are both, null of what was never told.
func (l *layout) times(rec []byte) (asOf, changed schema.Value) {
	if rec[0]&hasAsOf != 0 {
		asOf = schema.Time(getTime(rec[asOfAt:]))
	}
	if rec[0]&hasChanged != 0 {
		changed = schema.Time(getTime(rec[modifiedAt:]))
	}
	return asOf, changed
}

// count adds to how many values there were.
func (l *layout) count(rec []byte, i int, n uint64) {
	l.set(rec, i)
	b := l.slot(rec, i)
	binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)+n)
}

// extreme takes a value into the least or the greatest there was; of equal ones the first
// stays. One that is not of the column's kind is none.
func (l *layout) extreme(rec []byte, i int, isLeast bool, v *schema.Value) {
	b := l.slot(rec, i)
	isFirst := !l.isSet(rec, i)
	beats := func(c int) bool { return isFirst || isLeast && c < 0 || !isLeast && c > 0 }
	switch kind := l.measures[i].kind; {
	case kind == intSlot && v.Kind == schema.KindInt:
		had := int64(binary.LittleEndian.Uint64(b)) //nolint:gosec // the same bits
		if isFirst || isLeast && v.Int < had || !isLeast && v.Int > had {
			binary.LittleEndian.PutUint64(b, uint64(v.Int)) //nolint:gosec // the same bits
		}
	case kind == decimalSlot && v.Kind == schema.KindDecimal:
		if isFirst || beats(v.Dec.Cmp(getDecimal(b))) {
			putDecimal(b, v.Dec)
		}
	case kind == timeSlot && v.Kind == schema.KindTime:
		if isFirst || beats(v.Time.Compare(getTime(b))) {
			putTime(b, v.Time)
		}
	default:
		return
	}
	l.set(rec, i)
}
