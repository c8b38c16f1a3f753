package odata

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// What is here is how replies were read before: into records, which were written
// as a second text in the form mapping reads, which was parsed again. It is slower
// and easier to see through, and what reads in one pass is held against it.

// oldPage is one reply with rows.
type oldPage struct {
	doc   *mapping.Doc
	rows  []mapping.Value
	next  string
	count int
	size  int
}

// decodeTwice reads a reply of any version, whichever the server chose to speak:
//
//	v4        {"value": [...], "@odata.nextLink": "…", "@odata.count": 3}
//	v3 light  {"value": [...], "odata.nextLink": "…", "odata.count": "3"}
//	v2, v3    {"d": {"results": [...], "__next": "…", "__count": "3"}}
//	v1        {"d": [...]}
//
// Its errors are verdicts. A server that fails while it writes rows can only add
// an error behind them: what came before is not all. Of the records only what shape
// names is kept, all when it is nil.
func decodeTwice(body []byte, shape *mapping.Shape) (oldPage, error) {
	doc, err := shape.Parse(body)
	if err != nil {
		return oldPage{}, wire.Invalid(errors.Join(errNotJSON, err))
	}
	root := doc.Root()
	if hasError(root) {
		if root.Member("value").Kind() == mapping.List || root.Member("d").Kind() != mapping.Absent {
			return oldPage{}, wire.Unavailable(errStreamed)
		}
		return oldPage{}, wire.Unavailable(errBodyError)
	}
	list, about := root.Member("value"), root
	if d := root.Member("d"); d.Kind() != mapping.Absent {
		list, about = d, d
		if d.Kind() == mapping.Object {
			list = d.Member("results")
		}
		if hasError(d) {
			return oldPage{}, wire.Unavailable(errStreamed)
		}
	}
	if list.Kind() != mapping.List {
		return oldPage{}, wire.Invalid(mapping.ErrNoList)
	}
	p := oldPage{doc: doc, count: -1, size: len(body), rows: make([]mapping.Value, 0, list.Len())}
	for row := range list.Items() {
		if row.Kind() != mapping.Object {
			return oldPage{}, wire.Invalid(mapping.ErrNoList)
		}
		if wasErrorOnly(row) {
			return oldPage{}, wire.Unavailable(errStreamed)
		}
		p.rows = append(p.rows, row)
	}
	for _, name := range []string{"@odata.nextLink", "@nextLink", "odata.nextLink", "__next"} {
		if next := about.Member(name); next.Kind() == mapping.Text {
			p.next = next.String()
			break
		}
	}
	for _, name := range []string{"@odata.count", "@count", "odata.count", "__count"} {
		if n, ok := about.Member(name).Int(); ok && n >= 0 {
			p.count = n
			break
		}
	}
	return p, nil
}

// wasErrorOnly reports whether a row is no record but a failure.
func wasErrorOnly(row mapping.Value) bool {
	n := 0
	for range row.Members() {
		n++
	}
	return n == 1 && hasError(row)
}

// rewriter writes records the way mapping reads them best: related records as
// lists and objects without their wrappings, typed values in one form each.
// What a version of the protocol does to values ends here.
type rewriter struct {
	lit  literals
	want *tree
	keys []keyPart
	out  []byte
}

// rows writes a page as one JSON list. Keys are the graph's texts of the rows'
// keys, "" where a part is missing.
func (w *rewriter) rows(list []mapping.Value) (keys []string) {
	keys = make([]string, len(list))
	w.out = append(w.out[:0], '[')
	for i, row := range list {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		keys[i] = w.key(row)
		w.object(row, w.want, keys[i])
	}
	w.out = append(w.out, ']')
	return keys
}

// key joins the parts of a row's key.
func (w *rewriter) key(row mapping.Value) string {
	parts := make([]string, len(w.keys))
	for i, k := range w.keys {
		v := row.Member(k.name)
		text := v.String()
		if text == "" && (len(w.keys) == 1 || v.Kind() != mapping.Text) {
			return ""
		}
		if k.typ.isTime() {
			at, ok := w.time(k.typ, text)
			if !ok {
				return ""
			}
			text = at.UTC().Format(time.RFC3339Nano)
		}
		parts[i] = canonical(k.typ, text)
	}
	return joinKey(parts)
}

func (w *rewriter) object(v mapping.Value, t *tree, key string) {
	w.out = append(w.out, '{')
	first := true
	member := func(name string) {
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		w.text(name)
		w.out = append(w.out, ':')
	}
	if key != "" {
		member(keyMember)
		w.text(key)
	}
	for name, value := range v.Members() {
		if typ, ok := t.props[name]; ok {
			member(name)
			w.value(value, typ)
			continue
		}
		b, ok := t.navs[name]
		if !ok {
			continue
		}
		if value.Kind() == mapping.Object && value.Member("results").Kind() == mapping.List {
			value = value.Member("results")
		}
		switch {
		case value.Kind() == mapping.Object && value.Member("__deferred").Kind() != mapping.Absent:
			// Not expanded, whatever was asked: as if it had not come.
		case value.Kind() == mapping.Object:
			member(name)
			w.object(value, &b.tree, "")
		case value.Kind() == mapping.List:
			member(name)
			w.list(value, &b.tree)
		default:
			member(name)
			w.raw(value)
		}
	}
	w.out = append(w.out, '}')
}

