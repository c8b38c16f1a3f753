package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// calls are the readings under way, for Close.
type calls struct {
	mu      sync.Mutex // guards the rest
	cancels map[uint64]context.CancelFunc
	last    uint64
	isEnded bool
	running sync.WaitGroup
}

// begin notes a reading; false when the cache is closed.
func (s *calls) begin(cancel context.CancelFunc) (id uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isEnded {
		return 0, false
	}
	s.last++
	s.cancels[s.last] = cancel
	s.running.Add(1)
	return s.last, true
}

func (s *calls) ended(id uint64) {
	s.mu.Lock()
	cancel := s.cancels[id]
	delete(s.cancels, id)
	s.mu.Unlock()
	cancel()
	s.running.Done()
}

func (s *calls) end() {
	s.mu.Lock()
	s.isEnded = true
	for _, cancel := range s.cancels {
		cancel()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// question is what is asked of a source for several keys: rows by their keys, the
// pages of parents, or (with one key, "") a list.
type question[T any] struct {
	of          digest // of prefix
	prefix      string // of the entries' names in L2
	ofCustomers bool   // the keys are those of customers
	ofKeys      bool   // the keys are those of rows
	fetch       func(ctx context.Context, keys []string) reply[T]
}

func (q *question[T]) customer(key string) string {
	if q.ofCustomers {
		return key
	}
	return ""
}

// reply is what a source gave.
type reply[T any] struct {
	rows datasources.Rows[T] // as it came
	each []*entry[T]         // by position of the key, nil where it failed
	errs map[string]error    // of single keys
	err  error               // of all
}

func (r *reply[T]) errOf(key string) error {
	if r.err != nil {
		return r.err
	}
	if err := r.errs[key]; err != nil {
		return err
	}
	return errNothing
}

// errNothing is for a reading that gave neither an entry nor an error.
var errNothing = errors.New("cache: a reading gave nothing")

// flight is one reading of a source, for all who want some of its keys at the time.
type flight[T any] struct {
	of       digest // of the question
	keys     []string
	index    map[string]int // of the keys
	at       uint64         // the last change of this process before it began
	seq      uint64         // the last shared one
	began    time.Time
	deadline time.Time // zero = none
	isOwn    bool      // in the background: nobody needs to wait for it
	cancel   context.CancelFunc
	after    func() // is called at its end, nil = nothing

	waiting int // callers, guarded by reader.mu

	done   chan struct{} // closed when the rest is set
	reply  reply[T]
	isLate bool // it failed since its own time was over
}

// open begins a flight in the registry of the reader, whose lock is held. It is
// not started.
func (r *reader[T, P]) open(q *question[T], keys []string) *flight[T] {
	f := &flight[T]{
		of: q.of, keys: keys, at: r.c.tags.number.Load(), seq: r.c.seq(), began: r.c.cfg.Now(), done: make(chan struct{}),
	}
	f.index = make(map[string]int, len(keys))
	for i, k := range keys {
		r.flights[name{q.of, k}] = f
		f.index[k] = i
	}
	return f
}

// closeLocked takes a flight out of the registry, whose lock is held.
func (r *reader[T, P]) closeLocked(f *flight[T]) {
	for _, k := range f.keys {
		if n := (name{f.of, k}); r.flights[n] == f {
			delete(r.flights, n)
		}
	}
}

// seq is what an entry that is read from now on says of the changes known. Without
// Redis they are those of this process.
func (c *Cache) seq() uint64 {
	if c.cfg.Redis == nil {
		return c.tags.number.Load()
	}
	return c.shared.applied.Load()
}

// start runs a flight. near gives what need not be asked for, nil = nothing.
func (r *reader[T, P]) start(ctx context.Context, q *question[T], f *flight[T], near func(context.Context) map[string]*entry[T]) {
	id, ok := r.c.calls.begin(f.cancel)
	if !ok { // the cache is closed, and would not wait for it
		r.run(ctx, q, f, near)
		f.cancel()
		return
	}
	go func() {
		defer r.c.calls.ended(id)
		r.run(ctx, q, f, near)
	}()
}

// grace is how much longer than its caller a reading with the same deadline is
// waited for: its own error says more.
const grace = 50 * time.Millisecond

// await waits for a flight; false when the caller's time was over before.
func (r *reader[T, P]) await(ctx context.Context, f *flight[T]) bool {
	select {
	case <-f.done:
		return true
	case <-ctx.Done():
	}
	deadline, _ := ctx.Deadline()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && !f.deadline.IsZero() && !f.deadline.After(deadline) {
		late := time.NewTimer(grace)
		defer late.Stop()
		select {
		case <-f.done:
			return true
		case <-late.C:
		}
	}
	r.leave(f)
	return false
}

// leave gives a flight up. The last one to do so ends it.
func (r *reader[T, P]) leave(f *flight[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.waiting--
	if f.waiting == 0 && !f.isOwn {
		r.closeLocked(f)
		f.cancel()
	}
}

// outOfTime is the error of a caller who could not wait.
func (r *reader[T, P]) outOfTime(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return schema.SourceErrorf(schema.SourceTimeout, r.marks.source, "%s did not answer in time", r.marks.source).Because(ctx.Err())
	}
	return schema.SourceErrorf(schema.SourceUnavailable, r.marks.source, "the request to %s was given up", r.marks.source).Because(ctx.Err())
}

// run reads, keeps what came, and lets those who wait go on.
func (r *reader[T, P]) run(ctx context.Context, q *question[T], f *flight[T], near func(context.Context) map[string]*entry[T]) {
	r.fly(ctx, q, f, near)
	// What came is kept before the flight ends: who does not find the one finds the
	// other.
	r.mu.Lock()
	r.closeLocked(f)
	r.mu.Unlock()
	if f.after != nil {
		f.after()
	}
	close(f.done)
}

func (r *reader[T, P]) fly(ctx context.Context, q *question[T], f *flight[T], near func(context.Context) map[string]*entry[T]) {
	var have map[string]*entry[T]
	if near != nil {
		have = near(ctx)
	}
	ask := f.keys
	if len(have) > 0 {
		ask = nil
		for _, k := range f.keys {
			if have[k] == nil {
				ask = append(ask, k)
			}
		}
	}
	var got reply[T]
	if len(ask) > 0 {
		got = r.fetch(ctx, q, ask)
	}
	f.isLate = ctx.Err() != nil && (got.err != nil || len(got.errs) > 0)
	each := make([]*entry[T], len(f.keys))
	next := 0
	for i, k := range f.keys {
		if e := have[k]; e != nil {
			each[i] = e
			continue
		}
		if got.err == nil && next < len(got.each) && got.each[next] != nil {
			each[i] = got.each[next]
			r.remember(q, f, i, each[i], got.rows.Stale)
		}
		next++
	}
	if got.rows.AsOf.IsZero() {
		got.rows.AsOf = f.began
	}
	got.each = each
	f.reply = got
}

// fetch asks the source. A connector that gives up its own way ends this reading,
// not the process.
func (r *reader[T, P]) fetch(ctx context.Context, q *question[T], keys []string) (got reply[T]) {
	defer func() {
		if p := recover(); p != nil {
			r.c.cfg.Log.ErrorContext(ctx, "a reading panicked", "source", r.marks.source, "entity", r.entity, "err", p, "stack", string(debug.Stack()))
			got = reply[T]{err: fmt.Errorf("read %s of %s: panic", r.entity, r.marks.source)}
		}
	}()
	return q.fetch(ctx, keys)
}

// remember completes an entry and keeps it. What is stale at its source is not
// kept: the next answer shall say so, too.
func (r *reader[T, P]) remember(q *question[T], f *flight[T], i int, e *entry[T], isStale bool) {
	if e.AsOf.IsZero() {
		e.AsOf = f.began
	}
	e.Read, e.Seq = r.c.cfg.Now(), f.seq
	e.at.Store(f.at)
	e.isKey = q.ofKeys
	e.Customer = r.customerOf(q, f.keys[i], e)
	if isStale {
		return
	}
	e.size = r.sizeOf(f.keys[i], e)
	if !put(r.c, name{q.of, f.keys[i]}, e) {
		return
	}
	r.c.enqueue(q.prefix+f.keys[i], e, r.c.life(e))
}

// customerOf tells whose an entry is alone.
func (r *reader[T, P]) customerOf(q *question[T], key string, e *entry[T]) string {
	switch {
	case q.ofCustomers:
		return key
	case q.ofKeys && len(e.Rows) == 1 && r.isLinked:
		return any(&e.Rows[0]).(linked).LinkKeys().CustomerKey
	}
	return ""
}

// linked is a row that may belong to a customer.
type linked interface{ LinkKeys() *schema.Links }
