package mapping

import (
	"bytes"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources/internal/places"
	"github.com/trama-graph/trama/schema"
)

// The bounds of what one record may bring.
const (
	MaxText   = 64 << 10 // bytes of a text
	MaxNested = 10_000   // lines, states or stocks of a record
	maxKey    = 512      // bytes of a key: longer ones cannot be asked for
	maxTexts  = 100      // numbers of a link
)

// pick returns the first candidate that holds something, and counts which were
// there.
func (s *spec) pick(t *Tally, rec Value) Value {
	v, _ := s.pickFrom(t, rec)
	return v
}

// pickFrom also tells which candidate it was.
func (s *spec) pickFrom(t *Tally, rec Value) (Value, int) {
	f := &t.fields[s.id]
	f.looked++
	var found Value
	at, isSeen := 0, false
	for i := range s.paths {
		v := s.paths[i].Find(rec)
		if v.Kind() == Absent {
			continue
		}
		if !isSeen {
			f.seen++
			isSeen = true
		}
		f.by[i]++
		if !isBlank(v) {
			return v, i
		}
		if found.Kind() == Absent {
			found, at = v, i
		}
	}
	return found, at
}

func isBlank(v Value) bool {
	switch v.Kind() {
	case Absent, Null:
		return true
	case Text:
		return len(bytes.TrimSpace(v.Raw())) == 0
	}
	return false
}

// scalar returns the text of the column, false when there is none or it is of a
// wrong type, which is counted.
func (s *spec) scalar(t *Tally, rec Value) (string, bool) {
	if s.constant != "" {
		return s.constant, true
	}
	v := s.pick(t, rec)
	switch v.Kind() {
	case Absent, Null:
		return "", false
	case Text, Number:
	case Bool:
		if s.values == nil {
			t.note(s.id, WrongType)
			return "", false
		}
	default:
		if v.Kind() == List && v.Len() == 0 {
			return "", false // PHP's way to say nothing
		}
		t.note(s.id, WrongType)
		return "", false
	}
	return s.bounded(t, v), true
}

// bounded is the text of v as it may leave: whole signs, no zero bytes, which
// databases refuse, and not longer than MaxText.
func (s *spec) bounded(t *Tally, v Value) string {
	text := strings.TrimSpace(v.String())
	if v.Kind() == Number {
		text = strings.TrimSuffix(text, ".0") // a whole number some languages write so
	}
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		t.note(s.id, TextRepaired)
		text = strings.ReplaceAll(strings.ToValidUTF8(text, string(utf8.RuneError)), "\x00", "")
	}
	if len(text) > MaxText {
		t.note(s.id, TextCut)
		text = strings.ToValidUTF8(text[:MaxText], "")
	}
	return text
}

// clean is the text of a value for the rules of links.
func clean(v Value) string {
	if k := v.Kind(); k != Text && k != Number {
		return ""
	}
	text := strings.ReplaceAll(strings.ToValidUTF8(v.String(), string(utf8.RuneError)), "\x00", "")
	return text[:min(len(text), MaxText)]
}

// mapped applies the map of the field.
func (s *spec) mapped(t *Tally, text string) string {
	if s.values == nil || text == "" {
		return text
	}
	if shown, ok := s.values[text]; ok {
		return shown
	}
	t.note(s.id, Undeclared)
	return text
}

func (s *spec) text(t *Tally, rec Value, r role, list []string) string {
	text, _ := s.scalar(t, rec)
	text = s.mapped(t, text)
	switch {
	case text == "":
	case list != nil && !slices.Contains(list, text):
		t.note(s.id, NotInList)
		return ""
	case r == isCode && len(text) > maxKey:
		// Half a key would be another record's.
		t.note(s.id, TextCut)
		return ""
	}
	return text
}

// country reads a country by its code or name; isNamed tells that the record has
// one, known or not.
func (s *spec) country(t *Tally, rec Value) (code string, isNamed bool) {
	text, _ := s.scalar(t, rec)
	if text = s.mapped(t, text); text == "" {
		return "", false
	}
	if code = places.CountryCode(text); code == "" {
		t.note(s.id, UnknownCountry)
	}
	return code, true
}

func (s *spec) texts(t *Tally, rec Value) []string {
	if s.constant != "" {
		return []string{s.constant}
	}
	f := &t.fields[s.id]
	f.looked++
	var list []string
	isSeen := false
	for i := range s.paths {
		isThere := false
		s.paths[i].Each(rec, func(v Value) {
			isThere = true
			switch v.Kind() {
			case Null, Absent:
				return
			case Text, Number:
			default:
				t.note(s.id, WrongType)
				return
			}
			text := s.mapped(t, s.bounded(t, v))
			switch {
			case text == "" || slices.Contains(list, text):
			case len(text) > maxKey:
				t.note(s.id, TextCut)
			case len(list) >= maxTexts:
				t.note(s.id, ListCut)
			default:
				list = append(list, text)
			}
		})
		if isThere || s.paths[i].Find(rec).Kind() != Absent {
			f.by[i]++
			isSeen = true
		}
		if len(list) > 0 {
			break
		}
	}
	if isSeen {
		f.seen++
	}
	return list
}

