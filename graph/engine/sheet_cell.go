package engine

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// kind returns what kind of value a step's leaf is in a table: by its Go type where
// that says it, else by the scalar's name; what is neither is a text. ok is false for
// what is no leaf.
func (s *step) kind() (kind schema.Kind, ok bool) {
	if s.mode == modeTypename {
		return schema.KindString, true
	}
	if s.field == nil || s.field.shape.kind != shapeLeaf {
		return 0, false
	}
	t := s.field.shape.leaf.goType
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[decimal.Decimal]():
		return schema.KindDecimal, true
	case reflect.TypeFor[time.Time]():
		return schema.KindTime, true
	}
	switch s.field.def.Type.Name() {
	case "Int", "Int64":
		return schema.KindInt, true
	case "Float":
		return schema.KindDecimal, true
	case "Boolean":
		return schema.KindBool, true
	}
	return schema.KindString, true
}

// value reads the value at p as a table has it: what write writes, without JSON.
func (l *leaf) value(v *schema.Value, kind schema.Kind, p place) {
	if l.pointer {
		if p = pointerAt(p); p == nil {
			*v = schema.Value{}
			return
		}
	}
	switch l.kind {
	case leafText:
		text(v, *(*string)(p))
		if v.Str == "" {
			v.Kind = schema.KindNull
		}
		return
	case leafString:
		text(v, *(*string)(p))
		return
	case leafBool:
		*v = schema.Value{Kind: schema.KindBool, Bool: *(*bool)(p)}
		return
	case leafInt:
		*v = schema.Int(int64(*(*int)(p)))
		return
	case leafInt64:
		*v = schema.Int(*(*int64)(p))
		return
	case leafInt32:
		*v = schema.Int(int64(*(*int32)(p)))
		return
	case leafTime:
		*v = schema.Time(*(*time.Time)(p))
		return
	case leafAppend, leafSure:
		// What is written of these two says the same as the value itself.
		switch kind {
		case schema.KindDecimal:
			if l.holds(reflect.TypeFor[decimal.Decimal]()) {
				*v = schema.Value{Kind: schema.KindDecimal, Dec: *(*decimal.Decimal)(p)}
				return
			}
		case schema.KindTime:
			if l.holds(reflect.TypeFor[time.Time]()) {
				*v = schema.Time(*(*time.Time)(p))
				return
			}
		}
	}
	l.parsed(v, kind, p)
}

// parsed reads the value at p, which is not null for being a pointer, by way of its
// JSON form.
func (l *leaf) parsed(v *schema.Value, kind schema.Kind, p place) {
	bare := *l
	bare.pointer = false
	parsed(v, kind, bare.write(nil, p))
}

// holds reports whether the values are of a Go type.
func (l *leaf) holds(t reflect.Type) bool {
	return l.goType == t || l.pointer && l.goType.Elem() == t
}

// text makes a text, whose bytes that are no UTF-8 are replaced as JSON has them. The
// empty text is one: where it stands for null, the leaf says so.
func text(v *schema.Value, s string) {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	*v = schema.Value{Kind: schema.KindString, Str: s}
}

// parsed reads a value from its JSON form: of what has no other, and of what was masked.
// A text that is none of its kind stays a text, as a mask may leave one.
func parsed(v *schema.Value, kind schema.Kind, b []byte) {
	*v = schema.Value{}
	if len(b) == 0 || string(b) == "null" {
		return
	}
	s := string(b)
	if b[0] == '"' {
		s = s[1 : len(s)-1]
		if strings.IndexByte(s, '\\') >= 0 {
			var whole string
			if json.Unmarshal(b, &whole) != nil {
				return
			}
			s = whole
		}
	}
	if kind != schema.KindString {
		if w, err := schema.ParseValue(kind, s); err == nil {
			*v = w
			return
		}
	}
	text(v, s)
}

// value reads the i-th cell of a column of leaves.
func (c *cells) value(v *schema.Value, kind schema.Kind, i int) {
	switch {
	case c.null != nil && c.null[i]:
		*v = schema.Value{}
	case c.ends == nil:
		c.shape.leaf.value(v, kind, c.src.at(i))
	default:
		from := int32(0)
		if i > 0 {
			from = c.ends[i-1]
		}
		parsed(v, kind, c.text[from:c.ends[i]])
	}
}
