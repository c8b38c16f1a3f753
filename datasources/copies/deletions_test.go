package copies_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// TestMissing: what one reading did not meet is gone only if that reading could
// not have passed it by.
func TestMissing(t *testing.T) {
	for _, c := range []struct {
		name     string
		prepare  func(b *bench)
		readings int
	}{
		{"fixed pages", func(*bench) {}, 1},
		{"shifting pages", func(b *bench) { b.scan.shifting = true }, 2},
		{"one shifting page", func(b *bench) { b.scan.shifting, b.scan.size = true, 1000 }, 1},
		{"interrupted", func(b *bench) {
			b.up.failing(func(call int) error {
				if call == 2 {
					return schema.SourceErrorf(schema.SourceUnavailable, "erp", "away")
				}
				return nil
			})
			if b.sync() == nil {
				b.t.Error("a source that is away was read")
			}
			b.up.failing(nil)
		}, 2},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b := newBench(t, 10)
			b.up.set(orders(0, 30)...)
			b.mustSync()
			b.up.set(orders(0, 28)...)
			c.prepare(b)
			b.mustSync()
			if b.readings() != c.readings {
				t.Errorf("read %d times, want %d", b.readings(), c.readings)
			}
			b.equal(orders(0, 28))
			b.mustSync()
			if b.readings() != 1 {
				t.Errorf("read %d times without a reason", b.readings())
			}
		})
	}
}

// TestPassedBy: a row that one reading passes by and the next one meets is never
// gone.
func TestPassedBy(t *testing.T) {
	b := newBench(t, 10)
	b.scan.shifting = true
	b.up.set(orders(0, 30)...)
	b.mustSync()
	b.up.failing(func(call int) error {
		if call > 3 { // the confirming reading
			b.up.rows = orders(0, 30)
		}
		return nil
	})
	b.up.set(orders(0, 25)...)
	b.mustSync()
	if b.readings() != 2 || b.last().Missing != 0 {
		t.Errorf("%d readings, %+v", b.readings(), b.last())
	}
	b.equal(orders(0, 30))
	if got := b.tombstones(); len(got) != 0 {
		t.Errorf("tombstones %q", got)
	}
}

// TestMissedInTurn: two readings that each pass by another row delete none, and
// are not repeated for ever.
func TestMissedInTurn(t *testing.T) {
	b := newBench(t, 10)
	b.scan.shifting = true
	all := orders(0, 30)
	without := func(i int) []schema.Order { return append(slices.Clone(all[:i]), all[i+1:]...) }
	b.up.set(all...)
	b.mustSync()
	b.up.failing(func(call int) error {
		b.up.rows = without((call - 1) / 3)
		return nil
	})
	b.mustSync()
	if b.readings() != 2 {
		t.Errorf("%d readings", b.readings())
	}
	b.equal(all)
}

func TestDoubtful(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(b *bench)
	}{
		{"said so", func(b *bench) { b.scan.doubtful = true }},
		{"ended without a last page", func(b *bench) { b.scan.silent = true }},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b := newBench(t, 10)
			b.up.set(orders(0, 30)...)
			b.mustSync()
			c.prepare(b)
			b.up.set(append(orders(0, 5), order(40, "new"))...)
			for range 3 {
				b.mustSync()
			}
			b.equal(append(orders(0, 30), order(40, "new")))
			problems := b.c.Problems()
			if len(problems) != 1 || problems[0].Entity != "Order" || problems[0].Count != 1 {
				t.Errorf("problems %+v", problems)
			}
			if st := b.c.Status(); st.State != "degraded" || !strings.Contains(st.Note, "Order") {
				t.Errorf("status %+v", st)
			}
			b.scan.doubtful, b.scan.silent = false, false
			b.up.set(append(orders(0, 28), order(40, "new"))...)
			b.mustSync()
			b.equal(append(orders(0, 28), order(40, "new")))
			if len(b.c.Problems()) != 0 || b.c.Status().State != "up" {
				t.Errorf("still %+v", b.c.Status())
			}
		})
	}
}

// endless is a list that says there is more and gives the same again.
type endless struct{ orderTable }

func (e *endless) List(context.Context, datasources.Query) (datasources.Rows[schema.Order], error) {
	rows, err := e.call()
	return datasources.Rows[schema.Order]{Items: rows, More: []bool{true}}, err
}

func TestRepeatedPageEnds(t *testing.T) {
	up := &endless{}
	up.set(orders(0, 3)...)
	src := &system{readers: map[string]any{"Order": up}, entries: []datasources.Entity{entry("Order", newest, 3)}}
	c := openCopy(t, copies.Config{}, src, newStore(t), copies.Deps{})
	mustSync(t, c)
	if up.count() != 2 || len(c.Problems()) != 1 {
		t.Errorf("%d calls, problems %+v", up.count(), c.Problems())
	}
}

