package cache_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/trama-graph/trama/datasources/cache"
)

// TestChanged holds that every change is known to whoever asks by entities, also where
// no rows are kept and where another instance was told.
func TestChanged(t *testing.T) {
	order := []string{"Customer", "Order", "OrderPage"}
	for _, tc := range []struct {
		name string
		tag  cache.Tag
		want bool
	}{
		{"the entity", cache.Tag{Source: "crm", Entity: "Order"}, true},
		{"the source", cache.Tag{Source: "crm"}, true},
		{"everything", cache.Tag{}, true},
		{"one customer", cache.Tag{Source: "crm", Customer: "a"}, true},
		{"one customer's", cache.Tag{Source: "crm", Entity: "Order", Customer: "a"}, true},
		{"another entity", cache.Tag{Source: "crm", Entity: "Invoice"}, false},
		{"another entity of one customer", cache.Tag{Source: "crm", Entity: "Invoice", Customer: "a"}, false},
		{"no such source", cache.Tag{Source: "nobody", Entity: "Order"}, false},
	} {
		for name, say := range map[string]func(*cache.Cache){
			"invalidate": func(c *cache.Cache) { c.Invalidate(context.Background(), tc.tag) },
			"erase":      func(c *cache.Cache) { c.Erase(context.Background(), tc.tag) },
			"local":      func(c *cache.Cache) { c.InvalidateLocal(tc.tag) },
		} {
			t.Run("case="+tc.name+" "+name, func(t *testing.T) {
				for _, ttl := range []time.Duration{0, time.Minute} {
					c, err := cache.New(cache.Config{TTL: ttl})
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { c.Close() })
					c.Wrap("crm", &orders{})
					c.Wrap("erp", &orders{})
					c.Invalidate(t.Context(), cache.Tag{}) // long ago
					mark := c.Mark()
					if c.Changed(mark, order) {
						t.Errorf("ttl %s: changed before anything did", ttl)
					}
					say(c)
					if got := c.Changed(mark, order); got != tc.want {
						t.Errorf("ttl %s: changed: %v, want %v", ttl, got, tc.want)
					}
					if c.Changed(c.Mark(), order) {
						t.Errorf("ttl %s: changed since now", ttl)
					}
				}
			})
		}
	}
	t.Run("case=another instance", func(t *testing.T) {
		rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		t.Cleanup(func() { rdb.Close() })
		var both [2]*cache.Cache
		for i := range both {
			c, err := cache.New(cache.Config{Redis: rdb})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			c.Wrap("crm", &orders{})
			both[i] = c
		}
		mark := both[1].Mark()
		both[0].Invalidate(t.Context(), cache.Tag{Source: "crm", Entity: "Order", Customer: "a"})
		for end := time.Now().Add(10 * time.Second); !both[1].Changed(mark, order); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the other instance has heard nothing")
			}
		}
	})
}

// TestChangedIsNeverLate holds that a mark taken while changes come misses none that
// comes later.
func TestChangedIsNeverLate(t *testing.T) {
	c, err := cache.New(cache.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.Wrap("crm", &orders{})
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 500 {
				mark := c.Mark()
				c.Invalidate(t.Context(), cache.Tag{Source: "crm", Entity: "Order"})
				if !c.Changed(mark, []string{"Order"}) {
					t.Error("a change was missed")
				}
			}
		})
	}
	wait.Wait()
}

func BenchmarkChanged(b *testing.B) {
	c, err := cache.New(cache.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		c.Wrap(name, &orders{})
	}
	mark := c.Mark()
	types := []string{"Customer", "CustomerPage", "Invoice", "InvoicePage", "Order", "OrderPage", "Query", "Ticket", "TicketPage"}
	for name, tag := range map[string]cache.Tag{"unchanged": {Source: "nobody"}, "others changed": {Entity: "Payment"}} {
		c.Invalidate(b.Context(), tag)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Changed(mark, types)
			}
		})
	}
}
