package mapping

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/trama-graph/trama/datasources/internal/places"
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
func (s *spec) pick(t *Tally, m *members) Value {
	v, _ := s.pickFrom(t, m)
	return v
}

// pickFrom also tells which candidate it was.
func (s *spec) pickFrom(t *Tally, m *members) (Value, int) {
	f := &t.fields[s.id]
	f.looked++
	var found Value
	at, isSeen := 0, false
	for i := range s.paths {
		v, isTwin := m.find(&s.paths[i])
		if isTwin {
			t.note(s.id, Twice)
		}
		if v.d == nil && !isTwin {
			continue
		}
		if !isSeen {
			f.seen++
			isSeen = true
		}
		f.by[i]++
		if isTwin {
			return Value{}, i
		}
		if !isBlank(v) {
			return v, i
		}
		if found.d == nil {
			found, at = v, i
		}
	}
	return found, at
}

func isBlank(v Value) bool {
	n := v.node()
	if n.kind != Text {
		return n.kind == Null
	}
	if n.from == n.to {
		return true
	}
	text := v.d.text(n)
	if c := text[0]; c > ' ' && c < utf8.RuneSelf {
		return false
	}
	return len(bytes.TrimSpace(text)) == 0
}

// scalar returns the text of the column, false when there is none or it is of a
// wrong type, which is counted.
func (s *spec) scalar(t *Tally, m *members) (string, bool) {
	if s.constant != "" {
		return s.constant, true
	}
	return s.textIn(t, s.pick(t, m))
}

// textIn is the text a column's value holds.
func (s *spec) textIn(t *Tally, v Value) (string, bool) {
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

// plainText is the bytes of a text of the document that may leave as they are:
// ASCII, not blank at its ends, not too long; nil when v is anything else.
func plainText(v Value) []byte {
	n := v.node()
	if n.kind != Text || n.isEscaped || n.isWide || n.from == n.to || n.to-n.from > MaxText {
		return nil
	}
	raw := v.d.text(n)
	if raw[0] <= ' ' || raw[len(raw)-1] <= ' ' {
		return nil
	}
	return raw
}

// kept is a copy of b, or the last text of the column where that is the same, as
// it often is for states and parents.
func (s *spec) kept(t *Tally, b []byte) string {
	f := &t.fields[s.id]
	if string(b) != f.last {
		f.last = t.arena.text(b)
	}
	return f.last
}

// bounded is the text of v as it may leave: whole signs, no zero bytes, which
// databases refuse, and not longer than MaxText.
func (s *spec) bounded(t *Tally, v Value) string {
	if raw := plainText(v); raw != nil {
		return s.kept(t, raw)
	}
	if n := v.node(); n.kind == Text {
		raw := v.Raw()
		if n.isEscaped {
			t.scratch = appendUnescaped(t.scratch[:0], raw)
			if isHalved(raw, t.scratch) {
				t.note(s.id, TextRepaired)
			}
			raw = t.scratch
		}
		raw = bytes.TrimSpace(raw)
		if len(raw) <= MaxText && utf8.Valid(raw) && bytes.IndexByte(raw, 0) < 0 {
			return s.kept(t, raw)
		}
	}
	if raw := v.Raw(); v.Kind() == Number && len(raw) <= MaxText {
		return s.kept(t, bytes.TrimSuffix(raw, []byte(".0"))) // a whole number some languages write so
	}
	text := strings.TrimSpace(v.String())
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

// isHalved reports whether a text lost half a character when it was unescaped: one of a
// pair of surrogates stood alone.
func isHalved(escaped, text []byte) bool {
	replaced := []byte(string(utf8.RuneError))
	return bytes.Contains(text, replaced) && !bytes.Contains(escaped, replaced) && !bytes.Contains(bytes.ToLower(escaped), []byte(`\ufffd`))
}

// cleaned is the text at a path for the rules of links, nil when there is none. It
// is used before the next text is read.
func (t *Tally) cleaned(m *members, p *Path) []byte {
	v, _ := m.find(p)
	if k := v.Kind(); k != Text && k != Number {
		return nil
	}
	raw, n := v.Raw(), v.node()
	if !n.isEscaped && !n.isWide {
		return raw[:min(len(raw), MaxText)]
	}
	if n.isEscaped {
		t.scratch = appendUnescaped(t.scratch[:0], raw)
		raw = t.scratch
	}
	if !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 {
		raw = bytes.ReplaceAll(bytes.ToValidUTF8(raw, []byte(string(utf8.RuneError))), []byte{0}, nil)
	}
	return raw[:min(len(raw), MaxText)]
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

func (s *spec) textOf(t *Tally, m *members, r role, list []string) string {
	text, _ := s.scalar(t, m)
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
func (s *spec) country(t *Tally, m *members) (code string, isNamed bool) {
	text, _ := s.scalar(t, m)
	if text = s.mapped(t, text); text == "" {
		return "", false
	}
	if code = places.CountryCode(text); code == "" {
		t.note(s.id, UnknownCountry)
	}
	return code, true
}

func (s *spec) texts(t *Tally, m *members) []string {
	if s.constant != "" {
		return []string{s.constant}
	}
	f := &t.fields[s.id]
	f.looked++
	var list []string
	isSeen := false
	for i := range s.paths {
		isThere := false
		isTwin := m.each(&s.paths[i], func(v Value) {
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
		if isTwin {
			t.note(s.id, Twice)
			f.by[i]++
			f.seen++
			return nil
		}
		if v, _ := m.find(&s.paths[i]); isThere || v.d != nil {
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

func byName(t *Tally, m *members, parts []part) map[string]string {
	var texts map[string]string
	for i := range parts {
		p := &parts[i]
		if text := p.textOf(t, m, isCode, nil); text != "" {
			if texts == nil {
				texts = make(map[string]string, len(parts))
			}
			texts[p.name] = text
		}
	}
	return texts
}

// truth reads what stands for yes and no everywhere; anything else needs a map.
func (s *spec) truth(m *members, t *Tally) *bool {
	text, isNot := s.constant, false
	if text == "" {
		v, i := s.pickFrom(t, m)
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
	shown := s.mapped(t, text)
	if _, isKnown := s.values[text]; s.isExact && s.values != nil && !isKnown {
		t.note(s.id, WrongType)
		return nil
	}
	switch strings.ToLower(shown) {
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

// elements reads a list of records within the record. Nil means that there is no
// list.
func elements[T any](b *building, m *members, s *spec, p *Plan[T], mem *nested[T], level int) []*T {
	v := s.pick(b.t, m)
	switch v.Kind() {
	case List:
	case Absent, Null:
		return nil
	default: // also an object, as PHP writes a list with gaps: of that only what was asked for was read
		b.t.note(s.id, WrongType)
		return nil
	}
	n := v.Len()
	if n > MaxNested {
		b.t.note(s.id, ListCut)
		n = MaxNested
	}
	if n == 0 {
		return []*T{}
	}
	slab := mem.rows.many(n, b.t.arena.page)
	list := mem.refs.many(n, b.t.arena.page)[:0]
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
		spoilt, lacking := len(b.t.spoilt), len(b.t.lacking)
		of := b.t.index(item, p.keys, level)
		p.fill(b, of, row, level)
		if len(b.t.spoilt) > spoilt || len(b.t.lacking) > lacking {
			p.soundInside(b.t, b.source, row, spoilt, lacking)
		}
		if p.table.position != nil {
			if place := p.table.position(row); *place == nil {
				*place = b.t.arena.whole.one(i, b.t.arena.page)
			}
		}
		list = append(list, row)
	}
	return list
}
