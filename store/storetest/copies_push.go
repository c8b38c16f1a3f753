package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// push saves a batch for one set.
func (c *copied) push(rows ...copies.PushedRow) []copies.PushResult {
	c.t.Helper()
	saved, err := c.s.SavePushedBatch(c.t.Context(), []copies.PushedSet{{ID: c.at.ID, Rows: rows}}, false, when)
	must(c.t, err)
	if !saved.Saved {
		c.t.Error("the batch was given up")
	}
	c.at = saved.Sets[0]
	return saved.Results[0]
}

// put and del are records of a push.
func put(key, version string) copies.PushedRow {
	return copies.PushedRow{Row: versioned(key, version, version, "number="+version, "orderNumber:"+version)}
}

func del(key, version string) copies.PushedRow {
	return copies.PushedRow{Row: copies.Row{Key: key, Version: version}, Deleted: true}
}

func copyPushes(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "shop", "Order")
	const stored, same, older, mismatch, differs = copies.PushStored, copies.PushSame, copies.PushOlder, copies.PushMismatch, copies.PushDiffers
	other := put("a", "n5")
	other.Row = versioned("a", "another", "n5", "number=another")
	for _, p := range []struct {
		name string
		rows []copies.PushedRow
		want []copies.PushResult
		have []string
		gone []string
	}{
		{"new", []copies.PushedRow{put("a", "n5"), put("b", "n5")}, []copies.PushResult{stored, stored}, []string{"a n5", "b n5"}, nil},
		{"again", []copies.PushedRow{put("b", "n5"), put("a", "n5")}, []copies.PushResult{same, same}, []string{"a n5", "b n5"}, nil},
		{"this version, and another record", []copies.PushedRow{other, put("b", "n5")}, []copies.PushResult{differs, same}, []string{"a n5", "b n5"}, nil},
		{"older, newer", []copies.PushedRow{put("a", "n4"), put("b", "n6")}, []copies.PushResult{older, stored}, []string{"a n5", "b n6"}, nil},
		{"bytes, not numbers", []copies.PushedRow{put("a", "n10"), put("b", "n6\x00")}, []copies.PushResult{older, stored}, []string{"a n5", "b n6\x00"}, nil},
		{"of another kind", []copies.PushedRow{put("a", "t9"), del("b", "t9")}, []copies.PushResult{mismatch, mismatch}, []string{"a n5", "b n6\x00"}, nil},
		{"deleted", []copies.PushedRow{del("a", "n6"), del("b", "n5")}, []copies.PushResult{stored, older}, []string{"b n6\x00"}, []string{"a"}},
		{"older than its tombstone", []copies.PushedRow{put("a", "n5")}, []copies.PushResult{older}, []string{"b n6\x00"}, []string{"a"}},
		{"as new as its tombstone", []copies.PushedRow{put("a", "n6")}, []copies.PushResult{older}, []string{"b n6\x00"}, []string{"a"}},
		{"its tombstone again", []copies.PushedRow{del("a", "n6"), del("b", "n6\x00")}, []copies.PushResult{same, older}, []string{"b n6\x00"}, []string{"a"}},
		{"of another kind than its tombstone", []copies.PushedRow{put("a", "t9")}, []copies.PushResult{mismatch}, []string{"b n6\x00"}, []string{"a"}},
		{"newer than its tombstone", []copies.PushedRow{put("a", "n7")}, []copies.PushResult{stored}, []string{"a n7", "b n6\x00"}, nil},
		{"deleted before it came", []copies.PushedRow{del("n", "n2")}, []copies.PushResult{stored}, []string{"a n7", "b n6\x00"}, []string{"n"}},
		{"came when it was deleted", []copies.PushedRow{put("n", "n1")}, []copies.PushResult{older}, []string{"a n7", "b n6\x00"}, []string{"n"}},
		{
			"all at once",
			[]copies.PushedRow{put("m", "n3"), put("b", "n6"), put("a", "n9"), put("n", "n2"), del("o", "n1")},
			[]copies.PushResult{stored, older, stored, older, stored},
			[]string{"a n9", "b n6\x00", "m n3"},
			[]string{"n", "o"},
		},
		{"nothing", nil, nil, []string{"a n9", "b n6\x00", "m n3"}, []string{"n", "o"}},
	} {
		t.Run("case="+p.name, func(t *testing.T) {
			c.t = t
			if got := c.push(p.rows...); !slices.Equal(got, p.want) {
				t.Errorf("results %v, want %v", got, p.want)
			}
			c.expect("rows", p.have...)
			if got := c.gone(); !slices.Equal(got, p.gone) {
				t.Errorf("tombstones %q, want %q", got, p.gone)
			}
			if c.at.Seen != c.at.Rows {
				t.Errorf("met %d of %d rows", c.at.Seen, c.at.Rows)
			}
		})
	}
	c.t = t
	if got := c.byLink("n3"); !slices.Equal(got, []string{"m n3"}) {
		t.Errorf("by link %q", got)
	}
	// A reading meets what was pushed, and what it deletes stays so for older pushes.
	must(t, s.Refuse(t.Context(), c.at.ID, schema.NotEnabled))
	if c.push(); c.at.Refusal != "" {
		t.Errorf("pushed where it was refused: %+v", c.at)
	}
	c.read(versioned("a", "n9", "n9"))
	if got := c.push(put("m", "n2"), put("b", "n7")); !slices.Equal(got, []copies.PushResult{older, stored}) {
		t.Errorf("pushed after a reading has deleted: %v", got)
	}
	if got := c.push(put("m", "n3")); !slices.Equal(got, []copies.PushResult{older}) {
		t.Errorf("pushed as new as what a reading has deleted: %v", got)
	}
	c.expect("after a reading", "a n9", "b n7")
}

