package quota

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

const (
	// prefix is of all keys; redis_rate puts "rate:" before it.
	prefix = "trama:quota:"
	// pause is how long a lost Redis is left alone before it is tried again.
	pause = time.Second
)

var errAnswer = errors.New("quota: redis gave an answer that makes no sense")

// remote is Redis, with a breaker: the first failure ends its use, and a probe
// beside the calls finds out when it is back. No call waits for that.
type remote struct {
	rdb      *redis.Client
	rates    *redis_rate.Limiter
	patience time.Duration
	log      *slog.Logger
	now      func() time.Time

	isDown atomic.Bool
	losses atomic.Int64

	mu      sync.Mutex // guards the rest
	closed  bool
	probing bool
	retryAt time.Time
	wait    sync.WaitGroup // of the probe
}

func newRemote(cfg Config) *remote {
	rdb := cfg.Redis.WithTimeout(cfg.Patience)
	return &remote{rdb: rdb, rates: redis_rate.NewLimiter(rdb), patience: cfg.Patience, log: cfg.Log, now: cfg.Now}
}

// do runs f unless Redis is lost, and reports whether it succeeded. f belongs to
// no caller: what one has begun to count is counted, also when he leaves.
func (r *remote) do(ctx context.Context, f func(ctx context.Context) error) bool {
	if r.isDown.Load() {
		r.probe()
		return false
	}
	inner, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.patience)
	defer cancel()
	err := guarded(inner, f)
	if err == nil {
		return true
	}
	r.mu.Lock()
	r.retryAt = r.now().Add(pause)
	first := r.isDown.CompareAndSwap(false, true)
	r.mu.Unlock()
	if first {
		r.losses.Add(1)
		r.log.WarnContext(ctx, "lost redis, limiting by this instance's share", "err", err)
	}
	return false
}

// guarded turns a panic into an error: redis_rate asserts the types of what Redis
// answers.
func guarded(ctx context.Context, f func(ctx context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errAnswer, p)
		}
	}()
	return f(ctx)
}

// probe looks in the background whether a lost Redis is back: one probe at a time,
// and a pause between them. It does what calls do, writing included: a Redis
// that answers PING may still refuse that.
func (r *remote) probe() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.probing || r.now().Before(r.retryAt) {
		return
	}
	r.probing = true
	r.wait.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), r.patience)
		defer cancel()
		err := guarded(ctx, func(ctx context.Context) error {
			_, err := r.allow(ctx, "probe", limit{rate: 60_000, burst: 60_000}, 1)
			return err
		})
		r.mu.Lock()
		r.probing = false
		r.retryAt = r.now().Add(pause)
		r.mu.Unlock()
		if err == nil && r.isDown.CompareAndSwap(true, false) {
			r.log.InfoContext(ctx, "found redis again, limiting by it")
		}
	})
}

func (r *remote) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.wait.Wait()
}

// allow takes n of a limit.
func (r *remote) allow(ctx context.Context, key string, l limit, n int64) (taken, error) {
	res, err := r.rates.AllowN(ctx, prefix+key, redis_rate.Limit{Rate: int(l.rate), Burst: int(l.burst), Period: time.Minute}, int(n))
	if err != nil {
		return taken{}, err
	}
	if res.Remaining < 0 || res.ResetAfter < 0 {
		return taken{}, errAnswer
	}
	// RetryAfter is -1 unless it was refused. Of a great rate the script's floats give
	// some more back than there may be.
	return taken{ok: res.RetryAfter < 0, remaining: min(int64(res.Remaining), l.burst), retry: max(0, res.RetryAfter), reset: res.ResetAfter}, nil
}
