package engine

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// reader makes a Go value of an argument's JSON form, with the results and
// errors of gqlgen's generated unmarshalers. Null read into a type without nil
// is that type's own idea of null, mostly its zero value: the specification
// forbids it, and validation lets it through only for a nullable variable with
// a default in a non-null place.
type reader func(ctx context.Context, v any) (reflect.Value, *inputError)

// inputError is what is wrong with an argument, and where below the field.
type inputError struct {
	path []ast.PathElement // innermost first
	err  error
}

func (e *inputError) under(p ast.PathElement) *inputError {
	e.path = append(e.path, p)
	return e
}

func (e *inputError) tail() ast.Path {
	p := ast.Path(slices.Clone(e.path))
	slices.Reverse(p)
	return p
}

var (
	unmarshalerType    = reflect.TypeFor[graphql.Unmarshaler]()
	ctxUnmarshalerType = reflect.TypeFor[graphql.ContextUnmarshaler]()
)

// readerOf compiles the way from an SDL input type to a Go type.
func (b *binder) readerOf(t *ast.Type, g reflect.Type) (reader, error) {
	read, err := b.bareReader(t, g)
	if err != nil || t.NonNull || !nilable(g) {
		return read, err
	}
	null := reflect.Zero(g)
	return func(ctx context.Context, v any) (reflect.Value, *inputError) {
		if v == nil {
			return null, nil
		}
		return read(ctx, v)
	}, nil
}

func nilable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return false
}

// bareReader leaves null to readerOf.
func (b *binder) bareReader(t *ast.Type, g reflect.Type) (reader, error) {
	if t.Elem != nil {
		return b.listReader(t, g)
	}
	def := b.schema.Types[t.NamedType]
	value := g
	if g.Kind() == reflect.Pointer {
		value = g.Elem()
	}
	read := b.valueReader(def, value)
	if read == nil {
		if def.Kind != ast.InputObject || value.Kind() != reflect.Struct {
			return nil, fmt.Errorf("%s cannot be read into %s", t, g)
		}
		in, err := b.inputOf(def, value)
		if err != nil {
			return nil, err
		}
		read = in.read
	}
	if g.Kind() == reflect.Pointer {
		return pointerTo(read, value), nil
	}
	return read, nil
}

func pointerTo(read reader, t reflect.Type) reader {
	return func(ctx context.Context, v any) (reflect.Value, *inputError) {
		val, err := read(ctx, v)
		if err != nil {
			return reflect.Value{}, err
		}
		p := reflect.New(t)
		p.Elem().Set(val)
		return p, nil
	}
}

func (b *binder) listReader(t *ast.Type, g reflect.Type) (reader, error) {
	slice := g
	if g.Kind() == reflect.Pointer {
		slice = g.Elem()
	}
	if slice.Kind() != reflect.Slice {
		return nil, fmt.Errorf("%s cannot be read into %s", t, g)
	}
	elem, err := b.readerOf(t.Elem, slice.Elem())
	if err != nil {
		return nil, err
	}
	read := func(ctx context.Context, v any) (reflect.Value, *inputError) {
		in := graphql.CoerceList(v)
		out := reflect.MakeSlice(slice, len(in), len(in))
		for i := range in {
			val, err := elem(ctx, in[i])
			if err != nil {
				return reflect.Value{}, err.under(ast.PathIndex(i))
			}
			out.Index(i).Set(val)
		}
		return out, nil
	}
	if g.Kind() == reflect.Pointer {
		return pointerTo(read, slice), nil
	}
	return read, nil
}

