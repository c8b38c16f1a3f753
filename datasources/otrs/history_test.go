package otrs_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	fake "github.com/trama-graph/trama/datasources/sandbox/otrs"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/schema"
)

// bench is a help desk of the sandbox whose clock the test moves.
type bench struct {
	t     *testing.T
	box   *sandbox.Sandbox
	desk  *sandbox.Source
	clock atomic.Int64 // Unix seconds
	zone  *time.Location
	ids   []int
	page  int
}

func newBench(t *testing.T, page int, zone *time.Location, begin time.Time) *bench {
	t.Helper()
	b := &bench{t: t, zone: zone, page: page}
	b.clock.Store(begin.Unix())
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 12, OTRS: fake.Options{Now: b.now, Zone: zone}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	b.box, b.desk = box, box.Source("helpdesk")
	b.ids = slices.Sorted(maps.Keys(box.OTRS.Titles()))
	return b
}

func (b *bench) now() time.Time { return time.Unix(b.clock.Load(), 0) }

func (b *bench) open() follower {
	b.t.Helper()
	cfg := otrs.DefaultConfig()
	cfg.Name, cfg.URL, cfg.User, cfg.Password, cfg.SyncPage, cfg.Batch = "helpdesk", b.desk.URL, b.desk.User, b.desk.Password, b.page, max(1, b.page/2)
	cfg.Zone, cfg.Timeout = b.zone.String(), 2*time.Second
	transport := &http.Transport{}
	src, err := otrs.Open(b.t.Context(), cfg, otrs.Deps{Transport: transport, Links: orderLinks("DynamicField.OrderNumber")})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		_ = src.Close()
		transport.CloseIdleConnections()
	})
	return follower{b: b, r: src.Reader("Ticket")}
}

// follower is a source's tickets.
type follower struct {
	b *bench
	r any
}

func (f follower) head() datasources.Cursor {
	f.b.t.Helper()
	c, err := f.r.(datasources.Follower[schema.Ticket]).Head(f.b.t.Context())
	if err != nil {
		f.b.t.Fatal(err)
	}
	return c
}

// since makes one step and puts its tickets into rows. It returns how many of
// them were there as they came.
func (f follower) since(c datasources.Cursor, rows map[int]string) (next datasources.Cursor, more bool, again int) {
	f.b.t.Helper()
	ch, err := f.r.(datasources.Follower[schema.Ticket]).Since(f.b.t.Context(), c)
	if err != nil {
		f.b.t.Fatalf("since %s: %v", c, err)
	}
	for i := range ch.Items {
		id, err := strconv.Atoi(ch.Items[i].Key)
		if err != nil {
			f.b.t.Fatal(err)
		}
		if rows[id] == ch.Items[i].Title {
			again++
		}
		rows[id] = ch.Items[i].Title
	}
	if ch.Next == "" {
		f.b.t.Fatal("an empty cursor")
	}
	return ch.Next, ch.More, again
}

func (f follower) drain(c datasources.Cursor, rows map[int]string) (datasources.Cursor, int) {
	f.b.t.Helper()
	again := 0
	for range 2000 {
		next, more, n := f.since(c, rows)
		again += n
		if c = next; !more {
			return c, again
		}
	}
	f.b.t.Fatal("there is no end")
	return "", 0
}

// settle lets the clock pass the time for late commits.
func (b *bench) settle() { b.clock.Add(10) }

// TestFollowHistories: whatever is edited, and whenever a cursor was given,
// reading on from it finds all that was edited since, and a copy equals the
// source. Edits share seconds, are committed up to the lag later, and happen
// between the pages of a reading.
func TestFollowHistories(t *testing.T) {
	chisinau, err := time.LoadLocation("Europe/Chisinau")
	if err != nil {
		t.Fatal(err)
	}
	after := world.End.Add(time.Hour)
	for _, c := range []struct {
		name  string
		page  int
		zone  *time.Location
		begin time.Time
	}{
		{"small pages", 7, time.UTC, after},
		{"large pages", 500, time.UTC, after},
		{"clocks are set back", 20, chisinau, time.Date(2027, 10, 30, 23, 20, 0, 0, time.UTC)},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			for seed := range uint64(2) {
				b := newBench(t, c.page, c.zone, c.begin)
				history(t, b, rand.New(rand.NewPCG(seed, uint64(c.page))), c.zone != time.UTC)
			}
		})
	}
}

