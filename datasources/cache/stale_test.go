package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/schema"
)

// An aged row is served at once, and is read again once however many want it.
func TestAgedRowsAreServedWhileTheyAreReadAgain(t *testing.T) {
	for name := range (&stage{}).ways() {
		t.Run("case="+name, func(t *testing.T) {
			s := play(t, cache.Config{})
			ask := s.ways()[name]
			ctx := datasources.WithFlow(t.Context(), "token")
			first := s.clk.now()
			if got := ask(ctx, "a"); got.version != 0 || got.isStale {
				t.Fatalf("got %+v", got)
			}
			s.src.change("a")
			s.clk.add(2 * time.Minute)
			release := s.src.hold()
			defer release()
			var wait sync.WaitGroup
			for range 100 {
				wait.Go(func() {
					if got := ask(ctx, "a"); got.version != 0 || !got.isStale || !got.asOf.Equal(first) || got.err != nil {
						t.Errorf("got %+v, want the old row with its age", got)
					}
				})
			}
			wait.Wait()
			eventually(t, "a reading", func() bool { return s.src.called() == 2 })
			release()
			eventually(t, "the new row", func() bool { return !ask(ctx, "a").isStale })
			if got := ask(ctx, "a"); got.version != 1 || s.src.called() != 2 {
				t.Errorf("got %+v after %d calls, want version 1 after 2", got, s.src.called())
			}
			if s.src.flows[0] != "token" || s.src.flows[1] != "cache" {
				t.Errorf("asked for %q", s.src.flows)
			}
			if n := s.c.Stats(); n.StaleServed < 100 || n.Refreshes != 1 {
				t.Errorf("got %+v", n)
			}
		})
	}
}

func TestPastHardACallerWaits(t *testing.T) {
	s := play(t, cache.Config{Hard: 5 * time.Minute})
	s.key(t.Context(), "a")
	s.src.change("a")
	s.clk.add(6 * time.Minute)
	if got := s.key(t.Context(), "a"); got.version != 1 || got.isStale {
		t.Errorf("got %+v", got)
	}
}

func TestAbsenceIsNotServedAged(t *testing.T) {
	s := play(t, cache.Config{Absent: 10 * time.Second})
	s.src.set(func() { s.src.isAway["a"] = true })
	s.key(t.Context(), "a")
	s.parent(t.Context(), "a")
	s.src.set(func() { s.src.isAway["a"] = false })
	s.clk.add(11 * time.Second)
	if k, p := s.key(t.Context(), "a"), s.parent(t.Context(), "a"); k.version != 0 || p.version != 0 || k.isStale || p.isStale {
		t.Errorf("got %+v and %+v", k, p)
	}
}

// Background readings are few; what finds no room is served without one.
func TestRefreshesAreBounded(t *testing.T) {
	s := play(t, cache.Config{Refreshes: 2})
	ctx := t.Context()
	for i := range 10 {
		s.key(ctx, fmt.Sprint(i))
	}
	s.clk.add(2 * time.Minute)
	release := s.src.hold()
	defer release()
	s.src.set(func() { s.src.most = 0 })
	for i := range 10 {
		if got := s.key(ctx, fmt.Sprint(i)); got.version != 0 || !got.isStale {
			t.Fatalf("got %+v", got)
		}
	}
	eventually(t, "two readings", func() bool { return s.src.inside() == 2 })
	if n := s.c.Stats(); s.src.called() != 12 || n.Refreshes != 2 || n.RefreshesDropped != 8 {
		t.Errorf("%d calls, %+v", s.src.called(), n)
	}
	release()
	for i := range 10 {
		eventually(t, "a fresh row", func() bool { return !s.key(ctx, fmt.Sprint(i)).isStale })
	}
	if s.src.most > 2 {
		t.Errorf("%d readings at once", s.src.most)
	}
}

// A source that does not answer is not asked again at each question.
func TestFailedRefreshesRest(t *testing.T) {
	s := play(t, cache.Config{})
	s.key(t.Context(), "a")
	s.clk.add(2 * time.Minute)
	s.src.set(func() { s.src.fail = down() })
	s.key(t.Context(), "a")
	eventually(t, "the failure", func() bool { return s.c.Stats().RefreshesFailed == 1 })
	for range 10 {
		if got := s.key(t.Context(), "a"); got.version != 0 || !got.isStale || got.err != nil {
			t.Fatalf("got %+v", got)
		}
	}
	if s.src.called() != 2 {
		t.Errorf("%d calls", s.src.called())
	}
}

func down() error {
	return schema.SourceErrorf(schema.SourceUnavailable, "crm", "crm cannot be reached")
}

