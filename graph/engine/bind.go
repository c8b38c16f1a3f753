package engine

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

func (b *binder) bindObject(o *object) {
	def := b.schema.Types[o.name]
	has := func(name string) bool { return def.Fields.ForName(name) != nil }
	o.page = has("pageInfo") && (has("nodes") || has("edges"))
	o.edge = has("cursor") && has("node")
	if o.goType != nil {
		o.findFaults()
	}
	for _, fd := range def.Fields {
		if strings.HasPrefix(fd.Name, "__") {
			continue
		}
		f := &field{def: fd, typeName: o.name}
		b.checkDirectives(f.String(), fd.Directives)
		if err := b.bindField(o, f); err != nil {
			b.fail("%s: %w", f, err)
			continue
		}
		o.fields[fd.Name] = f
	}
}

// bindField finds where a field's values come from, in gqlgen's order: its
// resolver, a method of the Go type, a struct field.
func (b *binder) bindField(o *object, f *field) error {
	name := f.def.Name
	if d := f.def.Directives.ForName("goField"); d != nil {
		if a := d.Arguments.ForName("name"); a != nil && a.Value.Raw != "" {
			name = a.Value.Raw
		}
	}
	if n := b.opts.Names[f.String()]; n != "" {
		name = n
	}
	if r, ok := b.resolvers[o.name]; ok {
		for i := range r.Type().NumMethod() {
			if sameName(r.Type().Method(i).Name, name) || sameName(r.Type().Method(i).Name, f.def.Name) {
				return b.bindResolver(o, f, r.Method(i))
			}
		}
	}
	if o.goType == nil {
		return fmt.Errorf("the resolver root has no resolver for it")
	}
	sf, hasField := structField(o.goType, name)
	method, hasMethod := methodOf(reflect.PointerTo(o.goType), name)
	switch {
	case hasField && hasMethod && len(sf.Index) == 1:
		return fmt.Errorf("both a field and a method of %s have its name", o.goType)
	case hasMethod:
		return b.bindMethod(o, f, method)
	case hasField:
		return b.bindStructField(o, f, sf)
	}
	return fmt.Errorf("%s has no field or method for it, and there is no resolver", o.goType)
}

func structField(t reflect.Type, name string) (reflect.StructField, bool) {
	best, found := reflect.StructField{}, false
	for _, sf := range reflect.VisibleFields(t) {
		if sf.IsExported() && !sf.Anonymous && sameName(sf.Name, name) && (!found || len(sf.Index) < len(best.Index)) {
			best, found = sf, true
		}
	}
	return best, found
}

func methodOf(t reflect.Type, name string) (reflect.Method, bool) {
	for i := range t.NumMethod() {
		if m := t.Method(i); sameName(m.Name, name) {
			return m, true
		}
	}
	return reflect.Method{}, false
}

func (b *binder) bindStructField(o *object, f *field, sf reflect.StructField) error {
	if len(f.def.Arguments) > 0 {
		return fmt.Errorf("it has arguments, which the field %s.%s cannot take", o.goType, sf.Name)
	}
	f.how = byOffset
	t := o.goType
	for _, i := range sf.Index {
		if t.Kind() == reflect.Pointer {
			f.how = byIndex
			t = t.Elem()
		}
		f.offset += t.Field(i).Offset
		t = t.Field(i).Type
	}
	f.index = sf.Index
	var err error
	f.shape, err = b.shapeOf(f.def.Type, sf.Type, f.String())
	return err
}

func (b *binder) bindMethod(o *object, f *field, m reflect.Method) error {
	f.how, f.fn = byMethod, m.Func
	t := m.Func.Type()
	rest, err := b.signature(f, t, 1)
	if err != nil {
		return err
	}
	if f.hasCtx {
		// A method that takes a context may wait for something: it is called like a
		// resolver of one object.
		f.how = byCall
		recv := m.Func
		swapped := reflect.FuncOf(append([]reflect.Type{contextType, t.In(0)}, params(t, 2)...), results(t), false)
		f.fn = reflect.MakeFunc(swapped, func(in []reflect.Value) []reflect.Value {
			in[0], in[1] = in[1], in[0]
			return recv.Call(in)
		})
	}
	return b.bindArguments(f, rest)
}

// bindResolver binds func(ctx, [parent | parents,] arguments…) (value, error).
func (b *binder) bindResolver(o *object, f *field, fn reflect.Value) error {
	f.how, f.fn = byCall, fn
	t := fn.Type()
	if t.NumIn() == 0 || t.In(0) != contextType {
		return fmt.Errorf("its resolver does not take a context")
	}
	parents := 0
	if o.goType != nil {
		parents = 1
		if t.NumIn() < 2 {
			return fmt.Errorf("its resolver does not take the parent")
		}
		switch p := t.In(1); p {
		case reflect.PointerTo(o.goType):
		case o.goType:
			f.byValue = true
		case reflect.SliceOf(reflect.PointerTo(o.goType)):
			f.batch, f.parents = true, p
		default:
			return fmt.Errorf("its resolver takes %s, its parents are %s", p, reflect.PointerTo(o.goType))
		}
	}
	rest, err := b.signature(f, t, parents)
	if err != nil {
		return err
	}
	return b.bindArguments(f, rest)
}

