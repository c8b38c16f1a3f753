package engine

import (
	"context"
	"reflect"

	"github.com/trama-graph/trama/graph/plan"
)

// Parted is a page whose rows come in parts, so that neither the server nor who waits
// for the first of them has to hold them all. A resolver gives one only where plan.Part
// of its context says that it may.
type Parted interface {
	// Rest returns how the next part is got, nil when this is the last one. The next
	// part is a page of the same Go type: with its own rows; its pageInfo speaks of the
	// page as a whole when it is the last one. Either all parts are of one state of the
	// data, as if they had been read at once, or each goes on behind the last row of the
	// one before: then no row comes twice, and none is lost that does not change. An error
	// breaks the answer off, of which half has been sent by then: what can fail for a
	// while belongs into the rows, or the page says that it is partial.
	Rest() func(ctx context.Context) (next any, err error)
}

// list returns the step of a page's rows, when all of the page that is asked for can
// be said without having the rows at once: there is one list, and what tells of its
// end stands behind it. Else it returns -1.
func (sel *selection) list() int {
	k := -1
	for i := range sel.fields {
		st := &sel.fields[i]
		switch {
		case st.node.Field == "nodes" || st.node.Field == "edges":
			if k >= 0 || st.mode != modeColumn || st.field.how == byCall {
				return -1
			}
			k = i
		case st.node.Field == "pageInfo" && k < 0 || st.mode == modeColumn && st.isCall():
			return -1
		}
	}
	return k
}

// mayPart reports whether a root field's page may come in parts.
func (s *step) mayPart(window int) bool {
	if s.node.Page <= window || len(s.below) != 1 {
		return false
	}
	o := s.below[0].object
	return o.page && reflect.PointerTo(o.goType).Implements(reflect.TypeFor[Parted]()) && s.below[0].list() >= 0
}

// partly lets the resolver of a root field give its page in parts, where the answer is
// written while it is made.
func (r *run) partly(ctx context.Context, s *set, st *step) context.Context {
	if r.stream == nil || s.from != nil || !st.mayPart(r.engine.opts.Window) {
		return ctx
	}
	return plan.WithPart(ctx, r.engine.opts.Window)
}

// divide looks whether a page came in parts.
func (r *run) divide(s *set) {
	if r.stream == nil || !s.sel.object.page || len(s.objects) != 1 || s.from == nil || s.from.set == nil || s.from.set.from != nil {
		return
	}
	if !s.from.step.mayPart(r.engine.opts.Window) {
		return
	}
	p, _ := reflect.NewAt(s.sel.object.goType, s.objects[0]).Interface().(Parted)
	rest := p.Rest()
	if rest == nil {
		return
	}
	st := r.stream
	s.parts = &parts{stream: st, set: s, list: s.sel.list(), rest: rest}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.parts = append(st.parts, s.parts)
}

// isLate reports whether a field of a page is read of its last part.
func (s *set) isLate(k int) bool {
	return s.parts != nil && k > s.parts.list && s.sel.fields[k].mode == modeColumn
}

// parted returns the page that a root field's rows belong to, when it came in parts.
func (s *set) parted() *parts {
	for s.from != nil {
		if s.parts != nil {
			return s.parts
		}
		cl := s.from
		for cl.parent != nil {
			cl = cl.parent
		}
		s = cl.set
	}
	return nil
}
