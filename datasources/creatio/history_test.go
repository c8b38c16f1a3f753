package creatio_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
	"github.com/trama-graph/trama/datasources/sandbox"
	crmfake "github.com/trama-graph/trama/datasources/sandbox/creatio"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/schema"
)

// bench is a CRM of the sandbox whose records the test edits.
type bench struct {
	t   *testing.T
	box *sandbox.Sandbox
	crm *sandbox.Source
	now time.Time // of edits
	src datasources.Source
}

func newBench(t *testing.T, opts crmfake.Options, change func(*creatio.Config)) *bench {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 12, Creatio: opts})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	b := &bench{t: t, box: box, crm: box.Source("crm"), now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	b.open(change)
	return b
}

// open connects anew, as a restart does.
func (b *bench) open(change func(*creatio.Config)) {
	b.t.Helper()
	cfg := creatio.Default()
	cfg.Name, cfg.URL, cfg.User, cfg.Password, cfg.BaseCurrency = "crm", b.crm.URL, b.crm.User, b.crm.Password, "EUR"
	cfg.Timeout = 2 * time.Second
	if change != nil {
		change(&cfg)
	}
	transport := &http.Transport{}
	src, err := creatio.Open(b.t.Context(), cfg, creatio.Deps{Transport: transport})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		_ = src.Close()
		transport.CloseIdleConnections()
	})
	b.src = src
}

func (b *bench) orders() datasources.Follower[schema.Order] {
	return b.src.Reader("Order").(datasources.Follower[schema.Order])
}

func (b *bench) edit(set, key string, at time.Time, columns map[string]odatafake.Value) {
	b.t.Helper()
	values := map[string]odatafake.Value{"ModifiedOn": odatafake.Time(at)}
	maps.Copy(values, columns)
	if !b.box.Creatio.Edit(set, key, values) {
		b.t.Fatalf("there is no %s %s", set, key)
	}
}

func (b *bench) note(key, text string, at time.Time) {
	b.t.Helper()
	b.edit("Order", key, at, map[string]odatafake.Value{"Notes": odatafake.Text(text)})
}

// truth are the notes of all orders, read as a list.
func (b *bench) truth() map[string]string {
	b.t.Helper()
	all := map[string]string{}
	q := datasources.Query{Fields: datasources.NewFields("notes"), Order: schema.Sort{Column: "createdAt"}, First: 20000}
	rows, err := b.src.Reader("Order").(datasources.Reader[schema.Order]).List(b.t.Context(), q)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range rows.Items {
		all[rows.Items[i].Key] = rows.Items[i].Notes
	}
	return all
}

// step makes one step and puts its orders into rows. It returns how many came as
// they were.
func (b *bench) step(c datasources.Cursor, rows map[string]string) (next datasources.Cursor, more bool, again int) {
	b.t.Helper()
	ch, err := b.orders().Since(b.t.Context(), c)
	if err != nil {
		b.t.Fatalf("since %s: %v", c, err)
	}
	for i := range ch.Items {
		o := &ch.Items[i]
		if was, known := rows[o.Key]; known && was == o.Notes {
			again++
		}
		rows[o.Key] = o.Notes
	}
	if ch.Next == "" {
		b.t.Fatal("an empty cursor")
	}
	return ch.Next, ch.More, again
}

func (b *bench) drain(c datasources.Cursor, rows map[string]string) (datasources.Cursor, int) {
	b.t.Helper()
	again := 0
	for range 2000 {
		next, more, n := b.step(c, rows)
		again += n
		if c = next; !more {
			return c, again
		}
	}
	b.t.Fatal("there is no end")
	return "", 0
}

// follow drains twice: what was committed late behind a place in the middle of a
// reading is found by the reading after it.
func (b *bench) follow(c datasources.Cursor, rows map[string]string) (datasources.Cursor, int) {
	b.t.Helper()
	c, once := b.drain(c, rows)
	c, twice := b.drain(c, rows)
	return c, once + twice
}

