package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// TestCopyQuestionsOfLivingRows: what says nothing of deleted rows is asked as it was
// before there were any, to the letter.
func TestCopyQuestionsOfLivingRows(t *testing.T) {
	after := &datasources.After{Value: schema.Time(time.Unix(1e9, 0)), ID: "a"}
	for _, c := range []struct {
		name, lite, postgres string
		ask                  func(a *copies.Ask)
	}{
		{
			"the newest",
			"SELECT d.data, 0 FROM (SELECT r.id, r.key, r.date AS o FROM copy_rows r WHERE r.set_id = ? ORDER BY r.date DESC, r.key LIMIT 51) x JOIN copy_data d ON d.row_id = x.id ORDER BY x.o DESC, x.key",
			"SELECT (SELECT d.data FROM copy_data d WHERE d.row_id = x.id), 0 FROM (SELECT r.id, r.key, r.date AS o FROM copy_rows r WHERE r.set_id = ? ORDER BY r.date DESC, r.key LIMIT 51) x ORDER BY x.o DESC, x.key LIMIT 51",
			func(a *copies.Ask) { a.Order = schema.Sort{Column: "date", Desc: true} },
		},
		{
			"a page",
			"SELECT d.data, x.changed_at FROM (SELECT r.id, r.key, r.changed_at, r.date AS o FROM copy_rows r WHERE r.set_id = ? AND (r.status = ? AND r.status <> '') AND r.date >= ? AND (r.date > ? OR r.key > ?) ORDER BY r.date, r.key LIMIT 51) x JOIN copy_data d ON d.row_id = x.id ORDER BY x.o, x.key",
			"SELECT (SELECT d.data FROM copy_data d WHERE d.row_id = x.id), x.changed_at FROM (SELECT r.id, r.key, r.changed_at, r.date AS o FROM copy_rows r WHERE r.set_id = ? AND (r.status = ? AND r.status <> '' AND octet_length(r.status) <= 1000) AND r.date >= ? AND (r.date > ? OR r.key > ?) ORDER BY r.date, r.key LIMIT 51) x ORDER BY x.o, x.key LIMIT 51",
			func(a *copies.Ask) {
				a.Order, a.After, a.WithChanged = schema.Sort{Column: "date"}, after, true
				a.Where = schema.Compare("status", schema.Eq, schema.String("open"))
			},
		},
		{
			"by key",
			"SELECT d.data, 0 FROM (SELECT r.id, r.key FROM copy_rows r WHERE r.set_id = ? ORDER BY r.key LIMIT 51) x JOIN copy_data d ON d.row_id = x.id ORDER BY x.key",
			"SELECT (SELECT d.data FROM copy_data d WHERE d.row_id = x.id), 0 FROM (SELECT r.id, r.key FROM copy_rows r WHERE r.set_id = ? ORDER BY r.key LIMIT 51) x ORDER BY x.key LIMIT 51",
			func(*copies.Ask) {},
		},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			var a copies.Ask
			a.First = 50
			c.ask(&a)
			for isPostgres, want := range map[bool]string{false: c.lite, true: c.postgres} {
				q, err := newCopyQuery(copyDialect{isPostgres}, a, "copy_rows r", "r.set_id = ?", int64(1))
				if err != nil {
					t.Fatal(err)
				}
				if got := q.pageText(); got != want {
					t.Errorf("PostgreSQL: %t\ngot  %s\nwant %s", isPostgres, got, want)
				}
				if got, want := q.totalText(), "SELECT count(*) FROM copy_rows r WHERE "+q.where.sql.String(); got != want {
					t.Errorf("PostgreSQL: %t\ngot  %s\nwant %s", isPostgres, got, want)
				}
			}
		})
	}
}

// questionsWithDeleted are those that are asked often, and the index of either table that
// each goes through.
func questionsWithDeleted() []struct {
	name, index string
	order       schema.Sort
	where       schema.Predicate
} {
	return []struct {
		name, index string
		order       schema.Sort
		where       schema.Predicate
	}{
		{"by key", "key", schema.Sort{}, schema.Predicate{}},
		{"newest", "date", schema.Sort{Column: "date", Desc: true}, schema.Predicate{}},
		{"changed last", "changed", schema.Sort{Column: "changedAt", Desc: true}, schema.Predicate{}},
		{"changed in a while", "changed", schema.Sort{Column: "changedAt", Desc: true}, inAWhile()},
		{"by total", "total", schema.Sort{Column: "total"}, schema.Predicate{}},
		{"of a customer", "customer", schema.Sort{Column: "date", Desc: true}, schema.Compare("customer", schema.Eq, schema.String("c000001"))},
		{"by number", "number", schema.Sort{Column: "date", Desc: true}, schema.Compare("number", schema.Eq, schema.String("SO-0000001"))},
	}
}

