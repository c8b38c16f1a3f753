package schema

import "github.com/govalues/decimal"

// Money is an exact amount in one currency. It is never a float and is never
// added across currencies.
type Money struct {
	Amount   decimal.Decimal
	Currency string // ISO 4217, upper case
}

func (m *Money) currency() string {
	if m == nil {
		return ""
	}
	return m.Currency
}
