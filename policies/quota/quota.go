package quota

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Defaults of a Config.
const (
	DefaultKeys     = 100_000
	DefaultPatience = 100 * time.Millisecond
)

// Config says where is counted.
type Config struct {
	// Redis is shared by all instances, nil: each counts by itself. Its client should
	// have timeouts of about 150 ms and no retries: those hold for new connections.
	Redis *redis.Client
	// Patience is how long one question to Redis may take, default 100 ms. Longer, and
	// it is lost.
	Patience time.Duration
	// Instances is among how many a limit is divided when Redis is lost or there is
	// none, default 1.
	Instances int
	Log       *slog.Logger     // nil discards
	Now       func() time.Time // default time.Now
	// Keys bounds the counters kept here, default 100,000. Idle ones go by
	// themselves; beyond the bound the longest unused goes, and its account begins
	// anew, except for what Redis and Rows know of it.
	Keys int
	// Rows returns how many rows an account was given on a day (UTC midnight) as far
	// as that was written down, for the first call of an account after the start;
	// nil: 0. While it fails the account is served, and asked for again.
	Rows func(ctx context.Context, account string, day time.Time) (int64, error)
}

// Limiter counts what accounts use. It is safe for concurrent use.
type Limiter struct {
	cfg    Config
	log    *slog.Logger
	start  time.Time
	remote *remote // nil without Redis

	mu       sync.Mutex // guards counters, with all that is in them
	counters *counters
}

// New makes a Limiter. Close it.
func New(cfg Config) *Limiter {
	cfg.Instances = max(1, cfg.Instances)
	cfg.Patience = cmp.Or(cfg.Patience, DefaultPatience)
	if cfg.Keys <= 0 {
		cfg.Keys = DefaultKeys
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	l := &Limiter{cfg: cfg, log: cfg.Log, start: cfg.Now(), counters: newCounters(cfg.Keys)}
	if cfg.Redis != nil {
		l.remote = newRemote(cfg)
	}
	return l
}

// Close waits for the look at a lost Redis, if one is under way. It does not close
// the Redis client.
func (l *Limiter) Close() error {
	if l.remote != nil {
		l.remote.close()
	}
	return nil
}

// Degraded reports whether Redis is lost.
func (l *Limiter) Degraded() bool { return l.remote != nil && l.remote.isDown.Load() }

// Losses returns how often Redis was lost since the start.
func (l *Limiter) Losses() int64 {
	if l.remote == nil {
		return 0
	}
	return l.remote.losses.Load()
}

// Accounts returns how many accounts' counters are kept here.
func (l *Limiter) Accounts() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.counters.by)
}

// Call takes one call. The error is LIMITED, retryable, with Wait, and names the
// limit and its size: calls a minute, or rows a day when those are used up; then
// no call is taken. State is right in both cases. A nil principal is
// UNAUTHENTICATED.
func (l *Limiter) Call(ctx context.Context, p *policies.Principal) (State, error) {
	if p == nil {
		return State{}, nobody()
	}
	a := &p.Agreement
	if a.CallsPerMinute <= 0 && a.CostPerMinute <= 0 && a.RowsPerDay <= 0 {
		return State{}, nil
	}
	account := accountOf(p)
	if a.RowsPerDay > 0 {
		l.learnRows(ctx, account)
	}
	s := l.seen(account, a)
	if s.Rows != nil && s.Rows.Remaining == 0 {
		return l.refuse(s, s.Rows, s.Rows.Reset, "%d rows a day", a.RowsPerDay)
	}
	if a.CallsPerMinute <= 0 {
		return s, nil
	}
	t, w, degraded := l.take(ctx, account, callsOf(a), 1)
	s.Calls, s.Degraded = w, s.Degraded || degraded
	if !t.ok {
		return l.refuse(s, w, t.retry, "%d calls a minute", int64(a.CallsPerMinute))
	}
	return s, nil
}

// Cost takes the estimated cost of an operation before it runs. The error is
// LIMITED as with Call, or TOO_COSTLY, not retryable, when the operation costs
// more than a whole minute's. A cost of 0 or less takes nothing.
func (l *Limiter) Cost(ctx context.Context, p *policies.Principal, cost int64) (State, error) {
	if p == nil {
		return State{}, nobody()
	}
	a := &p.Agreement
	s := l.seen(accountOf(p), a)
	if a.CostPerMinute <= 0 || cost <= 0 {
		return s, nil
	}
	if cost > a.CostPerMinute {
		s.refused = s.Cost
		return s, schema.Errorf(schema.TooCostly,
			"the operation costs more than the agreement allows in a whole minute (%d): ask for smaller pages or fewer relations", a.CostPerMinute)
	}
	t, w, degraded := l.take(ctx, accountOf(p), costOf(a), cost)
	s.Cost, s.Degraded = w, s.Degraded || degraded
	if !t.ok {
		return l.refuse(s, w, t.retry, "a cost of %d a minute", a.CostPerMinute)
	}
	return s, nil
}

