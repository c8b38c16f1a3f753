package creatio

import (
	"encoding/json"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/guids"
	"github.com/trama-graph/trama/schema"
)

// maxSeen is how many rows of the time that is read again a mark remembers; the
// others are given again, which does no harm.
const maxSeen = 1000

// mark is how far a table's changes were read: the last row given, in the order
// (time, Id). Many rows have the same time, since bulk jobs write them ("Creatio
// facts", §7). Its times are the site's: those of rows, or of its Date header.
type mark struct {
	Time  time.Time `json:"t,omitzero"`
	ID    string    `json:"i,omitempty"`
	Ties  int       `json:"n,omitempty"` // rows given with that time
	Began time.Time `json:"b,omitzero"`  // the newest change when this reading of the table began
	Done  bool      `json:"d,omitempty"` // the table was read to its end
	// Seen are the rows given whose time will be read again, with a digest.
	Seen map[string]string `json:"s,omitempty"`
}

func parseMark(source string, c datasources.Cursor) (mark, error) {
	var m mark
	if c == "" {
		return m, nil
	}
	err := parseStrictly(string(c), &m)
	if err == nil && !m.isValid() {
		err = errWrongType
	}
	if err != nil {
		return mark{}, badCursor(source, err)
	}
	return m, nil
}

func parseStrictly(text string, into any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if !json.Valid([]byte(text)) {
		return errWrongType
	}
	return nil
}

func badCursor(source string, cause error) error {
	return schema.SourceErrorf(schema.BadRequest, source, "not a cursor of %s", source).Because(cause)
}

// isValid reports whether the mark may be one of ours: its ids get into addresses.
func (m *mark) isValid() bool {
	if m.Ties < 0 || len(m.Seen) > maxSeen {
		return false
	}
	if _, ok := guids.Parse(m.ID); !ok && m.ID != "" {
		return false
	}
	for id := range m.Seen {
		if _, ok := guids.Parse(id); !ok {
			return false
		}
	}
	return true
}

func (m mark) cursor() (datasources.Cursor, error) {
	b, err := json.Marshal(m)
	return datasources.Cursor(b), err
}

// isBegun reports whether a reading of the table is under way.
func (m *mark) isBegun() bool { return !m.Done && m.ID != "" }

// from is where a reading begins that follows one which came to its end: before
// its last row, or before its own beginning where that is earlier, since a row may
// be committed after a later one was read.
// Zero is from the beginning.
func (m *mark) from(overlap time.Duration) time.Time {
	at := m.Time
	if at.IsZero() {
		return at
	}
	if !m.Began.IsZero() && m.Began.Before(at) {
		at = m.Began
	}
	return at.Add(-overlap)
}

// fresh are the records that were not given as they are now.
func (m *mark) fresh(records []record) []record {
	if len(m.Seen) == 0 {
		return records
	}
	return slices.DeleteFunc(slices.Clone(records), func(r record) bool {
		was, ok := m.Seen[r.id]
		return ok && was == r.digest()
	})
}

// remember keeps those of the records that lie where the next reading begins.
func (m *mark) remember(before map[string]string, records []record, field string, from time.Time) {
	m.Seen = make(map[string]string, len(before))
	for id, digest := range before {
		m.Seen[id] = digest
	}
	// The newest are kept when there are too many.
	for i := len(records) - 1; i >= 0; i-- {
		r := &records[i]
		if r.cell(field).at.Before(from) {
			delete(m.Seen, r.id)
			continue
		}
		if _, known := m.Seen[r.id]; known || len(m.Seen) < maxSeen {
			m.Seen[r.id] = r.digest()
		}
	}
	if len(m.Seen) == 0 {
		m.Seen = nil
	}
}

// digest is a short text that differs when a record does.
func (r *record) digest() string {
	h := fnv.New64a()
	for i := range r.cells {
		c := &r.cells[i]
		if c.str != "" {
			_, _ = h.Write([]byte(c.str))
		}
		if !c.at.IsZero() {
			_, _ = h.Write(strconv.AppendInt(nil, c.at.UnixNano(), 36))
		}
		if c.dec != nil {
			_, _ = h.Write([]byte(c.dec.String()))
		}
		if c.flag != nil {
			_, _ = h.Write(strconv.AppendBool(nil, *c.flag))
		}
		_, _ = h.Write([]byte{0})
	}
	return strconv.FormatUint(h.Sum64(), 36)
}
