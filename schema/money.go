package schema

import "github.com/govalues/decimal"

// Money is an exact amount in one currency. It is never a float and is never
// added across currencies.
type Money struct {
	Amount   decimal.Decimal
	Currency string // ISO 4217, upper case
}

// NoCurrency is ISO 4217's code for amounts of no (known) currency: an amount of an
// unknown currency is not one of the currency a source has otherwise.
const NoCurrency = "XXX"

// NewMoney makes money with at least two digits behind the point and no zeros
// beyond them: a source that sends 350.9 or 350.9000 means 350.90.
func NewMoney(amount decimal.Decimal, currency string) *Money {
	m := MoneyOf(amount, currency)
	return &m
}

// MoneyOf is NewMoney for a place that the caller has.
func MoneyOf(amount decimal.Decimal, currency string) Money {
	if amount.Scale() != 2 {
		amount = amount.Trim(2).Pad(2)
	}
	return Money{Amount: amount, Currency: currency}
}

func (m *Money) currency() string {
	if m == nil {
		return ""
	}
	return m.Currency
}
