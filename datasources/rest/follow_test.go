package rest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

// TestFollowingARandomHistory: what changes is found by since_param in whatever way
// times are written, what is removed or dated back by the sweep.
func TestFollowingARandomHistory(t *testing.T) {
	for _, x := range []struct {
		name   string
		format string
		strict bool
		asked  string
	}{
		{"seconds", "2006-01-02 15:04:05", false, ""},
		{"seconds, later than", "2006-01-02 15:04:05", true, ""},
		{"minutes, later than", "2006-01-02T15:04", true, ""},
		{"days", "2006-01-02", false, ""},
		{"days, later than", "02/01/2006", true, ""},
		{"unix", "unix", false, ""},
		{"asked by days, later than", "2006-01-02 15:04:05", true, "2006-01-02"},
		{"with a zone", "2006-01-02T15:04:05Z07:00", true, ""},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			l := newLedger(40)
			l.format, l.strict, l.asked = x.format, x.strict, x.asked
			s := serve(t, l.ServeHTTP)
			cfg := l.config(s)
			order(&cfg, func(e *rest.Entity) { e.Follow.Format = x.asked })
			c := newReplica(t, open(t, s, cfg))
			r := rand.New(rand.NewPCG(5, 9))
			for round := range 30 {
				isQuiet := round%5 == 4
				for range r.IntN(12) {
					if r.IntN(3) == 0 {
						l.now = l.now.Add(time.Duration(r.IntN(90)) * time.Second)
					}
					n := r.IntN(len(l.orders))
					switch k := r.IntN(5); {
					case k == 0:
						l.mu.Lock()
						l.orders = append(slices.Clone(l.orders), entry{id: fmt.Sprint(len(l.orders) + 1000*(round+1)), changed: l.now})
						l.mu.Unlock()
					case k == 1:
						l.edit(n, func(e *entry) *entry { e.gone, e.changed = !e.gone, l.now; return e })
					case k == 2 && isQuiet:
						l.edit(n, func(*entry) *entry { return nil })
					case k == 3 && isQuiet:
						l.edit(n, func(e *entry) *entry { e.note, e.changed = "back", summer.AddDate(0, -1, 0); return e })
					default:
						l.edit(n, func(e *entry) *entry { e.note, e.changed = fmt.Sprint(round, k, n), l.now; return e })
					}
				}
				c.follow()
				if isQuiet {
					c.sweep()
				}
				c.wantSame(fmt.Sprintf("after round %d", round))
				l.now = l.now.Add(time.Duration(r.IntN(400)) * time.Minute)
			}
		})
	}
}

// TestRecordsMoveBetweenPages: each page of changes is followed by a change that
// moves a record the reader has not seen to a page it has.
func TestRecordsMoveBetweenPages(t *testing.T) {
	l := newLedger(60)
	s := serve(t, l.ServeHTTP)
	c := newReplica(t, open(t, s, l.config(s)))
	for i := range 40 {
		l.edit(i, func(e *entry) *entry { e.note, e.changed = "all", l.now.Add(time.Duration(i)*time.Second); return e })
	}
	l.now = l.now.Add(time.Hour)
	n := 0
	l.between = func() {
		if n++; n < 9 {
			l.edit(n, func(e *entry) *entry { e.note, e.changed = fmt.Sprint("again", n), l.now; return e })
		}
	}
	c.follow()
	l.between = nil
	c.follow()
	c.wantSame("after records moved")
}

// TestFollowingCosts counts calls.
func TestFollowingCosts(t *testing.T) {
	l := newLedger(40)
	s := serve(t, l.ServeHTTP)
	c := newReplica(t, open(t, s, l.config(s)))
	c.follow()
	l.counted()
	for range 3 {
		if rows, calls := c.follow(), l.counted(); rows > 0 || calls != 1 {
			t.Errorf("nothing new: %d rows by %d calls, want none by one", rows, calls)
		}
	}
	l.edit(3, func(e *entry) *entry { e.note, e.changed = "new", l.now; return e })
	if rows, calls := c.follow(), l.counted(); rows != 1 || calls != 1+1 {
		// A short first page of a reading that may miss nothing is asked what follows.
		t.Errorf("one new: %d rows by %d calls", rows, calls)
	}
	l.counted()
	if _, err := follower(c.src).Head(t.Context()); err != nil || l.counted() != 1 {
		t.Errorf("Head: %v", err)
	}
}

