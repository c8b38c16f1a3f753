package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// versioned makes a row with a version of its source.
func versioned(key, data, version string, facts ...string) copies.Row {
	row := copyRow(key, data, facts...)
	row.Version = version
	return row
}

func (c *copied) change(set copies.ChangeSet) {
	c.t.Helper()
	set.At = when.Add(time.Hour)
	var err error
	c.at, err = c.s.SaveChanges(c.t.Context(), c.at.ID, &set)
	must(c.t, err)
}

func (c *copied) gone() (keys []string) {
	c.t.Helper()
	must(c.t, c.s.Tombstones(c.t.Context(), c.at.ID, time.Time{}.Add(time.Hour), func(key string, _ time.Time) error { keys = append(keys, key); return nil }))
	return keys
}

// byLink returns the rows that name an order's number.
func (c *copied) byLink(number string) (rows []string) {
	c.t.Helper()
	_, err := c.s.CopyByParent(c.t.Context(), c.at.ID, "orderNumber", []string{number}, first(50), func(_ int, data []byte, _ int64) error {
		rows = append(rows, string(data))
		return nil
	})
	must(c.t, err)
	return rows
}

func copyChanges(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	c.read(versioned("a", "1", "v1", "number=N", "orderNumber:A"), versioned("b", "1", "v1"), versioned("c", "1", "v1"))
	c.change(copies.ChangeSet{Next: "k1"})
	if c.at.Cursor != "k1" || !c.at.Followed.IsZero() || c.at.Rows != 3 {
		t.Errorf("a first cursor: %+v", c.at)
	}
	c.change(copies.ChangeSet{
		From: "k1", Next: "k\x00\xff2", Followed: when, Deleted: []string{"b", "never there"},
		Rows: []copies.Row{versioned("a", "2", "v2", "orderNumber:B"), versioned("c", "1", "v2"), versioned("d", "1", "v1", "orderNumber:B")},
	})
	c.expect("changed", "a 2", "c 1", "d 1")
	if c.at.Cursor != "k\x00\xff2" || !c.at.Followed.Equal(when) || c.at.Seen != 3 || c.at.Changed != 5 || c.at.Run != 1 || c.at.Running {
		t.Errorf("changed: %+v", c.at)
	}
	if got := c.gone(); !slices.Equal(got, []string{"b"}) {
		t.Errorf("tombstones %q", got)
	}
	if a, b := c.byLink("A"), c.byLink("B"); len(a) != 0 || !slices.Equal(b, []string{"a 2", "d 1"}) {
		t.Errorf("links %q, %q", a, b)
	}
	before := c.at
	if _, err := s.SaveChanges(t.Context(), c.at.ID, &copies.ChangeSet{From: "k1", Next: "k3", Rows: []copies.Row{copyRow("late", "1")}}); !errors.Is(err, copies.ErrOvertaken) {
		t.Errorf("changes since a cursor that is past: %v", err)
	}
	if _, err := s.SaveChanges(t.Context(), c.at.ID+100, &copies.ChangeSet{}); !errors.Is(err, copies.ErrOvertaken) {
		t.Errorf("changes of no copy: %v", err)
	}
	twice := copyRow("x", "1", "orderNumber:A", "orderNumber:A")
	if _, err := s.SaveChanges(t.Context(), c.at.ID, &copies.ChangeSet{From: before.Cursor, Next: "k4", Deleted: []string{"a"}, Rows: []copies.Row{copyRow("n", "1"), twice}}); err == nil {
		t.Error("a link was saved twice")
	}
	c = openCopied(t, s, "erp", "Order")
	c.expect("nothing changed", "a 2", "c 1", "d 1")
	if c.at != before {
		t.Errorf("nothing changed: %+v, want %+v", c.at, before)
	}
	// A row that comes back; a following that is not at its end leaves the time.
	c.change(copies.ChangeSet{From: before.Cursor, Next: "k5", Rows: []copies.Row{copyRow("b", "2")}})
	if got := c.gone(); len(got) != 0 || !c.at.Followed.Equal(when) {
		t.Errorf("tombstones %q, %+v", got, c.at)
	}
	c.expect("back", "a 2", "b 2", "c 1", "d 1")

	other, err := s.OpenCopy(t.Context(), "erp", "Order", "LAYOUT_2")
	must(t, err)
	if other.Cursor != "" || !other.Followed.IsZero() {
		t.Errorf("of another layout: %+v", other)
	}
	stale, err := s.StaleKeys(t.Context(), c.at.ID, []datasources.Keyed{{Key: "a", Version: "v2"}})
	if err != nil || len(stale) != 1 {
		t.Errorf("rows of another layout are as fresh as ever: %q, %v", stale, err)
	}
}

// copyChangesBeside: changes that are saved while a reading is under way.
func copyChangesBeside(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	c.read(copyRow("a", "1"), copyRow("b", "1"), copyRow("c", "1"), copyRow("d", "1"), copyRow("e", "1"))
	c.begin()
	c.save(&copies.Page{Rows: []copies.Row{copyRow("a", "1"), copyRow("b", "1")}})
	if c.at.Seen != 2 {
		t.Errorf("met %d", c.at.Seen)
	}
	// a was met and is gone, c is met so, n is new; d and e are not met.
	c.change(copies.ChangeSet{Next: "k1", Deleted: []string{"a", "d"}, Rows: []copies.Row{copyRow("b", "2"), copyRow("c", "1"), copyRow("n", "1")}})
	if c.at.Seen != 3 || c.at.Rows != 4 || c.at.Pages != 1 || !c.at.Running {
		t.Errorf("beside: %+v", c.at)
	}
	c.save(&copies.Page{Rows: []copies.Row{copyRow("c", "1")}, Last: true})
	if n := c.end(copies.End{Before: c.at.Run, Most: 10}); n != 1 || c.at.Missing != 0 {
		t.Errorf("deleted %d: %+v", n, c.at)
	}
	c.expect("beside", "b 2", "c 1", "n 1")
	if got := c.gone(); !slices.Equal(got, []string{"a", "d", "e"}) {
		slices.Sort(got)
		if !slices.Equal(got, []string{"a", "d", "e"}) {
			t.Errorf("tombstones %q", got)
		}
	}
}

