package dataset

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/trama-graph/trama/schema"
)

// A group is put aside as bytes: its key, what its rows say of themselves (of a summary's
// first list), and its record without what is empty. They are read by the process that
// wrote them only, so they bear no version.

// errPartial is that bytes are no group of this table.
var errPartial = errors.New("dataset: no group of this table")

// appendPartial appends a group.
func (l *layout) appendPartial(b, key, says, rec []byte, wides []wide) []byte {
	b = binary.AppendUvarint(b, uint64(len(key)))
	b = append(b, key...)
	b = binary.AppendUvarint(b, uint64(len(says)))
	b = append(b, says...)
	b = append(b, rec[0])
	if rec[0]&hasAsOf != 0 {
		b = appendTime(b, rec[asOfAt:])
	}
	if rec[0]&hasChanged != 0 {
		b = appendTime(b, rec[modifiedAt:])
	}
	if rec[0]&hasScales != 0 {
		b = append(b, rec[scalesAt:scalesAt+l.decimals]...)
	}
	b = append(b, rec[l.bits:l.bits+(len(l.measures)+7)/8]...)
	for i := range l.measures {
		if l.isSet(rec, i) {
			b = appendSlot(b, l.measures[i].kind, l.slot(rec, i), wides)
		}
	}
	return b
}

func appendTime(b, slot []byte) []byte {
	at := getTime(slot)
	b = binary.AppendVarint(b, at.Unix())
	return binary.AppendUvarint(b, uint64(at.Nanosecond())) //nolint:gosec // below 1e9
}

func appendSlot(b []byte, kind slotKind, slot []byte, wides []wide) []byte {
	n := binary.LittleEndian.Uint64(slot)
	switch kind {
	case countSlot:
		return binary.AppendUvarint(b, n)
	case intSlot:
		return binary.AppendVarint(b, int64(n)) //nolint:gosec // the same bits
	case decimalSlot:
		return append(binary.AppendUvarint(b, n), slot[8], slot[9])
	case timeSlot:
		return appendTime(b, slot)
	}
	b = append(b, slot[0], slot[1])
	n = binary.LittleEndian.Uint64(slot[2:])
	if slot[0]&sumWide == 0 {
		return binary.AppendVarint(b, int64(n)) //nolint:gosec // the same bits
	}
	for _, word := range wides[n] {
		b = binary.LittleEndian.AppendUint64(b, word)
	}
	return b
}

// parts are those of a group that was put aside.
type parts struct{ key, says, rec []byte }

// partsOf finds the parts of a group. They are not checked before they are absorbed.
func partsOf(b []byte) (p parts, ok bool) {
	if p.key, b, ok = prefixed(b); ok {
		p.says, p.rec, ok = prefixed(b)
	}
	return p, ok
}

func prefixed(b []byte) (text, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, nil, false
	}
	end := size + int(n) //nolint:gosec // of b
	return b[size:end:end], b[end:], true
}

// absorb adds what a group that was put aside came to, to a record of the same group. In
// the order in which groups were put aside it comes to what it would have without.
func (l *layout) absorb(rec []byte, wides *[]wide, ops []op, b []byte) error {
	r := partialReader{b: b}
	marks := r.byte()
	if marks&^allMarks != 0 {
		return errPartial
	}
	rec[0] |= marks & isLive
	if marks&hasAsOf != 0 {
		l.asOf(rec, r.time())
	}
	if marks&hasChanged != 0 {
		l.changed(rec, r.time())
	}
	if marks&hasScales != 0 {
		scales := r.take(l.decimals)
		for _, places := range scales {
			r.isBad = r.isBad || places > maxPlaces
		}
		if rec[0]&hasScales == 0 && !r.isBad { // the first ones stay
			rec[0] |= hasScales
			copy(rec[scalesAt:], scales)
		}
	}
	bits := r.take((len(l.measures) + 7) / 8)
	for i := range l.measures {
		if r.isBad {
			break
		}
		if bits[i/8]&(1<<(i%8)) != 0 {
			l.absorbSlot(rec, wides, i, ops[i], &r)
		}
	}
	if r.isBad || len(r.b) > 0 {
		return errPartial
	}
	return nil
}

func (l *layout) absorbSlot(rec []byte, wides *[]wide, i int, o op, r *partialReader) {
	v := schema.Value{}
	switch l.measures[i].kind {
	case countSlot:
		if n := r.unsigned(); !r.isBad {
			l.count(rec, i, n)
		}
		return
	case sumSlot:
		l.absorbSum(rec, wides, i, r)
		return
	case intSlot:
		v = schema.Int(r.signed())
	case decimalSlot:
		coef, places, sign := r.unsigned(), r.byte(), r.byte()
		if r.isBad = r.isBad || coef > maxCoef || places > maxPlaces || sign > 1; !r.isBad {
			v = schema.Dec(newDecimal(sign == 1, coef, int(places)))
		}
	case timeSlot:
		v = schema.Value{Kind: schema.KindTime, Time: r.time()}
	}
	if !r.isBad {
		l.extreme(rec, i, o == least, &v)
	}
}

func (l *layout) absorbSum(rec []byte, wides *[]wide, i int, r *partialReader) {
	marks, places := r.byte(), r.byte()
	if r.isBad = r.isBad || marks == 0 || marks&^sumMarks != 0 || places > maxPlaces; r.isBad {
		return
	}
	l.set(rec, i)
	slot := l.slot(rec, i)
	if marks&sumWide == 0 {
		if n := r.signed(); marks&sumSet != 0 && !r.isBad {
			addSum(slot, wides, n < 0, magnitude(n), int(places))
		}
	} else if words := r.take(wideBytes); !r.isBad {
		var w wide
		for k := range w {
			w[k] = binary.LittleEndian.Uint64(words[8*k:])
		}
		if slot[0]&sumWide == 0 {
			widen(slot, wides)
		}
		(*wides)[binary.LittleEndian.Uint64(slot[2:])].addWords(false, w)
		slot[1] = max(slot[1], places)
	}
	slot[0] |= marks & (sumSet | sumUnknown)
}

// partialReader reads what appendPartial wrote. What it gives once it is bad means
// nothing.
type partialReader struct {
	b     []byte
	isBad bool
}

func (r *partialReader) take(n int) []byte {
	if n > len(r.b) || r.isBad {
		r.isBad = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *partialReader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *partialReader) unsigned() uint64 {
	n, size := binary.Uvarint(r.b)
	r.isBad = r.isBad || size <= 0
	r.take(max(size, 0))
	return n
}

func (r *partialReader) signed() int64 {
	n, size := binary.Varint(r.b)
	r.isBad = r.isBad || size <= 0
	r.take(max(size, 0))
	return n
}

func (r *partialReader) time() time.Time {
	at, nanos := r.signed(), r.unsigned()
	if nanos >= uint64(time.Second) {
		r.isBad = true
		return time.Time{}
	}
	return time.Unix(at, int64(nanos)).UTC() //nolint:gosec // below 1e9
}