func eitherOf(t *testing.T, s *Store, id int64, where schema.Predicate, order schema.Sort) (text string, args []any) {
	t.Helper()
	var a copies.Ask
	a.Where, a.Order, a.First = where, order, 50
	living, err := newCopyQuery(s.copyDialect(), a, "copy_rows r", "r.set_id = ?", id)
	if err != nil {
		t.Fatal(err)
	}
	gone, err := newDeletedQuery(s.copyDialect(), a, id, copies.DeletedRows{Layout: "LAYOUT", Where: where})
	if err != nil {
		t.Fatal(err)
	}
	return eitherText(living, gone)
}

// TestCopyDeletedPlans: a page of living and deleted rows goes through an index of each
// table, and reads no more of either than a page.
func TestCopyDeletedPlans(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range questionsWithDeleted() {
		t.Run("case="+c.name, func(t *testing.T) {
			text, args := eitherOf(t, s, 1, c.where, c.order)
			plan := explainPlan(t, s, text, args)
			for _, want := range []string{" INDEX copy_rows_" + c.index + " (set_id=?", " INDEX copy_deleted_" + c.index + " (set_id=?", "SEARCH l USING COVERING INDEX copy_rows_key (set_id=? AND key=?)"} {
				if !strings.Contains(plan, want) {
					t.Errorf("no %s", want)
				}
			}
			if strings.Contains(plan, "SCAN r") || t.Failed() {
				t.Error(plan)
			}
		})
	}
}

