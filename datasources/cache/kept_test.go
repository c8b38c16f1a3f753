package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/schema"
)

// keptOrders is a copy: it says how old its rows are, and how old they may be.
type keptOrders struct {
	*script
	mu        sync.Mutex
	now       func() time.Time
	asOf      time.Time
	most      time.Duration
	isRefused bool // deletions were refused
	isAway    bool
}

func (k *keptOrders) set(f func(k *keptOrders)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(k)
}

func (k *keptOrders) Reader(entity string) any {
	if entity == "Order" {
		return datasources.Reader[schema.Order](k)
	}
	return nil
}

func (k *keptOrders) IsCurrent(asOf time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.isRefused && k.now().Sub(asOf) <= k.most
}

func (k *keptOrders) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[schema.Order], error) {
	rows, err := k.script.ByKeys(ctx, keys, f)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.isAway {
		return datasources.Rows[schema.Order]{}, schema.SourceErrorf(schema.SourceUnavailable, "erp", "the copy of erp could not be read")
	}
	rows.AsOf, rows.Stale = k.asOf, k.isRefused || k.now().Sub(k.asOf) > k.most
	return rows, err
}

// TestKeptRows: whether the rows of a copy are stale is what the copy says when they are
// served, whatever it said when they were read.
func TestKeptRows(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	add := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	k := &keptOrders{script: &script{version: map[string]int{}}, now: clock, asOf: now, most: 4 * time.Second}
	c := newKeptCache(t, cache.Config{TTL: 30 * time.Second, Hard: 10 * time.Minute, StaleIfError: time.Hour, Now: clock})
	r := datasources.ReaderOf[schema.Order](c.Wrap("erp", k), "Order")
	asked := 0
	for _, s := range []struct {
		name  string
		do    func()
		old   time.Duration
		stale bool
		reads int
	}{
		{"read", func() {}, 0, false, 1},
		{"remembered", func() { add(3 * time.Second) }, 3 * time.Second, false, 0},
		{"remembered for too long", func() { add(7 * time.Second); k.set(func(k *keptOrders) { k.asOf = clock() }) }, 0, false, 1},
		{"the source is away", func() { add(10 * time.Second) }, 10 * time.Second, true, 1},
		{"it still is", func() { add(time.Second) }, 11 * time.Second, true, 1},
		{"it is back", func() { k.set(func(k *keptOrders) { k.asOf = clock() }) }, 0, false, 1},
		{"deletions are refused", func() { k.set(func(k *keptOrders) { k.isRefused = true }) }, 0, true, 1},
		{"and accepted", func() { k.set(func(k *keptOrders) { k.isRefused = false }) }, 0, false, 0},
		{"past its time", func() { k.set(func(k *keptOrders) { k.most = time.Hour }); add(time.Minute) }, time.Minute, false, 1},
		{"the store is away", func() { k.set(func(k *keptOrders) { k.isAway = true }); add(time.Minute) }, 2 * time.Minute, true, 1},
	} {
		t.Run("case="+s.name, func(t *testing.T) {
			s.do()
			rows, err := r.ByKeys(t.Context(), []string{"c1/a"}, nil)
			if err != nil || len(rows.Items) != 1 {
				t.Fatalf("%d rows, %v", len(rows.Items), err)
			}
			k.script.mu.Lock()
			reads := k.script.calls - asked
			asked = k.script.calls
			k.script.mu.Unlock()
			if old := clock().Sub(rows.AsOf); old != s.old || rows.Stale != s.stale || reads != s.reads {
				t.Errorf("%s old, stale %t, %d readings; want %s, %t, %d", old, rows.Stale, reads, s.old, s.stale, s.reads)
			}
		})
	}
}

func newKeptCache(t *testing.T, cfg cache.Config) *cache.Cache {
	t.Helper()
	c, err := cache.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { err = errors.Join(err, c.Close()) })
	return c
}
