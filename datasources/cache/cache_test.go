package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/cache"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// orders is a source with one reader that counts its calls.
type orders struct {
	datasources.Source
	calls  atomic.Int64
	asked  atomic.Int64
	failed map[string]error
	err    error
}

func (o *orders) Reader(entity string) any {
	if entity == "Order" {
		return datasources.Reader[schema.Order](o)
	}
	return nil
}

func order(key string) schema.Order {
	five := 5
	when := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return schema.Order{
		Record: schema.Record{Source: "crm", Key: key, UpdatedAt: when}, Links: schema.Links{CustomerKey: "c1", OrderNumbers: []string{"A"}},
		Number: "SO-" + key, Total: &schema.Money{Amount: decimal.MustParse("1250.00"), Currency: "MDL"},
		Lines: []*schema.OrderLine{{Position: &five, SKU: "X"}},
	}
}

func (o *orders) ByKeys(_ context.Context, keys []string, _ datasources.Fields) (datasources.Rows[schema.Order], error) {
	o.calls.Add(1)
	o.asked.Add(int64(len(keys)))
	var rows datasources.Rows[schema.Order]
	for _, k := range keys {
		if k != "none" && o.failed[k] == nil {
			rows.Items = append(rows.Items, order(k))
		}
	}
	if o.err != nil {
		return datasources.Rows[schema.Order]{}, o.err
	}
	if len(o.failed) > 0 {
		return rows, &datasources.BatchError{ByKey: o.failed}
	}
	return rows, nil
}

func (o *orders) ByParent(_ context.Context, _ datasources.Relation, parents []string, _ datasources.Query) (datasources.Rows[schema.Order], error) {
	o.calls.Add(1)
	o.asked.Add(int64(len(parents)))
	rows := datasources.Rows[schema.Order]{Offsets: []int{0}}
	for _, p := range parents {
		if p != "none" {
			rows.Items = append(rows.Items, order(p+"-1"), order(p+"-2"))
		}
		rows.Offsets = append(rows.Offsets, len(rows.Items))
		rows.More, rows.Totals = append(rows.More, false), append(rows.Totals, 2)
	}
	return rows, o.err
}