// TestPostgresCopyDeletedPlans is the same, with rows in both tables.
func TestPostgresCopyDeletedPlans(t *testing.T) {
	s := emptyPostgres(t)
	const n = 4000
	id := fillCopy(t, s, "Order", n, 2000, func(i, n int) copies.Row {
		row := planRow(i, n)
		row.Data = append([]byte("LAYOUT"), row.Data...)
		return row
	})
	set, err := s.Copies(t.Context(), "erp")
	if err != nil {
		t.Fatal(err)
	}
	change := &copies.ChangeSet{From: set[0].Cursor, At: time.Now(), KeepDeleted: true}
	for i := range n / 4 {
		change.Deleted = append(change.Deleted, planRow(4*i, n).Key)
	}
	if _, err := s.SaveChanges(t.Context(), id, change); err != nil {
		t.Fatal(err)
	}
	var kept int
	if err := s.r.QueryRowContext(t.Context(), "SELECT count(*) FROM copy_deleted").Scan(&kept); err != nil || kept != n/4 {
		t.Fatalf("%d deleted rows, want %d; %v", kept, n/4, err)
	}
	for _, analyzed := range []bool{false, true} {
		if analyzed {
			if _, err := s.w.ExecContext(t.Context(), "ANALYZE copy_rows, copy_deleted, copy_data"); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range questionsWithDeleted() {
			t.Run(fmt.Sprintf("case=%s, analyzed %t", c.name, analyzed), func(t *testing.T) {
				text, args := eitherOf(t, s, id, c.where, c.order)
				for _, known := range []bool{true, false} {
					plan, whole := explainPostgresPlan(t, s, known, text, args)
					var used []string
					plan.walk(func(n *planNode) {
						used = append(used, n.Index)
						if n.Type == "Seq Scan" && strings.HasPrefix(n.Relation, "copy_") {
							t.Errorf("all of %s is read", n.Relation)
						}
					})
					if !slices.Contains(used, "copy_rows_key") {
						t.Errorf("living rows of the keys are not looked up: %q", used)
					}
					if t.Failed() {
						t.Log(text, "\n", whole)
					}
				}
			})
		}
	}
}

// deletedNow are the keys of all rows that can be listed as deleted, and those that live.
func (d *dating) deletedNow() (dead, living []string) {
	d.t.Helper()
	a := copies.Ask{WithChanged: true}
	a.First = 100
	_, err := d.s.CopyListDeleted(d.t.Context(), d.set.ID, a, copies.DeletedRows{Layout: "L"}, func(data []byte, changed int64, isDeleted bool) error {
		text := fmt.Sprintf("%s at %d", data, changed-time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
		if isDeleted {
			dead = append(dead, text)
		} else {
			living = append(living, text)
		}
		return nil
	})
	d.must(err)
	return dead, living
}

// TestDeletedBesideAnOlderInstance: it brings a row back and leaves the deleted one where
// it is. The living row is shown, and only that; when it goes, it is kept as it was last.
func TestDeletedBesideAnOlderInstance(t *testing.T) {
	eachDating(t, func(t *testing.T, d *dating) {
		change := func(c copies.ChangeSet) {
			t.Helper()
			d.now = d.now.Add(time.Second)
			c.At, c.KeepDeleted = d.now, true
			var err error
			d.set, err = d.s.SaveChanges(t.Context(), d.set.ID, &c)
			d.must(err)
		}
		row := func(content string) []copies.Row {
			return []copies.Row{{Key: "a", Hash: []byte(content), Data: []byte("La=" + content)}}
		}
		expect := func(what, dead, living string) {
			t.Helper()
			gotDead, gotLiving := d.deletedNow()
			if got := strings.Join(gotDead, ", "); got != dead {
				t.Errorf("%s: deleted %q, want %q", what, got, dead)
			}
			if got := strings.Join(gotLiving, ", "); got != living {
				t.Errorf("%s: living %q, want %q", what, got, living)
			}
		}
		change(copies.ChangeSet{Rows: row("1")})
		change(copies.ChangeSet{Deleted: []string{"a"}})
		expect("deleted", "La=1 at 2000", "")
		if _, err := d.s.w.ExecContext(t.Context(), "UPDATE copy_deleted SET set_id = -set_id"); err != nil { // hidden from who brings it back
			t.Fatal(err)
		}
		change(copies.ChangeSet{Rows: row("2")})
		if _, err := d.s.w.ExecContext(t.Context(), "UPDATE copy_deleted SET set_id = -set_id"); err != nil {
			t.Fatal(err)
		}
		expect("back", "", "La=2 at 3000")
		change(copies.ChangeSet{Deleted: []string{"a"}})
		expect("gone again", "La=2 at 4000", "")
	})
}

// TestDeletedAhead: moments that a wrong clock gave are put right, of deleted rows too.
func TestDeletedAhead(t *testing.T) {
	eachDating(t, func(t *testing.T, d *dating) {
		right := d.now
		d.now = right.AddDate(1, 0, 0)
		save := func(c copies.ChangeSet) {
			t.Helper()
			c.At, c.KeepDeleted = d.now, true
			var err error
			d.set, err = d.s.SaveChanges(t.Context(), d.set.ID, &c)
			d.must(err)
		}
		save(copies.ChangeSet{Rows: []copies.Row{{Key: "a", Hash: []byte("1"), Data: []byte("La")}, {Key: "b", Hash: []byte("1"), Data: []byte("Lb")}}})
		save(copies.ChangeSet{Deleted: []string{"a"}})
		d.now = right.Add(time.Second)
		save(copies.ChangeSet{Deleted: []string{"b"}})
		if dead, living := d.deletedNow(); strings.Join(dead, ", ") != "La at 1000, Lb at 1000" || len(living) > 0 {
			t.Errorf("got %q, %q", dead, living)
		}
	})
}

// TestCopyDeletedColumns: a deleted row keeps every column that rows are found by.
func TestCopyDeletedColumns(t *testing.T) {
	eachDating(t, func(t *testing.T, d *dating) {
		columns := func(table string) []string {
			rows, err := d.s.r.QueryContext(t.Context(), "SELECT * FROM "+table+" WHERE id < 0")
			d.must(err)
			defer rows.Close()
			names, err := rows.Columns()
			d.must(err)
			d.must(rows.Err())
			slices.Sort(names)
			return names
		}
		want := append(columns("copy_rows"), "data", "layout")
		slices.Sort(want)
		if got := columns("copy_deleted"); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		w := &copyWriter{columns: copies.Columns()}
		kept := append(w.keptColumns(), "id", "set_id", "key", "changed_at")
		slices.Sort(kept)
		if want := columns("copy_rows"); !slices.Equal(kept, want) {
			t.Errorf("keeps %q\nwant  %q", kept, want)
		}
	})
}
