package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

const layout = "LAYOUT_1"

// keptRow is a row whose data begins with the layout, as those of copies do.
func keptRow(key, content string, facts ...string) copies.Row {
	row := copyRow(key, content, facts...)
	row.Data = []byte(layout + key + " " + content)
	return row
}

// anyDeleted are all deleted rows.
var anyDeleted = copies.DeletedRows{Layout: layout}

// withDeleted lists rows that match, the deleted ones with a dagger.
func (c *copied) withDeleted(where schema.Predicate, d copies.DeletedRows, order schema.Sort) (rows []string) {
	c.t.Helper()
	a := first(100)
	a.Where, a.Order, a.Total, a.WithChanged = where, order, true, true
	answer, err := c.s.CopyListDeleted(c.t.Context(), c.at.ID, a, d, func(data []byte, changed int64, isDeleted bool) error {
		text := strings.TrimPrefix(string(data), layout)
		if isDeleted {
			text = "†" + text
		}
		if changed == 0 {
			text += " without a moment"
		}
		rows = append(rows, text)
		return nil
	})
	must(c.t, err)
	if answer.Totals[0] != len(rows) || answer.More[0] {
		c.t.Errorf("a total of %d of %d rows, more: %t", answer.Totals[0], len(rows), answer.More[0])
	}
	return rows
}

// dead expects that these rows are deleted ones, and no others.
func (c *copied) dead(what string, want ...string) {
	c.t.Helper()
	got := c.withDeleted(schema.Predicate{Op: schema.None}, anyDeleted, schema.Sort{})
	for i := range got {
		got[i] = strings.TrimPrefix(got[i], "†")
	}
	if !slices.Equal(got, want) {
		c.t.Errorf("%s: %q are deleted, want %q", what, got, want)
	}
}

// copyDeleted: whatever way rows go, they are kept as they were last, until their keys come
// back.
func copyDeleted(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	reading := func(keep bool, rows ...copies.Row) {
		t.Helper()
		c.begin()
		c.save(&copies.Page{Rows: rows, Last: true})
		c.end(copies.End{Before: c.at.Run, Most: 1000, KeepDeleted: keep})
	}
	a, b, d := keptRow("a", "1", "number=N1", "customer=c1", "orderNumber:A"), keptRow("b", "1"), keptRow("d", "1")
	reading(true, a, b, d)
	c.dead("nothing is deleted")
	reading(true, b)
	c.dead("not met by a reading", "a 1", "d 1")
	if got := c.list(schema.Predicate{}, schema.Sort{}); len(got) != 1 {
		t.Errorf("the list of living rows has %q", got)
	}
	if got := c.byLink("A"); len(got) != 0 {
		t.Errorf("a deleted row is still linked: %q", got)
	}
	must2 := func(_ copies.Set, err error) { t.Helper(); must(t, err) }
	must2(s.CopyByKeys(t.Context(), c.at.ID, []string{"a"}, false, func([]byte, int64) error { t.Error("found by its key"); return nil }))
	if got := c.withDeleted(schema.Predicate{}, anyDeleted, schema.Sort{}); !slices.Equal(got, []string{"†a 1", "b 1", "†d 1"}) {
		t.Errorf("together %q", got)
	}
	one := copies.DeletedRows{Layout: layout, Where: schema.Compare("number", schema.Eq, schema.String("N1"))}
	if got := c.withDeleted(schema.Compare("number", schema.Eq, schema.String("N1")), one, schema.Sort{}); !slices.Equal(got, []string{"†a 1"}) {
		t.Errorf("filtered %q", got)
	}
	reading(true, a, b)
	c.dead("one is back", "d 1")
	c.change(copies.ChangeSet{Deleted: []string{"b", "never there"}, KeepDeleted: true})
	c.dead("followed", "b 1", "d 1")
	c.change(copies.ChangeSet{Rows: []copies.Row{keptRow("b", "2")}})
	c.dead("followed and back", "d 1")
	c.change(copies.ChangeSet{Deleted: []string{"b"}, KeepDeleted: true})
	c.dead("and gone again", "b 2", "d 1")
	c.change(copies.ChangeSet{Deleted: []string{"a"}})
	c.dead("where nothing is kept", "b 2", "d 1")

	// Of another layout.
	other := copies.DeletedRows{Layout: "LAYOUT_2"}
	if got := c.withDeleted(schema.Predicate{}, other, schema.Sort{}); len(got) != 0 {
		t.Errorf("of another layout: %q", got)
	}
	reading(true, a)
	var err error
	c.at, err = s.OpenCopy(t.Context(), "erp", "Order", "LAYOUT_2")
	must(t, err)
	c.dead("the layout has changed")
	reading(true, keptRow("x", "1"))
	reading(true)
	if got := c.withDeleted(schema.Predicate{}, other, schema.Sort{}); len(got) != 0 {
		t.Errorf("rows of the layout before became deleted ones: %q", got)
	}
}

// copyDeletedPushes: what is said to be deleted, and what did not come again.
func copyDeletedPushes(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "shop", "Order")
	push := func(full, current bool, rows ...copies.PushedRow) {
		t.Helper()
		saved, err := s.SavePushedBatch(t.Context(), []copies.PushedSet{{ID: c.at.ID, Rows: rows, Full: full, Current: current, KeepDeleted: true}}, false, when)
		must(t, err)
		c.at = saved.Sets[0]
	}
	put := func(key, version string) copies.PushedRow {
		row := keptRow(key, version)
		row.Version = version
		return copies.PushedRow{Row: row}
	}
	push(false, false, put("a", "n1"), put("b", "n1"), put("c", "n1"))
	push(false, false, del("a", "n2"), del("never", "n1"))
	c.dead("deleted", "a n1")
	push(false, false, put("a", "n3"), del("b", "n2"))
	c.dead("one is back", "b n1")
	push(true, true, put("a", "n3"))
	c.dead("not in a full push", "b n1", "c n1")
}

