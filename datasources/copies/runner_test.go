package copies_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// right lets one instance read at a time, and takes the right away.
type right struct {
	free chan struct{}
	mu   sync.Mutex // guards the rest
	lose context.CancelFunc
	held string
}

func newRight() *right {
	r := &right{free: make(chan struct{}, 1)}
	r.free <- struct{}{}
	return r
}

func (r *right) runner(name string) func(context.Context, string) (context.Context, func(), error) {
	return func(ctx context.Context, source string) (context.Context, func(), error) {
		if source != "erp" {
			return nil, nil, fmt.Errorf("asked for %q", source)
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-r.free:
		}
		run, cancel := context.WithCancel(ctx)
		r.mu.Lock()
		r.lose, r.held = cancel, name
		r.mu.Unlock()
		return run, func() {
			cancel()
			r.mu.Lock()
			r.held = ""
			r.mu.Unlock()
			r.free <- struct{}{}
		}, nil
	}
}

func (r *right) holder() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}

func (r *right) takeAway() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != "" {
		r.lose()
	}
}

// instance is one of several copies of one source over one store.
type instance struct {
	c    *copies.Copy
	mu   sync.Mutex
	told int
}

func (x *instance) changes() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.told
}

func (x *instance) all(t *testing.T) []schema.Order {
	t.Helper()
	rows, err := datasources.ReaderOf[schema.Order](x.c, "Order").List(t.Context(), datasources.Query{First: 10_000, Order: schema.Sort{Column: "id"}})
	if err != nil {
		t.Fatal(err)
	}
	return rows.Items
}

func startInstances(t *testing.T, n int, cfg copies.Config, src *system, r *right) (list []*instance, stop func()) {
	st := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for i := range n {
		x := &instance{}
		x.c = openCopy(t, cfg, src, st, copies.Deps{Runner: r.runner(fmt.Sprint(i)), Changed: func(string) {
			x.mu.Lock()
			x.told++
			x.mu.Unlock()
		}})
		list = append(list, x)
		wait.Go(func() {
			if err := x.c.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	return list, func() { cancel(); wait.Wait() }
}

func sameOrders(want, got []schema.Order) string {
	return cmp.Diff(want, got, asRead())
}

// TestOneReads: one of two instances reads, both know where the copy stands, and
// when the right is lost the other one goes on.
func TestOneReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(10)
		l.put(orders(0, 45)...)
		r := newRight()
		list, stop := startInstances(t, 2, copies.Config{Every: 10 * time.Second}, ledgerSystem(l, true), r)
		time.Sleep(3 * time.Second)
		if got := l.took(); got != "head 1, scan 5, since 1" {
			t.Errorf("called %q", got)
		}
		for i, x := range list {
			if ec := x.c.EntityCopy("Order"); ec.State != schema.CopyReady || *ec.Rows != 45 || x.changes() != 1 {
				t.Errorf("instance %d: %+v, told %d times", i, ec, x.changes())
			}
			if x.c.Status().AsOf.IsZero() || len(x.all(t)) != 45 {
				t.Errorf("instance %d: %+v", i, x.c.Status())
			}
		}
		for round := range 4 {
			first := r.holder()
			l.tick()
			l.put(order(round, fmt.Sprintf("round %d", round)), order(100+round, "new"))
			time.Sleep(12 * time.Second)
			for i, x := range list {
				if diff := sameOrders(l.all(), x.all(t)); diff != "" || x.changes() != 2+round {
					t.Errorf("round %d, instance %d: told %d times, %s", round, i, x.changes(), diff)
				}
			}
			a, b := list[0].c.EntityCopy("Order"), list[1].c.EntityCopy("Order")
			if diff := cmp.Diff(a, b, asRead()); diff != "" {
				t.Errorf("two instances disagree: %s", diff)
			}
			r.takeAway()
			time.Sleep(1500 * time.Millisecond)
			if r.holder() == first || r.holder() == "" {
				t.Errorf("round %d: %q reads after %q", round, r.holder(), first)
			}
		}
		if got := l.took(); strings.Contains(got, "scan") {
			t.Errorf("who takes over reads anew: %q", got)
		}
		stop()
	})
}

