package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/trama-graph/trama/graph/plan"
)

// parts are those of a page behind its first, each of which is a window: it is got
// and joined while the one before it is written, and let go when it has been.
type parts struct {
	stream *stream
	set    *set // of the page, with the first part
	list   int  // its step that has the rows
	bulks  []*bulk
	rest   func(context.Context) (any, error) // of the last part known; nil: it is the page's last

	ahead []*part
	now   *part // the one that is being written, nil for the first
	last  *set  // of the page's last part, when it has come
	uses  []PageUse
}

// part is a further part of a page.
type part struct {
	window
	got  chan struct{}                               // closed when rest is known
	rest func(context.Context) (any, error)          // with got
	from func(context.Context) (next any, err error) // how it is got
}

// fill begins the parts that may be made ahead of the one that is written: none as long
// as windows of the first are still to be written.
func (p *parts) fill() {
	for _, b := range p.bulks {
		if len(b.ahead) > 0 {
			return
		}
	}
	for len(p.ahead) < p.stream.run.engine.opts.WindowsAhead {
		n := len(p.ahead)
		if n == 0 && p.rest == nil || n > 0 && p.ahead[n-1].isLast() {
			return
		}
		if n == 0 {
			p.begin(p.rest)
			continue
		}
		before := p.ahead[n-1]
		p.begin(func(ctx context.Context) (any, error) {
			select {
			case <-before.got:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			if before.rest == nil {
				return nil, errNoPart
			}
			return before.rest(ctx)
		})
	}
}

// isLast reports whether it is known that no part comes behind this one.
func (x *part) isLast() bool {
	select {
	case <-x.got:
		return x.rest == nil
	default:
		return false
	}
}

// errNoPart says that a part which was begun is not there: the one before was the last.
var errNoPart = errors.New("engine: there is no further part")

// begin starts to make a part. Its rows and what may not be null of them are read
// without a time limit, as the list itself has been when it came whole: what was not
// in time of the rest is null with an error.
func (p *parts) begin(from func(context.Context) (any, error)) {
	st := p.stream
	st.begun++
	x := &part{got: make(chan struct{}), from: from}
	x.number, x.done = st.begun, make(chan struct{})
	ctx, cancel := context.WithCancel(plan.WithWindow(st.base, x.number))
	limited := ctx
	if st.limit > 0 {
		limited, x.cancel = context.WithTimeout(ctx, st.left())
	} else {
		limited, x.cancel = context.WithCancel(ctx)
	}
	p.ahead = append(p.ahead, x)
	st.wait.Go(func() {
		defer close(x.done)
		defer cancel()
		defer x.cancel()
		defer func() {
			if panicked := recover(); panicked != nil {
				x.failed = st.run.engine.opts.Recover(ctx, panicked)
			}
		}()
		x.failed = p.make(ctx, limited, x)
	})
}

// make gets a part and joins all below it.
func (p *parts) make(ctx, limited context.Context, x *part) error {
	next, err := x.get(ctx, p.set.sel.object.goType)
	if err == errNoPart { //nolint:errorlint // the sentinel itself is given
		return nil
	}
	if err != nil {
		return err
	}
	st := p.stream
	s := &set{sel: p.set.sel, objects: []place{next}, from: p.set.from, pos: p.set.pos, parts: p}
	s.columns = make([]column, len(s.sel.fields))
	rows := st.run.part(ctx, s)
	rows.late = &[]task{}
	var born []*set
	for k := range s.columns {
		if k != p.list && (x.rest != nil || !s.isLate(k)) {
			continue
		}
		f := &s.sel.fields[k]
		rows.guarded(s, k, &born, func(c *completion) { rows.column(c, s, f) })
	}
	rows.work(born)
	rows.wait.Wait()
	below := st.run.part(limited, s)
	below.all(*rows.late)
	if rows.violated.Load() || below.violated.Load() {
		s.settle()
		if s.dead != nil || s.columns[p.list].cells.isNull(0) {
			return fmt.Errorf("in a list that has been written in part: %w", errNull)
		}
	}
	x.set = s
	return nil
}

// get gets the part.
func (x *part) get(ctx context.Context, goType reflect.Type) (place, error) {
	defer close(x.got)
	next, err := x.from(ctx)
	x.from = nil // it may hold the part before
	if err != nil {
		return nil, err
	}
	v := reflect.ValueOf(next)
	if !v.IsValid() || v.Type() != reflect.PointerTo(goType) || v.IsNil() {
		return nil, fmt.Errorf("the part of a page is a %T, want a *%s", next, goType)
	}
	x.rest = next.(Parted).Rest()
	return v.UnsafePointer(), nil
}

// next lets the part go that was written, waits for the next and begins the one behind
// it. False: there is none, or the writer has failed.
func (p *parts) next(w *writer) bool {
	p.release()
	for _, b := range p.bulks { // of rows that are null nothing was written
		for w.err == nil && b.next(w) {
		}
	}
	p.fill()
	if w.err != nil || len(p.ahead) == 0 {
		return false
	}
	x := p.ahead[0]
	if !p.stream.arrive(w, &x.window) {
		return false
	}
	p.ahead, p.rest, p.now = p.ahead[1:], x.rest, x
	if x.set == nil {
		return false
	}
	if x.rest == nil {
		p.last = x.set
	}
	p.fill()
	p.append(x.set.columns[p.list].cells)
	p.stream.run.collect(x.set)
	for _, u := range x.set.usesBelow(p.list) {
		p.uses = merged(p.uses, u)
	}
	return true
}

// append tells a part's rows their numbers, and counts them in the list of the first.
func (p *parts) append(rows *cells) {
	first := p.set.columns[p.list].cells
	if first == nil || first.elem == nil || rows.elem == nil {
		return
	}
	rows.base = int(first.offsets[first.n])
	first.offsets[first.n] += int32(rows.elem.n)
}

// release drops what was written, and all that was read for it.
func (p *parts) release() {
	if p.now != nil {
		p.stream.forget(&p.now.window)
		p.now = nil
	}
}

// close lets all parts go; they have ended.
func (p *parts) close() {
	p.release()
	for _, x := range p.ahead {
		p.stream.forget(&x.window)
	}
	p.ahead = nil
}

// all returns the uses of the pages below the first part's rows, with those below the
// rows of the others, in the order of the operation.
func (p *parts) all(first []PageUse) []PageUse {
	for _, u := range p.uses {
		first = merged(first, u)
	}
	order, n := map[*plan.Node]int{}, 0
	var number func(*plan.Node)
	number = func(x *plan.Node) {
		order[x] = n
		n++
		for _, below := range x.Children {
			number(below)
		}
	}
	number(p.set.sel.fields[p.list].node)
	slices.SortStableFunc(first, func(a, b PageUse) int { return order[a.Node] - order[b.Node] })
	return first
}
