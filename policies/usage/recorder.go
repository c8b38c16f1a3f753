package usage

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// Config are the settings of a Recorder.
type Config struct {
	Store Store
	Log   *slog.Logger     // nil = silent
	Now   func() time.Time // nil = time.Now
	Every time.Duration    // between two writings, 0 = 10 s. A crash loses at most that
	// Max is how many operations of one token are counted apart within an hour, 0 =
	// 1,000; the others are counted together as Other. All tokens together may have
	// 20 times as many.
	Max int
	// Keep is how long counts stay in the store, 0 = 400 days; KeepHabits is how long
	// what advice is made of does, 0 = 7 days.
	Keep, KeepHabits time.Duration
	// Pending is how many rows wait in memory while the store fails, 0 = 100,000.
	// Beyond it the oldest hour loses its details first, and then its totals.
	Pending int
	// Audit writes an entry of what must be known of single tokens: reads of sensitive
	// fields, denials. What it could not write comes again. Nil: nothing is written.
	Audit func(ctx context.Context, e Entry) error
	// Schema is the whole schema, from which advice takes the names of what to ask
	// instead. Nil: advice names nothing.
	Schema *ast.Schema
}

// The bounds of what is kept in memory beside Config's.
const (
	maxShares  = 20               // of all tokens' operations, in Max
	maxIdle    = time.Hour        // a token that asked nothing is forgotten
	maxName    = 100              // bytes of an operation's name
	maxAmount  = int64(1e10)      // cost and rows of one operation: sums of them must fit
	writeTime  = 10 * time.Second // of one writing
	stopTime   = 5 * time.Second  // of the last one
	pruneEvery = 24 * time.Hour
)

// Recorder counts. It is safe for concurrent use.
type Recorder struct {
	cfg  Config
	seed maphash.Seed

	mu     sync.RWMutex // guards tokens, the map
	tokens map[string]*tokenUse
	ops    atomic.Int64 // operations counted apart now, over all tokens

	// turn is held by who gathers or writes: it guards wait and failing.
	turn    chan struct{}
	wait    waiting
	failing bool

	pruned time.Time // of Run only
}

// New makes a Recorder.
func New(cfg Config) *Recorder {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Every = cmp.Or(cfg.Every, 10*time.Second)
	cfg.Max = cmp.Or(cfg.Max, 1000)
	cfg.Keep = cmp.Or(cfg.Keep, 400*24*time.Hour)
	cfg.KeepHabits = cmp.Or(cfg.KeepHabits, 7*24*time.Hour)
	cfg.Pending = cmp.Or(cfg.Pending, 100_000)
	r := &Recorder{cfg: cfg, seed: maphash.MakeSeed(), tokens: map[string]*tokenUse{}, turn: make(chan struct{}, 1)}
	r.wait.clear()
	return r
}

// Record counts an operation. It takes well below a microsecond and waits for
// nobody but, shortly, for other operations of the same token.
func (r *Recorder) Record(o Operation) {
	if o.At.IsZero() {
		o.At = r.cfg.Now()
	}
	o.Rows, o.Cost = within(o.Rows), within(o.Cost)
	t := r.lock(o.Token, o.Account)
	defer t.mu.Unlock()
	t.record(r, &o)
}

func within(n int64) int64 { return max(0, min(n, maxAmount)) }

// lock returns a token's counts, locked.
func (r *Recorder) lock(token, account string) *tokenUse {
	for {
		r.mu.RLock()
		t := r.tokens[token]
		r.mu.RUnlock()
		if t == nil {
			r.mu.Lock()
			if t = r.tokens[token]; t == nil {
				t = &tokenUse{token: token, account: account}
				r.tokens[token] = t
			}
			r.mu.Unlock()
		}
		t.mu.Lock()
		if !t.gone {
			return t
		}
		t.mu.Unlock() // it was forgotten in between
	}
}

// Run writes what was counted into the store every now and then, and once more
// when ctx ends; it returns the error of that last writing.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(r.cfg.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return r.flush(context.WithoutCancel(ctx), stopTime, true)
		case <-tick.C:
			// Said in the log, once, and tried again.
			_ = r.Flush(ctx)
			r.prune(ctx)
		}
	}
}

// Flush writes what was counted so far, whatever becomes of ctx once it began.
// What cannot be written stays in memory.
func (r *Recorder) Flush(ctx context.Context) error { return r.flush(ctx, writeTime, false) }

func (r *Recorder) flush(ctx context.Context, limit time.Duration, last bool) error {
	if err := r.take(ctx); err != nil {
		return err
	}
	defer r.leave()
	r.gather(last)
	// A reader who goes away must not make the log say that the store fails.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return r.write(ctx)
}

// take waits for one's turn.
func (r *Recorder) take(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Recorder) leave() { <-r.turn }

// write writes what waits. The caller has the turn.
func (r *Recorder) write(ctx context.Context) error {
	if lost := r.wait.shrink(r.cfg.Pending); lost+r.wait.lost > 0 {
		r.cfg.Log.ErrorContext(ctx, "dropped usage that could not be stored", "rows", lost, "audit", r.wait.lost)
		r.wait.lost = 0
	}
	err := errors.Join(r.wait.store(ctx, r.cfg.Store), r.wait.tell(ctx, r.cfg.Audit))
	switch {
	case err != nil && !r.failing:
		r.cfg.Log.WarnContext(ctx, "storing usage failed, it is kept in memory", "err", err, "rows", len(r.wait.rows))
	case err == nil && r.failing:
		r.cfg.Log.InfoContext(ctx, "stored usage again")
	}
	r.failing = err != nil
	return err
}

// prune deletes what is too old, once a day.
func (r *Recorder) prune(ctx context.Context) {
	now := r.cfg.Now()
	if now.Sub(r.pruned) < pruneEvery {
		return
	}
	n, err := r.cfg.Store.PruneUsage(ctx, now.Add(-r.cfg.Keep), now.Add(-r.cfg.KeepHabits))
	if err != nil {
		r.cfg.Log.WarnContext(ctx, "deleting old usage failed", "err", err)
	} else if n > 0 {
		r.cfg.Log.InfoContext(ctx, "deleted old usage", "rows", n)
	}
	r.pruned = now // also after a failure: a day later is early enough
}

// Query returns what was used, up to now.
func (r *Recorder) Query(ctx context.Context, f Filter) ([]Row, error) {
	f = f.filled(r.cfg.Now().Add(1)) // a call of this very moment counts
	if err := r.Flush(ctx); err != nil {
		return nil, failed("read usage", err)
	}
	rows, err := r.cfg.Store.Usage(ctx, f)
	return rows, failed("read usage", err)
}

// RowsToday returns how many rows an account was answered on the UTC day of a
// moment.
func (r *Recorder) RowsToday(ctx context.Context, account string, day time.Time) (int64, error) {
	from := day.UTC().Truncate(24 * time.Hour)
	to := from.Add(24 * time.Hour)
	if err := r.take(ctx); err != nil {
		return 0, failed("read usage", err)
	}
	defer r.leave()
	r.gather(false)
	n, err := r.cfg.Store.UsageRows(ctx, account, from, to)
	for _, row := range r.wait.rows {
		if row.By == schema.UsageByToken && row.Account == account && !row.Hour.Before(from) && row.Hour.Before(to) {
			n += row.Rows
		}
	}
	return n, failed("read usage", err)
}

// failed hides what a store says from clients.
func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return schema.Errorf(schema.Internal, "%s failed", what).Because(err)
}