// TestSinceIsIgnored: a system that does not know the parameter gives everything.
func TestSinceIsIgnored(t *testing.T) {
	t.Run("case=from the beginning", func(t *testing.T) {
		l := newLedger(40)
		l.ignores = true
		s := serve(t, l.ServeHTTP)
		src := open(t, s, l.config(s))
		if _, err := follower(src).Head(t.Context()); schema.CodeOf(err) != schema.NotEnabled {
			t.Errorf("Head: %v, want NOT_ENABLED", err)
		}
		wantProblem(t, src, "Order: since_param is ignored: older records came: 1")
		l.counted()
		if _, err := follower(src).Since(t.Context(), ""); schema.CodeOf(err) != schema.NotEnabled || l.counted() != 0 {
			t.Errorf("Since: %v, want NOT_ENABLED without a call", err)
		}
	})
	t.Run("case=from now on", func(t *testing.T) {
		l := newLedger(40)
		s := serve(t, l.ServeHTTP)
		src := open(t, s, l.config(s))
		c := newReplica(t, src)
		l.ignores = true
		l.edit(3, func(e *entry) *entry { e.note, e.changed = "new", l.now; return e })
		if rows := c.follow(); rows != 40 {
			t.Errorf("%d rows, want all 40", rows)
		}
		wantProblem(t, src, "Order: since_param is ignored: older records came: 1")
		c.wantSame("although it is ignored")
	})
}

// TestTheFutureIsNotBelieved: a record dated ahead hides nothing.
func TestTheFutureIsNotBelieved(t *testing.T) {
	l := newLedger(20)
	l.edit(3, func(e *entry) *entry { e.changed = time.Date(2206, 1, 1, 0, 0, 0, 0, time.UTC); return e })
	s := serve(t, l.ServeHTTP)
	c := newReplica(t, open(t, s, l.config(s)))
	for i := range 5 {
		c.follow()
		l.now = l.now.Add(time.Hour)
		l.edit(5+i, func(e *entry) *entry { e.note, e.changed = "new", l.now; return e })
		c.follow()
		c.wantSame("with a record of the future")
	}
}

// TestTheHourThatComesTwice follows changes by a wall clock through the night in
// which it is set back.
func TestTheHourThatComesTwice(t *testing.T) {
	l := newLedger(20)
	l.now = time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC)
	s := serve(t, l.ServeHTTP)
	c := newReplica(t, open(t, s, l.config(s)))
	for i := range 40 {
		l.now = l.now.Add(7 * time.Minute)
		l.edit(i%20, func(e *entry) *entry { e.note, e.changed = fmt.Sprint(i), l.now; return e })
		c.follow()
		c.wantSame(l.now.String())
	}
}

// TestNoClock: a system whose web server tells no time is read whole once more.
func TestNoClock(t *testing.T) {
	l := newLedger(40)
	l.noDate = true
	s := serve(t, l.ServeHTTP)
	c := newReplica(t, open(t, s, l.config(s)))
	l.edit(3, func(e *entry) *entry { e.note, e.changed = "new", l.now; return e })
	if rows := c.follow(); rows != 40 {
		t.Errorf("%d rows, want all 40 once", rows)
	}
	c.wantSame("after the first following")
	l.edit(4, func(e *entry) *entry { e.note, e.changed = "new", l.now; return e })
	if rows := c.follow(); rows > 3 {
		t.Errorf("%d rows, want what changed", rows)
	}
	c.wantSame("after the second following")
}

