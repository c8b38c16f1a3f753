package ecolix

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// input is a record that somebody sends. Its fields may have any of their candidate names, whatever the dialect, and its numbers and
// dates any style: the ERP's own imports are forgiving.
type input struct {
	fields map[string]any // text, json.Number, bool, nil, list or object
	names  map[string][]string
	zone   *time.Location
}

// readObject reads one JSON object with nothing behind it.
func readObject(body []byte) (map[string]any, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, false
	}
	m, ok := v.(map[string]any)
	return m, ok
}

// inputNames are the names under which a field is looked for: the dialect's first.
func (s *Server) inputNames() map[string][]string {
	m := map[string][]string{}
	for _, f := range Candidates() {
		m[f.Key()] = append([]string{s.names[f.Key()]}, f.Names...)
	}
	return m
}

func (in *input) value(key string) any {
	for _, name := range in.names[key] {
		if v, ok := in.fields[name]; ok {
			return v
		}
	}
	return nil
}

// text returns a field that is a text or a number as text; ok is false if it is missing or something else.
func (in *input) text(key string) (s string, ok bool) {
	switch v := in.value(key).(type) {
	case string:
		return strings.TrimSpace(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// moment returns a field that is a date; the zero time if it is missing or blank.
func (in *input) moment(key string) (time.Time, *failure) {
	s, _ := in.text(key)
	if s == "" || s == "0000-00-00" {
		return time.Time{}, nil
	}
	t, ok := readTime(s, in.zone)
	if !ok {
		return time.Time{}, refused("Date invalide dans « " + in.names[key][0] + " » : " + s)
	}
	return t, nil
}

// calendar returns a field that is a day, as midnight UTC.
func (in *input) calendar(key string) (time.Time, *failure) {
	t, f := in.moment(key)
	if f != nil || t.IsZero() {
		return time.Time{}, f
	}
	y, m, d := t.In(in.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), nil
}

// scaled returns a field that is a number in units of 10^-scale; otherwise if it is missing. It is refused below 0 and above most.
func (in *input) scaled(key string, scale int, most, otherwise int64) (int64, *failure) {
	s, ok := in.text(key)
	if !ok || s == "" {
		return otherwise, nil
	}
	no := refused("Nombre invalide dans « " + in.names[key][0] + " » : " + s)
	d, ok := readDecimal(s)
	if !ok || d.IsNeg() {
		return 0, no
	}
	whole, frac, ok := d.Int64(scale)
	if !ok || whole > most {
		return 0, no
	}
	v := whole
	for range scale {
		v *= 10 // most is small: no overflow
	}
	if v += frac; v > most {
		return 0, no
	}
	return v, nil
}

// readDecimal reads 1250.00, 1250,00 and 1 250,00 with any of the three spaces; where both signs occur the last one is the decimal's.
func readDecimal(s string) (decimal.Decimal, bool) {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(s)
	if at := strings.LastIndexAny(s, ".,"); at >= 0 {
		s = strings.NewReplacer(".", "", ",", "").Replace(s[:at]) + "." + s[at+1:]
	}
	d, err := decimal.Parse(s)
	return d, err == nil
}

// lines returns the objects of a list.
func (in *input) lines(key string) ([]*input, *failure) {
	list, ok := in.value(key).([]any)
	if !ok {
		return nil, nil
	}
	const most = 1000
	if len(list) > most {
		return nil, refused("Trop de lignes")
	}
	lines := make([]*input, len(list))
	for k, v := range list {
		fields, ok := v.(map[string]any)
		if !ok {
			return nil, refused("Ligne invalide")
		}
		lines[k] = &input{fields: fields, names: in.names, zone: in.zone}
	}
	return lines, nil
}