func history(t *testing.T, b *bench, rnd *rand.Rand, isRepeated bool) {
	t.Helper()
	f := b.open()
	rows := map[int]string{}
	cursor, again := f.drain("", rows)
	if again > 0 || len(rows) != len(b.ids) {
		t.Fatalf("at first %d tickets of %d, %d twice", len(rows), len(b.ids), again)
	}
	// given are cursors with the number of edits made before each.
	type given struct {
		cursor datasources.Cursor
		edits  int
	}
	cursors := []given{{"", 0}, {f.head(), 0}, {cursor, 0}}
	var edits []int
	for n := range 200 {
		switch rnd.IntN(10) {
		case 0, 1, 2, 3, 4:
			id := b.ids[rnd.IntN(len(b.ids))]
			at := b.now()
			if rnd.IntN(4) == 0 {
				at = at.Add(-time.Duration(rnd.IntN(4)) * time.Second)
			}
			b.box.OTRS.Edit(id, fmt.Sprintf("edit %d", n), at)
			edits = append(edits, id)
		case 5:
			if isRepeated {
				b.clock.Add(int64(rnd.IntN(600)))
			}
			b.clock.Add(int64(rnd.IntN(3)))
		case 6: // a bulk job
			for k := range rnd.IntN(25) {
				id := b.ids[rnd.IntN(len(b.ids))]
				b.box.OTRS.Edit(id, fmt.Sprintf("bulk %d %d", n, k), b.now())
				edits = append(edits, id)
			}
		case 7:
			f = b.open() // a restart
		default:
			// One step, not to the end.
			var twice int
			cursor, _, twice = f.since(cursor, rows)
			again += twice
			cursors = append(cursors, given{cursor, len(edits)})
		}
	}
	b.settle()
	cursor, twice := f.drain(cursor, rows)
	again += twice
	truth := b.box.OTRS.Titles()
	if !maps.Equal(rows, truth) {
		t.Fatalf("the copy differs from the source")
	}
	if again > 0 && !isRepeated {
		t.Errorf("%d tickets came again as they were", again)
	}
	rest := map[int]string{}
	if _, _ = f.drain(cursor, rest); len(rest) > 0 {
		t.Errorf("%d tickets though nothing changed", len(rest))
	}
	rnd.Shuffle(len(cursors), func(i, j int) { cursors[i], cursors[j] = cursors[j], cursors[i] })
	for _, g := range cursors[:min(8, len(cursors))] {
		got := map[int]string{}
		f.drain(g.cursor, got)
		for _, id := range edits[g.edits:] {
			if got[id] != truth[id] {
				t.Fatalf("ticket %d is lost to the cursor %s given after %d of %d edits: %q, want %q", id, g.cursor, g.edits, len(edits), got[id], truth[id])
			}
		}
	}
}

// TestFollowCalls counts what a following asks for.
func TestFollowCalls(t *testing.T) {
	b := newBench(t, 500, time.UTC, world.End.Add(time.Hour))
	f := b.open()
	cursor := f.head()
	rows := map[int]string{}
	cursor, _ = f.drain(cursor, rows)
	count := func() (searches, gets int) {
		c := b.desk.Faults.Calls()
		b.desk.Faults.Reset()
		return c["POST /TicketSearch"], c["POST /TicketGet"]
	}
	count()
	for _, c := range []struct {
		name           string
		edits          int
		searches, gets int
	}{
		{"nothing new", 0, 1, 1},
		{"one", 1, 1, 1},
		{"a batch", 100, 1, 1},
		{"nothing new after a batch", 0, 1, 1},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b.settle()
			for i := range c.edits {
				b.box.OTRS.Edit(b.ids[i], c.name, b.now())
			}
			clear(rows)
			cursor, _ = f.drain(cursor, rows)
			if s, g := count(); s != c.searches || g != c.gets || len(rows) != c.edits {
				t.Errorf("%d searches and %d gets for %d tickets, want %d and %d for %d", s, g, len(rows), c.searches, c.gets, c.edits)
			}
		})
	}
	f.head()
	if s, g := count(); s != 1 || g != 1 {
		t.Errorf("head: %d searches and %d gets", s, g)
	}
}

// TestFollowFaults: whatever happens to a call, the cursor holds and nothing is
// lost.
func TestFollowFaults(t *testing.T) {
	b := newBench(t, 5, time.UTC, world.End.Add(time.Hour))
	f := b.open()
	rows := map[int]string{}
	cursor, _ := f.drain("", rows)
	for i, mode := range []faults.Mode{
		faults.Drop, faults.LoginPage, faults.Garbage, faults.ServerError, faults.ErrorBody, faults.HalfBody, faults.EmptyBody, faults.Unavailable,
	} {
		t.Run("case="+mode.String(), func(t *testing.T) {
			b.settle()
			for k := range 12 {
				b.box.OTRS.Edit(b.ids[(7*i+k)%len(b.ids)], mode.String(), b.now())
			}
			b.desk.Faults.Set(faults.Fault{Mode: mode, Every: 3, Times: 4, RetryAfter: time.Second})
			defer b.desk.Faults.Clear()
			errs := 0
			for more := true; more; {
				ch, err := f.r.(datasources.Follower[schema.Ticket]).Since(t.Context(), cursor)
				if err != nil {
					if errs++; errs > 20 {
						t.Fatal(err)
					}
					if ch.Next != cursor {
						t.Fatalf("the cursor moved with an error: %s", ch.Next)
					}
					b.desk.Faults.Clear()
					f = b.open() // the breaker of the old one may be open
					continue
				}
				for k := range ch.Items {
					id, _ := strconv.Atoi(ch.Items[k].Key)
					rows[id] = ch.Items[k].Title
				}
				cursor, more = ch.Next, ch.More
			}
			if !maps.Equal(rows, b.box.OTRS.Titles()) {
				t.Error("the copy differs from the source")
			}
		})
	}
}

