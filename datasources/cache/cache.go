package cache

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/maypok86/otter/v2"
	"github.com/redis/go-redis/v9"
)

// Config says how long rows are kept and how many.
type Config struct {
	TTL    time.Duration // how long a row is fresh, 0 = nothing is kept
	Absent time.Duration // how long an absence is, default a third of TTL
	Rows   int           // rows in this process, default 200,000
	Redis  *redis.Client // nil = this process only
	Log    *slog.Logger
	Now    func() time.Time
}

// Stats are counters since the start.
type Stats struct {
	L1Hits, L2Hits, Misses uint64
	Writes                 uint64 // entries handed to go-redis/cache
	Dropped                uint64 // entries not written since the writer was behind
	RedisFailures          uint64
	RedisUp                bool
}

// Cache is shared by all sources. It is safe for concurrent use.
type Cache struct {
	cfg    Config
	l1     *otter.Cache[string, any]
	l2     *rediscache.Cache
	writes chan write
	stop   chan struct{}
	done   chan struct{}

	hits1, hits2, misses, written, dropped, failures atomic.Uint64

	downUntil atomic.Int64 // unix nanoseconds until which Redis is left alone
}

type write struct {
	key   string
	value any
	ttl   time.Duration
}

// minTTL is the shortest time go-redis/cache keeps an item: below a second it
// would keep it for an hour.
const minTTL = time.Second

// redisPause is how long Redis is left alone after it failed.
const redisPause = 2 * time.Second

// New makes a Cache. Close it to end its writer.
func New(cfg Config) (*Cache, error) {
	if cfg.Rows == 0 {
		cfg.Rows = 200_000
	}
	if cfg.Absent == 0 {
		cfg.Absent = cfg.TTL / 3
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cache{cfg: cfg, writes: make(chan write, 4096), stop: make(chan struct{}), done: make(chan struct{})}
	var err error
	c.l1, err = otter.New(&otter.Options[string, any]{
		MaximumWeight: uint64(cfg.Rows),
		Weigher:       func(_ string, v any) uint32 { return v.(weighed).weight() },
		// What is no longer fresh is never served: it need not wait for others to push
		// it out.
		ExpiryCalculator: otter.ExpiryWriting[string, any](max(cfg.TTL, minTTL)),
	})
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	options := &rediscache.Options{}
	if cfg.Redis != nil {
		options.Redis = cfg.Redis
	} else {
		options.LocalCache = rediscache.NewTinyLFU(max(cfg.Rows/10, 100), max(cfg.TTL, minTTL))
	}
	c.l2 = rediscache.New(options)
	go c.writer()
	return c, nil
}

// Close writes some of what is waiting and ends the writer. It is called once.
func (c *Cache) Close() error {
	close(c.stop)
	<-c.done
	c.l1.StopAllGoroutines()
	return nil
}

// Stats returns the counters.
func (c *Cache) Stats() Stats {
	return Stats{
		L1Hits: c.hits1.Load(), L2Hits: c.hits2.Load(), Misses: c.misses.Load(), Writes: c.written.Load(),
		Dropped: c.dropped.Load(), RedisFailures: c.failures.Load(), RedisUp: c.cfg.Redis != nil && c.redisUp(),
	}
}

func (c *Cache) redisUp() bool { return c.cfg.Now().UnixNano() >= c.downUntil.Load() }

func (c *Cache) redisFailed(err error) {
	c.failures.Add(1)
	c.downUntil.Store(c.cfg.Now().Add(redisPause).UnixNano())
	c.cfg.Log.Warn("redis failed, serving from this process and the sources", "err", err)
}

// Ping asks Redis whether it is there; nil without one.
func (c *Cache) Ping(ctx context.Context) error {
	if c.cfg.Redis == nil {
		return nil
	}
	return c.cfg.Redis.Ping(ctx).Err()
}

// weighed is an entry of any row type.
type weighed interface{ weight() uint32 }

// entry is what is known of one key, parent or list. No rows is an absence.
type entry[T any] struct {
	Rows  []T
	More  bool
	Total int
	AsOf  time.Time // when the source said so
	Read  time.Time // when it was put here
}

func (e *entry[T]) weight() uint32 { return uint32(len(e.Rows)) + 1 }

func (c *Cache) fresh(read time.Time, rows int) bool {
	ttl := c.cfg.TTL
	if rows == 0 {
		ttl = c.cfg.Absent
	}
	return c.cfg.Now().Sub(read) < ttl
}