// TestFaultsLoseNothing: the cursor stays where a page failed.
func TestFaultsLoseNothing(t *testing.T) {
	l := newLedger(60)
	s := serve(t, l.ServeHTTP)
	c := newReplica(t, open(t, s, l.config(s)))
	for i := range 30 {
		l.edit(i, func(e *entry) *entry { e.note, e.changed = "new", l.now; return e })
	}
	failed := 0
	for _, fault := range []func(w http.ResponseWriter){
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `[{"id":"1"`)
		},
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html><form>login</form></html>")
		},
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) },
		func(w http.ResponseWriter) { http.Error(w, "no", 500) },
	} {
		for at := range 4 {
			l.counted()
			l.fault = func(w http.ResponseWriter, call int) bool {
				if call > at {
					fault(w)
					return true
				}
				return false
			}
			before := c.cursor
			c.src = open(t, s, l.config(s))
			if _, _, err := c.part(); err != nil {
				failed++
			}
			if c.cursor != before {
				t.Error("the cursor moved")
			}
			l.fault = nil
		}
	}
	if failed != 16 {
		t.Errorf("%d of 16 faults were met", failed)
	}
	c.src = open(t, s, l.config(s))
	c.follow()
	c.wantSame("after the faults")
}

// near is a ledger that is followed by a part of its window.
func (l *ledger) near(s *system) rest.Config {
	c := l.config(s)
	e := c.Entities["Order"]
	const day = 24 * time.Hour
	e.SinceParam = ""
	e.Window = rest.Window{FromParam: "from", ToParam: "to", From: -100 * day, To: 100 * day}
	e.Follow = rest.Follow{Back: 10 * day, Ahead: 5 * day}
	c.Entities["Order"] = e
	return c
}

func TestFollowingANearWindow(t *testing.T) {
	l := newLedger(40)
	s := serve(t, l.ServeHTTP)
	clock := summer
	src := openWith(t, s, l.near(s), rest.Deps{Now: func() time.Time { return clock }})
	c := newReplica(t, src)
	if l.counted() == 0 {
		t.Error("nothing was read")
	}
	if rows := c.follow(); rows != 16 {
		t.Errorf("%d rows, want the 16 from 10 days back to 5 ahead", rows)
	}
	s.forget()
	if rows, calls := c.follow(), s.calls(); rows != 0 || len(calls) != 3 || !strings.Contains(calls[0], "from=2026-06-21&to=2026-07-06") {
		t.Errorf("nothing new: %d rows by %q, want none by 3 pages of the near window", rows, calls)
	}
	l.edit(20, func(e *entry) *entry { e.note = "paid"; return e })
	l.edit(22, func(e *entry) *entry { e.gone = true; return e })
	if rows := c.follow(); rows != 15 {
		t.Errorf("%d rows, want the 15 of the window", rows)
	}
	c.wantSame("after changes near to today")
	l.edit(1, func(e *entry) *entry { e.note = "late"; return e })
	l.edit(23, func(*entry) *entry { return nil })
	c.follow()
	c.sweep()
	c.wantSame("after the sweep")
	if got, err := follower(src).Since(t.Context(), ""); err != nil || len(got.Items) == 0 || !got.More {
		t.Errorf("the empty cursor: %d rows, %v", len(got.Items), err)
	}
	c.cursor = ""
	c.rows = map[string]string{}
	c.follow()
	c.wantSame("from the empty cursor")
}

func TestFollowingIsBounded(t *testing.T) {
	l := newLedger(60)
	s := serve(t, l.ServeHTTP)
	cfg := l.config(s)
	cfg.MemoryBound = 20
	c := newReplica(t, open(t, s, cfg))
	for i := range 30 {
		l.edit(i, func(e *entry) *entry { e.changed = l.now; return e })
	}
	_, _, err := c.part()
	wantError(t, err, schema.BadRequest)
}

