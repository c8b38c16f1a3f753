package engine

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// run is one operation under way.
//
// There are no levels that wait for one another: a field's call begins as soon
// as its parents are known, beside all others, and whoever ends a call goes on
// with what hangs below it. Since a plan is a tree, the objects of a selection
// come from one call, so each relation is called once, with all of them.
type run struct {
	engine *Engine
	ctx    context.Context //nolint:containedctx // a run is one operation and never outlives it
	oc     *graphql.OperationContext
	prog   *program
	root   *set

	wait     sync.WaitGroup
	slots    chan struct{} // calls that may be under way; nil: fewer than allowed exist
	violated atomic.Bool   // somewhere is a null that must rise
	errors   gqlerror.List

	forbidden, more int64 // fields that rows do not show: reported, and left out

	garbled, moreGarbled int64 // the same of those they cannot show

	rows    *atomic.Int64 // completed so far
	maxRows int64         // 0: any number
	stop    context.CancelCauseFunc

	stream *stream // nil: nothing is put off
	window bool    // it is a part of another run, whose rows it counts
	late   *[]task // of a part: calls that wait until its rows are there; nil: none does
	unsaid int64   // errors of a stream that were left out
	told   *told   // of a table: who is told of errors; nil: errors is
}

// task is a column that needs a call.
type task struct {
	set *set
	k   int
}

func (r *run) execute() *Result {
	r.first()
	if r.tooMany() {
		return r.tooManyRows()
	}
	r.collect(r.root)
	return r.result()
}

// first runs all that is not put off.
func (r *run) first() {
	if r.prog.calls > r.engine.opts.Parallel {
		r.slots = make(chan struct{}, r.engine.opts.Parallel)
	}
	r.root = &set{sel: r.prog.root, objects: make([]place, 1)}
	r.root.columns = make([]column, len(r.root.sel.fields))
	r.work([]*set{r.root})
	r.wait.Wait()
	if r.violated.Load() {
		r.root.settle()
	}
}

// result is what came of it, after all errors were collected.
func (r *run) result() *Result {
	if r.told != nil { // it has counted them
		return &Result{root: r.root, rows: r.rows.Load(), extensions: graphql.GetExtensions(r.ctx)}
	}
	if r.more > 0 {
		r.present(moreForbidden(r.more), nil, nil)
	}
	if r.moreGarbled > 0 {
		r.present(moreGarbled(r.moreGarbled), nil, nil)
	}
	if r.unsaid > 0 {
		r.present(unsaid(r.unsaid), nil, nil)
	}
	r.errors = append(r.errors, graphql.GetErrors(r.ctx)...)
	return &Result{root: r.root, rows: r.rows.Load(), errors: r.errors, extensions: graphql.GetExtensions(r.ctx)}
}

// refuse is the result of an operation that did not run.
func (r *run) refuse(err error) *Result {
	r.present(err, nil, nil)
	return &Result{errors: r.errors, refused: true}
}

// work reads sets and all that hangs below them. Calls run beside each other;
// the last one runs here.
func (r *run) work(sets []*set) {
	for len(sets) > 0 {
		tasks := r.read(sets)
		if len(tasks) == 0 {
			return
		}
		last := len(tasks) - 1
		for _, t := range tasks[:last] {
			r.wait.Go(func() {
				roomy(last)
				r.work(r.do(t))
			})
		}
		sets = r.do(tasks[last])
	}
}

// read fills the columns that need no call, down to where calls are needed.
func (r *run) read(sets []*set) []task {
	var tasks []task
	for len(sets) > 0 {
		var born []*set
		for _, s := range sets {
			var later []int
			r.divide(s)
			defers := r.defers(s)
			for k := range s.sel.fields {
				st := &s.sel.fields[k]
				switch {
				case s.isLate(k):
				case defers && st.isCall() && !st.field.shape.nonNull:
					later = append(later, k)
				case st.mode == modeIntrospection || st.isCall():
					tasks = append(tasks, task{s, k})
				case st.mode == modeDirect:
					r.check(s, k)
				case st.mode == modeInline:
					r.spoil(s, k)
				case st.mode == modeColumn:
					r.guarded(s, k, &born, func(c *completion) { r.column(c, s, st) })
				}
			}
			if len(later) > 0 {
				r.putOff(s, later)
			}
		}
		sets = born
	}
	return tasks
}

// check looks for nulls where none may be among leaves that are otherwise read
// only when the answer is written.
func (r *run) check(s *set, k int) {
	st := &s.sel.fields[k]
	r.spoil(s, k)
	if !st.field.shape.nonNull || !st.leaf.canBeNull() {
		return
	}
	var scratch []byte
	for i, p := range s.objects {
		if s.spoilt != nil && s.spoilt[i].Has(st.node.Field) {
			continue // it has its error
		}
		if st.leaf.isNull(at(p, st.offset), &scratch) {
			s.columns[k].faults = append(s.columns[k].faults, fault{set: s, step: st, index: i, err: errNull})
			s.kill(i)
			r.violated.Store(true)
		}
	}
}

// column completes a field that lies in its parents or is a method of them.
func (r *run) column(c *completion, s *set, st *step) {
	f := st.field
	switch f.how {
	case byOffset:
		c.top(s, source{places: s.objects, offset: f.offset}, c.judge(s))
	case byIndex:
		c.judge(s)
		values := reflect.MakeSlice(reflect.SliceOf(f.shape.goType), len(s.objects), len(s.objects))
		bad := r.each(c, s, values, func(_ int, p place) (reflect.Value, error) {
			v, err := reflect.NewAt(parentType(s), p).Elem().FieldByIndexErr(f.index)
			return v, err
		})
		c.top(s, slab(values), bad)
	case byMethod:
		r.methods(c, s, st)
	}
}

func parentType(s *set) reflect.Type { return s.sel.object.goType }

func slab(values reflect.Value) source {
	return source{slab: values.UnsafePointer(), stride: values.Type().Elem().Size()}
}

// guarded runs f for a column; a panic is an error on all its fields.
func (r *run) guarded(s *set, k int, born *[]*set, f func(c *completion)) {
	st := &s.sel.fields[k]
	before := len(*born)
	defer func() {
		if panicked := recover(); panicked != nil {
			*born = (*born)[:before]
			s.columns[k] = column{}
			c := &completion{run: r, column: &s.columns[k], step: st, born: born}
			c.failAll(s, r.engine.opts.Recover(r.ctx, panicked))
		}
	}()
	f(&completion{run: r, column: &s.columns[k], step: st, born: born})
}

// collect reports the faults in the order of the answer.
func (r *run) collect(s *set) {
	for k := range s.columns {
		c := &s.columns[k]
		r.more += int64(max(c.forbidden-maxForbidden, 0))
		r.moreGarbled += int64(max(c.garbled-maxGarbled, 0))
		for i := range c.faults {
			r.report(&c.faults[i])
		}
		for cl := c.cells; cl != nil; cl = cl.elem {
			for _, below := range cl.sets {
				r.collect(below)
			}
		}
	}
}