// TestFollowHistories: whatever is edited, and whenever a cursor was given,
// reading on from it finds all that was edited since, and a copy equals the
// source. Edits share times, are committed late, and happen between the pages of
// a reading.
func TestFollowHistories(t *testing.T) {
	for _, c := range []struct {
		name string
		page int
		opts crmfake.Options
	}{
		{"small pages", 5, crmfake.Options{}},
		{"large pages", 1000, crmfake.Options{}},
		{"the site pages by itself", 1000, crmfake.Options{PageSize: 9}},
		{"the site's limit is lower", 1000, crmfake.Options{MaxRows: 20}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			for seed := range uint64(2) {
				set := func(cfg *creatio.Config) { cfg.PageSize = c.page }
				history(t, newBench(t, c.opts, set), rand.New(rand.NewPCG(seed, uint64(c.page))), set)
			}
		})
	}
}

func history(t *testing.T, b *bench, rnd *rand.Rand, set func(*creatio.Config)) {
	t.Helper()
	rows := map[string]string{}
	cursor, again := b.drain("", rows)
	if again > 0 {
		t.Fatalf("at first %d orders came twice", again)
	}
	ids := slices.Sorted(maps.Keys(rows))
	truth := maps.Clone(rows)
	head, err := b.orders().Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// given are cursors with the number of edits made before each.
	type given struct {
		cursor datasources.Cursor
		edits  int
	}
	cursors := []given{{"", 0}, {head, 0}, {cursor, 0}}
	var edits []string
	for n := range 120 {
		switch rnd.IntN(10) {
		case 0, 1, 2, 3:
			id, at := ids[rnd.IntN(len(ids))], b.now
			if rnd.IntN(4) == 0 {
				at = at.Add(-time.Duration(rnd.IntN(110)) * time.Second)
			}
			truth[id] = fmt.Sprintf("edit %d", n)
			b.note(id, truth[id], at)
			edits = append(edits, id)
		case 4:
			b.now = b.now.Add(time.Duration(rnd.IntN(40)) * time.Second)
		case 5: // a bulk job
			for k := range rnd.IntN(12) {
				id := ids[rnd.IntN(len(ids))]
				truth[id] = fmt.Sprintf("bulk %d %d", n, k)
				b.note(id, truth[id], b.now)
				edits = append(edits, id)
			}
		case 6:
			if rnd.IntN(3) == 0 {
				b.open(set)
			}
		default:
			// One step, not to the end.
			var twice int
			cursor, _, twice = b.step(cursor, rows)
			again += twice
			cursors = append(cursors, given{cursor, len(edits)})
		}
	}
	cursor, twice := b.follow(cursor, rows)
	again += twice
	if !maps.Equal(rows, truth) {
		t.Fatal("the copy differs from the source")
	}
	if c := b.truth(); len(c) == len(truth) && !maps.Equal(c, truth) {
		t.Fatal("the source differs from what was written")
	}
	if again > len(edits)/10 {
		t.Errorf("%d orders came again as they were, %d edits", again, len(edits))
	}
	rest := map[string]string{}
	if _, _ = b.drain(cursor, rest); len(rest) > 0 {
		t.Errorf("%d orders though nothing changed", len(rest))
	}
	rnd.Shuffle(len(cursors), func(i, j int) { cursors[i], cursors[j] = cursors[j], cursors[i] })
	for _, g := range cursors[:min(10, len(cursors))] {
		got := map[string]string{}
		b.follow(g.cursor, got)
		for _, id := range edits[g.edits:] {
			if got[id] != truth[id] {
				t.Fatalf("order %s is lost to the cursor %s given after %d of %d edits: %q, want %q", id, g.cursor, g.edits, len(edits), got[id], truth[id])
			}
		}
	}
}

// calls returns what was asked since the last time, without logins, metadata and
// lookups.
func (b *bench) calls(names ...string) map[string]int {
	all := b.crm.Faults.Calls()
	b.crm.Faults.Reset()
	maps.DeleteFunc(all, func(name string, _ int) bool { return !slices.Contains(names, name) })
	return all
}

