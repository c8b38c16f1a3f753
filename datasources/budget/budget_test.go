package budget_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/budget"
	"github.com/trama-graph/trama/store/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// paced is a source of one process.
type paced struct {
	mu     sync.Mutex
	demand datasources.Demand
	share  float64
}

func (p *paced) Demand() datasources.Demand {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.demand
}

func (p *paced) SetShare(share float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.share = share
}

func (p *paced) has() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.share
}

// ask lets a part of the agreed rate be asked in the next round.
func (p *paced) ask(part float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.demand.Asked += uint64(part * 60_000 / 60 / 1.5)
	p.demand.Waiting = 0
}

// process is one of several.
type process struct {
	*budget.Shared
	paced
}

func client(t *testing.T) *redis.Client {
	t.Helper()
	url := os.Getenv("TRAMA_TEST_REDIS")
	if url == "" || url == servicetest.None {
		url = "redis://" + miniredis.RunT(t).Addr()
	}
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	t.Cleanup(func() { rdb.Close() })
	return rdb
}

func processes(t *testing.T, rdb *redis.Client, n int) []*process {
	t.Helper()
	prefix := fmt.Sprintf("trama:test:%s:%d:", t.Name(), rand.Int64())
	out := make([]*process, n)
	for i := range out {
		p := &process{paced: paced{demand: datasources.Demand{PerMinute: 60_000}}}
		p.Shared = budget.New(budget.Config{Sources: map[string]datasources.Paced{"erp": &p.paced}, Instances: n, Redis: rdb, Prefix: prefix})
		out[i] = p
	}
	return out
}

func sum(list []*process) (total float64) {
	for _, p := range list {
		total += p.has()
	}
	return total
}

// settled lets everybody ask twice: once to give back, once to take.
func settled(t *testing.T, list []*process, parts ...float64) {
	t.Helper()
	for range 3 {
		for i, p := range list {
			p.ask(parts[i])
			p.Settle(t.Context())
		}
	}
}

func TestShares(t *testing.T) {
	for name, c := range map[string]struct{ parts, want []float64 }{
		"nobody asks":                   {[]float64{0, 0, 0}, []float64{1. / 3, 1. / 3, 1. / 3}},
		"one asks for all":              {[]float64{1, 0, 0}, []float64{1 - 2*.1/3, .1 / 3, .1 / 3}},
		"all ask for all":               {[]float64{1, 1, 1}, []float64{1. / 3, 1. / 3, 1. / 3}},
		"two ask for all":               {[]float64{1, 1, 0}, []float64{(1 - .1/3) / 2, (1 - .1/3) / 2, .1 / 3}},
		"what one needs he has":         {[]float64{1, .2, 1}, []float64{.4, .2, .4}},
		"what is left is for all alike": {[]float64{.2, .2, 0}, []float64{.2 + (.6-.1/3)/3, .2 + (.6-.1/3)/3, .1/3 + (.6-.1/3)/3}},
		"small wants are met":           {[]float64{1, .4, .1}, []float64{.5, .4, .1}},
	} {
		t.Run("case="+name, func(t *testing.T) {
			list := processes(t, client(t), 3)
			settled(t, list, c.parts...)
			for i, p := range list {
				if got := p.has(); math.Abs(got-c.want[i]) > .01 {
					t.Errorf("process %d has %.3f, want %.3f", i, got, c.want[i])
				}
			}
			if got := sum(list); got > 1.0001 || got < .99 {
				t.Errorf("all together have %.4f", got)
			}
		})
	}
}

// Whatever is asked, and in whatever order they come, all together never have more
// than the whole.
func TestNeverMoreThanTheWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 10 {
		list := processes(t, client(t), 2+rng.IntN(4))
		for _, p := range list { // known to each other: before, each has its part
			p.Settle(t.Context())
			p.Settle(t.Context())
		}
		for _, p := range list {
			p.Settle(t.Context())
		}
		for range 100 {
			p := list[rng.IntN(len(list))]
			p.ask(rng.Float64() * 2)
			p.Settle(t.Context())
			if got := sum(list); got > 1.0001 {
				t.Fatalf("together they have %.4f", got)
			}
		}
	}
}

func TestProcessEnds(t *testing.T) {
	rdb := client(t)
	list := processes(t, rdb, 2)
	settled(t, list, 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := list[1].Run(ctx); err != nil { // gives its share back
		t.Fatal(err)
	}
	list[0].ask(1)
	list[0].Settle(t.Context())
	if got := list[0].has(); got < .99 {
		t.Errorf("the one that stayed has %.3f", got)
	}
}

func TestRedisAway(t *testing.T) {
	m := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: m.Addr(), MaxRetries: -1, DialerRetries: 1, DialTimeout: 100 * time.Millisecond})
	defer rdb.Close()
	list := processes(t, rdb, 2)
	settled(t, list, 1, 0)
	m.Close()
	for _, p := range list {
		p.Settle(t.Context())
		if got := p.has(); got != .5 || !p.Degraded() {
			t.Errorf("without Redis it has %.3f", got)
		}
	}
	if err := m.Restart(); err != nil {
		t.Fatal(err)
	}
	settled(t, list, 1, 0)
	if list[0].Degraded() || list[0].has() < .8 {
		t.Errorf("with Redis again it has %.3f", list[0].has())
	}
}

func TestNothingAgreed(t *testing.T) {
	rdb := client(t)
	p := &paced{share: -1}
	s := budget.New(budget.Config{Sources: map[string]datasources.Paced{"crm": p}, Instances: 4, Redis: rdb})
	if p.has() != .25 {
		t.Errorf("has %v", p.has())
	}
	s.Settle(t.Context())
	if p.has() != .25 {
		t.Errorf("Redis was asked about a source without an agreement: %v", p.has())
	}
}