// copyPushesAtomic: of a batch all sets are written or none.
func copyPushesAtomic(t *testing.T, open func() Store) {
	s := opened(t, open)
	orders, invoices := openCopied(t, s, "shop", "Order"), openCopied(t, s, "shop", "Invoice")
	orders.push(put("a", "n1"))
	invoices.push(put("x", "n1"))
	twice := put("z", "n1")
	twice.Links = append(twice.Links, twice.Links...)
	for _, p := range []struct {
		name    string
		sets    []copies.PushedSet
		all     bool
		want    error // nil = some other, or none when isGivenUp
		givesUp bool
	}{
		{name: "a link twice", sets: []copies.PushedSet{{ID: orders.at.ID, Rows: []copies.PushedRow{put("y", "n1"), del("a", "n9")}}, {ID: invoices.at.ID, Rows: []copies.PushedRow{twice}}}},
		{name: "no such set", sets: []copies.PushedSet{{ID: orders.at.ID, Rows: []copies.PushedRow{put("y", "n1")}}, {ID: orders.at.ID + 100}}, want: copies.ErrOvertaken},
		{name: "all, and another record of a version", sets: []copies.PushedSet{{ID: orders.at.ID, Rows: []copies.PushedRow{put("y", "n1")}}, {ID: invoices.at.ID, Rows: []copies.PushedRow{{Row: versioned("x", "another", "n1")}}}}, all: true, givesUp: true},
		{name: "all, and one of another kind", sets: []copies.PushedSet{{ID: orders.at.ID, Rows: []copies.PushedRow{put("y", "n1")}}, {ID: invoices.at.ID, Rows: []copies.PushedRow{put("x", "t1")}}}, all: true, givesUp: true},
	} {
		t.Run("case="+p.name, func(t *testing.T) {
			saved, err := s.SavePushedBatch(t.Context(), p.sets, p.all, when)
			if (err == nil) != p.givesUp || saved.Saved || p.want != nil && !errors.Is(err, p.want) {
				t.Errorf("saved %t, %v", saved.Saved, err)
			}
			for _, c := range []*copied{orders, invoices} {
				now := openCopied(t, s, "shop", c.at.Entity)
				if now.at != c.at {
					t.Errorf("half a batch: %+v, want %+v", now.at, c.at)
				}
			}
			orders.expect("orders", "a n1")
			invoices.expect("invoices", "x n1")
			if len(orders.gone()) != 0 {
				t.Errorf("tombstones %q", orders.gone())
			}
		})
	}
}

// copyPushesMany: batches of more than one statement's rows.
func copyPushesMany(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "shop", "Order")
	var rows []copies.PushedRow
	want := map[string]bool{}
	for i := range 1234 {
		key := fmt.Sprintf("k%04d", i)
		rows = append(rows, copies.PushedRow{Row: versioned(key, "1", "n1", "orderNumber:A")})
		want[key+" 1"] = true
	}
	for _, result := range []copies.PushResult{copies.PushStored, copies.PushSame} {
		results := c.push(rows...)
		if i := slices.IndexFunc(results, func(r copies.PushResult) bool { return r != result }); i >= 0 || len(results) != len(rows) {
			t.Fatalf("record %d of %d: %v", i, len(results), results)
		}
		if c.at.Rows != 1234 {
			t.Errorf("%d rows", c.at.Rows)
		}
	}
	got := map[string]bool{}
	a := first(2000)
	_, err := s.CopyList(t.Context(), c.at.ID, a, func(data []byte, _ int64) error { got[string(data)] = true; return nil })
	must(t, err)
	if !maps.Equal(got, want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
	for i := range rows {
		rows[i] = copies.PushedRow{Row: copies.Row{Key: rows[i].Key, Version: "n2"}, Deleted: true}
	}
	if c.push(rows...); c.at.Rows != 0 || len(c.gone()) != 1234 {
		t.Errorf("deleted: %+v, %d tombstones", c.at, len(c.gone()))
	}
	if n, err := s.PurgeCopies(t.Context(), "shop", when.Add(time.Second)); n != 1234 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
}
