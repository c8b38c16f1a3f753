package cache_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trama-graph/trama/datasources/cache"
)

// Nothing that lies or comes under our names in Redis does harm.
func TestPoison(t *testing.T) {
	redises(t, func(t *testing.T, prefix string, client func() *redis.Client) {
		d := pair(t, prefix, client, cache.Config{})
		ctx := t.Context()
		rdb := client()
		d.a.key(ctx, "a")
		d.a.parent(ctx, "a")
		eventually(t, "the writes", func() bool { return d.a.c.Stats().Writes == 2 })
		names := rdb.Keys(ctx, prefix+":2:*").Val()
		if len(names) != 2 {
			t.Fatalf("got %q", names)
		}
		good := [][]byte{}
		for _, name := range names {
			b, err := rdb.Get(ctx, name).Bytes()
			if err != nil {
				t.Fatal(err)
			}
			good = append(good, b)
		}
		for i, bad := range slices.Concat([][]byte{{}, {1}, []byte("poison"), good[1], good[0][:len(good[0])/2], append(slices.Clone(good[0]), 0)}, flipped(good[0])) {
			if err := rdb.Set(ctx, names[0], bad, time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
			fresh := play(t, cache.Config{Redis: rdb, Prefix: prefix})
			fresh.r = share(fresh, d.a)
			for _, ask := range []func(context.Context, string) seen{fresh.key, fresh.parent} {
				if got := ask(ctx, "a"); got.version != 0 || got.isStale || got.err != nil {
					t.Errorf("value %d: got %+v", i, got)
				}
			}
			if fresh.c.Stats().Refused != 1 {
				t.Errorf("value %d: %+v", i, fresh.c.Stats())
			}
			// It is written again, and shall not be in the way of the next one.
			eventually(t, "the write", func() bool { return fresh.c.Stats().Writes == 1 })
		}
		for _, text := range []string{"", "x", "-1", "99999999999999999999999999", "9007199254740993", "NaN", string(make([]byte, 1<<20)), "1e400", "{}"} {
			rdb.Publish(ctx, prefix+":invalidate", text)
		}
		for i, text := range []string{"", "i", "e", "x", "icrm", "icrm\x00", "i\x00\x00", "icrm\x00\x01\x00", "ebooks\x00Order\x00a", "i" + string(make([]byte, 5000))} {
			rdb.ZAdd(ctx, "{"+prefix+":tags}:last", redis.Z{Score: 1e15 * float64(i), Member: text})
		}
		want := d.a.src.change("a")
		d.a.c.Invalidate(ctx, cache.Tag{Source: "crm", Customer: "a"})
		eventually(t, "the news", func() bool { return d.b.key(ctx, "a").version == want })
		for i, bad := range []func(){
			func() { rdb.Set(ctx, "{"+prefix+":tags}:number", "poison", 0) },
			func() { rdb.Set(ctx, "{"+prefix+":tags}:number", "-5", 0) },
			func() { rdb.Set(ctx, "{"+prefix+":tags}:floor", "poison", 0) },
			func() { rdb.Del(ctx, "{"+prefix+":tags}:number", "{"+prefix+":tags}:floor", "{"+prefix+":tags}:last") },
		} {
			bad()
			want := d.a.src.change("a")
			d.a.c.Invalidate(ctx, cache.Tag{Source: "crm", Customer: "a"})
			if got := d.a.key(ctx, "a"); got.version != want {
				t.Errorf("poison %d: got %+v, want %d", i, got, want)
			}
			// Whoever put it there: Redis is as good as away until it is gone.
			rdb.Del(ctx, "{"+prefix+":tags}:floor", "{"+prefix+":tags}:number")
			eventually(t, "the news", func() bool {
				d.a.clk.add(100 * time.Millisecond)
				d.b.clk.add(100 * time.Millisecond)
				return d.b.key(ctx, "a").version == want
			})
		}
	})
}

// flipped are values with one bit wrong.
func flipped(b []byte) [][]byte {
	var out [][]byte
	for i := 0; i < len(b); i += 1 + len(b)/40 {
		bad := slices.Clone(b)
		bad[i] ^= 1 << (i % 8)
		out = append(out, bad)
	}
	return out
}
