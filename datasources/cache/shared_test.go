package cache_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/store/servicetest"
)

// duo are two instances over one Redis and one source.
type duo struct{ a, b *stage }

func pair(t testing.TB, prefix string, client func() *redis.Client, cfg cache.Config) duo {
	cfg.Prefix = prefix
	cfg.Redis = client()
	a := play(t, cfg)
	cfg.Redis = client()
	b := play(t, cfg)
	b.src = a.src
	b.r = share(b, a)
	b.clk.set(a.clk.now())
	return duo{a, b}
}

// realRedis is the one `make test` starts, with names of this test's own.
func realRedis(t testing.TB) (prefix string, client func() *redis.Client) {
	t.Helper()
	url := servicetest.Redis(t)
	return fmt.Sprintf("test-%d-%d", os.Getpid(), rand.Uint64()), func() *redis.Client {
		o, err := redis.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		rdb := redis.NewClient(o)
		t.Cleanup(func() { rdb.Close() })
		return rdb
	}
}

// redises are a real one and one that can be killed.
func redises(t *testing.T, f func(t *testing.T, prefix string, client func() *redis.Client)) {
	t.Run("case=real", func(t *testing.T) {
		prefix, client := realRedis(t)
		f(t, prefix, client)
	})
	t.Run("case=in process", func(t *testing.T) {
		m := miniredis.RunT(t)
		f(t, "test", func() *redis.Client { return redisAt(t, m.Addr()) })
	})
}

const within = 2 * time.Second

func TestInvalidationReachesOthers(t *testing.T) {
	redises(t, func(t *testing.T, prefix string, client func() *redis.Client) {
		d := pair(t, prefix, client, cache.Config{})
		var slowest time.Duration
		for i, tag := range []cache.Tag{{}, {Source: "crm"}, {Source: "crm", Entity: "Order"}, {Source: "crm", Customer: "a"}, {Source: "crm", Entity: "Order", Customer: "a"}} {
			for _, ask := range d.b.ways() {
				ask(t.Context(), "a")
			}
			want := d.a.src.change("a")
			before := d.b.c.Stats().InvalidationsReceived
			began := time.Now()
			d.a.c.Invalidate(t.Context(), tag)
			eventually(t, "the news", func() bool { return d.b.c.Stats().InvalidationsReceived > before })
			slowest = max(slowest, time.Since(began))
			for name, ask := range d.b.ways() {
				if got := ask(t.Context(), "a"); got.version != want || got.isStale {
					t.Errorf("tag %d, %s: got %+v, want %d", i, name, got, want)
				}
			}
			if got := d.a.key(t.Context(), "a"); got.version != want {
				t.Errorf("its own instance got %+v", got)
			}
		}
		t.Logf("the slowest came after %s", slowest)
		if slowest > within {
			t.Errorf("news took %s", slowest)
		}
	})
}

// What was invalidated is not taken out of Redis either, not even by an instance
// that starts later.
func TestInvalidatedEntriesOfRedisAreNotServed(t *testing.T) {
	redises(t, func(t *testing.T, prefix string, client func() *redis.Client) {
		d := pair(t, prefix, client, cache.Config{})
		d.a.key(t.Context(), "a")
		d.a.key(t.Context(), "b")
		eventually(t, "the writes", func() bool { return d.a.c.Stats().Writes == 2 })
		d.a.src.change("a")
		d.a.c.Invalidate(t.Context(), cache.Tag{Source: "crm", Customer: "a"})
		late := play(t, cache.Config{Redis: client(), Prefix: prefix})
		late.r, late.src = share(late, d.a), d.a.src
		calls := late.src.called()
		if got := late.key(t.Context(), "b"); got.version != 0 || late.src.called() != calls {
			t.Errorf("got %+v; what holds was not taken from Redis", got)
		}
		if got := late.key(t.Context(), "a"); got.version != 1 || got.isStale {
			t.Errorf("got %+v", got)
		}
		// It may stand in for an error, unless it was deleted.
		eventually(t, "the write", func() bool { return late.c.Stats().Writes == 1 })
		d.a.c.Invalidate(t.Context(), cache.Tag{Source: "crm"})
		d.a.src.set(func() { d.a.src.fail = down() })
		last := play(t, cache.Config{Redis: client(), Prefix: prefix})
		last.r = share(last, d.a)
		if got := last.key(t.Context(), "a"); got.err != nil || !got.isStale || got.version != 1 {
			t.Errorf("got %+v", got)
		}
		before := last.c.Stats().InvalidationsReceived
		d.a.c.Erase(t.Context(), cache.Tag{Source: "crm", Customer: "a"})
		eventually(t, "the news", func() bool { return last.c.Stats().InvalidationsReceived > before })
		if got := last.key(t.Context(), "a"); got.err == nil {
			t.Errorf("what was deleted was served: %+v", got)
		}
		if got := last.key(t.Context(), "b"); got.err != nil || !got.isStale {
			t.Errorf("got %+v", got)
		}
	})
}

