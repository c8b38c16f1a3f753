package engine

import (
	"context"
	"reflect"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
)

// binding makes the program of one operation: what depends on the request is
// copied and filled in, all else is the Program's own.
type binding struct {
	engine *Engine
	ctx    context.Context //nolint:containedctx // of the operation, while its program is made

	// What is copied lies side by side: the Program knows how much it will be.
	steps      []step
	selections []selection
	below      []*selection
	contexts   []stepContext
	args       []reflect.Value
}

// compile makes the program of an operation: from the one its plan was compiled
// with, or anew.
func (e *Engine) compile(ctx context.Context, p *plan.Plan) (*program, error) {
	prog, _ := p.Program().(*Program)
	if prog == nil || prog.es != e.es {
		var err error
		if prog, err = e.Prepare(p); err != nil {
			return nil, err
		}
	}
	return e.bindTo(ctx, prog, p)
}

// bindTo makes the program of an operation from the one its plan was compiled with.
func (e *Engine) bindTo(ctx context.Context, prog *Program, p *plan.Plan) (*program, error) {
	b := binding{
		engine: e, ctx: ctx, steps: make([]step, prog.steps), selections: make([]selection, prog.selections),
		below: make([]*selection, prog.below), contexts: make([]stepContext, prog.contexts),
		args: make([]reflect.Value, prog.args),
	}
	root, err := b.selection(prog.root, p.Roots, nil)
	if err != nil {
		return nil, err
	}
	return &program{root: root, calls: prog.calls}, nil
}

// take cuts n from a slab, which is made anew when it was too short.
func take[T any](slab *[]T, n int) []T {
	if len(*slab) < n {
		*slab = make([]T, n)
	}
	s := (*slab)[:n:n]
	*slab = (*slab)[n:]
	return s
}

// selection binds what is read of the objects below a node.
func (b *binding) selection(t *selection, children []*plan.Node, up *stepContext) (*selection, error) {
	nodes := children[t.from:t.to]
	if t.serves(nodes) {
		return t, nil
	}
	sel := &take(&b.selections, 1)[0]
	*sel = *t
	sel.fields = take(&b.steps, len(nodes))
	copy(sel.fields, t.fields)
	for i := range sel.fields {
		s := &sel.fields[i]
		s.node = nodes[i]
		if s.field == nil {
			continue
		}
		if err := b.step(s, up); err != nil {
			return nil, err
		}
	}
	return sel, nil
}

// serves reports whether a selection can be used for nodes as it is: they are the
// very ones it was compiled of, or differ in nothing that the engine looks at.
func (sel *selection) serves(nodes []*plan.Node) bool {
	if sel.live {
		return false
	}
	for i := range sel.fields {
		s, n := &sel.fields[i], nodes[i]
		if s.node == n {
			continue
		}
		if n.Police != nil || n.Page != s.node.Page {
			return false
		}
		for _, below := range s.below {
			if !below.serves(n.Children[below.from:below.to]) {
				return false
			}
		}
	}
	return true
}

func (b *binding) step(s *step, up *stepContext) error {
	police := s.node.Police
	if police != nil {
		if err := checkPolice(s.field, police); err != nil {
			return err
		}
		s.mode = modeColumn
	}
	if s.mode == modeDirect {
		return nil
	}
	if s.given != nil || s.live {
		c := &take(&b.contexts, 1)[0]
		c.Context, c.engine, c.step, c.up = b.ctx, b.engine, s, up
		up = c
	}
	if s.given != nil {
		b.arguments(up, s)
		up.field.Store(nil) // if a reader has asked for it, it had no arguments yet
	}
	if police != nil && police.Kind == policies.MaskNull && !police.Row && s.argErr == nil {
		s.mode, s.below = modeNull, nil
		return nil
	}
	if s.field.how == byCall {
		s.ctx = up
	}
	if err := b.under(s, up); err != nil {
		return err
	}
	if s.mode == modeInline && !s.isInline() {
		s.mode = modeColumn
	}
	return nil
}

// under binds what is read below a step.
func (b *binding) under(s *step, up *stepContext) error {
	shared := s.below
	for i, t := range shared {
		sel, err := b.selection(t, s.node.Children, up)
		if err != nil {
			return err
		}
		if sel == t {
			continue
		}
		if &s.below[0] == &shared[0] {
			s.below = take(&b.below, len(shared))
			copy(s.below, shared)
		}
		s.below[i] = sel
	}
	return nil
}
