package engine

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/schema"
)

// given is what a call has that is the same for all who ask: its path, and those of
// its arguments that hold no variable, in the field's order. They are read once, and
// given to each resolver so that none can change what another gets.
type given struct {
	path string         // PageUse.Path
	from map[string]any // what they were read of: plan.Node.Args
	args []reflect.Value
	kept []keeping
	own  bool // some must be made again for each request
}

// keeping says how an argument that was read once is given to the next.
type keeping uint8

const (
	keptWhole   keeping = iota // a value that nobody can change: a number, a text, nothing
	keptPointed                // a pointer to such a value
	readAgain
)

// givenOf reads the arguments that need nothing of a request.
func (e *Engine) givenOf(f *field, from map[string]any) *given {
	g := &given{from: from}
	if len(f.args) == 0 {
		return g
	}
	g.args, g.kept = make([]reflect.Value, len(f.args)), make([]keeping, len(f.args))
	for i, a := range f.args {
		v, ok := from[a.name]
		if !ok {
			g.args[i] = reflect.Zero(a.goType)
			continue
		}
		g.args[i], g.kept[i] = readOnce(a, v)
		g.own = g.own || g.kept[i] != keptWhole
	}
	return g
}

// readOnce reads an argument, if it comes out the same whoever asks.
func readOnce(a *argument, v any) (val reflect.Value, k keeping) {
	k = readAgain
	switch {
	case plainKind(a.goType.Kind()):
	case a.goType.Kind() == reflect.Pointer && plainKind(a.goType.Elem().Kind()), v == nil && nilable(a.goType):
	default:
		return reflect.Value{}, readAgain
	}
	var asked bool
	defer func() {
		if recover() != nil {
			val, k = reflect.Value{}, readAgain // it will panic again where the error has its place
		}
	}()
	val, bad := a.read(wary{context.Background(), &asked}, v)
	switch {
	case bad != nil || asked:
		return reflect.Value{}, readAgain
	case a.goType.Kind() == reflect.Pointer && !val.IsNil():
		return val, keptPointed
	case plainKind(a.goType.Kind()) || val.IsNil():
		return val, keptWhole
	}
	return reflect.Value{}, readAgain
}

// plainKind reports whether values of a kind hold nothing that could be changed
// through them.
func plainKind(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Complex128 || k == reflect.String
}

// wary notes whether a reader asks the context anything: then what it reads belongs
// to the request.
type wary struct {
	context.Context //nolint:containedctx // a context around another
	asked           *bool
}

// Value notes that it was asked.
func (w wary) Value(any) any {
	*w.asked = true
	return nil
}

// arguments reads the arguments of a step once for all parents.
func (b *binding) arguments(ctx context.Context, s *step) {
	f, g := s.field, s.given
	same := sameMap(g.from, s.node.Args)
	if same && !g.own {
		s.args = g.args
		return
	}
	defer func() {
		if panicked := recover(); panicked != nil {
			s.argErr, s.argAt = b.engine.opts.Recover(ctx, panicked), nil
		}
	}()
	s.args = take(&b.args, len(f.args))
	for i, a := range f.args {
		v, ok := s.node.Args[a.name]
		switch {
		case !ok:
			s.args[i] = reflect.Zero(a.goType)
			continue
		case same && g.kept[i] == keptWhole:
			s.args[i] = g.args[i]
			continue
		case same && g.kept[i] == keptPointed:
			p := reflect.New(a.goType.Elem())
			p.Elem().Set(g.args[i].Elem())
			s.args[i] = p
			continue
		case same:
			v = ownValue(v)
		}
		val, bad := a.read(ctx, v)
		if bad != nil {
			at := bad.under(ast.PathName(a.name)).tail()
			s.argErr, s.argAt = asBadRequest(bad.err), &at
			return
		}
		s.args[i] = val
	}
}

// sameMap reports whether two maps are one.
func sameMap(a, b map[string]any) bool {
	return reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer()
}

// ownValue copies an argument's JSON form: free scalars hand it to their resolver,
// who may do with it what he likes.
func ownValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		own := maps.Clone(v)
		for k, w := range own {
			own[k] = ownValue(w)
		}
		return own
	case []any:
		own := slices.Clone(v)
		for i, w := range own {
			own[i] = ownValue(w)
		}
		return own
	}
	return v
}

// asBadRequest gives an unmarshaler's error its code. Its text speaks of what
// the client itself wrote, so the client may read it.
func asBadRequest(err error) error {
	var coded *schema.Error
	var list gqlerror.List
	var one *gqlerror.Error
	if asAny(err, &coded) || asAny(err, &one) || asAny(err, &list) {
		return err
	}
	return schema.Errorf(schema.BadRequest, "%s", err.Error()).Because(err)
}