func copyStaleKeys(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	c.read(versioned("a", "1", "v1"), versioned("b", "1", ""), versioned("c", "1", "\xff\x00"))
	other := openCopied(t, s, "erp", "Invoice")
	other.read(versioned("x", "1", "v1"))
	for _, k := range []struct {
		name string
		key  datasources.Keyed
		want bool
	}{
		{"same", datasources.Keyed{Key: "a", Version: "v1"}, false},
		{"another version", datasources.Keyed{Key: "a", Version: "v0"}, true},
		{"no version", datasources.Keyed{Key: "a"}, true},
		{"none on either side", datasources.Keyed{Key: "b"}, true},
		{"none here", datasources.Keyed{Key: "b", Version: "v1"}, true},
		{"odd bytes", datasources.Keyed{Key: "c", Version: "\xff\x00"}, false},
		{"other bytes", datasources.Keyed{Key: "c", Version: "\xfe\x00"}, true},
		{"no such key", datasources.Keyed{Key: "A", Version: "v1"}, true},
		{"of another copy", datasources.Keyed{Key: "x", Version: "v1"}, true},
	} {
		t.Run("case="+k.name, func(t *testing.T) {
			stale, err := s.StaleKeys(t.Context(), c.at.ID, []datasources.Keyed{k.key})
			if err != nil || (len(stale) == 1) != k.want {
				t.Errorf("stale %q, %v", stale, err)
			}
		})
	}
	// The same data under no version keeps the one it came with; other data does not.
	c.read(versioned("a", "1", ""), versioned("c", "2", ""))
	stale, err := s.StaleKeys(t.Context(), c.at.ID, []datasources.Keyed{{Key: "a", Version: "v1"}, {Key: "c", Version: "\xff\x00"}})
	if err != nil || !slices.Equal(stale, []string{"c"}) {
		t.Errorf("stale %q, %v", stale, err)
	}
	var many []datasources.Keyed
	for i := range 1200 {
		many = append(many, datasources.Keyed{Key: fmt.Sprint("no such key ", i), Version: "v1"})
	}
	many[700] = datasources.Keyed{Key: "a", Version: "v1"}
	if stale, err := s.StaleKeys(t.Context(), c.at.ID, many); err != nil || len(stale) != 1199 || stale[0] != many[0].Key || stale[1198] != many[1199].Key {
		t.Errorf("%d stale of many, %v", len(stale), err)
	}
}

// copyMet: a reading that sees keys and versions only.
func copyMet(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	c.read(versioned("a", "1", "v1"), versioned("b", "1", "v1"), versioned("c", "1", "v1"))
	c.begin()
	c.save(&copies.Page{Met: []string{"a", "never there"}, Rows: []copies.Row{versioned("b", "2", "v2")}})
	if c.at.Seen != 2 || c.at.Changed != 1 || c.at.Rows != 3 {
		t.Errorf("met: %+v", c.at)
	}
	c.save(&copies.Page{Met: []string{"a"}, Last: true})
	if c.at.Seen != 2 || !c.at.AtEnd {
		t.Errorf("met again: %+v", c.at)
	}
	if n := c.end(copies.End{Before: c.at.Run, Most: 10}); n != 1 {
		t.Errorf("%d deleted, want 1", n)
	}
	c.expect("met", "a 1", "b 2")
}

// copyLongTexts: a source may send texts that no index takes.
func copyLongTexts(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	long := longText(9000)
	c.read(copyRow("a", "1", "number="+long, "customer="+long, "sku="+long, "title="+long, "status="+long), copyRow("b", "1", "number=N1"))
	for _, column := range []string{"number", "customer", "sku", "title", "status"} {
		if got := c.list(schema.Compare(column, schema.Eq, schema.String(long)), schema.Sort{Column: column}); !slices.Equal(got, []string{"a 1"}) {
			t.Errorf("%s is long: %q", column, got)
		}
	}
	if got := c.list(schema.Compare("number", schema.In, schema.String(long), schema.String("N1")), schema.Sort{}); len(got) != 2 {
		t.Errorf("one of two numbers: %q", got)
	}
	for _, relation := range []string{"number", "customer", "sku"} {
		var got []int
		_, err := s.CopyByParent(t.Context(), c.at.ID, relation, []string{"N1", long}, first(5), func(parent int, _ []byte, _ int64) error { got = append(got, parent); return nil })
		if err != nil || got[len(got)-1] != 1 {
			t.Errorf("by %s: %v, %v", relation, got, err)
		}
	}
	for name, row := range map[string]copies.Row{"key": copyRow(long, "1"), "link": copyRow("c", "1", "orderNumber:"+long)} {
		_, err := s.SaveChanges(t.Context(), c.at.ID, &copies.ChangeSet{Rows: []copies.Row{row}, At: when})
		if err == nil || !strings.Contains(err.Error(), "longer than 1000 bytes") {
			t.Errorf("a long %s: %v", name, err)
		}
	}
	c.expect("long", "a 1", "b 1")
}

// longText cannot be packed.
func longText(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	return string(b)
}
