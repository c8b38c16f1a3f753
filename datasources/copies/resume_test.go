package copies_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

func TestGoesOnAtItsMark(t *testing.T) {
	for _, size := range []int{0, 10} {
		t.Run(fmt.Sprintf("case=page of %d", size), func(t *testing.T) {
			b := newBench(t, size)
			b.up.set(orders(0, 45)...)
			b.up.failing(func(call int) error {
				if call == 4 {
					return schema.SourceErrorf(schema.SourceUnavailable, "erp", "away")
				}
				return nil
			})
			err := b.sync()
			if schema.CodeOf(err) != schema.SourceUnavailable {
				t.Fatalf("error %v", err)
			}
			if p := b.last(); p.Rows != 30 || p.Step != copies.Failed || p.Wait != time.Second {
				t.Errorf("%+v", p)
			}
			began := b.clock.now()
			b.open() // a restart
			b.up.failing(nil)
			b.mustSync()
			if b.up.count() != 2 { // 31…40, 41…45
				t.Errorf("%d pages behind the mark", b.up.count())
			}
			if p := b.last(); !p.Resumed || p.Rows != 45 {
				t.Errorf("%+v", p)
			}
			b.equal(orders(0, 45))
			rows, err := b.reader().List(t.Context(), datasources.Query{First: 1})
			if err != nil || !rows.AsOf.Equal(began) {
				t.Errorf("as of %s, want the reading's beginning %s; %v", rows.AsOf, began, err)
			}
		})
	}
}

func TestForgetsItsMark(t *testing.T) {
	interrupt := func(t *testing.T) *bench {
		b := newBench(t, 10)
		b.up.set(orders(0, 45)...)
		b.up.failing(func(call int) error {
			if call > 2 {
				return schema.SourceErrorf(schema.SourceUnavailable, "erp", "away")
			}
			return nil
		})
		if b.sync() == nil {
			t.Fatal("read what is away")
		}
		b.up.failing(nil)
		return b
	}
	for _, c := range []struct {
		name   string
		change func(b *bench)
		pages  int
	}{
		{"nothing", func(*bench) {}, 3},
		{"other settings", func(b *bench) { b.cfg.Settings = "another company" }, 5},
		{"other pages", func(b *bench) { b.src.entries[0].PageLimit = 500 }, 5},
		{"after days", func(b *bench) { b.clock.add(48 * time.Hour) }, 5},
		{"not known any more", func(b *bench) {
			b.up.failing(func(call int) error {
				if call == 1 {
					return schema.SourceErrorf(schema.SourceInvalid, "erp", "no such page")
				}
				return nil
			})
		}, 6},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b := interrupt(t)
			c.change(b)
			b.open()
			b.mustSync()
			if b.up.count() != c.pages {
				t.Errorf("%d pages, want %d", b.up.count(), c.pages)
			}
			b.equal(orders(0, 45))
		})
	}
}

// TestAnotherProcess: who reads beside another process is turned away, and
// nothing is lost.
func TestAnotherProcess(t *testing.T) {
	b := newBench(t, 10)
	b.up.set(orders(0, 30)...)
	other := openCopy(t, copies.Config{}, b.src, b.st, copies.Deps{Now: b.clock.now})
	var inner error
	b.up.failing(func(call int) error {
		if call == 2 {
			b.up.mu.Unlock()
			inner = other.Sync(t.Context(), copies.Options{})
			b.up.mu.Lock()
		}
		return nil
	})
	err := b.sync()
	if inner != nil || !errors.Is(err, copies.ErrOvertaken) {
		t.Errorf("the one in time: %v, the one too late: %v", inner, err)
	}
	b.up.failing(nil)
	b.equal(orders(0, 30))
	b.mustSync()
	b.equal(orders(0, 30))
}

// TestLayout: rows of another layout are not served and are read again.
func TestLayout(t *testing.T) {
	b := newBench(t, 0)
	b.up.set(orders(0, 3)...)
	b.mustSync()
	if _, err := b.st.OpenCopy(t.Context(), "erp", "Order", "OLDERONE"); err != nil {
		t.Fatal(err)
	}
	b.open()
	if _, err := b.reader().ByKeys(t.Context(), []string{"o0001"}, nil); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("rows of another layout: %v", err)
	}
	b.mustSync()
	b.equal(orders(0, 3))
}
