package odata_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/schema"
)

// TestFollowingARandomHistory: what is changed, added or marked as deleted is found
// by following, what is removed or dated back by the sweep.
func TestFollowingARandomHistory(t *testing.T) {
	for _, version := range []int{2, 3, 4} {
		for _, x := range []struct {
			name string
			with func(*fake)
		}{
			{"plain", func(*fake) {}},
			{"links", func(f *fake) { f.pageCap = 4 }},
			{"pages cut off without a link", func(f *fake) { f.silentCap = 3 }},
			{"keys cannot be compared", func(f *fake) { f.noGUIDOrder = true }},
		} {
			t.Run(fmt.Sprintf("case=v%d %s", version, x.name), func(t *testing.T) {
				f, cfg := newDesk(t, version, 40)
				x.with(f)
				if f.silentCap > 0 {
					cfg.Batch = f.silentCap // a call by keys is cut off, too
				}
				c := newReplica(t, open(t, cfg))
				c.sweep()
				r := rand.New(rand.NewPCG(uint64(version), 3))
				now, made := began.AddDate(0, 1, 0), 0
				for round := range 25 {
					isQuiet := round%5 == 4
					for range r.IntN(20) {
						// Many changes of one moment, and some between milliseconds.
						if r.IntN(4) == 0 {
							now = now.Add(time.Duration(r.IntN(3)) * 700 * time.Microsecond)
						}
						n := r.IntN(len(f.sets["Orders"].rows))
						made++
						switch k := r.IntN(6); {
						case k == 0:
							f.insert(fmt.Sprintf("%08x-0000-4000-8000-%012x", (made*7919)%1000, 5000+made), now)
						case k == 1:
							f.edit(n, func(x row) row { x["Gone"], x["Changed"] = !x["Gone"].(bool), now; return x })
						case k == 2 && isQuiet:
							f.edit(n, func(row) row { return nil })
						case k == 3 && isQuiet: // dated back
							f.edit(n, func(x row) row {
								x["Remark"], x["Changed"] = fmt.Sprint(made), began.Add(-time.Duration(made)*time.Hour)
								return x
							})
						default:
							f.edit(n, func(x row) row { x["Remark"], x["Changed"] = fmt.Sprint(made), now; return x })
						}
					}
					c.follow()
					if isQuiet {
						c.sweep()
					}
					c.wantSame(fmt.Sprintf("after round %d", round))
					now = now.Add(time.Duration(r.IntN(5)) * time.Minute)
				}
			})
		}
	}
}

// TestEditsBetweenParts: rows of one moment, of which some change while the others
// are read.
func TestEditsBetweenParts(t *testing.T) {
	f, cfg := newDesk(t, 4, 0)
	cfg.Overlap = time.Millisecond // it is not what helps here
	for i := range 60 {
		f.insert(fmt.Sprintf("%08x-0000-4000-8000-%012x", (i*7919)%1000, i), began)
	}
	c := newReplica(t, open(t, cfg))
	c.rows, c.cursor = map[string]string{}, ""
	more := true
	for i := 0; more; i++ {
		_, more = c.part()
		switch at := slices.IndexFunc(f.sets["Orders"].rows, func(x row) bool { return c.rows[string(x["OrderID"].(uid))] != "" }); {
		case i%3 == 0 && at >= 0: // one that was given is changed, and the others move
			f.edit(at, func(x row) row { x["Remark"], x["Changed"] = "later", began.Add(time.Minute); return x })
		case i%3 == 1 && at >= 0:
			delete(c.rows, string(f.sets["Orders"].rows[at]["OrderID"].(uid)))
			f.edit(at, func(row) row { return nil })
		}
	}
	c.follow()
	c.wantSame("after a reading during which rows moved")
}

