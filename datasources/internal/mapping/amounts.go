package mapping

import (
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// decimalOf reads a decimal that is no amount. Zeros that only pad it are dropped.
func (s *spec) decimalOf(t *Tally, m *members) *decimal.Decimal {
	d, ok := s.decimal(t, m)
	if !ok {
		return nil
	}
	if d.Scale() > 0 {
		d = d.Trim(0)
	}
	return t.arena.number.one(d, t.arena.page)
}

func (s *spec) decimal(t *Tally, m *members) (decimal.Decimal, bool) {
	var d decimal.Decimal
	kind, text := "", s.constant
	if text == "" {
		v := s.pick(t, m)
		switch v.Kind() {
		case Absent, Null:
			return d, false
		case Number:
			d, kind = number(v.Raw())
			if kind != "" {
				t.note(s.id, kind)
			}
			return d, kind == ""
		case Text:
			if isBlank(v) {
				return d, false
			}
			if s.values == nil {
				if d, ok := plainDecimal(v.Raw(), s.style); ok {
					return d, true
				}
			}
			text = v.String()
		default:
			t.note(s.id, WrongType)
			return d, false
		}
	}
	if d, kind = parseDecimal(s.mapped(t, text), s.style); kind != "" {
		t.note(s.id, kind)
	}
	return d, kind == ""
}

// money reads an amount in the record's currency.
func (b *building) money(s *spec, m *members, isPrice bool) *schema.Money {
	d, ok := s.decimal(b.t, m)
	if !ok {
		return nil
	}
	switch {
	case !b.isKnown:
		b.t.note(s.id, NoCurrency)
	case b.currency != schema.NoCurrency && !isPrice && d.Scale() > minorUnits(b.currency) && d.Trim(0).Scale() > minorUnits(b.currency):
		b.t.note(s.id, TooExact)
	}
	return b.t.arena.money.one(schema.MoneyOf(d, b.currency), b.t.arena.page)
}

// lastCurrency is the currency of the record before, which is most often that of
// the next one too.
type lastCurrency struct{ text, code string }

func (b *building) readCurrency(s *spec, m *members) {
	text, _ := s.scalar(b.t, m)
	if text = s.mapped(b.t, text); text == "" {
		return
	}
	b.isKnown = true
	if last := &b.t.currency; text == last.text {
		b.currency = last.code
		return
	}
	if b.currency = strings.ToUpper(text); !IsCurrency(b.currency) {
		b.t.note(s.id, UnknownCurrency)
		b.currency = schema.NoCurrency
		return
	}
	b.t.currency = lastCurrency{text: text, code: b.currency}
}

func (s *spec) momentOf(t *Tally, m *members) time.Time {
	if s.constant == "" && s.values == nil {
		v := s.pick(t, m)
		if v.d == nil || v.Kind() == Null {
			return time.Time{}
		}
		if raw := plainText(v); raw != nil {
			if at, ok := s.dates.plain(raw); ok {
				return at
			}
		}
		return s.momentIn(t, v)
	}
	text, ok := s.scalar(t, m)
	if !ok {
		return time.Time{}
	}
	at, kind := s.dates.read(s.mapped(t, text))
	if kind != "" {
		t.note(s.id, kind)
	}
	return at
}

// momentIn reads a time that was not written in the usual form.
func (s *spec) momentIn(t *Tally, v Value) time.Time {
	text, ok := s.textIn(t, v)
	if !ok {
		return time.Time{}
	}
	at, kind := s.dates.read(text)
	if kind != "" {
		t.note(s.id, kind)
	}
	return at
}

// wholeOf reads a small whole number.
func (s *spec) wholeOf(t *Tally, m *members) *int {
	d, ok := s.decimal(t, m)
	if !ok {
		return nil
	}
	n, fraction, ok := d.Int64(0)
	if !ok || fraction != 0 || !d.IsInt() || n != int64(int32(n)) {
		t.note(s.id, WrongType)
		return nil
	}
	return t.arena.whole.one(int(n), t.arena.page)
}
