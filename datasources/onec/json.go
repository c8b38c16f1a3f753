package onec

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govalues/decimal"
)

// columns are the properties a reply is read for, by their upstream names.
type columns struct {
	index map[string]int
	n     int
}

func newColumns(names ...string) *columns {
	c := &columns{index: make(map[string]int, len(names))}
	for _, name := range names {
		c.add(name)
	}
	return c
}

func (c *columns) add(name string) {
	if _, ok := c.index[name]; !ok && name != "" {
		c.index[name] = c.n
		c.n++
	}
}

// row is one object of a reply: the raw JSON of the properties asked for, which
// lies in the reply's body.
type row struct {
	cols *columns
	vals [][]byte
}

// The errors of a decoder name columns, never values.
var (
	errJSON  = errors.New("onec: reply is not JSON")
	errShape = errors.New("onec: reply has another form than a list")
)

// decodeRows reads the objects of a collection ({"value":[…]}), keeping only
// the columns. Unknown members are skipped.
func decodeRows(body []byte, cols *columns) ([]row, error) {
	// Valid first: what follows may then trust the grammar. It bounds the depth too.
	if !json.Valid(body) || !utf8.Valid(body) {
		return nil, errJSON
	}
	var list []byte
	s := scanner{b: body}
	if !s.object(func(name, val []byte) {
		if string(name) == "value" {
			list = val
		}
	}) || list == nil {
		return nil, errShape
	}
	return decodeArray(list, cols)
}

// decodeArray reads the objects of a JSON array: a collection or a tabular part.
// The text is known to be valid.
func decodeArray(list []byte, cols *columns) ([]row, error) {
	var rows []row
	bad := false
	s := scanner{b: list}
	if !s.array(func(val []byte) {
		r := row{cols: cols, vals: make([][]byte, cols.n)}
		inner := scanner{b: val}
		if !inner.object(func(name, val []byte) {
			if i, ok := cols.index[string(name)]; ok {
				r.vals[i] = val
			}
		}) {
			bad = true
		}
		rows = append(rows, r)
	}) || bad {
		return nil, errShape
	}
	return rows, nil
}

// raw returns the JSON of a property, nil when it is absent or null.
func (r row) raw(name string) []byte {
	i, ok := r.cols.index[name]
	if !ok || r.vals[i] == nil || string(r.vals[i]) == "null" {
		return nil
	}
	return r.vals[i]
}

// badValue names the property whose value has another type than expected.
type badValue struct{ name string }

// Error names the property.
func (e badValue) Error() string { return "onec: unexpected value of " + e.name }

// text returns a string property, trimmed: codes and numbers are padded. A
// number is taken as its own text.
func (r row) text(name string) (string, error) {
	v := r.raw(name)
	switch {
	case v == nil:
		return "", nil
	case v[0] == '"':
		return strings.TrimSpace(unquote(v)), nil
	case v[0] == '-' || '0' <= v[0] && v[0] <= '9':
		return string(v), nil
	}
	return "", badValue{name}
}

// ref returns a reference, "" for the empty one.
func (r row) ref(name string) (string, error) {
	s, err := r.text(name)
	if err != nil || s == "" {
		return "", err
	}
	g, ok := guid(s)
	if !ok && g == "" {
		return "", badValue{name}
	}
	if !ok {
		return "", nil
	}
	return g, nil
}

func (r row) bool(name string) (*bool, error) {
	var b bool
	switch v := r.raw(name); string(v) {
	case "":
		return nil, nil
	case "true":
		b = true
	case "false":
	default:
		return nil, badValue{name}
	}
	return &b, nil
}

// maxDigits bounds the text of a number: exponents and zeros cost time.
const maxDigits = 40

// number returns an exact number, nil when absent. 64-bit integers arrive as
// strings (1C OData facts, §1).
func (r row) number(name string) (*decimal.Decimal, error) {
	s, err := r.text(name)
	if err != nil || s == "" {
		return nil, err
	}
	if len(s) > maxDigits {
		return nil, badValue{name}
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if e, err := strconv.Atoi(strings.TrimPrefix(s[i+1:], "+")); err != nil || e < -maxDigits || e > maxDigits {
			return nil, badValue{name}
		}
	}
	d, err := decimal.Parse(s)
	if err != nil {
		return nil, badValue{name}
	}
	return &d, nil
}

// time returns a moment of the base's wall clock in UTC, zero for the empty
// date 0001-01-01.
func (r row) time(name string, zone *time.Location) (time.Time, error) {
	s, err := r.text(name)
	if err != nil || s == "" {
		return time.Time{}, err
	}
	t, err := time.ParseInLocation(clockLayout, s, zone)
	if err != nil {
		if t, err = time.Parse(time.RFC3339, s); err != nil {
			return time.Time{}, badValue{name}
		}
	}
	if t.Year() <= 1 {
		return time.Time{}, nil
	}
	return t.UTC(), nil
}

// part returns the rows of a tabular part.
func (r row) part(name string, cols *columns) ([]row, error) {
	v := r.raw(name)
	if v == nil {
		return nil, nil
	}
	rows, err := decodeArray(v, cols)
	if err != nil {
		return nil, badValue{name}
	}
	return rows, nil
}

func unquote(v []byte) string {
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	var s string
	// The text is valid JSON, so there is no error; a lone surrogate becomes
	// U+FFFD.
	_ = json.Unmarshal(v, &s)
	return s
}
