package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// copyHeld: rows that are held stay as they are, are counted once, and are let go when
// they are saved or gone. As long as there are some, the set is as of the time before.
func copyHeld(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	one := func(key string) copies.Row {
		row := copyRow(key, "1")
		row.Version = "v1"
		return row
	}
	c.read(one("a"), one("b"), one("d"))
	change := func(ch *copies.ChangeSet) {
		t.Helper()
		ch.From, ch.Next, ch.At = c.at.Cursor, "later", when
		var err error
		c.at, err = s.SaveChanges(t.Context(), c.at.ID, ch)
		must(t, err)
	}
	change(&copies.ChangeSet{Followed: when.Add(5 * time.Hour)})
	held := func(n int64, whole time.Time) {
		t.Helper()
		again, err := s.OpenCopy(t.Context(), "erp", "Order", "LAYOUT_1")
		must(t, err)
		if again != c.at || c.at.Held != n || !c.at.Whole().Equal(whole) {
			t.Errorf("%+v, whole at %s; want %d held, whole at %s", c.at, c.at.Whole(), n, whole)
		}
	}
	stale := func(want string) {
		t.Helper()
		got, err := s.StaleKeys(t.Context(), c.at.ID, []datasources.Keyed{{Key: "a", Version: "v1"}, {Key: "b", Version: "v1"}, {Key: "d", Version: "v1"}})
		must(t, err)
		if fmt.Sprint(got) != want {
			t.Errorf("stale %q, want %s", got, want)
		}
	}
	held(0, when.Add(5*time.Hour))
	change(&copies.ChangeSet{Held: []string{"a", "no such key"}, Rows: []copies.Row{copyRow("e", "1")}, Followed: when.Add(6 * time.Hour)})
	held(1, when.Add(5*time.Hour)) // the last time when nothing was held
	change(&copies.ChangeSet{Held: []string{"a", "b"}, Followed: when.Add(7 * time.Hour)})
	held(2, when.Add(5*time.Hour))
	stale("[a b]")
	c.expect("held", "a 1", "b 1", "d 1", "e 1")
	change(&copies.ChangeSet{Rows: []copies.Row{one("a")}, Followed: when.Add(8 * time.Hour)}) // as it was
	held(1, when.Add(5*time.Hour))
	stale("[b]")
	change(&copies.ChangeSet{Rows: []copies.Row{copyRow("b", "2")}})
	held(0, when.Add(8*time.Hour))

	// What is deleted is held no longer.
	change(&copies.ChangeSet{Held: []string{"a", "b"}, Rows: []copies.Row{copyRow("g", "1")}})
	held(2, when.Add(8*time.Hour))
	change(&copies.ChangeSet{Deleted: []string{"a"}, Followed: when.Add(9 * time.Hour)})
	held(1, when.Add(8*time.Hour))
	change(&copies.ChangeSet{Deleted: []string{"b", "g"}})
	held(0, when.Add(9*time.Hour))
	change(&copies.ChangeSet{Rows: []copies.Row{one("a"), one("b")}})

	c.begin()
	c.save(&copies.Page{Rows: []copies.Row{one("a"), one("d")}, Held: []string{"b", "e"}})
	if c.at.Seen != 4 || c.at.Held != 2 {
		t.Errorf("%+v", c.at)
	}
	must(t, s.AcceptGarbled(t.Context(), "crm", when.Add(1000*time.Hour)))
	must(t, s.AcceptGarbled(t.Context(), "erp", when.Add(100*time.Hour)))
	c.save(&copies.Page{Last: true})
	if n := c.end(copies.End{Before: c.at.Run, Most: 10, At: when, Full: true}); n != 0 || c.at.AcceptGarbled.IsZero() {
		t.Errorf("%d of what was met is deleted, %+v", n, c.at)
	}
	held(2, when.Add(9*time.Hour))
	settings := "one"
	finish := func(full bool, rows ...copies.Row) {
		t.Helper()
		c.beginWith(settings)
		c.save(&copies.Page{Rows: rows, Last: true})
		c.end(copies.End{Before: c.at.Run, Most: 10, At: when, Full: full})
	}
	finish(false, one("a"), one("b"), one("d")) // and e is gone
	if c.at.Held != 0 || c.at.AcceptGarbled.IsZero() || !c.at.AsOf.Equal(c.at.Started) {
		t.Errorf("a reading by keys %+v", c.at)
	}
	// A reading uses up the consent that it began with, and no other.
	finish(true, one("a"), one("b"), one("d"))
	if c.at.AcceptGarbled.IsZero() {
		t.Errorf("a reading that began before the consent used it up: %+v", c.at)
	}
	settings = "one" + c.at.ByConsent()
	must(t, s.AcceptGarbled(t.Context(), "erp", when.Add(101*time.Hour)))
	finish(true, one("a"), one("b"), one("d"))
	if c.at.AcceptGarbled.IsZero() {
		t.Errorf("a reading by an older consent used it up: %+v", c.at)
	}
	settings = "one" + c.at.ByConsent()
	finish(false, one("a"), one("b"), one("d"))
	if c.at.AcceptGarbled.IsZero() {
		t.Errorf("a reading by keys used it up: %+v", c.at)
	}
	finish(true, one("a"), one("b"), one("d"))
	if !c.at.AcceptGarbled.IsZero() {
		t.Errorf("consent outlasted a full reading: %+v", c.at)
	}
	// So it does where rows are held still, or nobody knows whether all were read.
	must(t, s.AcceptGarbled(t.Context(), "erp", when.Add(102*time.Hour)))
	if _, err := s.OpenCopy(t.Context(), "erp", "Order", "LAYOUT_1"); err != nil {
		t.Error(err)
	}
	c.beginWith("one" + (&copies.Set{AcceptGarbled: when.Add(102 * time.Hour)}).ByConsent())
	c.save(&copies.Page{Rows: []copies.Row{one("d")}, Held: []string{"a"}, Last: true, Doubtful: true})
	c.end(copies.End{At: when, Full: true})
	if !c.at.AcceptGarbled.IsZero() || c.at.Held != 1 {
		t.Errorf("consent outlasted a doubtful reading: %+v", c.at)
	}
	finish(false, one("a"), one("b"), one("d"))

	// What was read by a consent that is no more is not saved.
	for _, until := range []time.Time{{}, when} {
		must(t, s.AcceptGarbled(t.Context(), "erp", until))
		if _, err := s.SaveChanges(t.Context(), c.at.ID, &copies.ChangeSet{Rows: []copies.Row{copyRow("a", "9")}, From: c.at.Cursor, Next: c.at.Cursor, ByConsent: true, At: when}); !errors.Is(err, copies.ErrOvertaken) {
			t.Errorf("changes: %v", err)
		}
	}
	must(t, s.AcceptGarbled(t.Context(), "erp", time.Time{}))
	c.begin()
	if _, err := s.SavePage(t.Context(), c.at.ID, c.at.Run, c.at.Pages, &copies.Page{ByConsent: true, At: when}); !errors.Is(err, copies.ErrOvertaken) {
		t.Errorf("a page: %v", err)
	}

	change(&copies.ChangeSet{Held: []string{"a"}})
	must(t, s.NoteFailure(t.Context(), c.at.ID, schema.SourceInvalid, "total"))
	if at, err := s.OpenCopy(t.Context(), "erp", "Order", "LAYOUT_1"); err != nil || at.Garbled != "total" || at.Failure != schema.SourceInvalid || at.Held != 1 {
		t.Errorf("%+v, %v", at, err)
	}
	if at, err := s.OpenCopy(t.Context(), "erp", "Order", "LAYOUT_2"); err != nil || at.Garbled != "" || at.Held != 0 {
		t.Errorf("of another layout: %+v, %v", at, err)
	}
}

