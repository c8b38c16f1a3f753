package creatio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources/internal/guids"
)

// record is one row of a reply, decoded by the kinds of its columns. The zero
// cell is an absent value.
type record struct {
	sel   *selection
	id    string
	cells []cell // beside sel.columns, then sel.extra
}

type cell struct {
	str  string // text, id
	at   time.Time
	dec  *decimal.Decimal
	flag *bool
}

func (r *record) cell(field string) cell {
	for i := range r.sel.columns {
		if r.sel.columns[i].field == field {
			return r.cells[i]
		}
	}
	return cell{}
}

// extraText returns a column of a link rule by its upstream name.
func (r *record) extraText(up string) string {
	for i, name := range r.sel.extra {
		if name == up {
			return r.cells[len(r.sel.columns)+i].str
		}
	}
	return ""
}

// reply is one page of a table.
type reply struct {
	records []record
	next    string
	count   int // -1 = not told
}

// rows is the envelope of a page ("Creatio facts", §3).
type envelope struct {
	Next  *string           `json:"@odata.nextLink"`
	Count json.RawMessage   `json:"@odata.count"`
	Value []json.RawMessage `json:"value"`
	Error json.RawMessage   `json:"error"`
}

// decodeReply decodes a page. Every reply that is not such a page is an error:
// another document, an error with status 200, a value of another type than its
// column, bytes that are no UTF-8.
func decodeReply(body []byte, sel *selection, zone *time.Location) (reply, error) {
	env, err := decodeEnvelope(body)
	if err != nil {
		return reply{}, err
	}
	out := reply{records: make([]record, 0, len(env.Value)), count: -1}
	if env.Next != nil {
		out.next = *env.Next
	}
	if len(env.Count) > 0 {
		if err := json.Unmarshal(bytes.Trim(env.Count, `"`), &out.count); err != nil || out.count < 0 {
			return reply{}, errors.New("creatio: a count that is no number")
		}
	}
	d := decoder{sel: sel, zone: zone}
	for _, raw := range env.Value {
		r, err := d.record(raw)
		if err != nil {
			return reply{}, err
		}
		out.records = append(out.records, r)
	}
	return out, nil
}

func decodeEnvelope(body []byte) (envelope, error) {
	var env envelope
	if !utf8.Valid(body) {
		return env, errors.New("creatio: a reply that is not UTF-8")
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return env, fmt.Errorf("decode a page: %w", err)
	}
	if text := deepest(body); text != "" {
		return env, fmt.Errorf("creatio: an error with status 200: %s", text)
	}
	if env.Value == nil {
		return env, errors.New("creatio: a page without rows")
	}
	return env, nil
}

type decoder struct {
	sel  *selection
	zone *time.Location
	raw  map[string]json.RawMessage // reused from row to row
}

func (d *decoder) record(body json.RawMessage) (record, error) {
	clear(d.raw)
	if err := json.Unmarshal(body, &d.raw); err != nil || d.raw == nil {
		return record{}, errors.New("creatio: a row that is no object")
	}
	r := record{sel: d.sel, cells: make([]cell, len(d.sel.columns)+len(d.sel.extra))}
	for i := range d.sel.columns {
		c := &d.sel.columns[i]
		v, err := decodeCell(d.value(c.up), c.kind, d.zone)
		if err != nil {
			return record{}, fmt.Errorf("column %s: %w", c.up, err)
		}
		r.cells[i] = v
		if c.kind == ident {
			r.id = v.str
		}
	}
	for i, name := range d.sel.extra {
		k := text
		if name == archiveColumn && d.sel.archive {
			k = truth
		}
		v, err := decodeCell(d.value(name), k, d.zone)
		if err != nil {
			return record{}, fmt.Errorf("column %s: %w", name, err)
		}
		r.cells[len(d.sel.columns)+i] = v
	}
	if r.id == "" {
		return record{}, errors.New("creatio: a row without an id")
	}
	return r, nil
}

// value finds a column, or "Product/Code" inside an expanded record.
func (d *decoder) value(up string) json.RawMessage {
	outer, inner, nested := strings.Cut(up, "/")
	if !nested {
		return d.raw[up]
	}
	var object map[string]json.RawMessage
	if len(d.raw[outer]) == 0 || json.Unmarshal(d.raw[outer], &object) != nil {
		return nil
	}
	return object[inner]
}

var errWrongType = errors.New("creatio: a value of another type")

// decodeCell decodes one value. Absent, null and empty values are the zero cell.
func decodeCell(raw json.RawMessage, k kind, zone *time.Location) (cell, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return cell{}, nil
	}
	if k == truth {
		var b bool
		if err := json.Unmarshal(raw, &b); err != nil {
			return cell{}, errWrongType
		}
		return cell{flag: &b}, nil
	}
	s, quoted, err := scalar(raw)
	if err != nil {
		return cell{}, err
	}
	if s == "" {
		return cell{}, nil
	}
	switch k {
	case ident, lookup, link:
		id, ok := guids.Parse(s)
		if !ok || !quoted {
			return cell{}, errWrongType
		}
		if id == guids.Zero {
			id = ""
		}
		return cell{str: id}, nil
	case moment:
		if !quoted {
			return cell{}, errWrongType
		}
		at, err := parseTime(s, zone)
		return cell{at: at}, err
	case number:
		dec, err := parseDecimal(s)
		if err != nil {
			return cell{}, err
		}
		return cell{dec: &dec}, nil
	}
	// The all-zero GUID is an empty lookup, also where a text column holds one.
	if s == guids.Zero {
		s = ""
	}
	return cell{str: s}, nil
}

// scalar returns the text of a string or the digits of a number: with
// IEEE754Compatible numbers come as texts, and a text column may hold a number.
func scalar(raw json.RawMessage) (s string, quoted bool, err error) {
	switch c := raw[0]; {
	case c == '"':
		if err := json.Unmarshal(raw, &s); err != nil {
			return "", false, errWrongType
		}
		return s, true, nil
	case c == '-' || (c >= '0' && c <= '9'):
		return string(raw), false, nil
	}
	return "", false, errWrongType
}

// parseTime reads a DateTimeOffset; a time without a zone is the site's. Year 1
// is .NET's empty date, and Go's.
func parseTime(s string, zone *time.Location) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return at.UTC(), nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, s, zone); err == nil {
			if at.Year() == 1 {
				return time.Time{}, nil
			}
			return at.UTC(), nil
		}
	}
	return time.Time{}, errWrongType
}

// maxDigits is what a decimal holds exactly.
const maxDigits = 19

// parseDecimal reads a number exactly, or not at all: the library rounds what
// does not fit, and rounded money is wrong money.
func parseDecimal(s string) (decimal.Decimal, error) {
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	whole, fraction, _ := strings.Cut(strings.TrimLeft(mantissa, "+-"), ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := strings.TrimLeft(whole+fraction, "0")
	if len(s) > 64 || len(digits) > maxDigits || len(fraction) > maxDigits {
		return decimal.Decimal{}, errWrongType
	}
	dec, err := decimal.Parse(s)
	if err != nil || (dec.IsZero() && digits != "") {
		return decimal.Decimal{}, errWrongType
	}
	if len(mantissa) != len(s) && !exact(dec, digits) {
		return decimal.Decimal{}, errWrongType
	}
	return dec, nil
}

// exact reports whether a number in scientific notation kept all its digits.
func exact(dec decimal.Decimal, digits string) bool {
	got := strings.Trim(strings.ReplaceAll(strings.TrimLeft(dec.String(), "-"), ".", ""), "0")
	return got == strings.TrimRight(digits, "0")
}
