package mapping

import (
	"errors"
	"fmt"
	"strings"

	"github.com/govalues/decimal"
)

// decimalStyle is how texts hold decimals.
type decimalStyle uint8

const (
	styleAuto decimalStyle = iota
	styleDot
	styleComma
)

func styleOf(name string) (decimalStyle, error) {
	switch name {
	case "", "auto":
		return styleAuto, nil
	case "dot":
		return styleDot, nil
	case "comma":
		return styleComma, nil
	}
	return styleAuto, errors.New("expected auto, dot or comma")
}

// The bounds of a decimal: what govalues/decimal keeps exactly, and how far an
// exponent may move the point.
const (
	maxDigits   = 19
	maxExponent = 40
	maxDecimal  = 128 // bytes of a text
)

// ParseDecimal reads a decimal as a text holds it, by a style of Locale.Decimals.
// kind is "" or the kind of problem: AmbiguousDecimal, NotANumber or
// TooManyDigits. The error tells only that the style is unknown.
func ParseDecimal(text, style string) (d decimal.Decimal, kind string, err error) {
	s, err := styleOf(style)
	if err != nil {
		return d, "", fmt.Errorf("decimals: %w", err)
	}
	d, kind = parseDecimal(text, s)
	return d, kind, nil
}

// parseDecimal finds out which sign stands before the fraction, if any. A sign
// that parts groups must part them well: three digits behind each, one to three
// before the first.
func parseDecimal(text string, style decimalStyle) (decimal.Decimal, string) {
	text = strings.TrimSpace(text)
	if len(text) > maxDecimal {
		return decimal.Decimal{}, NotANumber
	}
	sign := ""
	switch {
	case strings.HasPrefix(text, "-"), strings.HasPrefix(text, "−"):
		sign, text = "-", strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(text, "-"), "−"), " ")
	case strings.HasPrefix(text, "+"):
		text = text[1:]
	}
	whole, fraction, kind := split(spaced(text), style)
	if kind != "" {
		return decimal.Decimal{}, kind
	}
	return exact(sign, whole, fraction)
}

// spaced writes all the signs that can only part groups as one.
func spaced(text string) string {
	if !strings.ContainsAny(text, "\u00a0\u202f\u2009'’") {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '\u00a0', '\u202f', '\u2009', '\'', '’':
			return ' '
		}
		return r
	}, text)
}

// split parts a number without its sign into whole digits and fraction.
func split(text string, style decimalStyle) (whole, fraction, kind string) {
	dots, commas, spaces := strings.Count(text, "."), strings.Count(text, ","), strings.Count(text, " ")
	last := strings.LastIndexAny(text, ".,")
	point := last // of the sign before the fraction, -1 = there is none
	switch {
	case last < 0:
	case style != styleAuto:
		own, n := byte('.'), dots
		if style == styleComma {
			own, n = ',', commas
		}
		switch {
		case n > 1:
			return "", "", NotANumber
		case n == 1:
			point = strings.IndexByte(text, own)
		default:
			point = -1
		}
	case dots > 0 && commas > 0:
		if strings.Count(text, text[last:last+1]) > 1 {
			return "", "", NotANumber
		}
	case dots+commas > 1:
		point = -1 // only groups repeat
	case spaces > 0:
	case isAmbiguous(text[:last], text[last+1:]):
		return "", "", AmbiguousDecimal
	}
	if point >= 0 {
		text, fraction = text[:point], text[point+1:]
		if fraction == "" || !isDigits(fraction) {
			return "", "", NotANumber
		}
	}
	whole, ok := ungroup(text)
	if !ok || whole == "" && fraction == "" {
		return "", "", NotANumber
	}
	return whole, fraction, ""
}

// isAmbiguous reports whether the one separator of a number may be either: three
// digits behind it, and before it what a group may begin with.
func isAmbiguous(before, behind string) bool {
	return len(behind) == 3 && isDigits(behind) && len(before) >= 1 && len(before) <= 3 && isDigits(before) && before[0] != '0'
}

