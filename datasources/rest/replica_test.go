package rest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

// ledger is a system whose orders can be edited. Its list is in the order of the
// last change, the newest last, so that a change moves others between pages.
type ledger struct {
	mu      sync.Mutex
	orders  []entry
	now     time.Time
	format  string // of changes
	asked   string // of since, "" = format
	strict  bool   // since means later than
	ignores bool   // it does not know since
	noDate  bool
	// between is called before each page but the first.
	between func()
	fault   func(w http.ResponseWriter, call int) bool
	calls   int
}

type entry struct {
	id, note string
	changed  time.Time
	due      time.Time
	gone     bool
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.calls++
	call, between := l.calls, l.between
	fault := l.fault
	l.mu.Unlock()
	if l.noDate {
		w.Header()["Date"] = nil
	} else {
		w.Header().Set("Date", l.now.UTC().Format(http.TimeFormat))
	}
	if fault != nil && fault(w, call) {
		return
	}
	q := r.URL.Query()
	page, _ := strconv.Atoi(q.Get("page"))
	size := cmp.Or(atoi(q.Get("size")), 10)
	if page > 0 && between != nil {
		between()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []entry
	for _, e := range l.orders {
		if text := q.Get("since"); text != "" && !l.ignores {
			format := cmp.Or(l.asked, l.format)
			since, err := parseTime(text, format)
			if err != nil {
				http.Error(w, "bad since", 400)
				return
			}
			shown, _ := parseTime(writeTime(e.changed, format), format) // it compares what it is asked
			if shown.Before(since) || l.strict && !shown.After(since) {
				continue
			}
		}
		if from := q.Get("from"); from != "" && e.due.Format(time.DateOnly) < from {
			continue
		}
		if to := q.Get("to"); to != "" && e.due.Format(time.DateOnly) > to {
			continue
		}
		list = append(list, e)
	}
	slices.SortStableFunc(list, func(a, b entry) int { return a.changed.Compare(b.changed) })
	list = list[min(page*size, len(list)):]
	out := []map[string]any{}
	for _, e := range list[:min(size, len(list))] {
		var changed any = writeTime(e.changed, l.format)
		if l.format == "unix" {
			changed = e.changed.Unix()
		}
		out = append(out, map[string]any{"id": e.id, "ref": "N" + e.id, "status": e.note, "changed": changed, "gone": e.gone})
	}
	write(w, out)
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func writeTime(t time.Time, format string) string {
	if format == "unix" {
		return strconv.FormatInt(t.Unix(), 10)
	}
	return t.In(paris()).Format(format)
}

func parseTime(s, format string) (time.Time, error) {
	if format == "unix" {
		n, err := strconv.ParseInt(s, 10, 64)
		return time.Unix(n, 0), err
	}
	return time.ParseInLocation(format, s, paris())
}

func paris() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return zone
}

// edit changes the n-th order, nil removes it.
func (l *ledger) edit(n int, f func(*entry) *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.orders[n]
	if x := f(&e); x == nil {
		l.orders = slices.Delete(slices.Clone(l.orders), n, n+1)
		return
	}
	l.orders = slices.Clone(l.orders)
	l.orders[n] = e
}

func (l *ledger) counted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.calls
	l.calls = 0
	return n
}

var summer = time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)

func newLedger(n int) *ledger {
	l := &ledger{now: summer.AddDate(0, 0, 40), format: "2006-01-02 15:04:05"}
	for i := range n {
		l.orders = append(l.orders, entry{id: fmt.Sprint(i + 1), changed: summer.Add(time.Duration(i/4) * time.Hour), due: summer.AddDate(0, 0, i-20)})
	}
	return l
}

func (l *ledger) config(s *system) rest.Config {
	c := config(s)
	c.Locale.Zone, c.Locale.Dates = "Europe/Paris", []string{l.format}
	c.Paging = rest.Paging{Style: rest.PagingPage, PageParam: "page", SizeParam: "size", Size: 7}
	c.Entities["Order"] = rest.Entity{
		Path: "/orders", SinceParam: "since",
		Fields: rest.Fields{"id": at("id"), "number": at("ref"), "status": at("status"), "updatedAt": at("changed"), "deleted": at("gone")},
	}
	return c
}

// replica is a copy as the loop keeps one, in memory.
type replica struct {
	t      *testing.T
	src    datasources.Source
	rows   map[string]string
	cursor datasources.Cursor
}

func follower(src datasources.Source) datasources.Follower[schema.Order] {
	return src.Reader("Order").(datasources.Follower[schema.Order])
}

func newReplica(t *testing.T, src datasources.Source) *replica {
	t.Helper()
	head, err := follower(src).Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := &replica{t: t, src: src, cursor: head}
	c.sweep()
	return c
}

func (c *replica) source() map[string]string {
	c.t.Helper()
	all := map[string]string{}
	if err := c.src.Reader("Order").(datasources.Scanner[schema.Order]).Scan(c.t.Context(), "", func(p datasources.Scanned[schema.Order]) error {
		for i := range p.Items {
			all[p.Items[i].Key] = line(c.t, &p.Items[i])
		}
		return nil
	}); err != nil {
		c.t.Fatal(err)
	}
	return all
}

func (c *replica) sweep() { c.rows = c.source() }

func line(t *testing.T, x any) string {
	b, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (c *replica) part() (rows int, more bool, err error) {
	got, err := follower(c.src).Since(c.t.Context(), c.cursor)
	if err != nil {
		return 0, false, err
	}
	for i := range got.Items {
		c.rows[got.Items[i].Key] = line(c.t, &got.Items[i])
	}
	for _, key := range got.Deleted {
		delete(c.rows, key)
	}
	c.cursor = got.Next
	return len(got.Items), got.More, nil
}

func (c *replica) follow() (rows int) {
	c.t.Helper()
	for range 1000 {
		n, more, err := c.part()
		if err != nil {
			c.t.Fatal(err)
		}
		if rows += n; !more {
			return rows
		}
	}
	c.t.Fatal("it never ends")
	return 0
}

func (c *replica) wantSame(what string) {
	c.t.Helper()
	truth := c.source()
	n := 0
	for key, x := range truth {
		if c.rows[key] != x {
			if n++; n < 3 {
				c.t.Errorf("%s: %s: have %s\nwant %s", what, key, c.rows[key], x)
			}
		}
	}
	for key := range c.rows {
		if truth[key] == "" {
			c.t.Errorf("%s: %s is gone", what, key)
		}
	}
	if c.t.Failed() {
		c.t.FailNow()
	}
}
