package cache_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources/cache"
)

// Which answers a tag concerns: a is the customer who is named, b another one.
func TestTags(t *testing.T) {
	tag := func(entity, customer string) cache.Tag {
		return cache.Tag{Source: "crm", Entity: entity, Customer: customer}
	}
	all := []string{"child a", "child b", "key a", "key b", "list", "parent a", "parent b"}
	// What is not confined to one customer is concerned by every customer.
	ofA := []string{"child a", "child b", "key a", "list", "parent a"}
	for _, tc := range []struct {
		name string
		tags []cache.Tag
		want []string
	}{
		{"source", []cache.Tag{tag("", "")}, all},
		{"every source", []cache.Tag{{}}, all},
		{"entity", []cache.Tag{tag("Order", "")}, all},
		{"customer", []cache.Tag{tag("", "a")}, ofA},
		{"customer of an entity", []cache.Tag{tag("Order", "a")}, ofA},
		{"both customers", []cache.Tag{tag("", "a"), tag("Order", "b")}, all},
		{"every source's customer", []cache.Tag{{Customer: "a"}}, ofA},
		{"a customer nobody asked for", []cache.Tag{tag("", "c")}, []string{"child a", "child b", "list"}},
		{"another entity", []cache.Tag{tag("Invoice", "")}, nil},
		{"another entity's customer", []cache.Tag{tag("Invoice", "a")}, nil},
		{"another source", []cache.Tag{{Source: "books"}}, nil},
		{"a long customer", []cache.Tag{tag("Order", fmt.Sprintf("%300d", 1))}, all},
		{"an impossible entity", []cache.Tag{tag("Or\x00der", "")}, all},
		{"none", nil, nil},
	} {
		for name, invalidate := range map[string]func(*cache.Cache, ...cache.Tag){
			"invalidate": func(c *cache.Cache, tags ...cache.Tag) { c.Invalidate(context.Background(), tags...) },
			"erase":      func(c *cache.Cache, tags ...cache.Tag) { c.Erase(context.Background(), tags...) },
			"local":      func(c *cache.Cache, tags ...cache.Tag) { c.InvalidateLocal(tags...) },
		} {
			t.Run("case="+tc.name+" "+name, func(t *testing.T) {
				s := play(t, cache.Config{})
				questions := map[string]func(){
					"key a": func() { s.key(t.Context(), "a/1") }, "key b": func() { s.key(t.Context(), "b/1") },
					"parent a": func() { s.parent(t.Context(), "a") }, "parent b": func() { s.parent(t.Context(), "b") },
					"child a": func() { s.child(t.Context(), "a/1") }, "child b": func() { s.child(t.Context(), "b/1") },
					"list": func() { s.list(t.Context(), "") },
				}
				for _, ask := range questions {
					ask()
				}
				invalidate(s.c, tc.tags...)
				var got []string
				for _, q := range slices.Sorted(maps.Keys(questions)) {
					before := s.src.called()
					questions[q]()
					if s.src.called() > before {
						got = append(got, q)
					}
				}
				if !slices.Equal(got, tc.want) {
					t.Errorf("asked again: %q, want %q", got, tc.want)
				}
				before := s.src.called()
				for _, ask := range questions {
					ask()
				}
				if s.src.called() != before {
					t.Error("what was read again is not kept")
				}
			})
		}
	}
}

// An absence depends on every customer: the row that comes may be anyone's.
func TestAbsenceIsInvalidatedByAnyCustomer(t *testing.T) {
	s := play(t, cache.Config{})
	s.src.set(func() { s.src.isAway["a"] = true })
	s.key(t.Context(), "a")
	s.src.set(func() { s.src.isAway["a"] = false })
	s.c.Invalidate(t.Context(), cache.Tag{Source: "crm", Customer: "a"})
	if got := s.key(t.Context(), "a"); got.version != 0 {
		t.Errorf("got %+v", got)
	}
}

// A reading that began before a change is given to those who waited for it, is not
// joined by who asks after, and is not kept as newer.
func TestAReadingBeforeAChangeIsNotKept(t *testing.T) {
	for name := range (&stage{}).ways() {
		t.Run("case="+name, func(t *testing.T) {
			s := play(t, cache.Config{})
			ask := s.ways()[name]
			release := s.src.hold()
			defer release()
			first := make(chan seen)
			go func() { first <- ask(t.Context(), "a") }()
			eventually(t, "the call", func() bool { return s.src.inside() == 1 })
			s.src.change("a")
			s.c.Invalidate(t.Context(), cache.Tag{Source: "crm", Customer: "a"})
			second := make(chan seen)
			go func() { second <- ask(t.Context(), "a") }()
			eventually(t, "a call of his own", func() bool { return s.src.inside() == 2 })
			release()
			if got := <-first; got.version != 0 {
				t.Errorf("the first got %+v", got)
			}
			if got := <-second; got.version != 1 || got.isStale {
				t.Errorf("the second got %+v", got)
			}
			if got := ask(t.Context(), "a"); got.version != 1 || got.isStale {
				t.Errorf("the third got %+v", got)
			}
		})
	}
}