func (w *rewriter) list(v mapping.Value, t *tree) {
	w.out = append(w.out, '[')
	first := true
	for item := range v.Items() {
		if !first {
			w.out = append(w.out, ',')
		}
		first = false
		if item.Kind() == mapping.Object {
			w.object(item, t, "")
		} else {
			w.raw(item)
		}
	}
	w.out = append(w.out, ']')
}

// value writes a property. What is not written as its type is left as it came:
// mapping says what is wrong with it.
func (w *rewriter) value(v mapping.Value, typ edm) {
	if v.Kind() != mapping.Text {
		w.raw(v)
		return
	}
	switch {
	case typ.isTime():
		if at, ok := w.time(typ, v.String()); ok {
			if at.IsZero() {
				w.out = append(w.out, "null"...)
				return
			}
			w.out = append(w.out, '"')
			w.out = at.UTC().AppendFormat(w.out, time.RFC3339Nano)
			w.out = append(w.out, '"')
			return
		}
	case typ.isNumber(), typ.kind == kindFloat:
		// Before version 4 Edm.Int64 and Edm.Decimal are texts, so that no reader
		// makes binary fractions of them.
		if text := v.String(); wasNumberText(text) {
			w.out = append(w.out, text...)
			return
		}
	case typ.kind == kindGUID:
		if id, ok := guid(v.String()); ok {
			if id == zeroGUID {
				w.out = append(w.out, "null"...)
				return
			}
			w.text(id)
			return
		}
	}
	w.raw(v)
}

// raw copies a value as it was sent.
func (w *rewriter) raw(v mapping.Value) {
	switch v.Kind() {
	case mapping.Text:
		w.out = append(w.out, '"')
		w.out = append(w.out, v.Raw()...)
		w.out = append(w.out, '"')
	case mapping.Absent:
		w.out = append(w.out, "null"...)
	default:
		w.out = append(w.out, v.Raw()...)
	}
}

// text writes a JSON text.
func (w *rewriter) text(s string) {
	const hex = "0123456789abcdef"
	w.out = append(w.out, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			w.out = append(w.out, '\\', c)
		case c < ' ':
			w.out = append(w.out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			w.out = append(w.out, c)
		}
	}
	w.out = append(w.out, '"')
}

// isNumberText reports whether a text is a number as JSON writes it.
func wasNumberText(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > 64 || digits[0] < '0' || digits[0] > '9' {
		return false
	}
	if digits[0] == '0' && len(digits) > 1 && digits[1] >= '0' && digits[1] <= '9' {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil && strings.Trim(digits, "0123456789.eE+-") == "" && !strings.HasSuffix(digits, ".") && !strings.Contains(digits, ".e") && !strings.Contains(digits, ".E")
}

// time reads a time as any version writes it. The zero time is "none": the first
// of January of the year 1, which systems without a null write.
func (w *rewriter) time(typ edm, text string) (time.Time, bool) {
	if !utf8.ValidString(text) || len(text) > 64 {
		return time.Time{}, false
	}
	at, ok := w.ticks(typ, text)
	if !ok {
		at, ok = w.iso(typ, text)
	}
	if ok && at.Year() <= 1 {
		return time.Time{}, true
	}
	return at, ok
}

// ticks reads "/Date(1583280000000)/" and "/Date(1583280000000+0060)/":
// milliseconds since 1970 on the wall clock, with its minutes from UTC behind.
// Edm.DateTime has no zone: its clock is the server's.
func (w *rewriter) ticks(typ edm, text string) (time.Time, bool) {
	inner, ok := strings.CutPrefix(text, "/Date(")
	if !ok {
		return time.Time{}, false
	}
	if inner, ok = strings.CutSuffix(inner, ")/"); !ok {
		return time.Time{}, false
	}
	offset, hasOffset := time.Duration(0), false
	if i := strings.LastIndexAny(inner, "+-"); i > 0 {
		minutes, err := strconv.Atoi(inner[i:])
		if err != nil || minutes <= -24*60 || minutes >= 24*60 {
			return time.Time{}, false
		}
		offset, hasOffset, inner = time.Duration(minutes)*time.Minute, true, inner[:i]
	}
	ms, err := strconv.ParseInt(inner, 10, 64)
	if err != nil || ms < minTicks || ms > maxTicks {
		return time.Time{}, false
	}
	clock := time.UnixMilli(ms).UTC()
	if hasOffset || typ.kind == kindMoment {
		return clock.Add(-offset), true
	}
	return w.wall(clock), true
}

// wall puts a clock without a zone into the server's.
func (w *rewriter) wall(t time.Time) time.Time {
	if t.Year() <= 1 {
		return time.Time{}
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), w.lit.zone)
}

// iso reads what versions 3 and 4 write.
func (w *rewriter) iso(typ edm, text string) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", dayLayout} {
		if at, err := time.Parse(layout, text); err == nil {
			return w.wall(at), true
		}
	}
	return time.Time{}, false
}