// TestFollowCalls counts what a following asks for.
func TestFollowCalls(t *testing.T) {
	b := newBench(t, crmfake.Options{}, func(cfg *creatio.Config) { cfg.PageSize = 20 })
	rows := map[string]string{}
	cursor, _ := b.drain("", rows)
	ids := slices.Sorted(maps.Keys(rows))
	names := []string{"GET Order", "GET OrderProduct", "POST $batch"}
	b.calls()
	for _, c := range []struct {
		name  string
		edits int
		want  map[string]int
	}{
		{"nothing new", 0, map[string]int{"GET Order": 1}},
		{"one", 1, map[string]int{"GET Order": 1, "GET OrderProduct": 1}},
		{"a page less two", 18, map[string]int{"GET Order": 1, "GET OrderProduct": 1}},
		{"nothing new again", 0, map[string]int{"GET Order": 1}},
		// A page, the newest change, that page once more, the rest, and that
		// nothing comes behind it.
		{"more than a page", 35, map[string]int{"GET Order": 5, "GET OrderProduct": 2}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b.now = b.now.Add(time.Hour)
			for _, id := range ids[:c.edits] {
				b.note(id, c.name, b.now)
			}
			clear(rows)
			b.calls()
			cursor, _ = b.drain(cursor, rows)
			if got := b.calls(names...); !maps.Equal(got, c.want) || len(rows) != c.edits {
				t.Errorf("%v for %d orders, want %v for %d", got, len(rows), c.want, c.edits)
			}
		})
	}
	b.calls()
	if _, err := b.orders().Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.calls(names...); !maps.Equal(got, map[string]int{"GET Order": 1}) {
		t.Errorf("head: %v", got)
	}
}

// TestFollowFaults: whatever happens to a call, nothing is lost.
func TestFollowFaults(t *testing.T) {
	set := func(cfg *creatio.Config) { cfg.PageSize = 7 }
	b := newBench(t, crmfake.Options{}, set)
	rows := map[string]string{}
	cursor, _ := b.drain("", rows)
	ids := slices.Sorted(maps.Keys(rows))
	for i, mode := range []faults.Mode{
		faults.Drop, faults.LoginPage, faults.Garbage, faults.ServerError, faults.ErrorBody, faults.HalfBody, faults.EmptyBody, faults.Unavailable,
	} {
		t.Run("case="+mode.String(), func(t *testing.T) {
			b.now = b.now.Add(time.Minute)
			for k := range 15 {
				b.note(ids[(5*i+k)%len(ids)], mode.String(), b.now)
			}
			b.crm.Faults.Set(faults.Fault{Mode: mode, Every: 3, Times: 4, RetryAfter: time.Second})
			defer b.crm.Faults.Clear()
			errs := 0
			for more := true; more; {
				ch, err := b.orders().Since(t.Context(), cursor)
				if err != nil {
					if errs++; errs > 20 {
						t.Fatal(err)
					}
					b.crm.Faults.Clear()
					b.open(set) // the breaker of the old one may be open
					continue
				}
				for k := range ch.Items {
					rows[ch.Items[k].Key] = ch.Items[k].Notes
				}
				cursor, more = ch.Next, ch.More
			}
			if !maps.Equal(rows, b.truth()) {
				t.Error("the copy differs from the source")
			}
		})
	}
}

// TestFollowSetBack: a site that was restored from a backup does not look like one
// where nothing happens; one whose last row was deleted does.
func TestFollowSetBack(t *testing.T) {
	b := newBench(t, crmfake.Options{}, nil)
	rows := map[string]string{}
	cursor, _ := b.drain("", rows)
	ids := slices.Sorted(maps.Keys(rows))
	b.note(ids[0], "last", b.now)
	cursor, _ = b.drain(cursor, rows)

	b.box.Creatio.Delete("Order", ids[0])
	next, _ := b.drain(cursor, rows)
	b.calls()
	next, _ = b.drain(next, rows)
	if got := b.calls("GET Order"); got["GET Order"] != 1 {
		t.Errorf("the deleted row is looked for again: %v", got)
	}
	b.note(ids[1], "after", b.now.Add(time.Minute))
	if b.drain(next, rows); rows[ids[1]] != "after" {
		t.Errorf("got %q", rows[ids[1]])
	}

	b = newBench(t, crmfake.Options{}, nil)
	b.note(ids[0], "last", b.now)
	cursor, _ = b.drain("", map[string]string{})
	b.note(ids[0], "as it was", b.now.Add(-48*time.Hour))
	_, err := b.orders().Since(t.Context(), cursor)
	wantCode(t, err, schema.BadRequest)
}

