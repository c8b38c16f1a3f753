package engine

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/graph/plan"
)

// defaultWindow is how many rows of a long list are joined at a time.
const defaultWindow = 500

// maxStreamErrors bounds the errors of an answer that is written while it is made:
// they are kept until its end.
const maxStreamErrors = 1000

// stream is the part of a run that goes on while its answer is written. Where a root
// field yields more rows than a window, the calls of the rows' nullable fields wait;
// all else is run first. Then they run window by window, the next while the last is
// written. A null that rises inside a window ends at the field whose call was put
// off, so that what is written already stays true. Where the root field can give its
// page in parts (Parted), not even its rows are there before: each further part is a
// window of its own, and a null that rises above its rows breaks the answer off.
type stream struct {
	run    *run
	base   context.Context //nolint:containedctx // of the operation, without its time limit: writing is not making
	cancel context.CancelCauseFunc
	limit  time.Duration // of making; 0: none
	start  time.Time
	wait   sync.WaitGroup // windows under way

	program *Program // of a table: what its plan is bound to; nil: what the plan says
	told    *told    // of a table: who is told of errors; nil: the answer is

	mu    sync.Mutex // guards the rest while the first part runs
	bulks []*bulk
	parts []*parts
	long  bool          // a root field has more rows than a window
	begun int           // windows so far
	going bool          // the first part is made
	used  time.Duration // waited for since the start: what counts against the limit
}

// Stream executes a query operation like Run, but returns as soon as what is written
// first is there: lists of root fields that are longer than Options.Window are joined
// while the result is written, which holds no more than the windows under way, and the
// rows themselves where the resolver does not give them in parts (Parted). The result
// must be written once, by Write or AppendJSON, or closed.
//
// ctx has no time limit of its own, since it must outlast the writing; limit bounds
// the making, 0 for no bound: what was not made in time is null with an error. An end
// of ctx ends all of it within a call's time.
func (e *Engine) Stream(ctx context.Context, oc *graphql.OperationContext, p *plan.Plan, limit time.Duration) *Result {
	return e.run(ctx, oc, p, &stream{limit: limit})
}

// Bulk reports whether a plan may yield a list that Stream parts into windows, by its
// page sizes.
func (e *Engine) Bulk(p *plan.Plan) bool {
	if p.Kind != plan.Query {
		return false
	}
	for _, n := range p.Roots {
		if n.Page > e.opts.Window {
			return true
		}
	}
	return false
}

// begin prepares the contexts: that of all windows, and that of the first part.
func (st *stream) begin(ctx context.Context, r *run) (first context.Context, done context.CancelFunc) {
	st.run, st.start = r, time.Now()
	st.base, st.cancel = context.WithCancelCause(ctx)
	r.stop = st.cancel
	if st.limit <= 0 {
		return st.base, func() {}
	}
	return context.WithTimeout(st.base, st.limit)
}

// execute runs the first part and says what became of it: a result that goes on, or
// one that is whole.
func (st *stream) execute() *Result {
	r := st.run
	r.first()
	for _, b := range st.bulks {
		_ = st.await(b.ahead[0]) // whoever comes to write it meets the error
	}
	st.used, st.going = time.Since(st.start), true
	res := &Result{root: r.root, run: r, stream: st}
	if r.tooMany() {
		return r.tooManyRows()
	}
	r.collect(r.root)
	if (st.long || len(st.parts) > 0) && res.HasData() {
		return res
	}
	// The calls below a root that became null have been put off as well; their errors
	// are errors all the same.
	st.drain(&writer{})
	if r.tooMany() {
		return r.tooManyRows()
	}
	return r.result()
}

// left is the time that making still has.
func (st *stream) left() time.Duration {
	if !st.going {
		return st.limit - time.Since(st.start)
	}
	return st.limit - st.used
}