func (o *orders) List(context.Context, datasources.Query) (datasources.Rows[schema.Order], error) {
	o.calls.Add(1)
	return datasources.Rows[schema.Order]{Items: []schema.Order{order("1")}, More: []bool{true}, Totals: []int{7}}, o.err
}

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func setup(t *testing.T, rdb *redis.Client) (*orders, datasources.Reader[schema.Order], *cache.Cache, *clock) {
	t.Helper()
	clk := &clock{t: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	c, err := cache.New(cache.Config{TTL: time.Minute, Hard: time.Minute, Absent: 10 * time.Second, Redis: rdb, Now: clk.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	src := &orders{}
	r := datasources.ReaderOf[schema.Order](c.Wrap("crm", src), "Order")
	return src, r, c, clk
}

func TestOnlyWhatIsMissingIsAsked(t *testing.T) {
	src, r, _, clk := setup(t, nil)
	ctx := t.Context()
	ask := func(keys ...string) int {
		t.Helper()
		rows, err := r.ByKeys(ctx, keys, nil)
		if err != nil {
			t.Fatal(err)
		}
		return len(rows.Items)
	}
	ask("1", "2")
	if n := ask("1", "2", "3"); n != 3 || src.asked.Load() != 3 || src.calls.Load() != 2 {
		t.Errorf("got %d rows, %d keys in %d calls, want 3, 3, 2", n, src.asked.Load(), src.calls.Load())
	}
	clk.add(2 * time.Minute)
	ask("1")
	if src.calls.Load() != 3 {
		t.Error("an old row was served")
	}
}

func TestAbsenceIsRememberedShortly(t *testing.T) {
	src, r, _, clk := setup(t, nil)
	for range 2 {
		if rows, err := r.ByKeys(t.Context(), []string{"none"}, nil); err != nil || len(rows.Items) != 0 {
			t.Fatal(rows, err)
		}
	}
	if src.calls.Load() != 1 {
		t.Errorf("an absent row was asked %d times", src.calls.Load())
	}
	clk.add(11 * time.Second)
	if _, err := r.ByKeys(t.Context(), []string{"none"}, nil); err != nil || src.calls.Load() != 2 {
		t.Error("an absence was remembered too long")
	}
}

func TestErrorsAreNotRemembered(t *testing.T) {
	src, r, _, _ := setup(t, nil)
	src.failed = map[string]error{"2": errors.New("no")}
	_, err := r.ByKeys(t.Context(), []string{"1", "2"}, nil)
	var some *datasources.BatchError
	if !errors.As(err, &some) {
		t.Fatalf("got %v", err)
	}
	src.failed = nil
	if rows, err := r.ByKeys(t.Context(), []string{"1", "2"}, nil); err != nil || len(rows.Items) != 2 || src.asked.Load() != 3 {
		t.Errorf("got %d rows, %v, %d keys asked", len(rows.Items), err, src.asked.Load())
	}
	src.err = errors.New("down")
	if _, err := r.ByParent(t.Context(), "customer", []string{"a"}, datasources.Query{}); err == nil {
		t.Error("the error was lost")
	}
	src.err = nil
	if rows, err := r.ByParent(t.Context(), "customer", []string{"a"}, datasources.Query{}); err != nil || len(rows.Items) != 2 {
		t.Errorf("an error was remembered: %v", err)
	}
}

func TestParentsKeepTheirOrderWhenSomeAreCached(t *testing.T) {
	src, r, _, _ := setup(t, nil)
	q := datasources.Query{First: 10}
	if _, err := r.ByParent(t.Context(), "customer", []string{"b", "none"}, q); err != nil {
		t.Fatal(err)
	}
	rows, err := r.ByParent(t.Context(), "customer", []string{"a", "b", "none", "c"}, q)
	if err != nil || src.asked.Load() != 4 {
		t.Fatal(err, src.asked.Load())
	}
	for i, want := range []string{"SO-a-1", "SO-b-1", "", "SO-c-1"} {
		got := ""
		if p := rows.Parent(i); len(p) > 0 {
			got = p[0].Number
		}
		if got != want {
			t.Errorf("parent %d: got %q, want %q", i, got, want)
		}
	}
}

func TestQueriesThatDifferAreApart(t *testing.T) {
	p := schema.Compare("number", schema.Eq, schema.String("a"))
	seen := map[string]int{}
	for i, q := range []datasources.Query{
		{},
		{First: 1},
		{Total: true},
		{Fields: datasources.Fields{}},
		{Fields: datasources.Fields{"a"}},
		{Where: p},
		{Where: schema.Negate(p)},
		{Where: schema.Compare("number", schema.Eq, schema.Int(1))},
		{Order: schema.Sort{Column: "a"}},
		{Order: schema.Sort{Column: "a", Desc: true}},
		{After: &datasources.After{}},
		{After: &datasources.After{ID: "a"}},
		{After: &datasources.After{Inclusive: true}},
	} {
		if j, ok := seen[q.Key()]; ok {
			t.Errorf("queries %d and %d have one key", i, j)
		}
		seen[q.Key()] = i
	}
}

func TestRedisIsSharedAndRowsComeBackWhole(t *testing.T) {
	m := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: m.Addr()})
	defer rdb.Close()
	_, first, c, _ := setup(t, rdb)
	if _, err := first.ByKeys(t.Context(), []string{"1", "2", "none"}, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the writes", func() bool { return c.Stats().Writes == 3 })
	src, second, c2, _ := setup(t, rdb)
	rows, err := second.ByKeys(t.Context(), []string{"1", "2", "none"}, nil)
	if err != nil || src.calls.Load() != 0 || c2.Stats().L2Hits != 3 {
		t.Fatalf("%v; %d calls, %+v", err, src.calls.Load(), c2.Stats())
	}
	for _, got := range rows.Items {
		want := order(got.Key)
		if d := cmp.Diff(want, got, cmp.Comparer(func(a, b decimal.Decimal) bool { return a.String() == b.String() }), cmp.Comparer(time.Time.Equal)); d != "" {
			t.Error(d)
		}
		if !got.CreatedAt.IsZero() {
			t.Error("an absent time came back as a moment")
		}
	}
}

func TestRedisAwayCostsLittle(t *testing.T) {
	m := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: m.Addr(), MaxRetries: -1, DialerRetries: 1, DialTimeout: 100 * time.Millisecond})
	defer rdb.Close()
	src, r, c, clk := setup(t, rdb)
	m.Close()
	for i := range 50 {
		if _, err := r.ByKeys(t.Context(), []string{fmt.Sprint(i)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if src.calls.Load() != 50 || c.Stats().RedisUp {
		t.Errorf("%d calls, %+v", src.calls.Load(), c.Stats())
	}
	if f := c.Stats().RedisFailures; f == 0 || f > 3 {
		t.Errorf("Redis was tried %d times while it was away", f)
	}
	if err := m.Restart(); err != nil {
		t.Fatal(err)
	}
	clk.add(5 * time.Second)
	if _, err := r.ByKeys(t.Context(), []string{"new"}, nil); err != nil || !c.Stats().RedisUp {
		t.Errorf("Redis came back and is not used: %v", err)
	}
}

func BenchmarkHit(b *testing.B) {
	c, err := cache.New(cache.Config{TTL: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	r := datasources.ReaderOf[schema.Order](c.Wrap("crm", &orders{}), "Order")
	keys := make([]string, 50)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
	}
	q := datasources.Query{First: 50}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.ByParent(b.Context(), "customer", keys, q); err != nil {
			b.Fatal(err)
		}
	}
}

// TestRealRedis runs against the Redis that `make test` starts: rows, absences
// and expiry by the server itself.
func TestRealRedis(t *testing.T) {
	o, err := redis.ParseURL(servicetest.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	defer rdb.Close()
	if err := rdb.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	keys, run := make([]string, 500), rand.Uint64()
	for i := range keys {
		keys[i] = fmt.Sprintf("real-%d-%d-%d", os.Getpid(), run, i)
	}
	_, first, c, _ := setup(t, rdb)
	if _, err := first.ByKeys(t.Context(), keys, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the writes", func() bool { return c.Stats().Writes == uint64(len(keys)) })
	src, second, c2, _ := setup(t, rdb)
	rows, err := second.ByKeys(t.Context(), keys, nil)
	if err != nil || len(rows.Items) != len(keys) || src.calls.Load() != 0 || c2.Stats().L2Hits != uint64(len(keys)) {
		t.Errorf("%d rows, %v, %d calls, %+v", len(rows.Items), err, src.calls.Load(), c2.Stats())
	}
	ttl, err := rdb.TTL(t.Context(), "trama:2:crm:Order:k:*:"+keys[0]).Result()
	if err != nil || ttl <= time.Hour || ttl > 24*time.Hour {
		t.Errorf("the entry lives for %s, %v", ttl, err)
	}
}
