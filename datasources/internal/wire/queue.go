package wire

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Bounds of the queue in front of a source, where Config says nothing else. One flow
// may fill a quarter of it.
const (
	maxQueue     = 65_536
	maxFlowQueue = maxQueue / 4
)

// backgroundEvery says that of so many starts one is background work's, when it
// waits.
const backgroundEvery = 16

var (
	errCrowded = errors.New("too many calls are waiting")
	errNoPlace = errors.New("no free place in time")
)

// queue lets calls start: as many at once as there are places, at the agreed rate.
// Those who wait are parted by flow (datasources.FlowOf), and flows are served in
// turn, each in the order of arrival:
//
//   - a free place goes to the flow that has the fewest, of equals to the one that
//     waits longest for its turn. So a flow that is alone has all places, n flows
//     have an n-th of them each, and a call of a flow that has no other starts after
//     at most one of each flow that waits;
//   - where it is the agreed rate that was waited for, turns alone count: a flow of
//     slow calls shall not lose its part of the rate for holding places longer;
//   - background work, the flow "", gets what is left, and every 16th start.
//
// Nothing that runs is interrupted.
type queue struct {
	places   int
	most     int // that wait in all
	mostFlow int // that wait in one flow
	gate     *gate

	mu       sync.Mutex // guards the rest
	running  int
	waiting  int // in all flows
	asked    uint64
	flows    map[string]*flow
	turns    flow // head of the ring of named flows that wait; next has its turn first
	behind   int  // starts of named flows since background work, which waits, had one
	due      *time.Timer
	reserved *slot // what due will give to somebody, nil = none
}

// flow is the calls for one token. It is kept while it has some.
type flow struct {
	name       string
	running    int
	waiting    int
	head       waiter // of the ring of those who wait, the next first
	prev, next *flow  // in turns; nil when it does not wait, or is background work
}

// waiter is a call that waits.
type waiter struct {
	flow       *flow
	prev, next *waiter
	done       chan struct{} // closed when it was granted or pushed out
	slot       *slot         // set when granted
}

// slot is the right to start one call. It is given back by leave or by undo.
type slot struct {
	flow *flow
	undo func() // gives the agreed rate its call back
	// Of one that is reserved: when it is due, and the pause that counts with.
	at, paused time.Time
}

func newQueue(places int, g *gate) *queue {
	q := &queue{places: places, most: maxQueue, mostFlow: maxFlowQueue, gate: g, flows: make(map[string]*flow)}
	q.turns.prev, q.turns.next = &q.turns, &q.turns
	return q
}

// enter waits for a slot, within ctx and for patience at most. leave must be
// called when the call has ended. The verdict says why there is no slot; one that
// cannot come in time is refused at once.
func (q *queue) enter(ctx context.Context, name string, patience time.Duration) (*slot, *verdict) {
	q.mu.Lock()
	q.asked++
	f := q.flow(name)
	if q.waiting == 0 && q.running < q.places {
		if s, wait := q.start(); wait == 0 {
			q.run(s, f)
			q.mu.Unlock()
			return s, nil
		}
	}
	if v := q.refuse(f, patience); v != nil {
		q.settle()
		q.forget(f)
		q.mu.Unlock()
		return nil, v
	}
	w := &waiter{flow: f, done: make(chan struct{})}
	q.push(w)
	q.mu.Unlock()

	var late <-chan time.Time
	if _, ok := ctx.Deadline(); !ok {
		t := time.NewTimer(patience)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-w.done:
		if w.slot == nil {
			return nil, crowded()
		}
		return w.slot, nil
	case <-ctx.Done():
	case <-late:
	}
	return nil, q.quit(ctx, w)
}

// refuse tells why a call may not wait: there is no room, or the agreed rate is
// used up for longer than it can wait. Called with mu held.
func (q *queue) refuse(f *flow, patience time.Duration) *verdict {
	if wait := q.gate.waitFor(q.ahead(f)+1, q.reserved); wait >= patience {
		return usedUp(wait)
	}
	if f.waiting >= q.mostFlow || q.waiting >= q.most && !q.pushOut(f) {
		return crowded()
	}
	return nil
}

func usedUp(wait time.Duration) *verdict {
	return &verdict{outcome: OutcomeBudget, wait: wait, final: true, text: "agreed rate used up"}
}

func crowded() *verdict {
	v := newVerdict(OutcomeQueue, errCrowded)
	v.final, v.full = true, true
	return v
}

// ahead is how many starts the turns give to others and to f itself before one
// that joins f now. Called with mu held.
func (q *queue) ahead(f *flow) int {
	if q.gate.limiter == nil {
		return 0 // nobody asks
	}
	n := f.waiting
	background := 0
	if b := q.flows[""]; b != nil {
		background = b.waiting
	}
	if f.name == "" {
		return n + min(q.waiting-background, (backgroundEvery-1)*(n+1))
	}
	for o := q.turns.next; o != &q.turns; o = o.next {
		if o != f {
			n += min(o.waiting, f.waiting+1)
		}
	}
	return n + min(background, n/(backgroundEvery-1))
}

// pushOut makes room in a full queue: of the flow that waits with most calls the
// last one goes, if that is longer than f will be. Called with mu held.
func (q *queue) pushOut(f *flow) bool {
	longest := q.flows[""]
	for o := q.turns.next; o != &q.turns; o = o.next {
		if longest == nil || o.waiting > longest.waiting {
			longest = o
		}
	}
	if longest == nil || longest.waiting <= f.waiting+1 {
		return false
	}
	w := longest.head.prev
	q.pull(w)
	close(w.done)
	return true
}

