package engine

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Judge says what a request may see of a field: *policies.Access. It must be safe
// for use by several goroutines.
type Judge interface {
	Field(typeName, field string) policies.FieldAccess
}

// Warden applies a view to fields as the generated executor answers them. It
// belongs to one operation, a mutation: queries run on the engine, which has the
// same in its program.
type Warden struct {
	judge     Judge
	engine    *Engine
	mutation  string // the root type whose fields the guard has judged as acts
	known     sync.Map
	forbidden atomic.Int64
	garbled   atomic.Int64
}

// Middleware returns the field middleware of one operation, for
// graphql.OperationContext.ResolverMiddleware. Fields of the root type of
// mutations are not judged: they are acts, which graph/guard has judged.
func (e *Engine) Middleware(j Judge) *Warden {
	w := &Warden{judge: j, engine: e}
	if m := e.es.Schema().Mutation; m != nil {
		w.mutation = m.Name
	}
	return w
}

// Field is the middleware itself. What a view denies is null with FORBIDDEN_FIELD,
// what it masks is masked, and what depends on the row is decided on the row.
func (w *Warden) Field(ctx context.Context, next graphql.Resolver) (any, error) {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Object == w.mutation || strings.HasPrefix(fc.Object, "__") || strings.HasPrefix(fc.Field.Name, "__") {
		return next(ctx)
	}
	next = w.sound(fc, next)
	a := w.access(fc.Object, fc.Field.Name)
	switch a.Verdict {
	case policies.Allow:
		return next(ctx)
	case policies.Mask:
		return masked(ctx, next, &a)
	case policies.Row:
		return w.onRow(ctx, fc, next, &a)
	}
	return nil, w.refuse(errForbidden)
}

// onRow decides a field on the object it is read of.
func (w *Warden) onRow(ctx context.Context, fc *graphql.FieldContext, next graphql.Resolver, a *policies.FieldAccess) (any, error) {
	via := w.via(fc.Parent)
	full, shaded := plan.Via(a.Full, via), schema.Predicate{Op: schema.None}
	if a.Kind != "" {
		shaded = plan.Via(a.Masked, via)
	}
	switch {
	case full.Op == schema.All:
		return next(ctx)
	case full.Op == schema.None && shaded.Op == schema.All:
		return masked(ctx, next, a)
	}
	row := rowIn(fc.Parent)
	if row == nil {
		return nil, w.refuse(errForbidden)
	}
	dressed, err := dress(ctx, w.engine.opts.Row, row, fc.Object, plan.ReadsCustomer(full) || plan.ReadsCustomer(shaded))
	holds := func(p schema.Predicate) bool {
		return decider(ctx, w.engine.opts.Matcher, fc.Object, p)(row, dressed)
	}
	switch {
	case err != nil:
		return nil, w.refuse(err)
	case holds(full):
		return next(ctx)
	case holds(shaded):
		return masked(ctx, next, a)
	}
	return nil, w.refuse(errForbidden)
}

// refuse bounds the errors of fields that rows do not show.
func (w *Warden) refuse(err error) error {
	if err == errForbidden && w.forbidden.Add(1) > maxForbidden { //nolint:errorlint // the sentinel itself is given
		return nil
	}
	return err
}

// more returns how many such errors were left out.
func (w *Warden) more() int64 { return max(w.forbidden.Load()-maxForbidden, 0) }

// access asks once for each field: an answer may be costly to make.
func (w *Warden) access(typeName, field string) policies.FieldAccess {
	key := [2]string{typeName, field}
	if a, ok := w.known.Load(key); ok {
		return a.(policies.FieldAccess)
	}
	a := w.judge.Field(typeName, field)
	w.known.Store(key, a)
	return a
}

// via returns the type of the row from which an object was reached, looking through
// lists, pages and edges.
func (w *Warden) via(holder *graphql.FieldContext) string {
	for holder != nil && (holder.Index != nil || w.wraps(holder)) {
		holder = holder.Parent
	}
	if holder == nil || holder.Object == w.engine.es.Schema().Query.Name || holder.Object == w.mutation {
		return ""
	}
	return holder.Object
}

// wraps reports whether a field is one of a page or an edge, which lie between a
// row and the field that yielded it.
func (w *Warden) wraps(fc *graphql.FieldContext) bool {
	o := w.engine.table.objects[fc.Object]
	return o != nil && (o.page || o.edge)
}

// rowIn returns the row that a field context holds: a value, a pointer to one or,
// for an element of a list, a pointer to the element.
func rowIn(fc *graphql.FieldContext) schema.Row {
	if fc == nil || fc.Result == nil {
		return nil
	}
	for v := reflect.ValueOf(fc.Result); v.IsValid(); v = v.Elem() {
		if row, ok := v.Interface().(schema.Row); ok && (v.Kind() != reflect.Pointer || !v.IsNil()) {
			return row
		}
		if v.Kind() != reflect.Pointer && v.Kind() != reflect.Interface || v.IsNil() {
			break
		}
	}
	return nil
}

func masked(ctx context.Context, next graphql.Resolver, a *policies.FieldAccess) (any, error) {
	if a.Kind == policies.MaskNull {
		return nil, nil
	}
	v, err := next(ctx)
	if err != nil || v == nil || a.Mask == nil {
		return nil, err
	}
	return maskValue(v, a.Mask), nil
}

var timeType = reflect.TypeFor[time.Time]()

// maskValue masks a text or a moment, or a pointer to one; nil for anything else.
func maskValue(v any, mask func(string) string) any {
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			return nil
		}
		inner := maskValue(rv.Elem().Interface(), mask)
		if inner == nil {
			return nil
		}
		p := reflect.New(rv.Type().Elem())
		p.Elem().Set(reflect.ValueOf(inner))
		return p.Interface()
	}
	switch {
	case rv.Kind() == reflect.String:
		text := mask(rv.String())
		if text == "" {
			return nil
		}
		out := reflect.New(rv.Type()).Elem()
		out.SetString(text)
		return out.Interface()
	case rv.Type() == timeType:
		t := rv.Interface().(time.Time)
		if t.IsZero() {
			return nil
		}
		at, err := time.Parse(time.RFC3339Nano, mask(t.UTC().Format(time.RFC3339Nano)))
		if err != nil {
			return nil
		}
		return at
	}
	return nil
}
