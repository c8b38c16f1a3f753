package cache

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/maypok86/otter/v2"
	"github.com/redis/go-redis/v9"
)

// Config says how long rows are kept and how many.
type Config struct {
	// TTL is how long a row is fresh, 0 = nothing is kept.
	TTL time.Duration
	// Absent is how long an absence (no row, an empty list) is, default a third of
	// TTL. An absence is never served past it but instead of an error.
	Absent time.Duration
	// Hard is how long a row is served at once, marked as stale, while it is read
	// again. Default ten times TTL and at most an hour; TTL or less turns it off.
	Hard time.Duration
	// StaleIfError is how long a row may stand in for a source that does not
	// answer. Default 24h where space allows; negative turns it off.
	StaleIfError time.Duration
	// Bytes bounds what this process keeps, default 128 MiB.
	Bytes int64
	// Rows is a second bound of the same, 0 = none.
	Rows int
	// Refreshes is how many background readings of one source run at once, default 4.
	Refreshes int
	// RefreshTimeout bounds each of them, default 30s.
	RefreshTimeout time.Duration
	// Prefix begins every name in Redis, default "trama".
	Prefix string
	Redis  *redis.Client // nil = this process only
	Log    *slog.Logger
	Now    func() time.Time
}

// Stats are counters since the start, but for Bytes, Entries, Pending and RedisUp,
// which are of now.
type Stats struct {
	L1Hits, L2Hits, Misses uint64 // of entries; stale ones served are hits
	StaleServed            uint64 // older than TTL, served while they were read again
	StaleIfErrorServed     uint64 // served since the source did not answer
	Joined                 uint64 // waited for another caller's reading instead of making one
	Refreshes              uint64 // background readings begun
	RefreshesDropped       uint64 // not begun since enough were under way
	RefreshesFailed        uint64
	InvalidationsSent      uint64 // tags of this process, put to Redis where there is one
	InvalidationsReceived  uint64 // tags of other processes
	Writes                 uint64 // entries handed to go-redis/cache
	Dropped                uint64 // entries not written since the writer was behind
	Refused                uint64 // values of Redis that were none of ours
	RedisFailures          uint64
	RedisUp                bool
	Bytes                  uint64 // estimated, in this process
	Entries                uint64
	Evictions              uint64 // pushed out by others; expiry is not counted
	TooBig                 uint64 // entries not kept for their size
	Pending                uint64 // tags that wait for Redis to come back
}

// Cache is shared by all sources. It is safe for concurrent use.
type Cache struct {
	cfg    Config
	keep   time.Duration // how long an entry may be of use
	l1     *otter.Cache[name, any]
	near   *nearby // L2 without Redis, nil with it
	l2     *rediscache.Cache
	tags   tags
	shared shared
	calls  calls
	writes chan write
	queued atomic.Int64 // bytes in writes
	stop   chan struct{}
	cancel context.CancelFunc // ends the listener
	done   sync.WaitGroup     // the writer and the listener
	closed sync.Once

	count     counters
	downUntil atomic.Int64 // unix nanoseconds until which Redis is left alone
	isDown    atomic.Bool  // said in the log
}

type counters struct {
	hits1, hits2, misses, stale, rescued, joined  atomic.Uint64
	refreshes, refreshesDropped, refreshesFailed  atomic.Uint64
	sent, received, written, dropped, refused     atomic.Uint64
	failures, bytes, entries, evictions, tooLarge atomic.Uint64
}

// minTTL is the shortest time go-redis/cache keeps an item: below a second it
// would keep it for an hour.
const minTTL = time.Second

// redisPause is how long Redis is left alone after it failed.
const redisPause = 2 * time.Second

// The defaults of Config.
const (
	defaultBytes          = 128 << 20
	defaultStaleIfError   = 24 * time.Hour
	defaultRefreshes      = 4
	defaultRefreshTimeout = 30 * time.Second
	maxHard               = time.Hour
)

