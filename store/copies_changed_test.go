package store

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store/servicetest"
)

// dating is a copy under a clock of the test's.
type dating struct {
	t   *testing.T
	s   *Store
	set copies.Set
	now time.Time
}

// eachDating runs a test in both databases.
func eachDating(t *testing.T, f func(t *testing.T, d *dating)) {
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run("store="+name, func(t *testing.T) {
			address := "sqlite:" + filepath.Join(t.TempDir(), "trama.db")
			if name == "postgres" {
				address = servicetest.Postgres(t)
			}
			d := &dating{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
			var err error
			if d.s, err = Open(t.Context(), address, Deps{Now: func() time.Time { return d.now }}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.s.Close() })
			d.set = d.open("Order")
			f(t, d)
		})
	}
}

func (d *dating) open(entity string) copies.Set {
	d.t.Helper()
	set, err := d.s.OpenCopy(d.t.Context(), "erp", entity, "L")
	if err != nil {
		d.t.Fatal(err)
	}
	return set
}

func (d *dating) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// follow writes rows, "key=content" each.
func (d *dating) follow(rows ...string) {
	d.t.Helper()
	c := &copies.ChangeSet{At: d.now}
	for _, r := range rows {
		key, content, _ := strings.Cut(r, "=")
		c.Rows = append(c.Rows, copies.Row{Key: key, Hash: []byte(content), Data: []byte(key + "=" + content)})
	}
	var err error
	d.set, err = d.s.SaveChanges(d.t.Context(), d.set.ID, c)
	d.must(err)
}

// moments are those of the rows by key, in milliseconds after the test's first.
func (d *dating) moments() map[string]int64 {
	d.t.Helper()
	got := map[string]int64{}
	a := copies.Ask{WithChanged: true, ChangedFrom: d.set.ChangedFrom}
	a.First = 10_000
	_, err := d.s.CopyList(d.t.Context(), d.set.ID, a, func(data []byte, changed int64) error {
		key, _, _ := strings.Cut(string(data), "=")
		got[key] = changed - time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
		return nil
	})
	d.must(err)
	return got
}