func byName(t *Tally, rec Value, parts []part) map[string]string {
	var m map[string]string
	for i := range parts {
		p := &parts[i]
		if text := p.text(t, rec, isCode, nil); text != "" {
			if m == nil {
				m = make(map[string]string, len(parts))
			}
			m[p.name] = text
		}
	}
	return m
}

// number reads a decimal that is no amount. Zeros that only pad it are dropped.
func (s *spec) number(t *Tally, rec Value) *decimal.Decimal {
	d, ok := s.decimal(t, rec)
	if !ok {
		return nil
	}
	d = d.Trim(0)
	return &d
}

func (s *spec) decimal(t *Tally, rec Value) (decimal.Decimal, bool) {
	var d decimal.Decimal
	kind, text := "", s.constant
	if text == "" {
		v := s.pick(t, rec)
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
func (b *building) money(s *spec, rec Value, isPrice bool) *schema.Money {
	d, ok := s.decimal(b.t, rec)
	if !ok {
		return nil
	}
	switch {
	case !b.isKnown:
		b.t.note(s.id, NoCurrency)
	case b.currency != noCurrency && !isPrice && d.Trim(0).Scale() > minorUnits(b.currency):
		b.t.note(s.id, TooExact)
	}
	return schema.NewMoney(d, b.currency)
}

func (b *building) readCurrency(s *spec) {
	text, _ := s.scalar(b.t, b.rec)
	if text = strings.ToUpper(s.mapped(b.t, text)); text == "" {
		return
	}
	b.currency, b.isKnown = text, true
	if !IsCurrency(text) {
		b.t.note(s.id, UnknownCurrency)
		b.currency = noCurrency
	}
}

func (s *spec) moment(t *Tally, rec Value) time.Time {
	text, ok := s.scalar(t, rec)
	if !ok {
		return time.Time{}
	}
	at, kind := s.dates.read(s.mapped(t, text))
	if kind != "" {
		t.note(s.id, kind)
	}
	return at
}

// truth reads what stands for yes and no everywhere; anything else needs a map.
func (s *spec) truth(rec Value, t *Tally) *bool {
	text, isNot := s.constant, false
	if text == "" {
		v, i := s.pickFrom(t, rec)
		isNot = i < len(s.paths) && s.paths[i].isNot
		switch v.Kind() {
		case Absent, Null:
			return nil
		case Bool, Number, Text:
			text = strings.TrimSpace(v.String())
		default:
			t.note(s.id, WrongType)
			return nil
		}
	}
	if text == "" {
		return nil
	}
	var yes bool
	switch strings.ToLower(s.mapped(t, text)) {
	case "true", "1", "yes", "y", "t":
		yes = true
	case "false", "0", "no", "n", "f":
	default:
		t.note(s.id, WrongType)
		return nil
	}
	yes = yes != (s.isInverse != isNot)
	return &yes
}

// whole reads a small whole number.
func (s *spec) whole(t *Tally, rec Value) *int {
	d, ok := s.decimal(t, rec)
	if !ok {
		return nil
	}
	n, fraction, ok := d.Int64(0)
	if !ok || fraction != 0 || !d.IsInt() || n != int64(int32(n)) {
		t.note(s.id, WrongType)
		return nil
	}
	i := int(n)
	return &i
}

// elements reads a list of records within the record. Nil means that there is no
// list.
func elements[T any](b *building, rec Value, s *spec, p *Plan[T]) []*T {
	v := s.pick(b.t, rec)
	switch v.Kind() {
	case List:
	case Absent, Null:
		return nil
	case Object: // PHP writes a list with gaps as an object
		return nil
	default:
		b.t.note(s.id, WrongType)
		return nil
	}
	n := v.Len()
	if n > MaxNested {
		b.t.note(s.id, ListCut)
		n = MaxNested
	}
	slab := make([]T, n)
	list := make([]*T, 0, n)
	i := 0
	for item := range v.Items() {
		if i == n {
			break
		}
		row := &slab[i]
		i++
		if item.Kind() != Object {
			b.t.note(s.id, NotARecord)
			continue
		}
		p.fill(b, item, row)
		if p.table.position != nil {
			if place := p.table.position(row); *place == nil {
				*place = new(i)
			}
		}
		list = append(list, row)
	}
	return list
}
