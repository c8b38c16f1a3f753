package odata

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/internal/mapping"
)

// keyMember is where a record's key stands in what is handed to mapping. No
// property can be called so.
const keyMember = "@key"

// keyPart is a property of the key.
type keyPart struct {
	name string
	typ  edm
}

// amender puts the records of a page into the form mapping reads, where they lie:
// related records as lists and objects without their wrappings, typed values in one
// form each. What a version of the protocol does to values ends here.
type amender struct {
	clock clock
	keys  []keyPart
	form  *form

	parts  []mapping.Value // of the key of the record under way
	isTwin bool            // one of them is there twice: nobody knows which is meant
	text   []byte          // of one value, with its escapes undone
	out    []byte          // the same as mapping reads it
}

// record puts one record of a page into form and gives it its key: the graph's text
// of it, Absent when the record has none.
func (a *amender) record(rec mapping.Value) mapping.Value {
	if a.parts == nil {
		a.parts = make([]mapping.Value, len(a.keys))
	}
	clear(a.parts)
	a.isTwin = false
	for m := range rec.Fields() {
		x := a.form.of(m)
		if x.part > 0 {
			if part := &a.parts[x.part-1]; part.Kind() == mapping.Absent {
				*part = m // the key is made of what was sent
				continue
			}
			a.isTwin = true
		}
		a.member(m, x, a.form)
	}
	key := a.key(rec)
	for i, part := range a.parts {
		if part.Kind() == mapping.Text {
			a.value(part, a.keys[i].typ.kind)
		}
	}
	return key
}

func (a *amender) object(v mapping.Value, f *form) {
	for m := range v.Fields() {
		a.member(m, f.of(m), f)
	}
}

func (a *amender) member(m mapping.Value, x *act, f *form) {
	switch x.do {
	case keeps:
	case reads:
		if m.Kind() == mapping.Text {
			a.value(m, x.kind)
		}
	case leads:
		a.related(m, x.sub, f)
	default:
		m.Hide()
	}
}

// related puts the records behind a navigation into form.
func (a *amender) related(m mapping.Value, sub, f *form) {
	switch m.Kind() {
	case mapping.Object:
		var results mapping.Value
		isDeferred := false
		for in := range m.Fields() {
			switch in.Name() {
			case f.results:
				if results.Kind() == mapping.Absent {
					results = in
				}
			case f.deferred:
				isDeferred = true
			}
		}
		switch {
		case results.Kind() == mapping.List:
			m.Lift(results) // it is the next member, and comes here as a list
		case isDeferred:
			m.Hide() // not expanded, whatever was asked: as if it had not come
		default:
			a.object(m, sub)
		}
	case mapping.List:
		for item := range m.Items() {
			if item.Kind() == mapping.Object {
				a.object(item, sub)
			}
		}
	}
}

// value puts a text into the form of its property's type. What is not written as its
// type is left as it came: mapping says what is wrong with it.
func (a *amender) value(v mapping.Value, k kind) {
	text, isSent := v.Raw(), !v.IsEscaped()
	if !isSent {
		a.text = v.Append(a.text[:0])
		text = a.text
	}
	switch k {
	case kindWall, kindMoment, kindDay:
		if isSent && isUsual(text) {
			return
		}
		switch at, ok := a.clock.time(k, text); {
		case !ok:
		case at.IsZero():
			v.Nullify()
		default:
			a.out = at.UTC().AppendFormat(a.out[:0], time.RFC3339Nano)
			v.SetText(a.out)
		}
	case kindInt, kindInt64, kindDec, kindFloat:
		// Before version 4 Edm.Int64 and Edm.Decimal are texts, so that no reader
		// makes binary fractions of them.
		switch {
		case !isNumberText(text):
		case isSent:
			v.AsNumber()
		default:
			v.SetNumber(text)
		}
	case kindGUID:
		switch hasUpper, ok := isGUID(text); {
		case !ok:
		case string(text) == zeroGUID:
			v.Nullify()
		case hasUpper || !isSent:
			a.out = append(a.out[:0], text...)
			v.SetText(lower(a.out))
		}
	}
}

// zeroGUID is what several systems write for "none".
const zeroGUID = "00000000-0000-0000-0000-000000000000"

// isGUID reports whether a text is a GUID, and whether its letters are not all small.
func isGUID(text []byte) (hasUpper, ok bool) {
	if len(text) != len(zeroGUID) {
		return false, false
	}
	for i, c := range text {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false, false
			}
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f':
		case c >= 'A' && c <= 'F':
			hasUpper = true
		default:
			return false, false
		}
	}
	return hasUpper, true
}

// lower makes the letters of a GUID small.
func lower(id []byte) []byte {
	for i, c := range id {
		if c >= 'A' && c <= 'F' {
			id[i] = c | 0x20
		}
	}
	return id
}

// key gives a record its key, made of its parts.
func (a *amender) key(rec mapping.Value) mapping.Value {
	if a.isTwin {
		return mapping.Value{}
	}
	if len(a.keys) == 1 && isOwnKey(a.parts[0], a.keys[0].typ) {
		return rec.PutAs(a.parts[0])
	}
	a.out = a.out[:0]
	for i := range a.keys {
		v, typ := a.parts[i], a.keys[i].typ
		a.text = v.Append(a.text[:0])
		if len(a.text) == 0 && (len(a.keys) == 1 || v.Kind() != mapping.Text) || v.IsHalved() {
			return mapping.Value{}
		}
		text := string(a.text)
		if typ.isTime() {
			at, ok := a.clock.time(typ.kind, a.text)
			if !ok {
				return mapping.Value{}
			}
			text = at.UTC().Format(time.RFC3339Nano)
		}
		text = canonical(typ, text)
		if len(a.keys) == 1 {
			return rec.Put([]byte(text))
		}
		if i > 0 {
			a.out = append(a.out, ',')
		}
		a.out = appendPart(a.out, text)
	}
	return rec.Put(a.out)
}

// isOwnKey reports whether a value is written as the graph's key is.
func isOwnKey(v mapping.Value, typ edm) bool {
	switch v.Kind() {
	case mapping.Text, mapping.Number, mapping.Bool:
	default:
		return false
	}
	text := v.Raw()
	switch {
	case v.IsEscaped(), len(text) == 0, typ.isTime():
		return false
	case typ.kind == kindGUID:
		hasUpper, ok := isGUID(text)
		return !ok || !hasUpper
	case typ.isNumber():
		return isWhole(text)
	}
	return true
}

// isWhole reports whether a text is a whole number above 0 as it is written
// everywhere.
func isWhole(text []byte) bool {
	if len(text) == 0 || len(text) > 18 || text[0] == '0' {
		return false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// maxNumber bounds the text of a number.
const maxNumber = 64

// isNumberText reports whether a text is a number as JSON writes it.
func isNumberText(text []byte) bool {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if len(digits) == 0 || len(digits) > maxNumber || digits[0] < '0' || digits[0] > '9' {
		return false
	}
	if digits[0] == '0' && len(digits) > 1 && digits[1] >= '0' && digits[1] <= '9' {
		return false
	}
	points := 0
	for i, c := range digits {
		switch {
		case c >= '0' && c <= '9':
		case c == '.' && points == 0 && i < len(digits)-1:
			points++
		default:
			return isExponential(string(text), string(digits))
		}
	}
	return true
}

// isExponential is isNumberText for what is more than digits and a point.
func isExponential(text, digits string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil && strings.Trim(digits, "0123456789.eE+-") == "" && !strings.HasSuffix(digits, ".") && !strings.Contains(digits, ".e") && !strings.Contains(digits, ".E")
}