// signature checks context and results, and returns the parameters that are the
// arguments. before is the number of parents' parameters.
func (b *binder) signature(f *field, t reflect.Type, before int) ([]reflect.Type, error) {
	in := params(t, 0)
	if f.how == byMethod {
		in = in[1:]
		before--
	}
	if len(in) > 0 && in[0] == contextType {
		f.hasCtx = true
		in = in[1:]
	}
	in = in[before:]
	switch n := t.NumOut(); {
	case n == 1:
	case n == 2 && t.Out(1) == errorType:
		f.hasErr = true
	case n == 2 && t.Out(1).Kind() == reflect.Bool && f.how == byMethod:
		f.hasOK = true
	default:
		return nil, fmt.Errorf("%s must return a value and perhaps an error", t)
	}
	out := t.Out(0)
	if f.batch {
		if out.Kind() != reflect.Slice {
			return nil, fmt.Errorf("its batch resolver returns %s and not a slice", out)
		}
		out = out.Elem()
	}
	var err error
	f.shape, err = b.shapeOf(f.def.Type, out, f.String())
	return in, err
}

// bindArguments gives each parameter its argument. Go keeps no names of
// parameters: they stand in the order of the SDL, as gqlgen generates them.
func (b *binder) bindArguments(f *field, in []reflect.Type) error {
	if len(in) != len(f.def.Arguments) {
		return fmt.Errorf("it has %d arguments in the SDL and %d in Go", len(f.def.Arguments), len(in))
	}
	for i, a := range f.def.Arguments {
		b.checkDirectives(fmt.Sprintf("%s(%s:)", f, a.Name), a.Directives)
		read, err := b.readerOf(a.Type, in[i])
		if err != nil {
			return fmt.Errorf("argument %q: %w", a.Name, err)
		}
		f.args = append(f.args, &argument{name: a.Name, goType: in[i], read: read})
	}
	return nil
}

func params(t reflect.Type, from int) []reflect.Type {
	var in []reflect.Type
	for i := from; i < t.NumIn(); i++ {
		in = append(in, t.In(i))
	}
	return in
}

func results(t reflect.Type) []reflect.Type {
	var out []reflect.Type
	for i := range t.NumOut() {
		out = append(out, t.Out(i))
	}
	return out
}

// shapeOf checks that a Go type fits an SDL type and says how to read it.
func (b *binder) shapeOf(t *ast.Type, g reflect.Type, where string) (*shape, error) {
	s := &shape{nonNull: t.NonNull, goType: g, size: g.Size()}
	value := g
	if g.Kind() == reflect.Pointer {
		s.pointer, value = true, g.Elem()
	}
	misfit := fmt.Errorf("%s cannot be read from %s", t, g)
	if t.Elem != nil {
		if value.Kind() != reflect.Slice {
			return nil, misfit
		}
		s.kind = shapeList
		var err error
		s.elem, err = b.shapeOf(t.Elem, value.Elem(), where)
		return s, err
	}
	def := b.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Object:
		if value.Kind() != reflect.Struct {
			return nil, misfit
		}
		s.kind, s.object = shapeObject, b.objectOf(def.Name, value, where)
	case ast.Interface, ast.Union:
		if g.Kind() != reflect.Interface {
			return nil, misfit
		}
		s.kind, s.abstract = shapeAbstract, b.abstracts[def.Name]
	case ast.Scalar, ast.Enum:
		s.leaf = b.leafOf(def, g)
		if s.leaf == nil {
			return nil, misfit
		}
		s.pointer = s.leaf.pointer
	default:
		return nil, misfit
	}
	return s, nil
}

// leafOf finds how a Go type is written as a scalar or enum: by the function
// configured for it, by its own methods, as a text, by what is built in. Nil
// means it cannot be.
func (b *binder) leafOf(def *ast.Definition, g reflect.Type) *leaf {
	l := &leaf{goType: g, scalar: def.Kind == ast.Scalar}
	t := g
	if g.Kind() == reflect.Pointer {
		l.pointer, t = true, g.Elem()
	}
	if c := b.given[def.Name]; c == nil || !c.serves(t) {
		if p := reflect.PointerTo(t); p.Implements(marshalerType) || p.Implements(ctxMarshalerType) {
			if def.Kind == ast.Enum && spellsNames(def, t) {
				l.kind = leafString
				return l
			}
			l.marshal = zeroNil(t, func(p place) any { return reflect.NewAt(t, p).Interface() })
			return l
		}
	}
	c := b.codecOf(def, t)
	if c == nil {
		return nil
	}
	l.kind, l.append = c.kind, c.append
	if c.kind == leafMarshal {
		l.marshal = zeroNil(t, c.marshal)
	}
	return l
}

// codecOf finds the codec of a Go type without methods.
func (b *binder) codecOf(def *ast.Definition, t reflect.Type) *codec {
	for _, c := range b.codecs[def.Name] {
		if c.serves(t) {
			return c
		}
	}
	if t.Kind() == reflect.String && (def.Kind == ast.Enum || t.PkgPath() != "") {
		return b.codecs["String"][0]
	}
	return nil
}

// serves reports whether the codec can read and write type t: its own, or a
// named type that gqlgen would convert.
func (c *codec) serves(t reflect.Type) bool {
	return t == c.goType || t.Kind() == reflect.String && c.goType.Kind() == reflect.String
}

// spellsNames reports whether an enum's marshal method writes the text itself
// for every value of the schema, as generated enums do. Then the text can be
// written without the method.
func spellsNames(def *ast.Definition, t reflect.Type) bool {
	if t.Kind() != reflect.String || !reflect.PointerTo(t).Implements(marshalerType) {
		return false
	}
	return !slices.ContainsFunc(def.EnumValues, func(v *ast.EnumValueDefinition) bool {
		p := reflect.New(t)
		p.Elem().SetString(v.Name)
		l := leaf{marshal: func(place) any { return p.Interface() }}
		b, null, err := l.encode(context.Background(), nil, nil)
		return null || err != nil || string(b) != `"`+v.Name+`"`
	})
}