// circle is a scan whose pages come round again and again.
type circle struct{ orderTable }

func (c *circle) Scan(_ context.Context, _ datasources.Mark, f func(datasources.Scanned[schema.Order]) error) error {
	for {
		for page := range slices.Chunk(orders(0, 9), 3) {
			c.calls++
			if err := f(datasources.Scanned[schema.Order]{Items: page, Mark: datasources.Mark(page[0].Key)}); err != nil {
				return err
			}
		}
	}
}

func TestCircleEnds(t *testing.T) {
	up := &circle{}
	src := &system{readers: map[string]any{"Order": up}, entries: []datasources.Entity{entry("Order", newest, 3)}}
	c := openCopy(t, copies.Config{}, src, newStore(t), copies.Deps{})
	mustSync(t, c)
	if up.calls != 103 || len(c.Problems()) != 1 || *c.EntityCopy("Order").Rows != 9 {
		t.Errorf("%d calls, problems %+v", up.calls, c.Problems())
	}
}

func TestMostRows(t *testing.T) {
	b := newBench(t, 10)
	b.cfg.MaxRows = 25
	b.open()
	b.up.set(orders(0, 100)...)
	if err := b.sync(); schema.CodeOf(err) != schema.Limited || b.last().Rows != 30 {
		t.Errorf("%v after %d rows", err, b.last().Rows)
	}
}

func TestGuard(t *testing.T) {
	b := newBench(t, 10)
	b.up.set(orders(0, 100)...)
	b.mustSync()
	b.up.set(orders(0, 60)...)
	b.mustSync()
	b.equal(orders(0, 100))
	if p := b.last(); p.Refused != 40 || p.Deleted != 0 {
		t.Errorf("%+v", p)
	}
	check := func(when string) {
		t.Helper()
		if p := b.c.Problems(); len(p) != 1 || p[0].Count != 40 || p[0].Kind != "deletions refused, too many at once" {
			t.Errorf("%s: problems %+v", when, p)
		}
		if st := b.c.Status(); st.State != "degraded" || !strings.Contains(st.Note, "40 of 100 Order") {
			t.Errorf("%s: status %+v", when, st)
		}
	}
	check("refused")
	b.open()
	check("after a restart")
	b.mustSync() // two readings in a row change nothing: a person must say so
	b.equal(orders(0, 100))
	t.Run("case=below the share", func(t *testing.T) {
		b := newBench(t, 10)
		b.up.set(orders(0, 100)...)
		b.mustSync()
		b.up.set(orders(0, 60)...)
		b.mustSync()
		b.up.set(orders(0, 80)...)
		b.mustSync()
		b.equal(orders(0, 80))
		if len(b.c.Problems()) != 0 {
			t.Errorf("problems %+v", b.c.Problems())
		}
	})
	t.Run("case=a handful", func(t *testing.T) {
		b := newBench(t, 10)
		b.up.set(orders(0, 10)...)
		b.mustSync()
		b.up.set()
		b.mustSync()
		b.equal(nil)
	})
	t.Run("case=accepted", func(t *testing.T) {
		if err := b.syncWith(true); err != nil {
			t.Fatal(err)
		}
		b.equal(orders(0, 60))
		b.up.set(orders(0, 20)...)
		b.mustSync()
		b.equal(orders(0, 60)) // once is once
	})
	t.Run("case=accepted beside a server", func(t *testing.T) {
		if err := b.st.AcceptDeletions(t.Context(), "erp", b.clock.now().Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		b.mustSync()
		b.equal(orders(0, 20))
	})
	t.Run("case=accepted too long ago", func(t *testing.T) {
		if err := b.st.AcceptDeletions(t.Context(), "erp", b.clock.now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		b.up.set()
		b.mustSync()
		b.equal(orders(0, 20))
	})
	t.Run("case=accepted for a reading that fails", func(t *testing.T) {
		b.up.failing(func(int) error { return schema.SourceErrorf(schema.SourceUnavailable, "erp", "away") })
		if b.syncWith(true) == nil {
			t.Fatal("read what is away")
		}
		b.up.failing(nil)
		b.mustSync()
		b.equal(orders(0, 20))
	})
}

func TestPurge(t *testing.T) {
	b := newBench(t, 100)
	b.cfg.Keep = 3 * time.Hour
	b.open()
	b.up.set(orders(0, 5)...)
	b.mustSync()
	b.up.set(orders(0, 4)...)
	b.mustSync()
	b.mustSync()
	if got := b.tombstones(); !slices.Equal(got, []string{"o0004"}) {
		t.Errorf("tombstones %q", got)
	}
	for range 3 {
		b.mustSync()
	}
	if got := b.tombstones(); len(got) != 0 {
		t.Errorf("tombstones %q after their time", got)
	}
}
