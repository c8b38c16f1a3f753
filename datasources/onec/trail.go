package onec

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// maxSpans is into how many spans of whole days the window is cut at most. For each
// of them the cursor holds a print of its records and their versions: a span whose
// print is another is read anew. Eight bytes each keep the cursor small.
const maxSpans = 48

// spans is a cut of the calendar. Days are those of the base's wall clock.
type spans struct {
	days   int // in one span
	window int // days
}

func newSpans(window time.Duration) spans {
	days := int((window + 24*time.Hour - 1) / (24 * time.Hour))
	return spans{days: (days + maxSpans - 1) / maxSpans, window: days}
}

// of is the number of the span of a date, false when it is none.
func (s spans) of(date string) (int, bool) {
	t, err := time.Parse(clockLayout, date)
	if err != nil {
		if t, err = time.Parse(time.RFC3339, date); err != nil {
			return 0, false
		}
	}
	return floorDiv(int(t.Unix()/86400), s.days), true
}

// begin is the first second of a span, as filters write it.
func (s spans) begin(n int) string {
	return time.Unix(int64(n)*int64(s.days)*86400, 0).UTC().Format(clockLayout)
}

func floorDiv(a, b int) int {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

// trail is how far the documents of one object were followed.
type trail struct {
	Newest string `json:"n"` // the newest date the base gave, "" = it has no document
	From   int    `json:"f"` // the first span
	// Prints are those of the spans from From on; the last span has no end, so that
	// documents of the future are in it.
	Prints string `json:"p,omitempty"`
	// Todo are ranges of spans that must be read: from the first, before the second.
	// anEnd is none.
	Todo [][2]int `json:"t,omitempty"`
	// At is the last record of the first range that was read: its date, its key, how
	// many of that date were, and how often it was not met again.
	At   string `json:"a,omitempty"`
	Key  string `json:"k,omitempty"`
	Ties int    `json:"c,omitempty"`
	Lost int    `json:"l,omitempty"`
}

// anEnd is a range's end that is open.
const anEnd = -1 << 30

// printSize is the length of a print as text.
const printSize = 11

func (t *trail) prints() []uint64 {
	list := make([]uint64, 0, len(t.Prints)/printSize)
	for i := 0; i+printSize <= len(t.Prints); i += printSize {
		b, err := base64.RawURLEncoding.DecodeString(t.Prints[i : i+printSize])
		if err != nil || len(b) != 8 {
			b = make([]byte, 8)
		}
		list = append(list, binary.LittleEndian.Uint64(b))
	}
	return list
}

func (t *trail) setPrints(list []uint64) {
	var b strings.Builder
	for _, n := range list {
		b.WriteString(digest(n))
	}
	t.Prints = b.String()
}

// compare fills Todo with the spans that are not as they were in old.
func (t *trail) compare(old *trail) {
	if t.Prints == "" {
		return // there is nothing
	}
	if old.Prints == "" {
		t.Todo = [][2]int{{anEnd, anEnd}}
		return
	}
	was, is := old.prints(), t.prints()
	for i, n := range is {
		j := t.From + i - old.From
		// The old last span, which had no end, is the same set as a span of now when
		// their prints are equal.
		if n == 0 && (j < 0 || j >= len(was)) || j >= 0 && j < len(was) && was[j] == n {
			continue
		}
		from, to := t.From+i, t.From+i+1
		if i == len(is)-1 {
			to = anEnd
		}
		if k := len(t.Todo) - 1; k >= 0 && t.Todo[k][1] == from {
			t.Todo[k][1] = to
			continue
		}
		t.Todo = append(t.Todo, [2]int{from, to})
	}
}

// mark is the cursor of an entity: the trail of each of its objects.
type mark struct {
	Days   int               `json:"d"` // in one span
	Trails map[string]*trail `json:"o"`
}

func (m *mark) cursor() datasources.Cursor {
	// Texts and numbers always encode.
	text, _ := json.Marshal(m)
	return datasources.Cursor(text)
}

func readMark(c datasources.Cursor, s spans) (*mark, error) {
	m := &mark{Days: s.days, Trails: map[string]*trail{}}
	if c == "" {
		return m, nil
	}
	d := json.NewDecoder(strings.NewReader(string(c)))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("onec: cursor: %w", err)
	}
	if m.Days != s.days || len(m.Trails) == 0 {
		return nil, fmt.Errorf("onec: cursor of other settings")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Trails)) {
		t := m.Trails[name]
		if t == nil || t.Ties < 0 || len(t.Prints)%printSize != 0 || len(t.Prints) > 4*maxSpans*printSize || len(t.Todo) > 4*maxSpans {
			return nil, fmt.Errorf("onec: cursor of %s makes no sense", name)
		}
		for _, date := range []string{t.Newest, t.At} {
			if _, ok := s.of(date); !ok && date != "" {
				return nil, fmt.Errorf("onec: cursor of %s has no date", name)
			}
		}
	}
	return m, nil
}