// Far more tags than are told apart: what is forgotten counts as changed.
func TestForgottenTagsCountAsChanged(t *testing.T) {
	s := play(t, cache.Config{Bytes: 256 << 20})
	const many = 50_000
	for i := range 100 {
		s.key(t.Context(), fmt.Sprint(i))
	}
	for i := range 100 {
		s.src.change(fmt.Sprint(i))
	}
	for i := range many {
		s.c.Invalidate(t.Context(), cache.Tag{Source: "crm", Customer: fmt.Sprint(i)})
	}
	for i := range 100 {
		if got := s.key(t.Context(), fmt.Sprint(i)); got.version != 1 {
			t.Fatalf("got %+v", got)
		}
	}
	before := s.src.called()
	for i := range 100 {
		s.key(t.Context(), fmt.Sprint(i))
	}
	if s.src.called() != before {
		t.Error("what was read again is not kept")
	}
}

// However questions, changes, invalidations, time and failures are mixed, nobody
// is served as fresh what is older than the last invalidation that had returned
// before he asked.
func TestNothingOlderThanItsInvalidationIsFresh(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := play(t, cache.Config{TTL: time.Minute, Hard: 10 * time.Minute, Bytes: rapid.SampledFrom([]int64{64 << 10, 8 << 20}).Draw(rt, "bytes")})
		var mu sync.Mutex // guards floor
		floor := map[string]int{}
		var wait sync.WaitGroup
		var release func()
		ways := s.ways()
		ways["level"] = s.level
		names := slices.Sorted(maps.Keys(ways))
		customers := []string{"a", "b", "c"}
		open := func() {
			if release != nil {
				release()
				release = nil
			}
		}
		defer func() {
			open()
			wait.Wait()
		}()
		ask := func(way, customer, key string) {
			if way == "list" {
				customer = "a" // whose row comes first
			}
			mu.Lock()
			least := floor[customer]
			mu.Unlock()
			got := ways[way](context.Background(), key)
			if got.err == nil && !got.isStale && got.version < least {
				rt.Errorf("%s %s: got version %d as fresh, %d was invalidated before", way, key, got.version, least-1)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"ask": func(rt *rapid.T) {
				way, customer := rapid.SampledFrom(names).Draw(rt, "way"), rapid.SampledFrom(customers).Draw(rt, "customer")
				key := customer
				if way != "parent" {
					key += "/" + rapid.SampledFrom([]string{"1", "2"}).Draw(rt, "row")
				}
				if release == nil {
					ask(way, customer, key)
					return
				}
				wait.Go(func() { ask(way, customer, key) }) // it may wait at the gate
			},
			"change": func(rt *rapid.T) { s.src.change(rapid.SampledFrom(customers).Draw(rt, "customer")) },
			"invalidate": func(rt *rapid.T) {
				customer := rapid.SampledFrom(customers).Draw(rt, "customer")
				tag := rapid.SampledFrom([]cache.Tag{{}, {Source: "crm"}, {Source: "crm", Entity: "Order"}, {Source: "crm", Customer: customer}, {Source: "crm", Entity: "Order", Customer: customer}}).Draw(rt, "tag")
				of := []string{customer}
				if tag.Customer == "" {
					of = customers
				}
				least := map[string]int{}
				for _, c := range of {
					least[c] = s.src.change(c)
				}
				if rapid.Bool().Draw(rt, "erase") {
					s.c.Erase(context.Background(), tag)
				} else {
					s.c.Invalidate(context.Background(), tag)
				}
				mu.Lock()
				maps.Copy(floor, least)
				mu.Unlock()
			},
			"pass": func(rt *rapid.T) { s.clk.add(time.Duration(rapid.IntRange(1, 400).Draw(rt, "seconds")) * time.Second) },
			"hold": func(*rapid.T) {
				if release == nil {
					release = s.src.hold()
				}
			},
			"release": func(*rapid.T) { open() },
			"fail": func(rt *rapid.T) {
				var err error
				if rapid.Bool().Draw(rt, "down") {
					err = down()
				}
				s.src.set(func() { s.src.fail = err })
			},
		})
	})
}