// valueReader reads by a configured function, the type's own method or what is
// built in; nil when there is none.
func (b *binder) valueReader(def *ast.Definition, t reflect.Type) reader {
	if c := b.given[def.Name]; c == nil || !c.serves(t) {
		p := reflect.PointerTo(t)
		if p.Implements(unmarshalerType) {
			return func(_ context.Context, v any) (reflect.Value, *inputError) {
				val := reflect.New(t)
				err := val.Interface().(graphql.Unmarshaler).UnmarshalGQL(v)
				return val.Elem(), wrong(err)
			}
		}
		if p.Implements(ctxUnmarshalerType) {
			return func(ctx context.Context, v any) (reflect.Value, *inputError) {
				val := reflect.New(t)
				err := val.Interface().(graphql.ContextUnmarshaler).UnmarshalGQLContext(ctx, v)
				return val.Elem(), wrong(err)
			}
		}
	}
	if !def.IsLeafType() {
		return nil
	}
	c := b.codecOf(def, t)
	if c == nil {
		return nil
	}
	return func(ctx context.Context, v any) (reflect.Value, *inputError) {
		val, err := c.unmarshal(ctx, v)
		if err != nil {
			return reflect.Value{}, wrong(err)
		}
		if val.Type() != t {
			val = val.Convert(t)
		}
		return val, nil
	}
}

func wrong(err error) *inputError {
	if err == nil {
		return nil
	}
	return &inputError{err: err}
}

// inputKey is an input object with the Go type it is read into.
type inputKey struct {
	name   string
	goType reflect.Type
}

// inputStruct reads an input object into a struct. Fields that are absent keep
// their zero value; their defaults were filled in by the plan.
type inputStruct struct {
	name   string
	goType reflect.Type
	fields []inputField
}

type inputField struct {
	name     string
	index    []int
	optional bool // a graphql.Omittable
	read     reader
}

// inputOf binds an input object once: input types may contain themselves.
func (b *binder) inputOf(def *ast.Definition, t reflect.Type) (*inputStruct, error) {
	key := inputKey{def.Name, t}
	if in, ok := b.inputs[key]; ok {
		return in, nil
	}
	in := &inputStruct{name: def.Name, goType: t}
	b.inputs[key] = in
	b.checkDirectives(def.Name, def.Directives)
	for _, f := range def.Fields {
		where := def.Name + "." + f.Name
		b.checkDirectives(where, f.Directives)
		sf, ok := inputFieldOf(t, f)
		if !ok {
			b.fail("%s: %s has no field for it", where, t)
			continue
		}
		g, optional := sf.Type, isOmittable(sf.Type)
		if optional {
			g = g.Field(0).Type
		}
		read, err := b.readerOf(f.Type, g)
		if err != nil {
			b.fail("%s: %w", where, err)
			continue
		}
		in.fields = append(in.fields, inputField{name: f.Name, index: sf.Index, optional: optional, read: read})
	}
	return in, nil
}

// inputFieldOf finds the struct field by its json tag, which gqlgen writes, or
// else by its name.
func inputFieldOf(t reflect.Type, f *ast.FieldDefinition) (reflect.StructField, bool) {
	for _, sf := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if tag == f.Name && sf.IsExported() {
			return sf, true
		}
	}
	name := f.Name
	if d := f.Directives.ForName("goField"); d != nil {
		if a := d.Arguments.ForName("name"); a != nil && a.Value.Raw != "" {
			name = a.Value.Raw
		}
	}
	return structField(t, name)
}

func (in *inputStruct) read(ctx context.Context, v any) (reflect.Value, *inputError) {
	out := reflect.New(in.goType).Elem()
	if v == nil {
		return out, nil
	}
	given, ok := v.(map[string]any)
	if !ok {
		return out, wrong(fmt.Errorf("%s must be an object", in.name))
	}
	for i := range in.fields {
		f := &in.fields[i]
		w, ok := given[f.name]
		if !ok {
			continue
		}
		val, err := f.read(ctx, w)
		if err != nil {
			return out, err.under(ast.PathName(f.name))
		}
		if f.optional {
			setOmittable(out.FieldByIndex(f.index), val)
			continue
		}
		out.FieldByIndex(f.index).Set(val)
	}
	return out, nil
}
