package engine

import (
	"context"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// bulk is a set that is joined window by window.
type bulk struct {
	stream *stream
	set    *set
	parts  *parts      // what follows the set, nil: nothing does
	fields []int       // steps of the set whose calls are put off
	asked  int         // objects of the set that windows have begun for
	ahead  []*window   // under way, in order
	now    *window     // the one that is being written, nil before the first
	uses   [][]PageUse // by step
}

// window is a part of a bulk's objects, with the columns that were put off.
type window struct {
	number int
	set    *set
	done   chan struct{}
	failed error // with done: a fault of the engine itself
	cancel context.CancelFunc
}

// defers reports whether the calls of a set's nullable fields wait until its objects
// are written: they are rows of a root field, and more than a window or of a page that
// comes in parts.
func (r *run) defers(s *set) bool {
	if r.stream == nil && r.late == nil || !s.sel.rows {
		return false
	}
	isLong := len(s.objects) > r.engine.opts.Window
	if !isLong && s.parted() == nil || !s.isOfRoot() {
		return false
	}
	if isLong && r.stream != nil {
		r.stream.mu.Lock()
		r.stream.long = true
		r.stream.mu.Unlock()
	}
	return true
}

// isOfRoot reports whether the objects of a set came with a call of a root field:
// directly, or in its page.
func (s *set) isOfRoot() bool {
	for s.from != nil {
		cl := s.from
		for cl.parent != nil {
			cl = cl.parent
		}
		if s = cl.set; s.from == nil {
			return true
		}
		if cl.step.isCall() {
			return false
		}
	}
	return false
}

// putOff leaves the calls of some fields for later.
func (r *run) putOff(s *set, fields []int) {
	if r.late == nil {
		r.stream.putOff(s, fields)
		return
	}
	for _, k := range fields {
		*r.late = append(*r.late, task{s, k})
	}
}

// putOff begins with the first window of a set, beside all else that is under way.
func (st *stream) putOff(s *set, fields []int) {
	b := &bulk{stream: st, set: s, fields: fields, uses: make([][]PageUse, len(s.columns))}
	s.bulk = b
	st.mu.Lock()
	defer st.mu.Unlock()
	st.bulks = append(st.bulks, b)
	if p := s.parted(); p != nil {
		b.parts, p.bulks = p, append(p.bulks, b)
	}
	b.begin()
}

// begin starts the next window, when there is one.
func (b *bulk) begin() {
	st, n := b.stream, len(b.set.objects)
	if b.asked == n {
		return
	}
	size := st.run.engine.opts.Window
	if b.asked == 0 {
		size = st.run.engine.opts.FirstWindow
	}
	from, to := b.asked, min(b.asked+size, n)
	b.asked = to
	st.begun++
	s := &set{sel: b.set.sel, objects: b.set.objects[from:to:to], from: b.set.from, pos: b.set.pos, base: from}
	if b.set.spoilt != nil {
		s.spoilt = b.set.spoilt[from:to:to]
	}
	s.columns = make([]column, len(s.sel.fields))
	w := &window{number: st.begun, set: s, done: make(chan struct{})}
	ctx := plan.WithWindow(st.base, w.number)
	if st.limit > 0 {
		ctx, w.cancel = context.WithTimeout(ctx, st.left())
	} else {
		ctx, w.cancel = context.WithCancel(ctx)
	}
	r := st.run
	part := r.part(ctx, s)
	b.ahead = append(b.ahead, w)
	st.wait.Go(func() {
		defer close(w.done)
		defer w.cancel()
		defer func() {
			if panicked := recover(); panicked != nil {
				w.failed = r.engine.opts.Recover(ctx, panicked)
			}
		}()
		part.join(b.fields)
	})
}

// join runs the calls of some fields of the root, and all that hangs below them.
func (r *run) join(fields []int) {
	tasks := make([]task, len(fields))
	for i, k := range fields {
		tasks[i] = task{r.root, k}
	}
	r.all(tasks)
	if r.violated.Load() {
		r.root.settle()
	}
}

// all runs calls and all that hangs below them, and waits for them.
func (r *run) all(tasks []task) {
	if len(tasks) == 0 {
		return
	}
	defer r.wait.Wait()
	last := len(tasks) - 1
	for _, t := range tasks[:last] {
		r.wait.Go(func() { r.work(r.do(t)) })
	}
	r.work(r.do(tasks[last]))
}

// part makes a run for a part of what this one answers.
func (r *run) part(ctx context.Context, root *set) *run {
	return &run{
		engine: r.engine, ctx: ctx, oc: r.oc, prog: r.prog, root: root, slots: r.slots,
		rows: r.rows, maxRows: r.maxRows, stop: r.stop, window: true,
	}
}

// next lets the window go that was written, waits for the next and begins the one
// behind it. False: there is none, or the writer has failed.
func (b *bulk) next(w *writer) bool {
	b.release()
	if len(b.ahead) == 0 {
		return false
	}
	st := b.stream
	win := b.ahead[0]
	if !st.arrive(w, win) {
		return false
	}
	b.ahead = b.ahead[1:]
	for len(b.ahead) < st.run.engine.opts.WindowsAhead && b.asked < len(b.set.objects) {
		b.begin()
	}
	if b.parts != nil {
		b.parts.fill()
	}
	b.now = win
	st.run.collect(win.set)
	b.use(win)
	return true
}

// release drops the window that was written, and all that was read for it.
func (b *bulk) release() {
	if b.now != nil {
		b.stream.forget(b.now)
		b.now = nil
	}
}

// close lets all windows go; they have ended.
func (b *bulk) close() {
	b.release()
	for _, w := range b.ahead {
		b.stream.forget(w)
	}
	b.ahead = nil
}

// at returns the columns for an object and its number in them, nil when the writer
// has failed.
func (b *bulk) at(w *writer, i int) (columns []column, j int) {
	for b.now == nil || i >= b.now.set.base+len(b.now.set.objects) {
		if !b.next(w) {
			return nil, 0
		}
	}
	return b.now.set.columns, i - b.now.set.base
}

// callContext is the context of a call for one window: it ends with the window, and
// says of the field what its step's context says.
type callContext struct {
	context.Context                 //nolint:containedctx // the window's: it is a context itself
	step            context.Context //nolint:containedctx // two contexts seen as one, for one call
}

func (c callContext) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.step.Value(key)
}

// under returns the context for a call of a step.
func (r *run) under(step context.Context) context.Context {
	if !r.window {
		return step
	}
	return callContext{r.ctx, step}
}

// tooMany reports whether there are more rows than there may be.
func (r *run) tooMany() bool { return r.maxRows > 0 && r.rows.Load() > r.maxRows }

// unsaid says how many errors were left out.
func unsaid(n int64) error {
	return schema.Errorf(schema.Limited, "%d more errors are not shown", n)
}
