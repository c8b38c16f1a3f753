package engine

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

type leafKind uint8

const (
	leafMarshal leafKind = iota // through marshal: may fail, so written when completed
	leafAppend                  // through append
	leafSure                    // the same, never null
	leafText                    // a string, null when empty
	leafString
	leafInt
	leafInt8
	leafInt16
	leafInt32
	leafInt64
	leafUint
	leafUint8
	leafUint16
	leafUint32
	leafUint64
	leafBool
	leafTime // RFC 3339 with its own offset, null when zero
)

// leaf says how a scalar or enum is written. All kinds but leafMarshal cannot
// fail and are read only when the answer is written.
type leaf struct {
	kind    leafKind
	pointer bool // a pointer to the value lies at the place
	goType  reflect.Type
	scalar  bool // not an enum

	// append writes the value at p, and nothing for null.
	append func(b []byte, p place) []byte
	// marshal returns the value's marshaler (either kind), nil for null.
	marshal func(p place) any
}

// canBeNull reports whether a value of the leaf can come out as null.
func (l *leaf) canBeNull() bool {
	switch l.kind {
	case leafMarshal, leafAppend, leafText, leafTime:
		return true
	}
	return l.pointer
}

// write appends the value at p as JSON, null included.
func (l *leaf) write(b []byte, p place) []byte {
	if l.pointer {
		if p = pointerAt(p); p == nil {
			return append(b, "null"...)
		}
	}
	switch l.kind {
	case leafText:
		s := *(*string)(p)
		if s == "" {
			return append(b, "null"...)
		}
		return AppendString(b, s)
	case leafString:
		return AppendString(b, *(*string)(p))
	case leafSure:
		return l.append(b, p)
	case leafInt:
		return strconv.AppendInt(b, int64(*(*int)(p)), 10)
	case leafInt64:
		return strconv.AppendInt(b, *(*int64)(p), 10)
	case leafBool:
		return strconv.AppendBool(b, *(*bool)(p))
	case leafInt32:
		return strconv.AppendInt(b, int64(*(*int32)(p)), 10)
	case leafInt16:
		return strconv.AppendInt(b, int64(*(*int16)(p)), 10)
	case leafInt8:
		return strconv.AppendInt(b, int64(*(*int8)(p)), 10)
	case leafUint:
		return strconv.AppendUint(b, uint64(*(*uint)(p)), 10)
	case leafUint8:
		return strconv.AppendUint(b, uint64(*(*uint8)(p)), 10)
	case leafUint16:
		return strconv.AppendUint(b, uint64(*(*uint16)(p)), 10)
	case leafUint32:
		return strconv.AppendUint(b, uint64(*(*uint32)(p)), 10)
	case leafUint64:
		return strconv.AppendUint(b, *(*uint64)(p), 10)
	case leafTime:
		t := (*time.Time)(p)
		if t.IsZero() {
			return append(b, "null"...)
		}
		b = append(b, '"')
		b = t.AppendFormat(b, time.RFC3339Nano)
		return append(b, '"')
	}
	n := len(b)
	if b = l.append(b, p); len(b) == n {
		b = append(b, "null"...)
	}
	return b
}

// isNull reports whether the value at p is null. It is asked only where null is
// not allowed, and not for leafMarshal.
func (l *leaf) isNull(p place, scratch *[]byte) bool {
	if l.pointer {
		if p = pointerAt(p); p == nil {
			return true
		}
	}
	switch l.kind {
	case leafTime:
		return (*time.Time)(p).IsZero()
	case leafText:
		return *(*string)(p) == ""
	case leafAppend:
		*scratch = l.append((*scratch)[:0], p)
		return len(*scratch) == 0
	}
	return false
}

// encode writes a value that may fail. null and err exclude each other.
func (l *leaf) encode(ctx context.Context, b []byte, p place) (out []byte, null bool, err error) {
	if l.pointer {
		if p = pointerAt(p); p == nil {
			return b, true, nil
		}
	}
	w := byteWriter{b}
	switch m := l.marshal(p).(type) {
	case nil:
		return b, true, nil
	case graphql.Marshaler:
		if m == graphql.Null {
			return b, true, nil
		}
		m.MarshalGQL(&w)
	case graphql.ContextMarshaler:
		if m == graphql.ContextMarshaler(graphql.Null) {
			return b, true, nil
		}
		if err := m.MarshalGQLContext(ctx, &w); err != nil {
			return b, false, err
		}
	}
	return w.b, false, nil
}

// byteWriter is the io.Writer that marshalers want.
type byteWriter struct{ b []byte }

func (w *byteWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

func (w *byteWriter) WriteString(s string) (int, error) {
	w.b = append(w.b, s...)
	return len(s), nil
}

const hex = "0123456789ABCDEF"

// escaped marks the bytes that cannot stand for themselves in a JSON string.
var escaped = func() (t [256]bool) {
	for i := range 0x20 {
		t[i] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

// AppendString appends a text as a JSON string. Bytes that are not UTF-8 become
// the replacement character: JSON has no way to carry them.
func AppendString(b []byte, s string) []byte {
	plain, ascii := stands(s)
	if !plain || !ascii && !utf8.ValidString(s) {
		return appendEscaped(append(b, '"'), s)
	}
	return appendQuoted(b, s)
}

// appendQuoted appends a text that stands for itself.
func appendQuoted(b []byte, s string) []byte {
	n, need := len(b), len(s)+2
	if cap(b)-n < need {
		b = slices.Grow(b, need)
	}
	b = b[:n+need]
	b[n] = '"'
	copy(b[n+1:], s)
	b[n+need-1] = '"'
	return b
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stands reports whether a text has no byte that must be escaped, and whether all of
// it is ASCII. It looks at eight bytes at a time: in x-n*ones the high bit of a byte
// that was less than n is set, and in x it was not.
func stands(s string) (plain, ascii bool) {
	var bad, all uint64
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := eight(s[i : i+8])
		bad |= unfit(x)
		all |= x
	}
	switch {
	case i == len(s):
	case i > 0: // the last eight, some of them again
		x := eight(s[len(s)-8:])
		bad |= unfit(x)
		all |= x
	case len(s) >= 4:
		x := four(s) | four(s[len(s)-4:])<<32
		bad, all = unfit(x), x
	default:
		for ; i < len(s); i++ {
			if escaped[s[i]] {
				bad |= highs
			}
			all |= uint64(s[i])
		}
	}
	return bad&highs == 0, all&highs == 0
}

func unfit(x uint64) uint64 {
	quote, slash := x^('"'*ones), x^('\\'*ones)
	return (x-0x20*ones)&^x | (quote-ones)&^quote | (slash-ones)&^slash
}

func four(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

// eight reads eight bytes; the compiler makes one load of it.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func appendEscaped(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(b, s[from:i]...)
				b = append(b, "\uFFFD"...)
				from = i + 1
			}
			i += n
			continue
		}
		if escaped[c] {
			b = append(b, s[from:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			from = i + 1
		}
		i++
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