// TestLosesTheRight in the middle of a page: who has lost it writes no more, and the
// other one goes on at the mark.
func TestLosesTheRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(10)
		l.put(orders(0, 95)...)
		r := newRight()
		l.failing(func(what string, n int) error {
			if what == "scan" && n%3 == 0 {
				r.takeAway()
			}
			return nil
		})
		list, stop := startInstances(t, 2, copies.Config{Every: 10 * time.Second}, ledgerSystem(l, false), r)
		time.Sleep(time.Minute)
		for i, x := range list {
			if diff := sameOrders(l.all(), x.all(t)); diff != "" {
				t.Errorf("instance %d: %s", i, diff)
			}
		}
		if n := l.calls["scan"]; n > 15 || n < 10 {
			t.Errorf("%d pages read for ten", n)
		}
		stop()
	})
}

// TestRunnerFails: an instance that cannot ask for the right asks again, and serves
// meanwhile.
func TestRunnerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(10)
		l.put(orders(0, 5)...)
		asked := 0
		c := openCopy(t, copies.Config{}, ledgerSystem(l, false), newStore(t), copies.Deps{Runner: func(ctx context.Context, _ string) (context.Context, func(), error) {
			if asked++; asked < 4 {
				return nil, nil, errors.New("the store is away")
			}
			return ctx, func() {}, nil
		}})
		runFor(t, c, 10*time.Second)
		if asked != 4 || c.EntityCopy("Order").State != schema.CopyReady {
			t.Errorf("asked %d times, %+v", asked, c.EntityCopy("Order"))
		}
	})
}

func TestStale(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	b.cfg.MaxStaleness = 5 * time.Hour
	b.open()
	l.put(orders(0, 5)...)
	if got := b.c.Stale(); len(got) != 0 {
		t.Errorf("%q are stale before anything was read", got)
	}
	b.mustSync()
	b.clock.add(4 * time.Hour)
	b.mustSync()
	if got := b.c.Stale(); len(got) != 0 || b.c.Status().State != "up" {
		t.Errorf("%q are stale, %+v", got, b.c.Status())
	}
	stale := func() bool {
		rows, err := b.reader().List(t.Context(), datasources.Query{First: 1})
		if err != nil {
			t.Fatal(err)
		}
		return rows.Stale
	}
	if stale() {
		t.Error("rows that were followed just now are stale")
	}
	b.clock.add(21 * time.Minute)
	if !stale() {
		t.Error("rows that two followings missed are not stale")
	}
	b.clock.add(5 * time.Hour)
	if got := b.c.Stale(); !slices.Equal(got, []string{"Order"}) {
		t.Errorf("%q are stale", got)
	}
	if st := b.c.Status(); st.State != "degraded" || !strings.Contains(st.Note, "older than 5h0m0s: Order") {
		t.Errorf("status %+v", st)
	}
	b.mustSync()
	if got := b.c.Stale(); len(got) != 0 || b.c.Status().Note != "" {
		t.Errorf("%q are stale, %+v", got, b.c.Status())
	}
}