// A reading that began before a change is put into Redis as what it is.
func TestAReadingBeforeAChangeIsNotNewerInRedis(t *testing.T) {
	redises(t, func(t *testing.T, prefix string, client func() *redis.Client) {
		for _, by := range []string{"itself", "the other"} {
			prefix := prefix + by
			d := pair(t, prefix, client, cache.Config{})
			d.a.key(t.Context(), "z") // knows Redis
			d.b.key(t.Context(), "z")
			release := d.a.src.hold()
			defer release()
			first := make(chan seen)
			go func() { first <- d.a.key(t.Context(), "a") }()
			eventually(t, "the call", func() bool { return d.a.src.inside() == 1 })
			want := d.a.src.change("a")
			changed, other := d.a, d.b
			if by == "the other" {
				changed, other = d.b, d.a
			}
			changed.c.Invalidate(t.Context(), cache.Tag{Source: "crm", Customer: "a"})
			eventually(t, "the news", func() bool { return other.c.Stats().InvalidationsReceived == 1 })
			release()
			if got := <-first; got.version != 0 {
				t.Errorf("got %+v", got)
			}
			eventually(t, "the write", func() bool { return client().Exists(t.Context(), prefix+":2:crm:Order:k:*:a").Val() == 1 })
			for _, s := range []*stage{d.b, d.a} {
				if got := s.key(t.Context(), "a"); got.version != want || got.isStale {
					t.Errorf("changed by %s: got %+v, want %d", by, got, want)
				}
			}
		}
	})
}

// A message that is lost is made up for within two seconds.
func TestALostMessage(t *testing.T) {
	prefix, client := realRedis(t)
	d := pair(t, prefix, client, cache.Config{})
	d.b.key(t.Context(), "a")
	admin := client()
	want := d.a.src.change("a")
	began := time.Now()
	// The change is put into Redis as the cache does it, but without its message.
	keys := []string{"{" + prefix + ":tags}:number", "{" + prefix + ":tags}:last"}
	n, err := admin.Incr(t.Context(), keys[0]).Result()
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.ZAdd(t.Context(), keys[1], redis.Z{Score: float64(n), Member: "icrm\x00\x00a"}).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the news", func() bool { return d.b.c.Stats().InvalidationsReceived > 0 })
	if took := time.Since(began); took > within {
		t.Errorf("it took %s", took)
	}
	if got := d.b.key(t.Context(), "a"); got.version != want {
		t.Errorf("got %+v", got)
	}
}

