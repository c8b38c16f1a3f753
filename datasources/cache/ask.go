package cache

import (
	"context"
	"errors"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// answer is what is known of a question.
type answer[T any] struct {
	parts   []*entry[T] // by position of the key, nil where it failed
	isStale bool
	isKept  bool                 // all of it was fresh in this process
	at      uint64               // the last change of the source before
	now     time.Time            // when it was looked for
	whole   *datasources.Rows[T] // the source's own slab, when it is all of it
	err     error
}

// asking is a question on its way.
type asking[T any] struct {
	q       *question[T]
	keys    []string
	parts   []*entry[T]
	at      uint64
	now     time.Time
	isKept  bool
	olds    []*entry[T]   // by position, what may stand in for an error; nil = nothing
	errs    map[int]error // by position
	failure error         // of a whole reading
	failed  int           // positions it failed
	stale   bool
	whole   *flight[T] // the reading that gives all
}

func (a *asking[T]) spare(i int, e *entry[T]) {
	if a.olds == nil {
		a.olds = make([]*entry[T], len(a.keys))
	}
	if o := a.olds[i]; o == nil || e.Read.After(o.Read) {
		a.olds[i] = e
	}
}

func (a *asking[T]) fail(i int, err error, isWhole bool) {
	if a.errs == nil {
		a.errs = map[int]error{}
	}
	a.errs[i] = err
	if isWhole {
		a.failed++
		if a.failure == nil {
			a.failure = err
		}
	}
}

// verdict is the error of an answer: of all when nothing came, of single keys
// beside the rows of the others.
func (a *asking[T]) verdict() error {
	if len(a.errs) == 0 {
		return nil
	}
	if a.failed == len(a.keys) && len(a.errs) == a.failed {
		return a.failure
	}
	some := &datasources.BatchError{ByKey: make(map[string]error, len(a.errs))}
	for i, err := range a.errs {
		some.ByKey[a.keys[i]] = err
	}
	return some
}

// ask answers what it can from what is kept, serves the aged at once while they
// are read again, waits for readings under way, and reads the rest.
func (r *reader[T, P]) ask(ctx context.Context, q *question[T], keys []string) answer[T] {
	a := &asking[T]{q: q, keys: keys, parts: make([]*entry[T], len(keys)), at: r.marks.last.Load(), now: r.c.cfg.Now()}
	missing := r.find(ctx, a)
	// A reading whose own time was over tells nothing to one who has time left.
	for round := 1; len(missing) > 0; round++ {
		missing = r.read(ctx, a, missing, round == maxRounds)
	}
	r.rescue(ctx, a)
	out := answer[T]{parts: a.parts, isStale: a.stale, isKept: a.isKept, at: a.at, now: a.now, err: a.verdict()}
	if a.whole != nil && a.whole.reply.err == nil {
		out.whole = &a.whole.reply.rows
	}
	return out
}

// maxRounds bounds how often a question waits for others' readings that fail.
const maxRounds = 3

// find looks into this process and then, for the rest together, into L2. It
// returns the positions of what is to be read.
func (r *reader[T, P]) find(ctx context.Context, a *asking[T]) []int {
	now := a.now
	var far, again []int
	hits := 0
	for i, key := range a.keys {
		v, ok := r.c.l1.GetIfPresent(name{a.q.of, key})
		if e, typed := v.(*entry[T]); ok && typed {
			switch r.state(e, now) {
			case fresh:
				a.parts[i] = e
				hits++
				continue
			case aged:
				a.parts[i] = e
				again = append(again, i)
				hits++
				continue
			case old:
				a.spare(i, e)
			}
		}
		far = append(far, i)
	}
	r.c.count.hits1.Add(uint64(hits))
	a.isKept = len(far) == 0 && len(again) == 0
	var missing []int
	if len(far) > 0 {
		found := r.distant(ctx, a.q, a.pick(far))
		for _, i := range far {
			e := found[a.keys[i]]
			switch e.state {
			case aged:
				again = append(again, i)
				a.parts[i] = e.entry
			case fresh:
				a.parts[i] = e.entry
			case old:
				a.spare(i, e.entry)
			}
			if a.parts[i] == nil {
				missing = append(missing, i)
			}
		}
		r.c.count.hits2.Add(uint64(len(far) - len(missing)))
		r.c.count.misses.Add(uint64(len(missing)))
	}
	if len(again) > 0 {
		a.stale = true
		r.c.count.stale.Add(uint64(len(again)))
		r.refresh(a.q, a.pick(again))
	}
	return missing
}

func (a *asking[T]) pick(positions []int) []string {
	keys := make([]string, len(positions))
	for j, i := range positions {
		keys[j] = a.keys[i]
	}
	return keys
}

// judged is an entry of L2 and what it may be used for.
type judged[T any] struct {
	*entry[T]
	state state
}

// distant looks into L2. What may be served is put into this process. It gives
// entries by their keys.
func (r *reader[T, P]) distant(ctx context.Context, q *question[T], keys []string) map[string]judged[T] {
	at := r.c.tags.number.Load() // before: what changes meanwhile counts
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = q.prefix + k
	}
	found := r.c.getMany(ctx, names)
	if len(found) == 0 {
		return nil
	}
	now := r.c.cfg.Now()
	applied, floor := r.c.seq(), r.c.shared.floor.Load()
	out := make(map[string]judged[T], len(found))
	for i, text := range names {
		b, ok := found[text]
		if !ok {
			continue
		}
		e, err := decode[T](r.c, text, b)
		if err != nil {
			r.c.count.refused.Add(1)
			continue
		}
		e.isKey = q.ofKeys
		m := r.marks.newest(r.entity, e.Customer, r.isLinked)
		isGood, isErased := e.Seq >= floor && m.shared <= e.Seq && e.Seq <= applied, e.Seq < floor || m.erasedShared > e.Seq
		if r.c.cfg.Redis == nil {
			isGood, isErased = m.local <= e.Seq, m.erased > e.Seq
		}
		j := judged[T]{e, r.judge(e, now, isGood, func() bool { return isErased })}
		if j.state >= aged {
			e.at.Store(at)
			e.size = r.sizeOf(keys[i], e)
			put(r.c, name{q.of, keys[i]}, e)
		}
		if j.state != useless {
			out[keys[i]] = j
		}
	}
	return out
}