func (d *dating) expect(what string, want map[string]int64) {
	d.t.Helper()
	if got := d.moments(); fmt.Sprint(got) != fmt.Sprint(want) {
		d.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// TestChangedAt: a row has the moment at which its content changed; a reading that
// finds it as it was leaves it, and no moment is before one that was given.
func TestChangedAt(t *testing.T) {
	eachDating(t, func(t *testing.T, d *dating) {
		second := func() { d.now = d.now.Add(time.Second) }
		d.follow("a=1", "b=1")
		d.expect("new", map[string]int64{"a": 0, "b": 0})
		second()
		d.follow("a=1", "b=2", "c=1")
		d.expect("one changed", map[string]int64{"a": 0, "b": 1000, "c": 1000})

		second()
		var err error
		d.set, err = d.s.BeginRun(t.Context(), d.set.ID, d.set.Run, d.set.Pages, copies.Begin{At: d.now})
		d.must(err)
		page := &copies.Page{Last: true, At: d.now, Met: []string{"c"}, Rows: []copies.Row{{Key: "a", Hash: []byte("1"), Data: []byte("a=1"), Version: "v2"}, {Key: "b", Hash: []byte("3"), Data: []byte("b=3")}}}
		d.set, err = d.s.SavePage(t.Context(), d.set.ID, d.set.Run, d.set.Pages, page)
		d.must(err)
		d.expect("read again", map[string]int64{"a": 0, "b": 2000, "c": 1000})

		d.now = d.now.Add(-time.Minute)
		d.follow("c=2")
		d.expect("the clock went back", map[string]int64{"a": 0, "b": 2000, "c": 2001})
		orders := d.set
		d.set = d.open("Invoice")
		d.follow("i=1")
		d.expect("of another set of the source", map[string]int64{"i": 2002})
		d.set = orders
		d.now = d.now.Add(2 * time.Minute)
		d.follow("a=2")
		d.expect("the clock is right again", map[string]int64{"a": 62_000, "b": 2000, "c": 2001})

		pushed := func(rows ...copies.PushedRow) {
			t.Helper()
			saved, err := d.s.SavePushedBatch(t.Context(), []copies.PushedSet{{ID: d.set.ID, Rows: rows}}, false, d.now)
			d.must(err)
			d.set = saved.Sets[0]
		}
		d.set = d.open("Quote")
		version := func(n string) string { return copies.PushVersionKinds[:1] + n }
		pushed(copies.PushedRow{Row: copies.Row{Key: "q", Hash: []byte("1"), Data: []byte("q=1"), Version: version("1")}})
		d.expect("pushed", map[string]int64{"q": 62_001})
		second()
		pushed(copies.PushedRow{Row: copies.Row{Key: "q", Hash: []byte("1"), Data: []byte("q=1"), Version: version("2")}})
		d.expect("pushed as it was", map[string]int64{"q": 62_001})
		pushed(copies.PushedRow{Row: copies.Row{Key: "q", Hash: []byte("2"), Data: []byte("q=2"), Version: version("3")}})
		d.expect("pushed anew", map[string]int64{"q": 63_000})
	})
}

// TestChangedAhead: what a clock that was a year ahead has given is put right by the
// next change, so that nobody waits for that year to end.
func TestChangedAhead(t *testing.T) {
	eachDating(t, func(t *testing.T, d *dating) {
		right := d.now
		d.now = right.AddDate(1, 0, 0)
		d.follow("a=1", "b=1")
		other := d.set
		d.set = d.open("Invoice")
		d.follow("i=1")
		invoices := d.set
		d.now, d.set = right.Add(time.Second), other
		d.follow("c=1")
		d.expect("put right", map[string]int64{"a": 1000, "b": 1000, "c": 1000})
		d.now = right.Add(2 * time.Second)
		d.follow("a=2")
		d.expect("goes on", map[string]int64{"a": 2000, "b": 1000, "c": 1000})
		d.set = invoices
		d.follow("j=1")
		d.expect("another set", map[string]int64{"i": 2000, "j": 2000})

		// A little is the other instance's clock, and is held to.
		d.now = right.Add(time.Minute)
		d.follow("j=2")
		d.now = right.Add(3 * time.Second)
		d.follow("i=2")
		d.expect("a minute ahead", map[string]int64{"i": 60_001, "j": 60_000})
	})
}

// datedRow is a row as a predicate sees it.
type datedRow struct {
	key string
	at  time.Time
}

func (r *datedRow) Identity() (string, string) { return "erp", r.key }

func (r *datedRow) Column(name string) schema.Value {
	switch name {
	case "id":
		return schema.String(r.key)
	case changedColumn:
		return schema.Time(r.at)
	}
	return schema.Null
}

// TestChangedQueries: lists filtered and sorted by the moment have the rows that
// Predicate.Match and datasources.Cut have, also those from before there were moments.
func TestChangedQueries(t *testing.T) {
	eachDating(t, func(t *testing.T, d *dating) {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a test
				d.t = t
				d.set = d.open(fmt.Sprint("Entity", seed))
				from := d.now
				hasFrom := seed != 1
				var rows []datedRow
				var changes []string
				for i := range 40 {
					changes = append(changes, fmt.Sprintf("k%02d=1", i))
				}
				d.now = from.Add(time.Hour) // other moments than those of below
				d.follow(changes...)
				d.now = from
				undated := int64(0)
				if hasFrom {
					undated = from.UnixMilli()
				}
				_, err := d.s.w.Exec("UPDATE copy_sets SET changed_from = ? WHERE id = ?", undated, d.set.ID)
				d.must(err)
				d.set.ChangedFrom = undated
				for i := range 40 {
					row := datedRow{key: fmt.Sprintf("k%02d", i)}
					if at := rnd.IntN(6); at > 0 {
						row.at = from.Add(time.Duration(at) * time.Millisecond)
					}
					moment := row.at.UnixMilli()
					if row.at.IsZero() {
						if moment = 0; hasFrom {
							row.at = from
						}
					}
					_, err := d.s.w.Exec("UPDATE copy_rows SET changed_at = ? WHERE set_id = ? AND key = ?", moment, d.set.ID, d.s.copyDialect().text(row.key))
					d.must(err)
					rows = append(rows, row)
				}
				for range 200 {
					q := datasources.Query{Where: someMoments(rnd, from, 3), First: 1 + rnd.IntN(15), Total: true}
					if rnd.IntN(4) > 0 {
						q.Order = schema.Sort{Column: changedColumn, Desc: rnd.IntN(2) == 0}
					}
					if rnd.IntN(2) == 0 {
						at := &rows[rnd.IntN(len(rows))]
						q.After = &datasources.After{ID: at.key}
						if q.Order.Column != "" {
							q.After.Value = at.Column(changedColumn)
							switch rnd.IntN(3) {
							case 0:
								q.After.ID, q.After.Inclusive = "", rnd.IntN(2) == 0
								q.After.Value = schema.Time(from.Add(time.Duration(rnd.IntN(8)-2) * time.Millisecond))
							case 1:
								q.After.Value = schema.Time(from.Add(time.Duration(rnd.IntN(8)-2) * time.Millisecond))
							}
						}
					}
					var matching []datedRow
					for i := range rows {
						if q.Where.Match(&rows[i]) {
							matching = append(matching, rows[i])
						}
					}
					want := datasources.Cut[datedRow](matching, q)
					var got []string
					var moments []int64
					a := copies.Ask{Source: "erp", ChangedFrom: d.set.ChangedFrom, WithChanged: true, Query: q}
					answer, err := d.s.CopyList(t.Context(), d.set.ID, a, func(data []byte, changed int64) error {
						key, _, _ := strings.Cut(string(data), "=")
						got, moments = append(got, key), append(moments, changed)
						return nil
					})
					d.must(err)
					var keys []string
					for i := range want.Items {
						keys = append(keys, want.Items[i].key)
					}
					if !slices.Equal(got, keys) || answer.More[0] != want.More[0] || answer.Totals[0] != want.Totals[0] {
						t.Fatalf("%+v: got %v %v, want %v %v", q, got, answer.Totals, keys, want.Totals)
					}
					for i, x := range want.Items {
						at := int64(0)
						if !x.at.IsZero() {
							at = x.at.UnixMilli()
						}
						if cmp.Or(moments[i], d.set.ChangedFrom) != at {
							t.Fatalf("%s changed at %d, want %d", x.key, moments[i], at)
						}
					}
				}
			})
		}
	})
}