// TestFollowingCosts counts calls.
func TestFollowingCosts(t *testing.T) {
	f, cfg := newDesk(t, 4, 40)
	c := newReplica(t, open(t, cfg))
	c.sweep()
	f.calls()
	rows, parts := c.follow()
	if calls := f.calls(); parts != 1 || len(calls) != 1 || rows > 4 {
		t.Errorf("nothing new: %d rows in %d parts by %q", rows, parts, calls)
	}
	f.edit(3, func(x row) row { x["Remark"], x["Changed"] = "new", began.Add(100*time.Hour); return x })
	rows, parts = c.follow()
	if calls := f.calls(); parts != 1 || len(calls) != 1 || rows > 5 {
		t.Errorf("one new: %d rows in %d parts by %q", rows, parts, calls)
	}
	if read, removed := c.sweep(); read > 5 || removed != 0 {
		t.Errorf("the sweep read %d rows and removed %d", read, removed)
	}
	f.calls()
	if read, removed := c.sweep(); read != 0 || removed != 0 {
		t.Errorf("an idle sweep read %d rows and removed %d", read, removed)
	}
	calls := f.calls()
	if len(calls) != 40/7+1 {
		t.Errorf("an idle sweep of 40 rows, 7 a page, made %d calls", len(calls))
	}
	for _, call := range calls {
		if strings.Contains(call, "Remark") {
			t.Errorf("a sweep reads more than it needs: %s", call)
		}
	}
}

// TestTheHourThatComesTwice follows changes by a wall clock through the night in
// which it is set back.
func TestTheHourThatComesTwice(t *testing.T) {
	f, cfg := newDesk(t, 2, 20)
	f.zone = time.UTC // it keeps and compares what the clock shows
	c := newReplica(t, open(t, cfg))
	at := time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC)
	for i := range 40 {
		at = at.Add(7 * time.Minute)
		_, offset := at.In(chisinau).Zone()
		shown := at.Add(time.Duration(offset) * time.Second)
		f.edit(i%20, func(x row) row { x["Remark"], x["Changed"] = fmt.Sprint(i), shown; return x })
		c.follow()
		for key, want := range c.source() {
			// The wall clock cannot tell which of two hours it was: the rest must be equal.
			if cut(c.rows[key]) != cut(want) {
				t.Fatalf("at %s: have %s\nwant %s", at, c.rows[key], want)
			}
		}
	}
}

func cut(s string) string {
	_, notes, _ := strings.Cut(s, `"Notes"`)
	return notes
}

// TestTheFutureIsNotBelieved: a change dated ahead hides nothing.
func TestTheFutureIsNotBelieved(t *testing.T) {
	f, cfg := newDesk(t, 4, 20)
	f.hook = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Date", began.Add(200*time.Hour).Format(http.TimeFormat))
		return false
	}
	f.edit(3, func(x row) row { x["Changed"] = time.Date(2206, 1, 1, 0, 0, 0, 0, time.UTC); return x })
	c := newReplica(t, open(t, cfg))
	f.edit(5, func(x row) row { x["Remark"], x["Changed"] = "new", began.Add(200*time.Hour); return x })
	c.follow()
	c.wantSame("after a change of now")
}

// TestFaultsLoseNothing: the cursor stays where a part failed.
func TestFaultsLoseNothing(t *testing.T) {
	f, cfg := newDesk(t, 4, 40)
	c := newReplica(t, open(t, cfg))
	for i := range 30 {
		f.edit(i, func(x row) row { x["Remark"], x["Changed"] = "new", began.Add(300*time.Hour); return x })
	}
	failed := 0
	for _, fault := range []func(w http.ResponseWriter){
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			w.Write([]byte(`{"value":[{"OrderID"`))
		},
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte("<html><form>login</form></html>"))
		},
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) },
	} {
		for at := range 3 {
			calls := 0
			other := *c
			other.r = orders(open(t, cfg))
			f.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "$metadata") {
					return false
				}
				if calls++; calls <= at {
					return false
				}
				fault(w)
				return true
			}
			for range 3 {
				got, err := other.r.(datasources.Follower[schema.Order]).Since(t.Context(), c.cursor)
				if err != nil {
					failed++
					break
				}
				for i := range got.Items {
					c.rows[got.Items[i].Key] = text(t, &got.Items[i])
				}
				c.cursor = got.Next
			}
			f.hook = nil
		}
	}
	if failed != 9 {
		t.Errorf("%d of 9 faults were met", failed)
	}
	c.r = orders(open(t, cfg))
	c.follow()
	c.wantSame("after the faults")
}

