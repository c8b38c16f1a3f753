package otrs

import (
	"encoding/json"
	"errors"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// mark is how far changes were read. Its times are the server's wall clock, taken
// from tickets and never from our clock: one ahead of the server's would find
// nothing, silently ("OTRS / Znuny / OTOBO Generic Interface", Incremental sync).
type mark struct {
	// From is the second the next search begins with, "" = with everything.
	From string `json:"from"`
	// Until is the newest change when a reading of more than a page began, "" =
	// none is under way. What changed since has this second or a later one.
	Until string `json:"until,omitempty"`
	// Seen are the tickets changed at From or later that were given, with a digest
	// of what was given: a ticket may change twice in one second.
	Seen map[string]string `json:"seen,omitempty"`
}

// cursor is never "", which would begin with everything again.
func (m mark) cursor() datasources.Cursor {
	// Texts and a map of texts always encode.
	b, _ := json.Marshal(m)
	return datasources.Cursor(b)
}

func readMark(c datasources.Cursor) (mark, error) {
	var m mark
	if c == "" {
		return m, nil
	}
	if err := json.Unmarshal([]byte(c), &m); err != nil {
		return m, errors.Join(errors.New("otrs: not a mark"), err)
	}
	if len(m.Seen) > maxSyncLimit {
		return m, errors.New("otrs: not a mark")
	}
	for key := range m.Seen {
		if !isID(key) {
			return m, errors.New("otrs: not a mark")
		}
	}
	for _, at := range []string{m.From, m.Until} {
		if _, err := parseTime(at, time.UTC); err != nil {
			return m, err
		}
	}
	return m, nil
}

// sees reports whether the ticket was given as it is.
func (m *mark) sees(t *schema.Ticket) bool {
	digest, ok := m.Seen[t.Key]
	return ok && digest == digestOf(t)
}

// digestOf is a short text that differs when a ticket does.
func digestOf(t *schema.Ticket) string {
	h := fnv.New64a()
	_ = json.NewEncoder(h).Encode(t) // a ticket always encodes, and a hash takes it
	return strconv.FormatUint(h.Sum64(), 36)
}

// wall is a time as the server writes it.
func wall(t time.Time, zone *time.Location) string { return t.In(zone).Format(timeLayout) }

// unambiguous is t, or a time before it whose wall clock stands for one time only: in
// the hour that is repeated when clocks are set back a search may begin at either.
func unambiguous(t time.Time, zone *time.Location) time.Time {
	for range 8 {
		repeated := false
		for _, shift := range []time.Duration{30 * time.Minute, time.Hour} {
			repeated = repeated || wall(t, zone) == wall(t.Add(shift), zone) || wall(t, zone) == wall(t.Add(-shift), zone)
		}
		if !repeated {
			return t
		}
		t = t.Add(-30 * time.Minute)
	}
	return t
}