// ungroup removes what parts groups of three; false when they are badly parted,
// or by two different signs.
func ungroup(text string) (string, bool) {
	i := strings.IndexAny(text, " .,")
	if i < 0 {
		return text, text == "" || isDigits(text)
	}
	groups := strings.Split(text, text[i:i+1])
	for j, g := range groups {
		if !isDigits(g) || j > 0 && len(g) != 3 || j == 0 && len(g) > 3 {
			return "", false
		}
	}
	if groups[0][0] == '0' {
		return "", false // no group begins with it: it was no separator of groups
	}
	return strings.Join(groups, ""), true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// maxPlain is how many digits fit an int64 whatever they are.
const maxPlain = 18

// plainDecimal reads the usual forms, 12 and -12.50, as a text of the style holds
// them, without a copy; false = it must be looked at closely.
func plainDecimal(raw []byte, style decimalStyle) (d decimal.Decimal, ok bool) {
	digits := raw
	if len(raw) > 0 && raw[0] == '-' {
		digits = raw[1:]
	}
	if len(digits) == 0 || len(digits) > maxPlain {
		return d, false
	}
	n, point := int64(0), -1
	for i, c := range digits {
		switch {
		case c-'0' <= 9:
			n = n*10 + int64(c-'0')
		case point >= 0 || i == 0,
			c != '.' && c != ',',
			c == '.' && style == styleComma, c == ',' && style == styleDot:
			return d, false
		default:
			point = i
		}
	}
	scale := 0
	if point >= 0 {
		scale = len(digits) - point - 1
		if scale == 0 || scale == 3 && style == styleAuto {
			return d, false // nothing behind the point, or three digits, which may be a group
		}
	}
	if len(digits) < len(raw) {
		n = -n
	}
	d, err := decimal.New(n, scale)
	return d, err == nil
}

// number reads a JSON number exactly.
func number(raw []byte) (decimal.Decimal, string) {
	if d, ok := plainDecimal(raw, styleDot); ok {
		return d, ""
	}
	if len(raw) > maxDecimal {
		return decimal.Decimal{}, TooManyDigits
	}
	text, sign := string(raw), ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	mantissa, exp := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		var isNegative bool
		for _, c := range text[i+1:] {
			switch c {
			case '-':
				isNegative = true
			case '+':
			default:
				if exp = exp*10 + int(c-'0'); exp > 9999 {
					exp = 9999
				}
			}
		}
		if isNegative {
			exp = -exp
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if exp != 0 {
		if strings.Trim(whole+fraction, "0") == "" {
			return decimal.Decimal{}, ""
		}
		if exp > maxExponent || exp < -maxExponent {
			return decimal.Decimal{}, TooManyDigits
		}
		digits, point := whole+fraction, len(whole)+exp
		switch {
		case point <= 0:
			whole, fraction = "0", strings.Repeat("0", -point)+digits
		case point >= len(digits):
			whole, fraction = digits+strings.Repeat("0", point-len(digits)), ""
		default:
			whole, fraction = digits[:point], digits[point:]
		}
	}
	return exact(sign, whole, fraction)
}

// exact makes a decimal that has every digit that was written, zeros at the ends
// excepted where they do not fit.
func exact(sign, whole, fraction string) (decimal.Decimal, string) {
	whole = strings.TrimLeft(whole, "0")
	if len(whole)+len(fraction) > maxDigits {
		fraction = strings.TrimRight(fraction, "0")
	}
	significant := len(whole) + len(fraction)
	if whole == "" {
		whole, significant = "0", len(strings.TrimLeft(fraction, "0"))
	}
	if significant > maxDigits || len(fraction) > decimal.MaxScale {
		return decimal.Decimal{}, TooManyDigits
	}
	text := sign + whole
	if fraction != "" {
		text += "." + fraction
	}
	d, err := decimal.Parse(text)
	if err != nil {
		return decimal.Decimal{}, NotANumber
	}
	return d, ""
}