// TestPagesThatRepeat: a list of changes that may not be whole is not believed.
func TestPagesThatRepeat(t *testing.T) {
	for _, isNear := range []bool{false, true} {
		t.Run(fmt.Sprintf("case=near %t", isNear), func(t *testing.T) {
			l := newLedger(40)
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "page=", "ignored=")
				l.ServeHTTP(w, r)
			})
			cfg := l.config(s)
			if isNear {
				cfg = l.near(s)
			}
			for i := range 40 {
				l.edit(i, func(e *entry) *entry { e.changed, e.due = l.now, time.Now(); return e })
			}
			c := newReplica(t, open(t, s, cfg))
			_, _, err := c.part()
			wantError(t, err, schema.BadRequest)
		})
	}
}

func TestWhatCannotBeFollowed(t *testing.T) {
	l := newLedger(10)
	s := serve(t, l.ServeHTTP)
	for _, x := range []struct {
		name    string
		with    func(*rest.Entity)
		finding string
	}{
		{"nothing", func(e *rest.Entity) { e.SinceParam = "" }, "not followed, as nothing tells what changed; swept by reading all rows"},
		{"joined", func(e *rest.Entity) { e.More = []rest.Entity{{Path: "/orders", Fields: e.Fields}} }, "not followed, as several resources are joined; swept by reading all rows"},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			cfg := l.config(s)
			order(&cfg, x.with)
			src := open(t, s, cfg)
			_, err := follower(src).Head(t.Context())
			wantError(t, err, schema.NotEnabled)
			_, err = follower(src).Since(t.Context(), "")
			wantError(t, err, schema.NotEnabled)
			found, err := src.Probe(t.Context())
			if err != nil || !slices.ContainsFunc(found, func(f datasources.Finding) bool { return f.Subject == "Order copy" && f.Result == x.finding }) {
				t.Errorf("%v: findings %v, want %q among them", err, found, x.finding)
			}
		})
	}
	src := open(t, s, l.config(s))
	for _, c := range []datasources.Cursor{"x", `{"q":1}`, `{"n":true}`, `{"t":"yesterday"}`, `{"p":{"p":-1}}`} {
		_, err := follower(src).Since(t.Context(), c)
		wantError(t, err, schema.BadRequest)
	}
}

func TestMistakesOfFollowing(t *testing.T) {
	l := newLedger(1)
	s := serve(t, l.ServeHTTP)
	for _, x := range []struct {
		name string
		with func(*rest.Entity)
		want string
	}{
		{"no updatedAt", func(e *rest.Entity) { delete(e.Fields, "updatedAt") }, "entities.Order.since_param: fields.updatedAt is not set"},
		{"format without a filter", func(e *rest.Entity) { e.SinceParam, e.Follow.Format = "", "unix" }, "entities.Order.follow.format: is of no use without since_param"},
		{"overlap without a filter", func(e *rest.Entity) { e.SinceParam, e.Follow.Overlap = "", 1 }, "entities.Order.follow.overlap: is of no use without since_param"},
		{"format", func(e *rest.Entity) { e.Follow.Format = "yyyy-mm-dd" }, "entities.Order.follow.format: expected a layout"},
		{"dotnet", func(e *rest.Entity) { e.Follow.Format = "dotnet" }, "entities.Order.follow.format: expected a layout"},
		{"overlap", func(e *rest.Entity) { e.Follow.Overlap = 25 * time.Hour }, "entities.Order.follow.overlap: 25h0m0s is not between"},
		{"back", func(e *rest.Entity) { e.Follow.Back = -1 }, "entities.Order.follow.back: is negative"},
		{"both", func(e *rest.Entity) { e.Follow.Ahead = 1 }, "entities.Order.follow: back and ahead are of no use beside since_param"},
		{"no window", func(e *rest.Entity) { e.SinceParam, e.Follow.Back = "", 1 }, "entities.Order.follow: back and ahead need a window"},
		{"more", func(e *rest.Entity) { e.More = []rest.Entity{{Path: "/x", Fields: e.Fields, SinceParam: "since"}} }, "entities.Order.more[0]: a further resource has no since_param"},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			cfg := l.config(s)
			order(&cfg, x.with)
			if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%v, want %q in it", err, x.want)
			}
		})
	}
}
