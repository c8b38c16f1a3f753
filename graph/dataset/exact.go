package dataset

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// A sum takes ten bytes of a group: what it is, the most places any of its summands had,
// and a whole number of that many places, or where that grew too large, the number of a
// wide sum. No sum has a bound on its way, only at its end: so it does not matter in which
// order summands came, nor which of them were added up apart.
const (
	sumBytes = 10

	sumSet     = 1 // something was added
	sumUnknown = 2 // what was to be taken off is of another currency
	sumWide    = 4
	sumMarks   = sumSet | sumUnknown | sumWide
)

// wide is a sum in units of the 19th place, as a whole number of two's complement, least
// word first: the largest decimal has 127 bits in these units, so that there is room for
// more summands than can be counted.
type wide [3]uint64

// wideBytes is what one takes.
const wideBytes = 24

// maxPlaces is how many places a decimal has at most.
const maxPlaces = decimal.MaxScale

var powers = func() (p [maxPlaces + 1]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// add adds a number of some places, or takes it off.
func (w *wide) add(isNeg bool, coef uint64, places int) {
	hi, lo := bits.Mul64(coef, powers[maxPlaces-places])
	w.addWords(isNeg, wide{lo, hi, 0})
}

func (w *wide) addWords(isNeg bool, x wide) {
	carry := uint64(0)
	if isNeg {
		x[0], x[1], x[2], carry = ^x[0], ^x[1], ^x[2], 1
	}
	w[0], carry = bits.Add64(w[0], x[0], carry)
	w[1], carry = bits.Add64(w[1], x[1], carry)
	w[2], _ = bits.Add64(w[2], x[2], carry)
}

// decimal is the sum with so many places, or with fewer where it has more digits than a
// decimal and ends with zeros; false where no decimal is the sum.
func (w *wide) decimal(places int) (decimal.Decimal, bool) {
	n := new(big.Int)
	isNeg := w[2]>>63 == 1
	abs := *w
	if isNeg {
		abs = wide{}
		abs.addWords(true, *w)
	}
	for i := len(abs) - 1; i >= 0; i-- {
		n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(abs[i]))
	}
	n.Quo(n, new(big.Int).SetUint64(powers[maxPlaces-places])) // without a rest: no summand has more places
	ten, rest := big.NewInt(10), new(big.Int)
	for places > 0 && !fits(n) {
		q, r := new(big.Int).QuoRem(n, ten, rest)
		if r.Sign() != 0 {
			return decimal.Decimal{}, false
		}
		n, places = q, places-1
	}
	if !fits(n) {
		return decimal.Decimal{}, false
	}
	return newDecimal(isNeg, n.Uint64(), places), true
}

// maxCoef is the largest whole number a decimal is made of.
const maxCoef = 9_999_999_999_999_999_999

func fits(n *big.Int) bool { return n.IsUint64() && n.Uint64() <= maxCoef }

// newDecimal makes a decimal of a whole number of at most 19 digits, and of at most 19
// places.
func newDecimal(isNeg bool, coef uint64, places int) decimal.Decimal {
	if coef <= math.MaxInt64 {
		n := int64(coef)
		if isNeg {
			n = -n
		}
		return decimal.MustNew(n, places)
	}
	half := decimal.MustNew(int64(coef/2), places) //nolint:gosec // below 1<<63
	odd := decimal.MustNew(int64(coef%2), places)  //nolint:gosec // 0 or 1
	d, _ := half.Add(half)                         // it fits, as its caller says
	d, _ = d.Add(odd)
	if isNeg {
		d = d.Neg()
	}
	return d
}

// addSum adds a number to the sum in a slot; wides are those of its groups.
func addSum(slot []byte, wides *[]wide, isNeg bool, coef uint64, places int) {
	had := int(slot[1])
	slot[0] |= sumSet
	if slot[0]&sumWide != 0 {
		slot[1] = byte(max(had, places))
		(*wides)[binary.LittleEndian.Uint64(slot[2:])].add(isNeg, coef, places)
		return
	}
	total := int64(binary.LittleEndian.Uint64(slot[2:])) //nolint:gosec // the same bits
	if sum, ok := addNarrow(total, had, isNeg, coef, places); ok {
		slot[1] = byte(max(had, places))
		binary.LittleEndian.PutUint64(slot[2:], uint64(sum)) //nolint:gosec // the same bits
		return
	}
	w := widen(slot, wides)
	slot[1] = byte(max(had, places))
	w.add(isNeg, coef, places)
}

// widen makes a wide sum of the one in a slot.
func widen(slot []byte, wides *[]wide) *wide {
	total := int64(binary.LittleEndian.Uint64(slot[2:])) //nolint:gosec // the same bits
	slot[0] |= sumWide
	binary.LittleEndian.PutUint64(slot[2:], uint64(len(*wides)))
	*wides = append(*wides, wide{})
	w := &(*wides)[len(*wides)-1]
	w.add(total < 0, magnitude(total), int(slot[1]))
	return w
}

// magnitude is a whole number without its sign.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n) //nolint:gosec // the same bits
	}
	return uint64(n)
}

// addNarrow adds where a word has room for it, with the more places of both.
func addNarrow(total int64, had int, isNeg bool, coef uint64, places int) (int64, bool) {
	if places > had {
		hi, lo := bits.Mul64(magnitude(total), powers[places-had])
		if hi != 0 || lo > math.MaxInt64 {
			return 0, false
		}
		if total < 0 {
			total = -int64(lo)
		} else {
			total = int64(lo)
		}
	} else if places < had {
		hi, lo := bits.Mul64(coef, powers[had-places])
		if hi != 0 {
			return 0, false
		}
		coef = lo
	}
	if coef > math.MaxInt64 {
		return 0, false
	}
	n := int64(coef)
	if isNeg {
		n = -n
	}
	sum := total + n
	return sum, (sum > total) == (n > 0)
}

// sumOf is the value of the sum in a slot, null of nothing and of what is not known;
// false where no number of the column's type is the sum.
func sumOf(slot []byte, wides []wide, t Type) (schema.Value, bool) {
	if slot[0]&sumSet == 0 || slot[0]&sumUnknown != 0 {
		return schema.Null, true
	}
	n, places := binary.LittleEndian.Uint64(slot[2:]), int(slot[1])
	if slot[0]&sumWide == 0 {
		total := int64(n) //nolint:gosec // the same bits
		if t == Int {
			return schema.Int(total), true
		}
		return schema.Dec(newDecimal(total < 0, magnitude(total), places)), true
	}
	d, ok := wides[n].decimal(places)
	if !ok || t != Int {
		return schema.Dec(d), ok
	}
	if d.Scale() > 0 || d.Coef() > math.MaxInt64 && !(d.IsNeg() && d.Coef() == 1<<63) {
		return schema.Null, false
	}
	if d.IsNeg() {
		return schema.Int(int64(-d.Coef())), true //nolint:gosec // not below the least
	}
	return schema.Int(int64(d.Coef())), true //nolint:gosec // seen above
}