// await waits for a window. An error means that the operation has ended.
func (st *stream) await(w *window) error {
	if err := context.Cause(st.base); err != nil {
		return err // also when the window has ended, of the same cause
	}
	select {
	case <-w.done:
		return w.failed
	default:
	}
	from := time.Now()
	defer func() { st.used += time.Since(from) }()
	select {
	case <-w.done:
		return w.failed
	case <-st.base.Done():
		return context.Cause(st.base)
	}
}

// drain runs the windows that were not written, for their errors.
func (st *stream) drain(w *writer) {
	for _, b := range st.bulks {
		for w.err == nil && b.next(w) {
		}
	}
	for _, p := range st.parts {
		for w.err == nil && p.next(w) {
		}
	}
}

// arrive waits for a window that is written next. False: the writer has failed.
func (st *stream) arrive(w *writer, win *window) bool {
	if w.err = w.pause(win); w.err == nil {
		w.err = st.await(win)
	}
	if w.err == nil && st.run.tooMany() {
		w.err = st.run.rowsError()
	}
	return w.err == nil
}

// forget lets go what was read for a window.
func (st *stream) forget(w *window) {
	if f := st.run.engine.opts.Forget; f != nil {
		f(st.base, w.number)
	}
}

// close ends what is under way and waits for it.
func (st *stream) close(cause error) {
	if st.base == nil {
		return
	}
	st.cancel(cause)
	st.wait.Wait()
	for _, b := range st.bulks {
		b.close()
	}
	for _, p := range st.parts {
		p.close()
	}
	st.bulks, st.parts = nil, nil
}

// Streaming reports whether the result is still being made: it must be written once,
// or closed.
func (r *Result) Streaming() bool { return r.stream != nil }

// Close ends a result that is not going to be written. After it has been written, or
// when it was whole from the beginning, it does nothing.
func (r *Result) Close() {
	if r.stream != nil {
		r.end(context.Canceled)
	}
}

// end takes over what the stream has gathered.
func (r *Result) end(cause error) {
	r.stream.close(cause)
	r.stream = nil
	whole := r.run.result()
	r.rows, r.errors, r.extensions = whole.rows, whole.errors, whole.extensions
}

// Write writes the answer as JSON: data, then errors, then extensions. It writes in
// pieces of some kilobytes, and calls Flush of out, when it has one, before it waits
// for more. finish, when it is not nil, is called between the data and the rest, when
// rows, errors and pages are known: the last moment to set an extension.
//
// An error means that the answer is cut off in the middle: out failed, the context
// ended, there were more rows than the plan allows (LIMITED), or a further part of a
// list could not be got, or has a null that would take rows with it which are sent.
// Then the connection must be broken, so that nobody takes it for whole.
func (r *Result) Write(out io.Writer, finish func()) error {
	w := &writer{b: make([]byte, 0, piece+piece/4), out: out}
	r.write(w, finish)
	w.send()
	return w.err
}

func (r *Result) write(w *writer, finish func()) {
	w.b = append(w.b, '{')
	if !r.refused {
		w.b = append(w.b, `"data":`...)
		r.data(w)
	}
	if finish != nil && w.err == nil {
		finish()
	}
	if w.err != nil {
		return
	}
	isFirst := r.refused
	if len(r.errors) > 0 {
		w.b = appendMember(w.b, &isFirst, "errors", r.errors)
	}
	if len(r.extensions) > 0 {
		w.b = appendMember(w.b, &isFirst, "extensions", r.extensions)
	}
	w.b = append(w.b, '}')
}

// data writes the value of the data key, and makes what is still to be made.
func (r *Result) data(w *writer) {
	switch {
	case !r.HasData():
		w.b = append(w.b, "null"...)
	case r.raw != nil:
		w.b = append(w.b, r.raw...)
	case r.stream == nil:
		w.object(r.root, 0)
	default:
		cause := context.Canceled
		defer func() { r.end(cause) }()
		w.object(r.root, 0)
		r.stream.drain(w)
		cause = w.err
	}
}