func TestWhatCannotBeFollowed(t *testing.T) {
	f, cfg := newDesk(t, 4, 20)
	open1 := func(change func(*odata.Entity)) datasources.Source {
		c, e := cfg, cfg.Entities["Order"]
		change(&e)
		c.Entities = map[string]odata.Entity{"Order": e}
		return open(t, c)
	}
	for _, x := range []struct {
		name          string
		with          func(*odata.Entity)
		follows, sees schema.Code
		finding       string
	}{
		{"declared", func(*odata.Entity) {}, "", "", "followed by Changed (records without it are found by the sweep); swept by keys and Changed"},
		{"recognised", func(e *odata.Entity) { e.Changed = "" }, "", schema.NotEnabled, "followed by Changed (records without it are found by the sweep); swept by reading all rows"},
		{"none", func(e *odata.Entity) { e.Changed = "none" }, schema.NotEnabled, schema.NotEnabled, "not followed, as nothing tells when a record was changed; swept by reading all rows"},
		{"not there", func(e *odata.Entity) { e.Changed = "ChangedOn" }, schema.NotEnabled, schema.NotEnabled, "not followed, as nothing tells when a record was changed; swept by reading all rows"},
		{"no time", func(e *odata.Entity) { e.Changed = "OrderNo" }, schema.NotEnabled, schema.NotEnabled, "not followed, as nothing tells when a record was changed; swept by reading all rows"},
		{"no ETag", func(e *odata.Entity) { e.ETag = true }, "", schema.NotEnabled, "followed by Changed (records without it are found by the sweep); swept by keys and ETags"},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			src := open1(x.with)
			r := orders(src)
			_, err := r.(datasources.Follower[schema.Order]).Head(t.Context())
			if got := schema.CodeOf(err); err != nil && got != x.follows || err == nil && x.follows != "" {
				t.Errorf("Head: %v, want %s", err, x.follows)
			}
			_, err = r.(datasources.Follower[schema.Order]).Since(t.Context(), "")
			if got := schema.CodeOf(err); err != nil && got != x.follows || err == nil && x.follows != "" {
				t.Errorf("Since: %v, want %s", err, x.follows)
			}
			err = r.(datasources.KeyScanner).ScanKeys(t.Context(), "", func(datasources.Scanned[datasources.Keyed]) error { return nil })
			if got := schema.CodeOf(err); err != nil && got != x.sees || err == nil && x.sees != "" {
				t.Errorf("ScanKeys: %v, want %s", err, x.sees)
			}
			found, err := src.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(found, func(f datasources.Finding) bool { return f.Subject == "Order copy" && f.Result == x.finding }) {
				t.Errorf("findings %v, want %q among them", found, x.finding)
			}
		})
	}
	_ = f
	for _, c := range []datasources.Cursor{"x", `{"q":1}`, `{"n":-1}`, `{"t":"yesterday"}`} {
		if _, err := orders(open(t, cfg)).(datasources.Follower[schema.Order]).Since(t.Context(), c); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("cursor %s: %v, want BAD_REQUEST", c, err)
		}
	}
	bad := cfg
	bad.Overlap = 48 * time.Hour
	bad.Entities = map[string]odata.Entity{"Order": {Set: "Orders", Changed: "a b", Fields: mapping.Fields{"number": at1("OrderNo")}}}
	err := bad.Validate()
	for _, want := range []string{"overlap: 48h0m0s is not between", "entities.Order.changed: expected the path of a property, or none"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}