func TestRefresh(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	b.src.readers["Contact"] = &table[schema.Contact, *schema.Contact]{}
	b.src.entries = append(b.src.entries, entry("Contact", schema.Sort{}, 10))
	b.src.readers["Quote"] = &table[schema.Quote, *schema.Quote]{}
	b.src.entries = append(b.src.entries, entry("Quote", schema.Sort{}, 10))
	b.src.entries[2].Relations = []datasources.RelationAbility{{Relation: "customer"}}
	b.src.readers["Quote"].(*table[schema.Quote, *schema.Quote]).failing(func(int) error { return away() })
	b.open()
	l.put(orders(0, 300)...)
	if b.sync() == nil {
		t.Fatal("read what is away")
	}
	told := len(b.changed)
	l.backdate(order(1, "changed"), 10) // of c1
	l.backdate(order(2, "changed"), 10) // of c2
	l.put(order(701, "new"))            // of c1
	l.drop("o0008")                     // of c1
	l.took()
	refresh := func(keys ...string) []copies.RefreshedEntity {
		t.Helper()
		out, err := b.c.Refresh(t.Context(), keys)
		if err != nil {
			t.Fatal(err)
		}
		return out.Entities
	}
	want := func(rows, changed int) []copies.RefreshedEntity {
		return []copies.RefreshedEntity{
			{Entity: "Order", Rows: rows, Changed: changed},
			{Entity: "Quote", Code: schema.SourceUnavailable},
			{Entity: "Contact", Code: schema.NotEnabled},
		}
	}
	sorted := func(list []copies.RefreshedEntity) []copies.RefreshedEntity {
		slices.SortFunc(list, func(a, b copies.RefreshedEntity) int { return strings.Compare(a.Entity, b.Entity) })
		return list
	}
	if diff := cmp.Diff(sorted(want(43, 2)), sorted(refresh("c1", "c1", ""))); diff != "" {
		t.Error(diff)
	}
	if got := l.took(); got != "by customer 5" || len(b.changed) != told+1 {
		t.Errorf("called %q, told %q", got, b.changed)
	}
	if diff := cmp.Diff(sorted(want(43, 0)), sorted(refresh("c1"))); diff != "" {
		t.Error(diff)
	}
	got := b.all()
	if len(got) != 301 || got[1].Status != "changed" || got[2].Status != "open" || got[8].Key != "o0008" {
		t.Errorf("%d rows, %s, %s, %s", len(got), got[1].Status, got[2].Status, got[8].Key)
	}
	t.Run("case=several customers", func(t *testing.T) {
		if diff := cmp.Diff(sorted(want(86, 1)), sorted(refresh("c1", "c2"))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("case=a following in between", func(t *testing.T) {
		other := openCopy(t, copies.Config{}, b.src, b.st, copies.Deps{Now: b.clock.now})
		l.tick()
		l.put(order(1, "newer"))
		l.failing(func(what string, n int) error {
			if what == "by customer" && n == 2 {
				l.tick()
				_ = other.Sync(t.Context(), copies.Options{})
			}
			return nil
		})
		list := refresh("c1")
		l.failing(nil)
		if list[0].Code != "" || list[0].Rows != 43 {
			t.Errorf("%+v", list[0])
		}
	})
	t.Run("case=too many rows", func(t *testing.T) {
		var many []schema.Order
		for i := range 400 {
			x := order(1000+i, "open")
			x.CustomerKey = "c50"
			many = append(many, x)
		}
		l.put(many...)
		_ = b.sync()
		l.took()
		e := refresh("c50")[0]
		if e.Rows != 200 || e.Changed != 0 || !e.HasMore || l.took() != "by customer 20" {
			t.Errorf("%+v", e)
		}
	})
	t.Run("case=too many customers", func(t *testing.T) {
		var keys []string
		for i := range 101 {
			keys = append(keys, fmt.Sprint(i))
		}
		if _, err := b.c.Refresh(t.Context(), keys); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("error %v", err)
		}
	})
	t.Run("case=out of time", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		out, err := b.c.Refresh(ctx, []string{"c1"})
		if err == nil && out.Entities[0].Code != schema.SourceUnavailable {
			t.Errorf("%+v", out)
		}
	})
	t.Run("case=only pushed", func(t *testing.T) {
		p, err := copies.OpenPushed(t.Context(), copies.PushedConfig{Name: "shop"}, b.st, copies.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Refresh(t.Context(), []string{"c1"}); schema.CodeOf(err) != schema.NotEnabled {
			t.Errorf("error %v", err)
		}
	})
}
