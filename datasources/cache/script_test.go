package cache_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/schema"
)

// script is a source whose rows carry a version, that fails when it is told to, and
// that answers with what it had when it was asked even if it is held meanwhile.
// Keys and parents are "CUSTOMER" or "CUSTOMER/ANYTHING".
type script struct {
	datasources.Source

	mu      sync.Mutex
	version map[string]int // by customer
	calls   int
	asked   int
	flows   []string
	fail    error            // of everything
	failing map[string]error // of single keys
	isStale bool
	isAway  map[string]bool // customers without rows
	gate    chan struct{}   // nil = open
	waiting int
	most    int
}

func (s *script) Reader(entity string) any {
	if entity == "Order" {
		return datasources.Reader[schema.Order](s)
	}
	return nil
}

func customerOf(key string) string {
	for i := range key {
		if key[i] == '/' {
			return key[:i]
		}
	}
	return key
}

// begin notes a call and waits at the gate; what is returned was read before.
func (s *script) begin(ctx context.Context, keys []string) (rows map[string][]schema.Order, failing map[string]error, isStale bool, err error) {
	s.mu.Lock()
	s.calls++
	s.asked += len(keys)
	s.flows = append(s.flows, datasources.FlowOf(ctx))
	s.waiting++
	s.most = max(s.most, s.waiting)
	gate, failing, isStale, err := s.gate, s.failing, s.isStale, s.fail
	rows = map[string][]schema.Order{}
	for _, k := range keys {
		if c := customerOf(k); !s.isAway[c] {
			o := order(k)
			o.CustomerKey, o.Number = c, fmt.Sprint(s.version[c])
			rows[k] = []schema.Order{o}
		}
	}
	s.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			err = schema.SourceErrorf(schema.SourceTimeout, "crm", "crm did not answer in time").Because(ctx.Err())
		}
	}
	s.mu.Lock()
	s.waiting--
	s.mu.Unlock()
	return rows, failing, isStale, err
}

func (s *script) ByKeys(ctx context.Context, keys []string, _ datasources.Fields) (datasources.Rows[schema.Order], error) {
	rows, failing, isStale, err := s.begin(ctx, keys)
	out := datasources.Rows[schema.Order]{Stale: isStale}
	for _, k := range keys {
		if failing[k] == nil {
			out.Items = append(out.Items, rows[k]...)
		}
	}
	if err == nil && len(failing) > 0 {
		err = &datasources.BatchError{ByKey: failing}
	}
	return out, err
}

func (s *script) ByParent(ctx context.Context, _ datasources.Relation, parents []string, _ datasources.Query) (datasources.Rows[schema.Order], error) {
	rows, failing, isStale, err := s.begin(ctx, parents)
	out := datasources.Rows[schema.Order]{Stale: isStale, Offsets: []int{0}}
	for _, p := range parents {
		if failing[p] == nil {
			out.Items = append(out.Items, rows[p]...)
		}
		out.Offsets, out.More, out.Totals = append(out.Offsets, len(out.Items)), append(out.More, false), append(out.Totals, -1)
	}
	if err == nil && len(failing) > 0 {
		err = &datasources.BatchError{ByKey: failing}
	}
	return out, err
}

func (s *script) List(ctx context.Context, _ datasources.Query) (datasources.Rows[schema.Order], error) {
	rows, _, isStale, err := s.begin(ctx, []string{"a", "b"})
	return datasources.Rows[schema.Order]{Items: append(rows["a"], rows["b"]...), More: []bool{true}, Totals: []int{2}, Stale: isStale}, err
}

func (s *script) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *script) called() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *script) inside() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// change makes a customer's rows other ones.
func (s *script) change(customer string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version[customer]++
	return s.version[customer]
}

// hold makes calls wait from now on; the function it returns lets them go.
func (s *script) hold() func() {
	gate := make(chan struct{})
	s.set(func() { s.gate = gate })
	return sync.OnceFunc(func() {
		s.set(func() { s.gate = nil })
		close(gate)
	})
}

// stage is a cache around a script.
type stage struct {
	src *script
	r   datasources.Reader[schema.Order]
	c   *cache.Cache
	clk *clock
}

func play(t testing.TB, cfg cache.Config) *stage {
	t.Helper()
	clk := &clock{t: time.Now()}
	if cfg.TTL == 0 {
		cfg.TTL = time.Minute
	}
	cfg.Now = clk.now
	c, err := cache.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	src := &script{version: map[string]int{}, isAway: map[string]bool{}}
	return &stage{src, datasources.ReaderOf[schema.Order](c.Wrap("crm", src), "Order"), c, clk}
}

// share puts an instance's cache around another one's source.
func share(s, of *stage) datasources.Reader[schema.Order] {
	return datasources.ReaderOf[schema.Order](s.c.Wrap("crm", of.src), "Order")
}

// seen is one way to ask, and what came: the version of the first row, -1 = none.
type seen struct {
	version int
	isStale bool
	asOf    time.Time
	err     error
}

func see(rows datasources.Rows[schema.Order], err error) seen {
	out := seen{version: -1, isStale: rows.Stale, asOf: rows.AsOf, err: err}
	for _, page := range append(rows.Pages, rows.Items) {
		if len(page) > 0 {
			fmt.Sscan(page[0].Number, &out.version)
			break
		}
	}
	return out
}

func (s *stage) key(ctx context.Context, key string) seen {
	return see(s.r.ByKeys(ctx, []string{key}, nil))
}

func (s *stage) parent(ctx context.Context, p string) seen {
	return see(s.r.ByParent(ctx, "customer", []string{p}, datasources.Query{}))
}

func (s *stage) child(ctx context.Context, p string) seen {
	return see(s.r.ByParent(ctx, "order", []string{p}, datasources.Query{}))
}

// level asks for so many parents that the answer is kept whole.
func (s *stage) level(ctx context.Context, p string) seen {
	return see(s.r.ByParent(ctx, "order", []string{p, "x/1", "y/1", "z/1"}, datasources.Query{}))
}

func (s *stage) list(ctx context.Context, _ string) seen {
	return see(s.r.List(ctx, datasources.Query{}))
}

// ways are all the ways to ask.
func (s *stage) ways() map[string]func(context.Context, string) seen {
	return map[string]func(context.Context, string) seen{"key": s.key, "parent": s.parent, "child": s.child, "list": s.list}
}

// eventually waits for what a goroutine does.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !f(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("never came: %s", what)
		}
	}
}

func redisAt(t testing.TB, addr string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{
		Addr: addr, MaxRetries: -1, DialerRetries: 1,
		DialTimeout: 150 * time.Millisecond, ReadTimeout: 500 * time.Millisecond, WriteTimeout: 500 * time.Millisecond,
	})
	t.Cleanup(func() { rdb.Close() })
	return rdb
}