func keysOfRows(rows []copies.Row) (keys []string) {
	for i := range rows {
		keys = append(keys, rows[i].Key)
	}
	return keys
}

// copyDeletedProperty asks for lists of living and deleted rows and compares with a plain
// filter, sort and cut; then it goes through all pages.
func copyDeletedProperty(t *testing.T, open func() Store) {
	s := opened(t, open)
	turn := 0
	rapid.Check(t, func(r *rapid.T) {
		d := newDraws(r)
		var rows []copies.Row
		var gone []string
		isDead := map[string]bool{}
		for i := range rapid.IntRange(0, 14).Draw(r, "facts") {
			d.facts = append(d.facts, d.fact(i))
			row := d.facts[i].row()
			row.Data = append([]byte(layout), row.Data...)
			rows = append(rows, row)
			if rapid.IntRange(0, 2).Draw(r, "dies") > 0 {
				gone, isDead[row.Key] = append(gone, row.Key), true
			}
		}
		turn++
		c := openCopied(t, s, "erp", fmt.Sprint("Order", turn%5))
		c.read()
		if _, err := s.PurgeDeleted(t.Context(), c.at.ID, time.Now().Add(time.Hour), 0); err != nil {
			r.Fatal(err)
		}
		c.read(rows...)
		for len(gone) > 0 { // at several moments
			n := rapid.IntRange(1, len(gone)).Draw(r, "at once")
			c.change(copies.ChangeSet{Deleted: gone[:n], KeepDeleted: true})
			gone = gone[n:]
		}
		d.learnMoments(t, c, isDead)
		for range 4 {
			d.listDeleted(t, c, isDead)
		}
	})
}

// learnMoments gives the facts when they changed.
func (d *draws) learnMoments(t *testing.T, c *copied, isDead map[string]bool) {
	a := first(1000)
	a.WithChanged = true
	moments := map[string]int64{}
	_, err := c.s.CopyListDeleted(t.Context(), c.at.ID, a, anyDeleted, func(data []byte, changed int64, isDeleted bool) error {
		key := strings.TrimPrefix(string(data), layout)
		if isDeleted != isDead[key] {
			d.Errorf("%q is deleted: %t", key, isDeleted)
		}
		moments[key] = changed
		return nil
	})
	must(t, err)
	for i := range d.facts {
		at, isThere := moments[d.facts[i].key]
		if !isThere || at == 0 {
			d.Fatalf("%q has no moment", d.facts[i].key)
		}
		d.facts[i].values["changedAt"] = schema.Time(time.UnixMilli(at))
	}
}

// listDeleted asks one question, and then for all of its pages.
func (d *draws) listDeleted(t *testing.T, c *copied, isDead map[string]bool) {
	a, dead := d.ask(), copies.DeletedRows{Layout: layout, Where: d.predicate(2)}
	if rapid.IntRange(0, 3).Draw(d.T, "by moment") == 0 {
		a.Order.Column = "changedAt"
		if a.After != nil {
			a.After.Value = d.facts[rapid.IntRange(0, len(d.facts)-1).Draw(d.T, "since")].Column("changedAt")
		}
	}
	if dead.Where.Op == schema.None {
		dead.Where = schema.Predicate{}
	}
	if a.After != nil && a.After.Value.IsNull() && a.Order.Column == "changedAt" {
		a.After = nil
	}
	match := func(f *fact) bool {
		if isDead[f.key] {
			return dead.Where.Match(f)
		}
		return a.Where.Match(f)
	}
	page := func(a copies.Ask) (keys []string, answer copies.Answer) {
		keys = []string{}
		answer, err := c.s.CopyListDeleted(t.Context(), c.at.ID, a, dead, func(data []byte, _ int64, isDeleted bool) error {
			key := strings.TrimPrefix(string(data), layout)
			if isDeleted != isDead[key] {
				d.Errorf("%q is deleted: %t", key, isDeleted)
			}
			keys = append(keys, key)
			return nil
		})
		if err != nil {
			d.Fatalf("%+v, deleted %+v: %v", a, dead, err)
		}
		return keys, answer
	}
	plain := func(a copies.Ask) datasources.Rows[fact] {
		q := a
		q.Where = schema.Predicate{}
		return d.answer(&q, match)
	}
	keys, answer := page(a)
	d.compare(fmt.Sprintf("list by %+v, deleted %+v", a, dead), &a, keys, answer.More[0], answer.Totals[0], plain(a))

	all := a
	all.After, all.First = nil, 1000
	want := keysOf(plain(all).Items)
	got := []string{}
	for at := all; ; {
		at.First = rapid.IntRange(1, 4).Draw(d.T, "page")
		keys, answer := page(at)
		got = append(got, keys...)
		if !answer.More[0] || len(got) > len(want) {
			break
		}
		last := keys[len(keys)-1]
		for i := range d.facts {
			if f := &d.facts[i]; f.key == last {
				at.After = &datasources.After{Value: f.Column(a.Order.Column), ID: last}
			}
		}
	}
	if !slices.Equal(got, want) {
		d.Fatalf("page by page %q\nwant %q\n%+v, deleted %+v", got, want, all, dead)
	}
}