// TestFollowBehindAFutureRow: a row that was imported with a time to come does not
// hide what changes until then.
func TestFollowBehindAFutureRow(t *testing.T) {
	b := newBench(t, crmfake.Options{}, nil)
	rows := map[string]string{}
	cursor, _ := b.drain("", rows)
	ids := slices.Sorted(maps.Keys(rows))
	b.note(ids[0], "of 2062", time.Date(2062, 1, 1, 0, 0, 0, 0, time.UTC))
	cursor, _ = b.drain(cursor, rows)
	clear(rows)
	b.note(ids[1], "of today", time.Now().Add(time.Second))
	cursor, _ = b.drain(cursor, rows)
	if want := map[string]string{ids[1]: "of today"}; !maps.Equal(rows, want) {
		t.Errorf("got %v, want %v", rows, want)
	}
	head, err := b.orders().Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.note(ids[2], "later", time.Now().Add(time.Second))
	for _, c := range []datasources.Cursor{cursor, head} {
		clear(rows)
		if b.drain(c, rows); rows[ids[2]] != "later" {
			t.Errorf("got %v", rows)
		}
	}
	found, err := b.src.Probe(t.Context())
	if err != nil || !slices.ContainsFunc(found, func(f datasources.Finding) bool { return f.Subject == "Order" && f.Level == datasources.Warn }) {
		t.Errorf("the probe does not tell: %v, %v", found, err)
	}
}

// TestScanKeys: keys and versions of all orders. A deletion, a back-dated edit and
// a change of a line show, and nothing else does; from any mark on.
func TestScanKeys(t *testing.T) {
	b := newBench(t, crmfake.Options{}, func(cfg *creatio.Config) { cfg.PageSize = 20 })
	type scanned struct {
		versions map[string]string
		marks    []datasources.Mark
	}
	scan := func(from datasources.Mark) scanned {
		t.Helper()
		out := scanned{versions: map[string]string{}}
		err := b.src.Reader("Order").(datasources.KeyScanner).ScanKeys(t.Context(), from, func(s datasources.Scanned[datasources.Keyed]) error {
			if s.Doubtful || s.Shifting {
				t.Error("keys in doubt")
			}
			for _, k := range s.Items {
				if out.versions[k.Key] != "" || k.Version == "" {
					t.Errorf("order %s with version %q", k.Key, k.Version)
				}
				out.versions[k.Key] = k.Version
			}
			out.marks = append(out.marks, s.Mark)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	rows := map[string]string{}
	cursor, _ := b.drain("", rows)
	ids := slices.Sorted(maps.Keys(rows))
	b.calls()
	first := scan("")
	t.Logf("%d orders, pages of 20: %v", len(ids), b.calls("GET Order", "GET OrderProduct", "POST $batch"))
	if len(first.versions) != len(ids) {
		t.Fatalf("%d keys of %d", len(first.versions), len(ids))
	}
	if rest := scan(first.marks[1]); len(rest.marks) != len(first.marks)-2 {
		t.Errorf("%d pages behind the second of %d", len(rest.marks), len(first.marks))
	}
	order := ids[2]
	items, err := b.src.Reader("Order").(datasources.Reader[schema.Order]).ByKeys(t.Context(), []string{order}, nil)
	if err != nil || len(items.Items) != 1 || len(items.Items[0].Lines) == 0 {
		t.Fatalf("%v, %v", items.Items, err)
	}
	b.box.Creatio.Delete("Order", ids[0])
	b.note(ids[1], "dated back", b.now.Add(-10000*time.Hour))
	b.edit("OrderProduct", b.box.Creatio.Children("OrderProduct", "OrderId", order)[0], b.now, nil)
	// None of these is seen by following.
	clear(rows)
	if b.drain(cursor, rows); len(rows) > 0 {
		t.Errorf("got %v", rows)
	}
	got := scan("").versions
	for i, id := range ids {
		switch was, is := first.versions[id], got[id]; {
		case i == 0 && is != "":
			t.Error("the deleted order is there")
		case i == 1 && is == was:
			t.Error("the back-dated edit does not show")
		case i == 2 && is == was:
			t.Error("the changed line does not show")
		case i > 2 && is != was:
			t.Errorf("order %s has another version", id)
		}
	}
	err = b.src.Reader("Order").(datasources.KeyScanner).ScanKeys(t.Context(), "x", nil)
	wantCode(t, err, schema.BadRequest)
}
