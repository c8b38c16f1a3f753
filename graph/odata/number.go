package odata

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// number reads a whole or decimal number exactly. An exponent is taken for
// short: OData has it for Edm.Double only, but Power Query writes it.
func (c *cursor) number(start int, raw string) (Type, schema.Value, *quantity, *Error) {
	if raw == "-INF" {
		return 0, schema.Null, nil, c.unsupported(start, "INF, which only Edm.Double has,")
	}
	if !isNumber(raw) {
		return 0, schema.Null, nil, c.fail(start, "expected a number, a date or a DateTimeOffset (texts stand in single quotes)")
	}
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil {
		return Int, schema.Int(n), nil, nil
	}
	d, err := exact(raw)
	if err != nil { // too long as it is written: its zeros may be all there is too much
		n := quantityOf(raw)
		var isExact bool
		if d, isExact = n.towardZero(); !isExact {
			return Decimal, schema.Null, &n, nil
		}
	}
	t, v := valueOf(d)
	return t, v, nil, nil
}

// valueOf is a decimal as a literal: a whole number where it has no places, as
// 1e5 and 1.5e3 have none.
func valueOf(d decimal.Decimal) (Type, schema.Value) {
	if d.Scale() == 0 {
		if n, _, ok := d.Int64(0); ok {
			return Int, schema.Int(n)
		}
	}
	return Decimal, schema.Dec(d)
}

// isNumber checks [-+]digits[.digits][e[-+]digits].
func isNumber(s string) bool {
	s = strings.TrimLeft(s[:min(1, len(s))], "+-") + s[min(1, len(s)):]
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		exponent := s[i+1:]
		if exponent != "" && (exponent[0] == '-' || exponent[0] == '+') {
			exponent = exponent[1:]
		}
		if !isDigits(exponent) {
			return false
		}
		s = s[:i]
	}
	whole, fraction, hasPoint := strings.Cut(s, ".")
	return isDigits(whole) && (!hasPoint || isDigits(fraction))
}

// exact parses without the rounding that decimal.Parse does where the fraction
// is too long for it.
func exact(s string) (decimal.Decimal, error) {
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
	}
	digits, fraction := 0, 0
	whole, after, _ := strings.Cut(strings.TrimLeft(mantissa, "+-"), ".")
	digits, fraction = len(strings.TrimLeft(whole+after, "0")), len(after)
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > decimal.MaxPrec || n < -decimal.MaxScale {
			return decimal.Decimal{}, strconv.ErrRange
		}
		fraction -= n
	}
	if digits > decimal.MaxPrec || fraction > decimal.MaxScale {
		return decimal.Decimal{}, strconv.ErrRange
	}
	return decimal.Parse(s)
}

// quantity is a number of any size: ±0.digits × 10^point.
type quantity struct {
	isNegative bool
	digits     string // neither begins nor ends with 0; "" is 0
	point      int
}

// maxExponent is more than any exponent which the digits of one address could
// make up for.
const maxExponent = 1 << 30

// quantityOf reads what isNumber has found good.
func quantityOf(s string) quantity {
	n := quantity{isNegative: s[0] == '-'}
	mantissa, exponent := strings.TrimLeft(s, "+-"), 0
	if i := strings.IndexAny(mantissa, "eE"); i >= 0 {
		e, err := strconv.ParseInt(mantissa[i+1:], 10, 64)
		if err != nil { // beyond 64 bits; ParseInt gives the bound of its side
			e = max(-maxExponent, min(maxExponent, e))
		}
		mantissa, exponent = mantissa[:i], int(max(-maxExponent, min(maxExponent, e)))
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := strings.TrimLeft(whole+fraction, "0")
	n.point = len(whole) - (len(whole) + len(fraction) - len(all)) + exponent
	if n.digits = strings.TrimRight(all, "0"); n.digits == "" {
		return quantity{}
	}
	return n
}

// isBeyond says whether no exact decimal is as far from zero.
func (n quantity) isBeyond() bool { return n.point > decimal.MaxPrec }

// towardZero returns the exact decimal that is nearest to n on the way to zero,
// the greatest of all if n is beyond, and whether it is n.
func (n quantity) towardZero() (d decimal.Decimal, isExact bool) {
	const most = "9999999999999999999"
	// A decimal has 19 digits, and 19 behind the point.
	keep := min(len(n.digits), decimal.MaxPrec, decimal.MaxScale+n.point)
	text := "0"
	switch {
	case n.isBeyond():
		text = most
	case keep <= 0:
	case n.point <= 0:
		text = "0." + strings.Repeat("0", -n.point) + n.digits[:keep]
	case n.point >= keep:
		text = n.digits[:keep] + strings.Repeat("0", n.point-keep)
	default:
		text = n.digits[:n.point] + "." + n.digits[n.point:keep]
	}
	d, err := decimal.Parse(text)
	if err != nil {
		return decimal.Decimal{}, false // cannot be: the text was made to fit
	}
	if n.isNegative {
		d = d.Neg()
	}
	return d, !n.isBeyond() && max(keep, 0) == len(n.digits)
}

// compare orders two numbers.
func (n quantity) compare(m quantity) int {
	if c := cmp.Compare(n.sign(), m.sign()); c != 0 || n.digits == "" {
		return c
	}
	c := cmp.Compare(n.point, m.point)
	if c == 0 {
		c = strings.Compare(n.digits, m.digits) // neither ends with 0
	}
	return c * n.sign()
}

func (n quantity) sign() int {
	switch {
	case n.digits == "":
		return 0
	case n.isNegative:
		return -1
	}
	return 1
}
