package engine

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// do fills a column by calls and returns the sets that came out.
func (r *run) do(t task) (born []*set) {
	r.guarded(t.set, t.k, &born, func(c *completion) { r.call(c, t.set) })
	return born
}

func (r *run) call(c *completion, s *set) {
	st := c.step
	switch {
	case st.mode == modeIntrospection:
		r.introspect(c, s)
	case st.argErr != nil:
		var tail ast.Path
		if st.argAt != nil {
			tail = *st.argAt
		}
		c.failAllAt(s, tail, st.argErr)
	case st.field.batch:
		c.judge(s)
		r.batch(c, s)
	default:
		c.judge(s)
		r.single(c, s)
	}
}

// acquire waits for leave to call a resolver. An error means the operation was
// cancelled.
func (r *run) acquire() error {
	if err := context.Cause(r.ctx); err != nil {
		return err
	}
	if r.slots == nil {
		return nil
	}
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
}

func (r *run) release() {
	if r.slots != nil {
		<-r.slots
	}
}

// invoke calls a resolver or method; a panic is an error.
func (r *run) invoke(ctx context.Context, fn reflect.Value, in []reflect.Value) (out []reflect.Value, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = r.engine.opts.Recover(ctx, panicked)
		}
	}()
	return fn.Call(in), nil
}

// batch calls a batch resolver once for all parents that show the field. What its
// results and errors mean is gqlgen's: graphql.ResolveBatchGroupResult.
func (r *run) batch(c *completion, s *set) {
	st := c.step
	parents, numbers := c.shown(s)
	if numbers != nil && len(parents) == 0 {
		c.top(s, source{}, c.hidden)
		return
	}
	if err := r.acquire(); err != nil {
		c.failAll(s, err)
		return
	}
	ctx := r.under(st.ctx)
	in := append([]reflect.Value{reflect.ValueOf(ctx), pointersOf(st.field.parents, parents)}, st.args...)
	r.ahead(st, in[1])
	out, err := r.invoke(ctx, st.field.fn, in)
	r.release()
	if err != nil {
		c.failAll(s, err)
		return
	}
	n := len(parents)
	var errs []error
	if st.field.hasErr {
		if err, _ := out[1].Interface().(error); err != nil {
			list, ok := err.(graphql.BatchErrors) //nolint:errorlint // gqlgen does not look through wrappers either
			if !ok {
				c.failAll(s, err)
				return
			}
			errs = list.Errors()
			if len(errs) != n && out[0].Len() == n {
				c.failAll(s, fmt.Errorf("batch resolver %s returned %d errors for %d parents", st.field, len(errs), n))
				return
			}
		}
	}
	if out[0].Len() != n {
		c.failAll(s, fmt.Errorf("batch resolver %s returned %d results for %d parents", st.field, out[0].Len(), n))
		return
	}
	src := slab(out[0])
	if numbers != nil {
		src, errs = spreadOut(src, errs, numbers, len(s.objects))
	}
	c.top(s, src, c.failSome(s, errs))
}

// single calls a resolver that takes one parent, or a root's that takes none:
// for each parent, several at a time.
func (r *run) single(c *completion, s *set) {
	f, n := c.step.field, len(s.objects)
	values := reflect.MakeSlice(reflect.SliceOf(f.shape.goType), n, n)
	errs := make([]error, n)
	ctx := r.partly(r.under(c.step.ctx), s, c.step)
	one := func(i int) {
		if c.hidden != nil && c.hidden[i] {
			return
		}
		if errs[i] = r.acquire(); errs[i] != nil {
			return
		}
		defer r.release()
		in := make([]reflect.Value, 0, 2+len(c.step.args))
		in = append(in, reflect.ValueOf(ctx))
		if parent := parentType(s); parent != nil {
			v := reflect.NewAt(parent, s.objects[i])
			if f.byValue {
				v = v.Elem()
			}
			in = append(in, v)
		}
		out, err := r.invoke(ctx, f.fn, append(in, c.step.args...))
		if err == nil && f.hasErr {
			err, _ = out[1].Interface().(error)
		}
		if errs[i] = err; err == nil {
			values.Index(i).Set(out[0])
		}
	}
	if n == 1 {
		one(0)
	} else {
		r.spread(n, one)
	}
	c.top(s, slab(values), c.failSome(s, errs))
}

// spread runs f for 0 to n-1 on as many goroutines as calls may be under way.
func (r *run) spread(n int, f func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, r.engine.opts.Parallel) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wait.Wait()
}

