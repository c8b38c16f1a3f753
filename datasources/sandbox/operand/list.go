package operand

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// list answers one page of a resource. What it does not know in the query it ignores, as the beta API seems to.
func (s *Server) list(r Resource, job int, q url.Values) reply {
	from, ok := s.bound(q.Get(s.dialect.WindowFrom), math.MinInt32)
	if !ok {
		return failed(http.StatusBadRequest, "Data inválida: "+s.dialect.WindowFrom)
	}
	to, ok := s.bound(q.Get(s.dialect.WindowTo), math.MaxInt32)
	if !ok {
		return failed(http.StatusBadRequest, "Data inválida: "+s.dialect.WindowTo)
	}
	limit, offset := whole(q.Get(s.dialect.LimitParam), MaxPage), whole(q.Get(s.dialect.OffsetParam), 0)
	if limit == 0 || limit > MaxPage {
		limit = MaxPage
	}

	t := s.tables[r]
	s.mu.Lock()
	rows := t.order
	switch {
	case job != 0:
		rows = s.byJob[job]
	case from != math.MinInt32 || to != math.MaxInt32:
		rows = t.window(from, to)
	}
	if s.repeat {
		offset = 0
	}
	s.mu.Unlock()
	if r == Jobs {
		rows = filterJobs(t, rows, q, &s.dialect)
	}
	rows = rows[min(offset, len(rows)):]
	return success(s.page(r, t, rows[:min(limit, len(rows))]))
}

// page writes rows in the envelope of their resource.
func (s *Server) page(r Resource, t *table, rows []int32) []byte {
	gone := make([]bool, len(rows))
	s.mu.Lock()
	for p, k := range rows {
		gone[p] = s.deleted[rowKey{r, t.id(int(k))}]
	}
	s.mu.Unlock()
	e := &row{b: make([]byte, 0, 128+600*len(rows)), d: &s.dialect, names: s.names[r], zone: s.zone}
	key := string(appendText(nil, cmp.Or(s.dialect.Keys[r], string(r))))
	shape := s.dialect.Envelope(r)
	e.b = append(e.b, [...]string{`{"records":`, ``, `{"records":{` + key + `:`, `{"data":`, `{"items":`, `{` + key + `:`}[shape]...)
	e.b = append(e.b, '[')
	for p, k := range rows {
		if p > 0 {
			e.b = append(e.b, ',')
		}
		if t.dirt != nil {
			e.begin(t.dirt(int(k)))
		} else {
			e.begin(nil)
		}
		t.write(e, int(k), gone[p])
		e.end()
	}
	e.b = append(e.b, ']')
	return append(e.b, [...]string{`}`, ``, `}}`, `}`, `}`, `}`}[shape]...)
}

// bound reads one end of a window.
func (s *Server) bound(text string, unset int32) (day int32, ok bool) {
	if text == "" {
		return unset, true
	}
	t, err := time.Parse(s.dialect.WindowLayout, text)
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return 0, false
	}
	return dayNumber(t), true
}

// whole reads a number that is not negative; anything else counts as not given.
func whole(text string, unset int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return unset
	}
	return n
}

// filterJobs keeps the jobs of clientIds[] and situations[] (active, closed).
func filterJobs(t *table, rows []int32, q url.Values, d *Dialect) []int32 {
	clients, situations := q["clientIds[]"], q["situations[]"]
	if len(clients) == 0 && len(situations) == 0 {
		return rows
	}
	kept := []int32{}
	for _, k := range rows {
		client, situation := t.owner(int(k))
		if (len(clients) == 0 || slices.Contains(clients, d.ID(Clients, client))) && (len(situations) == 0 || slices.Contains(situations, situation)) {
			kept = append(kept, k)
		}
	}
	return kept
}
