package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
)

// kept follows a source that has some rows and then has them no more.
func (d *dating) kept(n int) {
	d.t.Helper()
	c := &copies.ChangeSet{At: d.now, KeepDeleted: true}
	for i := range n {
		key := fmt.Sprintf("k%05d", i)
		c.Rows = append(c.Rows, copies.Row{Key: key, Hash: []byte("1"), Data: []byte("L" + key)})
	}
	_, err := d.s.SaveChanges(d.t.Context(), d.set.ID, c)
	d.must(err)
	for _, r := range c.Rows {
		c.Deleted = append(c.Deleted, r.Key)
	}
	c.Rows = nil
	d.set, err = d.s.SaveChanges(d.t.Context(), d.set.ID, c)
	d.must(err)
}

// ahead is how many deleted rows lie after the test's clock.
func (d *dating) ahead() (n int) {
	d.t.Helper()
	d.must(d.s.r.QueryRowContext(d.t.Context(), "SELECT count(*) FROM copy_deleted WHERE set_id = ? AND changed_at > ?", d.set.ID, d.now.UnixMilli()).Scan(&n))
	return n
}

// TestPurgeDeletedOnlyReads: where nothing is due, nobody who writes is waited for.
func TestPurgeDeletedOnlyReads(t *testing.T) {
	eachDating(t, func(t *testing.T, d *dating) {
		d.kept(5)
		tx, err := d.s.w.BeginTx(t.Context(), nil)
		d.must(err)
		defer tx.Rollback()
		_, err = tx.ExecContext(t.Context(), "UPDATE copy_sets SET pages = pages WHERE id = ?", d.set.ID)
		d.must(err)
		if n, err := d.s.PurgeDeleted(t.Context(), d.set.ID, d.now, 5); n != 0 || err != nil {
			t.Errorf("purged %d, %v", n, err)
		}
	})
}

// TestPurgeDeletedAhead: what a clock that is ahead has given is no boundary, for it may
// yet be put right. What lies before now goes.
func TestPurgeDeletedAhead(t *testing.T) {
	eachDating(t, func(t *testing.T, d *dating) {
		long := d.now.AddDate(-1, 0, 0)
		d.kept(3)
		ahead := d.now.Add(time.Minute)
		d.now = ahead
		_, err := d.s.w.ExecContext(t.Context(), "UPDATE copy_deleted SET changed_at = ? WHERE key > ?", ahead.UnixMilli(), d.s.copyDialect().text("k00000"))
		d.must(err)
		for _, step := range []struct {
			back time.Duration
			want int64
		}{{30 * time.Second, 1}, {30 * time.Second, 0}, {0, 1}, {0, 0}} {
			d.now = ahead.Add(-step.back)
			if n, err := d.s.PurgeDeleted(t.Context(), d.set.ID, long, 1); n != step.want || err != nil {
				t.Errorf("%s before: purged %d, want %d; %v", step.back, n, step.want, err)
			}
		}
	})
}

// TestPurgeDeletedPlans: each step reads its own rows, from the end of the index.
func TestPurgeDeletedPlans(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for which, c := range map[string]struct {
		bounds string
		args   []any
	}{
		earlier: {"(set_id=? AND changed_at<?)", []any{1, 2, 3}},
		fromKey: {"(set_id=? AND changed_at=? AND key>?)", []any{1, 2, "k", 3}},
	} {
		plan := explainPlan(t, s, oldestDeleted(which), c.args)
		if !strings.Contains(plan, " INDEX copy_deleted_changed "+c.bounds) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: %s", which, plan)
		}
	}
}

// TestDeletedAheadInSteps: a transaction puts no more deleted rows right than living ones,
// and those after it do the rest.
func TestDeletedAheadInSteps(t *testing.T) {
	eachDating(t, func(t *testing.T, d *dating) {
		right := d.now
		d.now = right.AddDate(1, 0, 0)
		d.kept(healed + 5)
		for i, want := range []int{5, 0} {
			d.now = right.Add(time.Duration(i+1) * time.Second)
			d.follow(fmt.Sprint("other=", i))
			if got := d.ahead(); got != want {
				t.Errorf("step %d: %d rows are ahead, want %d", i, got, want)
			}
		}
		d.now = right.Add(3 * time.Second)
		d.follow("other=2")
		d.expect("the set is put right, too", map[string]int64{"other": 3000})
	})
}