// quit ends the waiting of one who leaves. A slot that came at the same moment goes
// to the next.
func (q *queue) quit(ctx context.Context, w *waiter) *verdict {
	q.mu.Lock()
	isPaced := q.reserved != nil
	wait := q.gate.waitFor(1, q.reserved)
	if w.slot != nil {
		w.slot.undo()
		q.mu.Unlock()
		q.leave(w.slot)
	} else {
		select {
		case <-w.done: // pushed out
		default:
			q.pull(w)
			q.forget(w.flow)
			q.settle()
		}
		q.mu.Unlock()
	}
	err := ctx.Err()
	switch {
	case errors.Is(err, context.Canceled), err != nil && isPaced:
		return ctxVerdict(err)
	case isPaced:
		return usedUp(wait)
	}
	v := newVerdict(OutcomeQueue, errNoPlace)
	v.final = true
	if err != nil {
		v.err = err
	}
	return v
}

// leave gives a slot's place back.
func (q *queue) leave(s *slot) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	s.flow.running--
	q.forget(s.flow)
	q.serve(false)
}

// serve gives free places to those who wait. byTurns says that the first was
// waited for because of the rate. Called with mu held.
func (q *queue) serve(byTurns bool) {
	for q.waiting > 0 && q.running < q.places && q.reserved == nil {
		s, wait := q.start()
		if wait > 0 {
			return
		}
		q.grant(s, byTurns)
		byTurns = false
	}
}

// start takes a call of the agreed rate. When that has none now, it reserves the
// next one, for whoever's turn it is then. Called with mu held.
func (q *queue) start() (*slot, time.Duration) {
	if q.reserved != nil {
		return nil, time.Nanosecond
	}
	wait, undo := q.gate.reserve()
	s := &slot{undo: undo, paused: q.gate.pausedUntil()}
	if wait > 0 {
		q.reserve(s, wait)
	}
	return s, wait
}

func (q *queue) reserve(s *slot, wait time.Duration) {
	q.reserved, s.at = s, q.gate.now().Add(wait)
	q.due = time.AfterFunc(wait, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.reserved != s { // it was given back meanwhile
			return
		}
		q.reserved, q.due = nil, nil
		if until := q.gate.pausedUntil(); until.After(s.paused) {
			// The source asked for a pause while we waited.
			s.paused = until
			if wait := until.Sub(q.gate.now()); wait > 0 {
				q.reserve(s, wait)
				return
			}
		}
		// Places cannot have become fewer: nobody starts while one is reserved.
		q.grant(s, true)
		q.serve(true)
	})
}

// settle gives back what was reserved when nobody waits any more. Called with mu
// held.
func (q *queue) settle() {
	if q.waiting == 0 && q.reserved != nil {
		q.due.Stop()
		q.reserved.undo()
		q.reserved, q.due = nil, nil
	}
}

// grant gives s to the next. Called with mu held, and when somebody waits.
func (q *queue) grant(s *slot, byTurns bool) {
	f := q.pick(byTurns)
	w := f.head.next
	q.pull(w)
	if f.name != "" {
		if f.next != nil { // it waits on, at the end of the ring
			f.unlink()
			q.link(f)
		}
		q.behind++
	}
	if b := q.flows[""]; f.name == "" || b == nil || b.waiting == 0 {
		q.behind = 0
	}
	q.run(s, f)
	w.slot = s
	close(w.done)
}

// pick returns the flow that is next. Called with mu held, and when somebody waits.
func (q *queue) pick(byTurns bool) *flow {
	b := q.flows[""]
	if b != nil && b.waiting > 0 && (q.turns.next == &q.turns || q.behind >= backgroundEvery-1) {
		return b
	}
	best := q.turns.next
	// At most as many flows as there are places have one, so this is short.
	for f := best; !byTurns && f != &q.turns && best.running > 0; f = f.next {
		if f.running < best.running {
			best = f
		}
	}
	return best
}

// run counts a start. Called with mu held.
func (q *queue) run(s *slot, f *flow) {
	s.flow = f
	f.running++
	q.running++
}

// flow returns the flow of a name, a new one when it has no call. Called with mu
// held.
func (q *queue) flow(name string) *flow {
	f := q.flows[name]
	if f == nil {
		f = &flow{name: name}
		f.head.prev, f.head.next = &f.head, &f.head
		q.flows[name] = f
	}
	return f
}

// forget drops a flow that has no call. Called with mu held.
func (q *queue) forget(f *flow) {
	if f.running == 0 && f.waiting == 0 {
		delete(q.flows, f.name)
	}
}

// push puts w at the end of its flow. Called with mu held.
func (q *queue) push(w *waiter) {
	f := w.flow
	w.prev, w.next = f.head.prev, &f.head
	w.prev.next, w.next.prev = w, w
	if f.waiting++; f.waiting == 1 && f.name != "" {
		q.link(f)
	}
	q.waiting++
}

// pull takes w out of its flow. Called with mu held.
func (q *queue) pull(w *waiter) {
	w.prev.next, w.next.prev = w.next, w.prev
	f := w.flow
	if f.waiting--; f.waiting == 0 && f.name != "" {
		f.unlink()
	}
	q.waiting--
}

func (q *queue) link(f *flow) {
	f.prev, f.next = q.turns.prev, &q.turns
	f.prev.next, f.next.prev = f, f
}

func (f *flow) unlink() {
	f.prev.next, f.next.prev = f.next, f.prev
	f.prev, f.next = nil, nil
}