// Connections that are cut, the one that hears included, are made anew.
func TestCutConnections(t *testing.T) {
	prefix, client := realRedis(t)
	d := pair(t, prefix, client, cache.Config{})
	admin := client()
	for i := range 5 {
		d.b.key(t.Context(), "a")
		if err := admin.Do(t.Context(), "client", "kill", "type", "pubsub").Err(); err != nil {
			t.Fatal(err)
		}
		want := d.a.src.change("a")
		before, began := d.b.c.Stats().InvalidationsReceived, time.Now()
		d.a.c.Invalidate(t.Context(), cache.Tag{Source: "crm"})
		eventually(t, "the news", func() bool { return d.b.c.Stats().InvalidationsReceived > before })
		if took := time.Since(began); took > within {
			t.Errorf("round %d took %s", i, took)
		}
		if got := d.b.key(t.Context(), "a"); got.version != want {
			t.Errorf("got %+v, want %d", got, want)
		}
	}
}

// Redis goes and comes back, with or without its memory: what was said meanwhile
// holds here at once, and for the others when it is back.
func TestRedisGoesAndComesBack(t *testing.T) {
	for _, tc := range []struct {
		name     string
		isEmpty  bool
		tags     int
		wholeSrc bool
	}{
		{"with its memory", false, 1, false},
		{"without its memory", true, 1, false},
		{"many tags", false, 5000, true},
		{"many tags, without its memory", true, 5000, true},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			m := miniredis.RunT(t)
			d := pair(t, "test", func() *redis.Client { return redisAt(t, m.Addr()) }, cache.Config{})
			d.a.key(t.Context(), "a")
			d.b.key(t.Context(), "a")
			d.b.key(t.Context(), "z")
			eventually(t, "the writes", func() bool { return d.a.c.Stats().Writes+d.b.c.Stats().Writes >= 2 })
			m.Close()
			want := d.a.src.change("a")
			began := time.Now()
			for i := range tc.tags {
				customer := "a"
				if i > 0 {
					customer = fmt.Sprint(i)
				}
				d.a.c.Invalidate(t.Context(), cache.Tag{Source: "crm", Customer: customer})
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("a Redis that is away cost %s", took)
			}
			if got := d.a.key(t.Context(), "a"); got.version != want {
				t.Errorf("got %+v, want %d", got, want)
			}
			if n := d.a.c.Stats().Pending; n == 0 || n > 1000 {
				t.Errorf("%d tags wait", n)
			}
			if got := d.b.key(t.Context(), "a"); got.version != 0 {
				t.Errorf("the other cannot know, and got %+v", got)
			}
			if tc.isEmpty {
				m.FlushAll()
			}
			if err := m.Restart(); err != nil {
				t.Fatal(err)
			}
			began = time.Now()
			eventually(t, "the news", func() bool {
				d.a.clk.add(10 * time.Millisecond) // until Redis is tried again
				d.b.clk.add(10 * time.Millisecond)
				return d.b.key(t.Context(), "a").version == want
			})
			t.Logf("the other knew after %s", time.Since(began))
			eventually(t, "nothing to wait", func() bool {
				d.a.clk.add(10 * time.Millisecond)
				return d.a.c.Stats().Pending == 0
			})
			before := d.b.src.called()
			d.b.key(t.Context(), "z")
			if asked := d.b.src.called() > before; asked != (tc.wholeSrc || tc.isEmpty) {
				t.Errorf("what was not invalidated was asked again: %t", asked)
			}
		})
	}
}

// Redis tells a bounded number of tags apart; what it has forgotten counts as
// changed, for who knew it and for who starts later.
func TestSharedTagsAreBounded(t *testing.T) {
	prefix, client := realRedis(t)
	const most = 20_000
	d := pair(t, prefix, client, cache.Config{})
	d.a.key(t.Context(), "a")
	eventually(t, "the write", func() bool { return d.a.c.Stats().Writes == 1 })
	want := d.a.src.change("a")
	d.a.c.Invalidate(t.Context(), cache.Tag{Source: "crm", Customer: "a"})
	for i := 0; i < 25_000; i += 500 {
		tags := make([]cache.Tag, 500)
		for j := range tags {
			tags[j] = cache.Tag{Source: "crm", Customer: fmt.Sprint(i + j)}
		}
		d.a.c.Invalidate(t.Context(), tags...)
	}
	n, err := client().ZCard(t.Context(), "{"+prefix+":tags}:last").Result()
	if err != nil || n > most || n < most/2 {
		t.Errorf("%d tags, %v", n, err)
	}
	late := play(t, cache.Config{Redis: client(), Prefix: prefix})
	late.r, late.src = share(late, d.a), d.a.src
	if got := late.key(t.Context(), "a"); got.version != want || got.isStale {
		t.Errorf("got %+v", got)
	}
	eventually(t, "the write", func() bool { return late.c.Stats().Writes == 1 })
	calls := d.a.src.called()
	if got := d.b.key(t.Context(), "a"); got.version != want || got.isStale || d.a.src.called() != calls {
		t.Errorf("got %+v after %d calls", got, d.a.src.called()-calls)
	}
}