// someMoments is a condition on moments around one.
func someMoments(rnd *rand.Rand, around time.Time, depth int) schema.Predicate {
	value := func() schema.Value {
		if rnd.IntN(20) == 0 {
			return []schema.Value{schema.Null, schema.String("x"), schema.Int(5), schema.Bool(true)}[rnd.IntN(4)]
		}
		at := around.Add(time.Duration(rnd.IntN(10)-3) * time.Millisecond)
		switch rnd.IntN(8) {
		case 0:
			at = at.Add(300 * time.Microsecond)
		case 1:
			at = time.Date(rnd.IntN(3000), 1, 1, 0, 0, 0, 1, time.UTC)
		}
		return schema.Time(at)
	}
	switch n := rnd.IntN(9); {
	case n == 0 || depth == 0:
		return schema.Predicate{}
	case n == 1:
		return schema.Negate(someMoments(rnd, around, depth-1))
	case n == 2:
		return schema.AnyOf(someMoments(rnd, around, depth-1), someMoments(rnd, around, depth-1))
	case n == 3:
		return schema.AllOf(someMoments(rnd, around, depth-1), someMoments(rnd, around, depth-1))
	case n == 4:
		return schema.Compare(changedColumn, schema.In, value(), value())
	case n == 5:
		return schema.Predicate{Op: schema.IsNull, Column: changedColumn}
	}
	ops := []schema.Op{schema.Eq, schema.Lt, schema.Le, schema.Gt, schema.Ge}
	return schema.Compare(changedColumn, ops[rnd.IntN(len(ops))], value())
}