// methods calls a method of each parent. Methods take no context: they only
// compute, so they run here and now.
func (r *run) methods(c *completion, s *set, st *step) {
	f := st.field
	if st.argErr != nil {
		var tail ast.Path
		if st.argAt != nil {
			tail = *st.argAt
		}
		c.failAllAt(s, tail, st.argErr)
		return
	}
	c.judge(s)
	values := reflect.MakeSlice(reflect.SliceOf(f.shape.goType), len(s.objects), len(s.objects))
	parent := parentType(s)
	var missing []bool
	in := append(make([]reflect.Value, 1, 1+len(st.args)), st.args...)
	bad := r.each(c, s, values, func(i int, p place) (reflect.Value, error) {
		in[0] = reflect.NewAt(parent, p)
		out, err := r.invoke(r.ctx, f.fn, in)
		switch {
		case err != nil:
			return reflect.Value{}, err
		case f.hasErr:
			err, _ = out[1].Interface().(error)
		case f.hasOK && !out[1].Bool():
			if missing == nil {
				missing = make([]bool, len(s.objects))
			}
			missing[i] = true
		}
		return out[0], err
	})
	if missing != nil {
		bad = c.gone(s, bad, missing)
	}
	c.top(s, slab(values), bad)
}

// each fills values from the parents that show the field; bad says where there
// was an error, or nothing is shown.
func (r *run) each(c *completion, s *set, values reflect.Value, f func(i int, p place) (reflect.Value, error)) (bad []bool) {
	bad = c.hidden
	for i, p := range s.objects {
		if c.hidden != nil && c.hidden[i] {
			continue
		}
		v, err := f(i, p)
		if err == nil {
			values.Index(i).Set(v)
			continue
		}
		if bad == nil {
			bad = make([]bool, len(s.objects))
		}
		bad[i] = true
		c.column.faults = append(c.column.faults, fault{set: s, step: c.step, index: i, err: err})
	}
	return bad
}

// gone adds to bad the objects whose method said there is nothing.
func (c *completion) gone(s *set, bad, missing []bool) []bool {
	if bad == nil {
		bad = make([]bool, len(missing))
	}
	for i, m := range missing {
		if !m || bad[i] {
			continue
		}
		bad[i] = true
		if c.step.field.shape.nonNull {
			c.column.faults = append(c.column.faults, fault{set: s, step: c.step, index: i, err: errNull})
		}
	}
	return bad
}

// failSome notes errors, one for each object or none at all; bad says where there
// was one, or nothing is shown.
func (c *completion) failSome(s *set, errs []error) (bad []bool) {
	bad = c.hidden
	for i, err := range errs {
		if err == nil {
			continue
		}
		if bad == nil {
			bad = make([]bool, len(errs))
		}
		bad[i] = true
		c.column.faults = append(c.column.faults, fault{set: s, step: c.step, index: i, err: err})
	}
	return bad
}

func (c *completion) failAll(s *set, err error) { c.failAllAt(s, nil, err) }

// failAllAt makes the whole column null with the same error for each object that
// shows the field.
func (c *completion) failAllAt(s *set, tail ast.Path, err error) {
	n := len(s.objects)
	bad := make([]bool, n)
	faults := make([]fault, 0, n+len(c.column.faults))
	c.column.faults = append(faults, c.column.faults...)
	for i := range n {
		bad[i] = true
		if c.hidden == nil || !c.hidden[i] {
			c.column.faults = append(c.column.faults, fault{set: s, step: c.step, index: i, tail: tail, err: err})
		}
	}
	if c.step.mode == modeIntrospection {
		c.column.raw = []byte("null")
		c.column.dead = c.step.node.Field == "__schema"
		c.run.violated.Store(true)
		return
	}
	cl := &cells{shape: c.step.field.shape, n: n, set: s, step: c.step, null: bad}
	c.column.cells = cl
	if cl.shape.nonNull {
		c.run.violated.Store(true)
	}
}

// shown returns the parents that show the field and, when these are not all, the
// number of each among all.
func (c *completion) shown(s *set) (parents []place, numbers []int32) {
	if c.hidden == nil {
		return s.objects, nil
	}
	numbers = []int32{}
	for i, p := range s.objects {
		if !c.hidden[i] {
			parents, numbers = append(parents, p), append(numbers, int32(i))
		}
	}
	return parents, numbers
}

// spreadOut puts the results and errors of some parents at their places among all n.
func spreadOut(src source, errs []error, numbers []int32, n int) (source, []error) {
	all := source{places: make([]place, n)}
	var allErrs []error
	if errs != nil {
		allErrs = make([]error, n)
	}
	for j, i := range numbers {
		all.places[i] = src.at(j)
		if errs != nil {
			allErrs[i] = errs[j]
		}
	}
	return all, allErrs
}