// An instance that reads again takes what the other has already read.
func TestRefreshTakesFromRedis(t *testing.T) {
	redises(t, func(t *testing.T, prefix string, client func() *redis.Client) {
		d := pair(t, prefix, client, cache.Config{})
		d.a.key(t.Context(), "a")
		eventually(t, "the write", func() bool { return d.a.c.Stats().Writes == 1 })
		d.b.key(t.Context(), "a")
		d.a.src.change("a")
		d.a.clk.add(2 * time.Minute)
		d.b.clk.add(2 * time.Minute)
		eventually(t, "the new row", func() bool { return !d.a.key(t.Context(), "a").isStale })
		eventually(t, "the write", func() bool { return d.a.c.Stats().Writes == 2 })
		eventually(t, "the new row there", func() bool { got := d.b.key(t.Context(), "a"); return !got.isStale && got.version == 1 })
		if d.a.src.called() != 2 {
			t.Errorf("%d calls of two instances", d.a.src.called())
		}
	})
}

// The same as TestNothingOlderThanItsInvalidationIsFresh, across two instances:
// once the other has heard of a change, it serves nothing older as fresh.
func TestNothingOlderIsFreshAcrossInstances(t *testing.T) {
	m := miniredis.RunT(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		d := pair(t, fmt.Sprint("r", round), func() *redis.Client { return redisAt(t, m.Addr()) }, cache.Config{Hard: 10 * time.Minute})
		both := []*stage{d.a, d.b}
		defer func() {
			for _, s := range both {
				s.c.Close()
			}
		}()
		floor := map[string]int{}
		customers := []string{"a", "b"}
		var wait sync.WaitGroup
		defer wait.Wait()
		names := slices.Sorted(maps.Keys(d.a.ways()))
		rt.Repeat(map[string]func(*rapid.T){
			"ask": func(rt *rapid.T) {
				s := rapid.SampledFrom(both).Draw(rt, "instance")
				way, customer := rapid.SampledFrom(names).Draw(rt, "way"), rapid.SampledFrom(customers).Draw(rt, "customer")
				if way == "list" {
					customer = "a"
				}
				if got := s.ways()[way](context.Background(), customer); !got.isStale && got.version < floor[customer] {
					rt.Errorf("%s %s: got version %d as fresh, %d was invalidated before", way, customer, got.version, floor[customer]-1)
				}
			},
			"invalidate": func(rt *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(rt, "instance")
				customer := rapid.SampledFrom(customers).Draw(rt, "customer")
				floor[customer] = d.a.src.change(customer)
				before := both[1-i].c.Stats().InvalidationsReceived
				both[i].c.Invalidate(context.Background(), cache.Tag{Source: "crm", Customer: customer})
				eventually(t, "the news", func() bool { return both[1-i].c.Stats().InvalidationsReceived > before })
			},
			"pass": func(rt *rapid.T) {
				n := time.Duration(rapid.IntRange(1, 400).Draw(rt, "seconds")) * time.Second
				d.a.clk.add(n)
				d.b.clk.add(n)
			},
			"forget": func(*rapid.T) { m.FlushAll() },
		})
	})
}
