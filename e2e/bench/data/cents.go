package data

import (
	"errors"
	"strconv"
	"strings"
)

// Cents is an amount of money. The systems write it as a JSON number of units without
// trailing zeros: 12.3, 7, 0.05.
type Cents int64

var errCents = errors.New("data: not an amount")

// MarshalJSON writes the amount in units.
func (c Cents) MarshalJSON() ([]byte, error) {
	b := strconv.AppendInt(nil, int64(c/100), 10)
	switch rest := c % 100; {
	case rest == 0:
	case rest%10 == 0:
		b = append(b, '.', byte('0'+rest/10))
	default:
		b = append(b, '.', byte('0'+rest/10), byte('0'+rest%10))
	}
	return b, nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Cents) UnmarshalJSON(b []byte) error {
	units, rest, _ := strings.Cut(string(b), ".")
	if len(rest) > 2 || strings.HasPrefix(units, "-") {
		return errCents
	}
	n, err := strconv.ParseInt(units+rest+"00"[len(rest):], 10, 64)
	if err != nil {
		return errCents
	}
	*c = Cents(n)
	return nil
}
