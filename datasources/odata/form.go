package odata

import (
	"slices"

	"github.com/trama-graph/trama/datasources/internal/mapping"
)

// wish is what is asked for, for a set of columns, and how its records are read. It
// is read-only.
type wish struct {
	want  *tree
	shape *mapping.Shape // what of an answer is kept; nil = all
	form  *form
}

// names are all that records may be asked for, so that each has a number.
func (l *layout) names() []string {
	list := append(protocolNames(), keyMember)
	return l.tree(nil).names(l.stamps().names(append(list, versionNames()...)))
}

// wishOf compiles a tree for the view's plan. more are names it does not have.
func (w *view[T]) wishOf(t *tree, more ...string) wish {
	shape := w.plan.ShapeOf(keyMember, t.names(append(protocolNames(), more...))...)
	return wish{want: t, shape: shape, form: formOf(t, shape, w.keys)}
}

// form is a tree by the numbers of its names: what becomes of each member of a
// record. It is read-only.
type form struct {
	acts   []act
	by     []uint16          // index among acts by the number of the name
	byName map[string]uint16 // of names that have no number, which are rare
	// The numbers of what version 2 wraps related records in.
	results, deferred int
}

// act is what becomes of a member. The first of a form's, the zero one, is that of
// those nobody wanted.
type act struct {
	do   deed
	kind kind  // of a value
	part int   // of the key, from 1; 0 = it is none
	sub  *form // of the records it leads to
}

// deed is what is done with a member.
type deed uint8

const (
	hides deed = iota // nobody wanted it
	keeps             // it is in the form mapping reads
	reads             // its text is written in a form of the protocol
	leads             // to other records
)

func formOf(t *tree, shape *mapping.Shape, keys []keyPart) *form {
	f := &form{
		acts: make([]act, 1, 1+len(t.props)+len(t.navs)), by: make([]uint16, shape.Numbers()),
		results: shape.Number(nameResults), deferred: shape.Number(nameDeferred),
	}
	add := func(name string, a act) {
		if at := shape.Number(name); at > 0 {
			f.by[at] = uint16(len(f.acts))
		} else {
			if f.byName == nil {
				f.byName = map[string]uint16{}
			}
			f.byName[name] = uint16(len(f.acts))
		}
		f.acts = append(f.acts, a)
	}
	for name, b := range t.navs {
		add(name, act{do: leads, sub: formOf(&b.tree, shape, nil)})
	}
	for name, typ := range t.props {
		a := act{do: keeps, kind: typ.kind, part: 1 + slices.IndexFunc(keys, func(k keyPart) bool { return k.name == name })}
		if typ.isTime() || typ.isNumber() || typ.kind == kindFloat || typ.kind == kindGUID {
			a.do = reads
		}
		add(name, a)
	}
	return f
}

// of is what becomes of a member.
func (f *form) of(m mapping.Value) *act {
	if n := m.Name(); n > 0 {
		return &f.acts[f.by[n]]
	}
	return &f.acts[f.byName[string(m.Label())]]
}