func (cfg *Config) complete() {
	if cfg.Absent == 0 {
		cfg.Absent = cfg.TTL / 3
	}
	if cfg.Hard == 0 {
		cfg.Hard = min(10*cfg.TTL, maxHard)
	}
	cfg.Hard = max(cfg.Hard, cfg.TTL)
	if cfg.StaleIfError == 0 {
		cfg.StaleIfError = defaultStaleIfError
	}
	if cfg.Bytes <= 0 {
		cfg.Bytes = defaultBytes
	}
	if cfg.Refreshes <= 0 {
		cfg.Refreshes = defaultRefreshes
	}
	if cfg.RefreshTimeout <= 0 {
		cfg.RefreshTimeout = defaultRefreshTimeout
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "trama"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
}

// New makes a Cache. Close it to end its goroutines.
func New(cfg Config) (*Cache, error) {
	cfg.complete()
	c := &Cache{
		cfg: cfg, keep: max(cfg.Hard, cfg.StaleIfError, cfg.Absent, minTTL),
		writes: make(chan write, 4096), stop: make(chan struct{}),
	}
	c.calls.cancels = map[uint64]context.CancelFunc{}
	c.tags.sources = map[string]*marks{}
	bytes := cfg.Bytes
	options := &rediscache.Options{}
	var err error
	if cfg.Redis != nil {
		options.Redis = cfg.Redis
	} else {
		if c.near, err = newNearby(cfg.Bytes/8, c.keep); err != nil {
			return nil, fmt.Errorf("cache: %w", err)
		}
		options.LocalCache = c.near
		bytes -= cfg.Bytes / 8
	}
	c.l2 = rediscache.New(options)
	c.l1, err = otter.New(&otter.Options[name, any]{
		MaximumWeight: uint64(bytes),
		Weigher:       func(_ name, v any) uint32 { return c.weight(v.(weighed)) },
		// What may not be served even instead of an error need not wait for others to
		// push it out.
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[name, any]) time.Duration { return c.life(e.Value.(weighed)) }),
		OnAtomicDeletion: c.left,
	})
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	c.done.Go(c.writer)
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	if cfg.Redis != nil {
		c.done.Go(func() { c.listen(ctx) })
	}
	return c, nil
}

// Close ends the readings under way, writes some of what is waiting and ends the
// writer. Questions that come later go to the sources.
func (c *Cache) Close() error {
	c.closed.Do(func() {
		c.calls.end()
		c.cancel()
		close(c.stop)
		c.done.Wait()
		c.l1.StopAllGoroutines()
		if c.near != nil {
			c.near.close()
		}
	})
	return nil
}

// Stats returns the counters.
func (c *Cache) Stats() Stats {
	n := &c.count
	return Stats{
		L1Hits: n.hits1.Load(), L2Hits: n.hits2.Load(), Misses: n.misses.Load(),
		StaleServed: n.stale.Load(), StaleIfErrorServed: n.rescued.Load(), Joined: n.joined.Load(),
		Refreshes: n.refreshes.Load(), RefreshesDropped: n.refreshesDropped.Load(), RefreshesFailed: n.refreshesFailed.Load(),
		InvalidationsSent: n.sent.Load(), InvalidationsReceived: n.received.Load(),
		Writes: n.written.Load(), Dropped: n.dropped.Load(), Refused: n.refused.Load(),
		RedisFailures: n.failures.Load(), RedisUp: c.cfg.Redis != nil && c.redisUp(),
		Bytes: n.bytes.Load() + c.near.bytes(), Entries: n.entries.Load(), Evictions: n.evictions.Load(), TooBig: n.tooLarge.Load(),
		Pending: uint64(c.shared.waiting()),
	}
}

func (c *Cache) redisUp() bool { return c.cfg.Now().UnixNano() >= c.downUntil.Load() }

// redisFailed leaves Redis alone for a while. It is said once, not at each try.
func (c *Cache) redisFailed(err error) {
	c.count.failures.Add(1)
	c.downUntil.Store(c.cfg.Now().Add(redisPause).UnixNano())
	if c.isDown.CompareAndSwap(false, true) {
		c.cfg.Log.Warn("redis failed, serving from this process and the sources", "err", err)
	}
}

func (c *Cache) redisWorked() {
	if c.isDown.Load() && c.isDown.CompareAndSwap(true, false) {
		c.cfg.Log.Info("redis is back")
	}
}

// Ping asks Redis whether it is there; nil without one.
func (c *Cache) Ping(ctx context.Context) error {
	if c.cfg.Redis == nil {
		return nil
	}
	return c.cfg.Redis.Ping(ctx).Err()
}