// TestFollowSetBack: a server that was restored from a backup, and one whose clock
// is behind, do not look like one where nothing happens.
func TestFollowSetBack(t *testing.T) {
	b := newBench(t, 50, time.UTC, world.End.Add(time.Hour))
	f := b.open()
	b.box.OTRS.Edit(b.ids[3], "before", b.now())
	cursor, _ := f.drain(f.head(), map[int]string{})
	follow := f.r.(datasources.Follower[schema.Ticket])

	b.clock.Add(-600)
	_, err := follow.Since(t.Context(), cursor)
	wantCode(t, err, schema.SourceInvalid)
	b.clock.Add(1200)
	if _, err := follow.Since(t.Context(), cursor); err != nil {
		t.Fatal(err)
	}

	b.box.OTRS.Edit(b.ids[3], "as it was", b.now().Add(-48*time.Hour))
	_, err = follow.Since(t.Context(), cursor)
	wantCode(t, err, schema.BadRequest)

	// A head taken now follows again.
	rows := map[int]string{}
	b.box.OTRS.Edit(b.ids[4], "after", b.now())
	if f.drain(f.head(), rows); rows[b.ids[4]] != "after" {
		t.Errorf("got %v", rows)
	}
}

// TestScanKeys: keys and versions of all tickets; a deletion, a back-dated edit
// and a renamed title show, from any mark on.
func TestScanKeys(t *testing.T) {
	b := newBench(t, 10, time.UTC, world.End.Add(time.Hour))
	f := b.open()
	type scanned struct {
		versions map[string]string
		marks    []datasources.Mark
		calls    map[string]int
	}
	scan := func(from datasources.Mark) scanned {
		t.Helper()
		out := scanned{versions: map[string]string{}}
		b.desk.Faults.Reset()
		err := f.r.(datasources.KeyScanner).ScanKeys(t.Context(), from, func(s datasources.Scanned[datasources.Keyed]) error {
			if s.Doubtful || s.Shifting {
				t.Error("keys in doubt")
			}
			for _, k := range s.Items {
				if out.versions[k.Key] != "" {
					t.Errorf("ticket %s came twice", k.Key)
				}
				if k.Version == "" {
					t.Errorf("ticket %s has no version", k.Key)
				}
				out.versions[k.Key] = k.Version
			}
			if s.Last != (s.Mark == "") {
				t.Errorf("last %t with mark %q", s.Last, s.Mark)
			}
			out.marks = append(out.marks, s.Mark)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		out.calls = b.desk.Faults.Calls()
		return out
	}
	scan("") // the probe
	first := scan("")
	if len(first.versions) != len(b.ids) {
		t.Fatalf("%d keys of %d", len(first.versions), len(b.ids))
	}
	t.Logf("%d tickets, pages of 10: %v", len(b.ids), first.calls)
	if again := scan(""); !maps.Equal(again.versions, first.versions) {
		t.Error("versions changed by themselves")
	}
	half := len(first.marks) / 2
	if rest := scan(first.marks[half]); len(rest.marks) != len(first.marks)-half-1 {
		t.Errorf("%d pages from mark %d of %d", len(rest.marks), half, len(first.marks))
	}
	b.box.OTRS.Delete(b.ids[5])
	b.box.OTRS.Edit(b.ids[6], "dated back", b.now().Add(-1000*time.Hour))
	got := scan("").versions
	for i, id := range b.ids {
		key := strconv.Itoa(id)
		switch was, is := first.versions[key], got[key]; {
		case i == 5 && is != "":
			t.Error("the deleted ticket is there")
		case i == 6 && is == was:
			t.Error("the back-dated edit does not show")
		case i != 5 && i != 6 && is != was:
			t.Errorf("ticket %s has another version", key)
		}
	}
	err := f.r.(datasources.KeyScanner).ScanKeys(t.Context(), "x", func(datasources.Scanned[datasources.Keyed]) error { return nil })
	wantCode(t, err, schema.BadRequest)
}
