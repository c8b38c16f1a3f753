package copies_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// visible is what a copy may know after following alone: the source, but for rows
// that were deleted or dated back since they were last read.
type visible struct {
	rows   map[string]schema.Order // as the source has them
	hidden map[string]bool         // keys of which following tells nothing
}

// TestFollowsLikeTheSource edits, deletes and dates back at random, with sources that
// fail in the middle and processes that end there. After following the copy is the
// source but for what following cannot see; after a sweep it is the source.
func TestFollowsLikeTheSource(t *testing.T) {
	st := newStore(t)
	turn := 0
	rapid.Check(t, func(r *rapid.T) {
		turn++
		l := newLedger(rapid.IntRange(1, 5).Draw(r, "page"))
		l.tells = rapid.Bool().Draw(r, "tells deletions")
		keyed := rapid.Bool().Draw(r, "keyed")
		src := ledgerSystem(l, keyed)
		now := newClock()
		cfg := copies.Config{Name: fmt.Sprintf("s%d", turn), MaxDelete: 1}
		var c *copies.Copy
		open := func() {
			var err error
			if c, err = copies.Open(t.Context(), cfg, src, st, copies.Deps{Now: now.now}); err != nil {
				r.Fatal(err)
			}
		}
		newOrder := func(i, v int) schema.Order {
			x := order(i, fmt.Sprintf("v%d", v))
			x.Source = cfg.Name
			return x
		}
		known := visible{map[string]schema.Order{}, map[string]bool{}}
		value := 0
		edit := func() {
			i := rapid.IntRange(0, 14).Draw(r, "row")
			value++
			x := newOrder(i, value)
			_, isThere := known.rows[x.Key]
			switch rapid.IntRange(0, 5).Draw(r, "edit") {
			case 0, 1, 2:
				l.put(x)
				known.rows[x.Key] = x
				delete(known.hidden, x.Key)
			case 3:
				if isThere {
					l.backdate(x, rapid.IntRange(0, 3).Draw(r, "by"))
					known.rows[x.Key] = x
					known.hidden[x.Key] = true
				}
			case 4:
				l.drop(x.Key)
				delete(known.rows, x.Key)
				known.hidden[x.Key] = true
			case 5:
				l.tick()
			}
		}
		pass := func(o copies.Options) {
			// Some calls fail, and users work behind the source's back.
			budget := rapid.IntRange(0, 12).Draw(r, "calls before a failure")
			during := rapid.IntRange(0, 3).Draw(r, "edits during the pass")
			l.failing(func(string, int) error {
				if during > 0 {
					during--
					edit()
				}
				if budget--; budget == 0 {
					return away()
				}
				return nil
			})
			_ = c.Sync(t.Context(), o)
			l.failing(nil)
			if rapid.Bool().Draw(r, "restart") {
				open()
			}
		}
		settle := func(what string, o copies.Options) {
			for range 3 { // one may go on with what another began
				if err := c.Sync(t.Context(), o); err != nil {
					r.Fatalf("%s: %v", what, err)
				}
			}
		}
		rows := func() map[string]schema.Order {
			got, err := datasources.ReaderOf[schema.Order](c, "Order").List(t.Context(), datasources.Query{First: 1000, Order: schema.Sort{Column: "id"}, Total: true})
			if err != nil {
				r.Fatal(err)
			}
			out := map[string]schema.Order{}
			for _, x := range got.Items {
				out[x.Key] = x
			}
			if got.Totals[0] != len(out) || *c.EntityCopy("Order").Rows != len(out) {
				r.Fatalf("%d rows, a total of %d, counted %d", len(out), got.Totals[0], *c.EntityCopy("Order").Rows)
			}
			return out
		}
		exact := asRead()
		open()
		for range rapid.IntRange(1, 4).Draw(r, "days") {
			for range rapid.IntRange(1, 5).Draw(r, "followings") {
				for range rapid.IntRange(0, 8).Draw(r, "edits") {
					edit()
				}
				now.add(time.Minute)
				pass(copies.Options{})
			}
			settle("follow", copies.Options{})
			got := rows()
			for key, x := range known.rows {
				if diff := cmp.Diff(x, got[key], exact); diff != "" && !known.hidden[key] {
					r.Fatalf("after following %s is not as in the source: %s", key, diff)
				}
			}
			for key := range got {
				if _, ok := known.rows[key]; !ok && !known.hidden[key] {
					r.Fatalf("after following %s is there", key)
				}
			}
			now.add(24 * time.Hour)
			if rapid.Bool().Draw(r, "a sweep that fails") {
				pass(copies.Options{})
				now.add(24 * time.Hour)
			}
			settle("sweep", copies.Options{})
			now.add(24 * time.Hour) // rows that changed between their key and their reading
			settle("sweep", copies.Options{})
			if diff := cmp.Diff(known.rows, rows(), exact); diff != "" {
				r.Fatalf("after a sweep the copy is not the source: %s", diff)
			}
			clear(known.hidden)
		}
	})
}