func TestStaleInsteadOfAnError(t *testing.T) {
	invalid := schema.SourceErrorf(schema.SourceInvalid, "crm", "crm sent what is no order")
	for _, tc := range []struct {
		name   string
		err    error
		age    time.Duration
		change func(*stage)
		want   bool
	}{
		{"unavailable", down(), 2 * time.Hour, nil, true},
		{"timeout", schema.SourceErrorf(schema.SourceTimeout, "crm", "late"), 2 * time.Hour, nil, true},
		{"limited", schema.SourceErrorf(schema.SourceLimited, "crm", "enough"), 2 * time.Hour, nil, true},
		{"wrapped", fmt.Errorf("list: %w", down()), 2 * time.Hour, nil, true},
		{"invalid", invalid, 2 * time.Hour, nil, false},
		{"forbidden", schema.Errorf(schema.Forbidden, "no"), 2 * time.Hour, nil, false},
		{"bad request", schema.Errorf(schema.BadRequest, "no"), 2 * time.Hour, nil, false},
		{"no code", errors.New("boom"), 2 * time.Hour, nil, false},
		{"too old", down(), 25 * time.Hour, nil, false},
		{"invalidated", down(), 0, func(s *stage) { s.c.Invalidate(context.Background(), cache.Tag{Source: "crm"}) }, true},
		{"erased", down(), 0, func(s *stage) { s.c.Erase(context.Background(), cache.Tag{Source: "crm"}) }, false},
		{"erased customer", down(), 0, func(s *stage) { s.c.Erase(context.Background(), cache.Tag{Source: "crm", Customer: "a"}) }, false},
		{"another erased", down(), 2 * time.Hour, func(s *stage) { s.c.Erase(context.Background(), cache.Tag{Source: "crm", Entity: "Invoice"}) }, true},
	} {
		for name := range (&stage{}).ways() {
			t.Run("case="+tc.name+" "+name, func(t *testing.T) {
				s := play(t, cache.Config{})
				ask := s.ways()[name]
				first := s.clk.now()
				ask(t.Context(), "a")
				s.clk.add(tc.age)
				if tc.change != nil {
					tc.change(s)
				}
				s.src.set(func() { s.src.fail = tc.err })
				got := ask(t.Context(), "a")
				if s.src.called() != 2 {
					t.Errorf("the source was asked %d times", s.src.called())
				}
				if !tc.want {
					if !errors.Is(got.err, tc.err) || got.version != -1 {
						t.Errorf("got %+v, want the error alone", got)
					}
					return
				}
				if got.err != nil || got.version != 0 || !got.isStale || !got.asOf.Equal(first) || s.c.Stats().StaleIfErrorServed != 1 {
					t.Errorf("got %+v, want the old row with its age", got)
				}
			})
		}
	}
}

// Each key has its own fate: kept, stood in for, read or failed.
func TestOnlySomeKeysAreStoodInFor(t *testing.T) {
	for _, way := range []string{"keys", "parents"} {
		t.Run("case="+way, func(t *testing.T) {
			s := play(t, cache.Config{Hard: time.Minute})
			read := func(keys ...string) (datasources.Rows[schema.Order], error) {
				if way == "keys" {
					return s.r.ByKeys(t.Context(), keys, nil)
				}
				return s.r.ByParent(t.Context(), "customer", keys, datasources.Query{})
			}
			read("old")
			s.clk.add(2 * time.Minute)
			read("kept")
			s.src.set(func() { s.src.fail = down() })
			rows, err := read("never", "kept", "old")
			var some *datasources.BatchError
			if !errors.As(err, &some) || len(some.ByKey) != 1 || schema.CodeOf(some.ByKey["never"]) != schema.SourceUnavailable {
				t.Fatalf("got %v", err)
			}
			if rows.Len() != 2 || !rows.Stale {
				t.Errorf("got %d rows, stale %t", rows.Len(), rows.Stale)
			}
			if way == "parents" && (len(rows.Pages) != 3 || len(rows.Parent(0)) != 0 || rows.Parent(1)[0].CustomerKey != "kept") {
				t.Errorf("got %v", rows.Pages)
			}
			s.src.set(func() { s.src.fail, s.src.failing = nil, map[string]error{"old": down(), "bad": errors.New("no")} })
			rows, err = read("kept", "old", "bad", "new")
			if !errors.As(err, &some) || len(some.ByKey) != 1 || some.ByKey["bad"] == nil || rows.Len() != 3 || !rows.Stale {
				t.Errorf("got %d rows, stale %t, %v", rows.Len(), rows.Stale, err)
			}
		})
	}
}

// A key that did not exist is not said not to exist while nobody can know; an
// empty list of a while ago is a list of a while ago.
func TestAbsenceInsteadOfAnError(t *testing.T) {
	s := play(t, cache.Config{})
	s.src.set(func() { s.src.isAway["a"] = true })
	s.key(t.Context(), "a")
	s.parent(t.Context(), "a")
	s.clk.add(2 * time.Hour)
	s.src.set(func() { s.src.fail = down() })
	if got := s.key(t.Context(), "a"); got.err == nil {
		t.Error("an unknown row was said to be absent")
	}
	if got := s.parent(t.Context(), "a"); got.err != nil || !got.isStale {
		t.Errorf("got %+v", got)
	}
}

// What a copy gives as stale is passed on and not kept.
func TestStaleRowsAreNotKept(t *testing.T) {
	s := play(t, cache.Config{})
	s.src.set(func() { s.src.isStale = true })
	for _, ask := range s.ways() {
		if got := ask(t.Context(), "a"); !got.isStale {
			t.Errorf("got %+v", got)
		}
	}
	s.src.set(func() { s.src.isStale = false })
	for _, ask := range s.ways() {
		if got := ask(t.Context(), "a"); got.isStale {
			t.Errorf("got %+v", got)
		}
	}
}