// covers reports whether a reading under way began after all changes of what is
// asked for. Its reader's lock is held.
func (r *reader[T, P]) covers(q *question[T], f *flight[T], key string) bool {
	return f.at >= r.marks.last.Load() || r.marks.newest(r.entity, q.customer(key), r.isLinked).local <= f.at
}

// boarded is a reading and the positions it is to give.
type boarded[T any] struct {
	f         *flight[T]
	positions []int
}

// board finds the readings under way that give what is missing, and opens one for
// the rest.
func (r *reader[T, P]) board(ctx context.Context, a *asking[T], missing []int) []boarded[T] {
	var out []boarded[T]
	var mine []int
	a.whole = nil
	r.mu.Lock()
	for _, i := range missing {
		n := name{a.q.of, a.keys[i]}
		f := r.flights[n]
		if f == nil {
			// A reading may have ended since this was looked for.
			if e := r.kept(n); e != nil {
				a.parts[i] = e
				continue
			}
		}
		if f == nil || !r.covers(a.q, f, a.keys[i]) {
			mine = append(mine, i)
			continue
		}
		j := 0
		for j < len(out) && out[j].f != f {
			j++
		}
		if j == len(out) {
			f.waiting++
			out = append(out, boarded[T]{f: f})
		}
		out[j].positions = append(out[j].positions, i)
		r.c.count.joined.Add(1)
	}
	if len(mine) == 0 {
		r.mu.Unlock()
		return out
	}
	f := r.open(a.q, a.pick(mine))
	f.waiting = 1
	// The first to ask may give up while others still wait. What he is called is
	// kept: the queue of the source is fair between those who ask.
	run := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		f.deadline = deadline
		run, f.cancel = context.WithDeadline(run, deadline)
	} else {
		run, f.cancel = context.WithCancel(run)
	}
	r.mu.Unlock()
	if len(mine) == len(a.keys) {
		a.whole = f
	}
	r.start(run, a.q, f, nil)
	return append(out, boarded[T]{f, mine})
}

// kept gives a fresh entry of this process, nil when there is none.
func (r *reader[T, P]) kept(n name) *entry[T] {
	v, _ := r.c.l1.GetIfPresent(n)
	if e, ok := v.(*entry[T]); ok && r.state(e, r.c.cfg.Now()) == fresh {
		return e
	}
	return nil
}

// read gets what is missing, and returns the positions that should be tried again.
func (r *reader[T, P]) read(ctx context.Context, a *asking[T], missing []int, isLast bool) []int {
	var again []int
	for _, b := range r.board(ctx, a, missing) {
		if !r.await(ctx, b.f) {
			err := r.outOfTime(ctx)
			a.whole = nil // it is not there to be looked at
			for _, i := range b.positions {
				a.fail(i, err, true)
			}
			continue
		}
		got := &b.f.reply
		a.stale = a.stale || got.rows.Stale
		for _, i := range b.positions {
			j := b.f.index[a.keys[i]]
			switch {
			case got.each[j] != nil:
				a.parts[i] = got.each[j]
			case b.f.isLate && !isLast && hasLonger(ctx, b.f):
				again = append(again, i)
			default:
				a.fail(i, got.errOf(a.keys[i]), got.err != nil)
			}
		}
	}
	return again
}

// hasLonger reports whether a caller has noticeably more time than a reading had.
func hasLonger[T any](ctx context.Context, f *flight[T]) bool {
	if ctx.Err() != nil {
		return false
	}
	deadline, ok := ctx.Deadline()
	return !ok || (!f.deadline.IsZero() && deadline.Sub(f.deadline) > grace)
}

// rescue serves what is kept instead of errors that say nothing of the rows
// themselves. The other keys keep their errors.
func (r *reader[T, P]) rescue(ctx context.Context, a *asking[T]) {
	if a.olds == nil || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	now := r.c.cfg.Now()
	for i, e := range a.olds {
		err := a.errs[i]
		if e == nil || err == nil || !isPassing(err) || now.Sub(e.Read) >= r.c.cfg.StaleIfError ||
			r.marks.isErased(r.entity, e.Customer, r.isLinked, e.at.Load()) {
			continue
		}
		a.parts[i] = e
		a.stale, a.whole = true, nil
		delete(a.errs, i)
		r.c.count.rescued.Add(1)
	}
}

// isPassing reports whether an error tells that the source cannot be asked now. A
// refusal or an invalid answer is an answer.
func isPassing(err error) bool {
	switch schema.CodeOf(err) {
	case schema.SourceUnavailable, schema.SourceTimeout, schema.SourceLimited:
		return true
	}
	return false
}