// State returns what the account has left and takes nothing. With Redis it is what
// all instances left.
func (l *Limiter) State(ctx context.Context, p *policies.Principal) State {
	if p == nil {
		return State{}
	}
	a, account := &p.Agreement, accountOf(p)
	if a.RowsPerDay > 0 {
		l.learnRows(ctx, account)
	}
	s := l.seen(account, a)
	for _, k := range []*kind{callsOf(a), costOf(a)} {
		if k == nil || l.remote == nil {
			continue
		}
		_, w, degraded := l.take(ctx, account, k, 0)
		s.Degraded = s.Degraded || degraded
		*k.window(&s) = w
	}
	return s
}

func (l *Limiter) refuse(s State, w *Window, wait time.Duration, format string, size int64) (State, error) {
	s.refused, s.wait = w, max(wait, time.Millisecond)
	text := "the agreement allows " + format
	if s.Degraded {
		text += ", of which one server allows its share at present"
	}
	e := schema.Errorf(schema.Limited, text, size)
	e.Retryable, e.Wait = true, s.wait
	return s, e
}

func nobody() error { return schema.Errorf(schema.Unauthenticated, "no token") }

// kind is one of the limits by the minute.
type kind struct {
	name   string
	limit  limit
	gauge  func(*counter) *gauge
	window func(*State) **Window
}

// callsOf returns nil when no calls are agreed.
func callsOf(a *policies.Agreement) *kind {
	if a.CallsPerMinute <= 0 {
		return nil
	}
	rate := min(int64(a.CallsPerMinute), greatest)
	burst := rate
	if a.Burst > 0 {
		burst = min(int64(a.Burst), greatest)
	}
	return &kind{
		"calls",
		limit{rate, burst},
		func(c *counter) *gauge { return &c.calls },
		func(s *State) **Window { return &s.Calls },
	}
}

// costOf returns nil when no cost is agreed.
func costOf(a *policies.Agreement) *kind {
	if a.CostPerMinute <= 0 {
		return nil
	}
	return &kind{
		"cost",
		limit{min(a.CostPerMinute, greatest), min(a.CostPerMinute, greatest)},
		func(c *counter) *gauge { return &c.cost },
		func(s *State) **Window { return &s.Cost },
	}
}

// take takes n of a limit: of Redis's, or of this instance's share.
func (l *Limiter) take(ctx context.Context, account string, k *kind, n int64) (taken, *Window, bool) {
	if l.remote != nil {
		var t taken
		if l.remote.do(ctx, func(ctx context.Context) (err error) {
			t, err = l.remote.allow(ctx, k.name+":"+account, k.limit, n)
			return err
		}) {
			l.note(account, k, n, t)
			return t, newWindow(k.name, k.limit, t), false
		}
	}
	share := k.limit.share(l.cfg.Instances)
	by := share
	// What fits into the limit but not into a share may use a full share up, and
	// what is beyond it is paid off before the next.
	by.burst = max(by.burst, n)
	now, day := l.clock()
	l.mu.Lock()
	b := &k.gauge(l.counters.get(account, now, day)).share
	t := b.take(now, by, n, slack)
	if by != share {
		t.remaining = 0
	}
	l.mu.Unlock()
	return t, newWindow(k.name, share, t), l.remote != nil
}

// note keeps along what Redis decided.
func (l *Limiter) note(account string, k *kind, n int64, t taken) {
	now, day := l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	g := k.gauge(l.counters.get(account, now, day))
	g.seen = bucket{tat: now + t.reset.Seconds()}
	if t.ok && n > 0 {
		g.share.note(now, k.limit.share(l.cfg.Instances), n)
	}
}

// seen is the state as it is known here.
func (l *Limiter) seen(account string, a *policies.Agreement) State {
	s := State{Degraded: l.Degraded()}
	local := l.remote == nil || s.Degraded
	now, day := l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.counters.get(account, now, day)
	for _, k := range []*kind{callsOf(a), costOf(a)} {
		switch {
		case k == nil:
		case local:
			share := k.limit.share(l.cfg.Instances)
			*k.window(&s) = newWindow(k.name, share, k.gauge(c).share.look(now, share))
		default:
			*k.window(&s) = newWindow(k.name, k.limit, k.gauge(c).seen.look(now, k.limit))
		}
	}
	if a.RowsPerDay > 0 {
		instances := 1
		if local {
			instances = l.cfg.Instances
		}
		s.Rows = l.rowsWindow(&c.rows, a.RowsPerDay, instances)
	}
	return s
}

// clock returns the time since the start in seconds, of the microsecond as Redis
// has it, and today's number. The former does not jump with the system's clock.
func (l *Limiter) clock() (float64, int64) {
	t := l.cfg.Now()
	return sinceMicros(t.Sub(l.start)), t.Unix() / 86_400
}

func sinceMicros(d time.Duration) float64 {
	us := d.Microseconds()
	return float64(us/1e6) + float64(us%1e6)/1e6
}

// longName is from how many bytes on an account is named by its digest.
const longName = 64

// accountOf names the counters of a principal: those of its account, and of its
// token where it has none. Both were given out here; no client can make one up.
func accountOf(p *policies.Principal) string {
	name := cmp.Or(p.Account, "token:"+p.TokenID)
	if len(name) <= longName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "#" + base64.RawURLEncoding.EncodeToString(sum[:])
}