// copyHeldPushed: a set that was copied, and is pushed now, is whole again when what was
// held or refused has been pushed.
func copyHeldPushed(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "shop", "Order")
	c.read(copyRow("a", "1"), copyRow("b", "1"), copyRow("d", "1"), copyRow("e", "1"))
	c.begin()
	c.save(&copies.Page{Held: []string{"a", "b", "d", "e"}, Last: true})
	c.end(copies.End{})
	must(t, s.NoteFailure(t.Context(), c.at.ID, schema.SourceInvalid, "total"))
	held := func(n int64, column string) {
		t.Helper()
		again := openCopied(t, s, "shop", "Order").at
		if again != c.at || c.at.Held != n || c.at.Garbled != column {
			t.Errorf("%+v, want %d held, %q refused", c.at, n, column)
		}
	}
	c.push(put("a", "n1"), del("b", "n1"), put("x", "n1"))
	held(2, "total")
	batch := func(full, current bool, rows ...copies.PushedRow) {
		t.Helper()
		saved, err := s.SavePushedBatch(t.Context(), []copies.PushedSet{{ID: c.at.ID, Rows: rows, Full: full, Current: current}}, false, when.Add(time.Hour))
		must(t, err)
		c.at = saved.Sets[0]
	}
	batch(true, false, put("a", "n1"), put("x", "n1"))
	held(2, "total")
	batch(false, true, put("d", "n1"))
	held(0, "")
	c.expect("pushed", "a n1", "d n1", "x n1")
	if c.at.Failure != "" || !c.at.Whole().Equal(when.Add(time.Hour)) {
		t.Errorf("%+v", c.at)
	}
}

// copyGarbledAge: once a column was refused the set is as of the time before, whatever is
// followed.
func copyGarbledAge(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	c.read(copyRow("a", "1"))
	follow := func(after time.Duration) {
		t.Helper()
		var err error
		c.at, err = s.SaveChanges(t.Context(), c.at.ID, &copies.ChangeSet{From: c.at.Cursor, Next: "later", Followed: when.Add(after), At: when})
		must(t, err)
	}
	whole := func(want time.Duration) {
		t.Helper()
		if c.at = openCopied(t, s, "erp", "Order").at; !c.at.Whole().Equal(when.Add(want)) {
			t.Errorf("whole at %s: %+v", c.at.Whole(), c.at)
		}
	}
	follow(5 * time.Hour)
	for range 2 {
		must(t, s.NoteFailure(t.Context(), c.at.ID, schema.SourceInvalid, "total"))
		whole(5 * time.Hour)
		follow(6 * time.Hour)
		whole(5 * time.Hour)
	}
	must(t, s.NoteFailure(t.Context(), c.at.ID, "", ""))
	whole(6 * time.Hour)
}
