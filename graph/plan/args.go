package plan

import (
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// maxInputDepth bounds input objects whose defaults contain one another.
const maxInputDepth = 64

// arguments gives the arguments of a field their values: literal, variable or
// default. One without any is absent. Specification: CoerceArgumentValues.
func (b *builder) arguments(typeName string, def *ast.FieldDefinition, given ast.ArgumentList) (map[string]any, error) {
	if len(def.Arguments) == 0 {
		return nil, nil
	}
	var args map[string]any
	for _, a := range def.Arguments {
		v, ok, err := b.argument(a, given.ForName(a.Name))
		if err == nil && ok {
			v, err = b.input(a.Type, v, 0)
		}
		if err != nil {
			return nil, schema.Errorf(schema.BadRequest,
				"argument %q of %s.%s has no valid value", a.Name, typeName, def.Name).Because(err)
		}
		if !ok {
			continue
		}
		if args == nil {
			args = make(map[string]any, len(def.Arguments))
		}
		args[a.Name] = v
		if b.opts.Reads != nil && v != nil {
			b.reads(typeName+"."+def.Name, a.Name)
			b.readsOf(a.Type, v)
		}
	}
	return args, nil
}

// reads notes what a name of a holder reads.
func (b *builder) reads(holder, name string) {
	if typeName, field, ok := b.opts.Reads(holder, name); ok {
		b.read = append(b.read, typeName+"."+field)
	}
}

// readsOf notes what a completed value of an argument reads.
func (b *builder) readsOf(t *ast.Type, v any) {
	if t.Elem != nil {
		list, _ := v.([]any)
		for _, w := range list {
			b.readsOf(t.Elem, w)
		}
		return
	}
	switch v := v.(type) {
	case map[string]any:
		def := b.schema.Types[t.NamedType]
		for name, w := range v {
			if f := def.Fields.ForName(name); f != nil {
				b.reads(def.Name, name)
				b.readsOf(f.Type, w)
			}
		}
	case string:
		if def := b.schema.Types[t.NamedType]; def != nil && def.Kind == ast.Enum {
			b.reads(def.Name, v)
		}
	}
}

// takeReads returns what the arguments read since it was last asked.
func (b *builder) takeReads() []string {
	if len(b.read) == 0 {
		return nil
	}
	slices.Sort(b.read)
	read := slices.Clone(slices.Compact(b.read))
	b.read = b.read[:0]
	return read
}

func (b *builder) argument(def *ast.ArgumentDefinition, arg *ast.Argument) (v any, ok bool, err error) {
	if arg != nil {
		if arg.Value.Kind != ast.Variable {
			v, err = arg.Value.Value(b.vars)
			return v, true, err
		}
		if v, ok = b.vars[arg.Value.Raw]; ok {
			return v, true, nil
		}
	}
	if def.DefaultValue == nil {
		return nil, false, nil
	}
	v, err = def.DefaultValue.Value(b.vars)
	return v, true, err
}

// input completes a value: a single value becomes a list of one where a list is
// declared, and input objects get their defaults. Variables are never changed,
// only copied. Specification: Input Coercion of lists (3.11) and of input
// objects (3.10).
func (b *builder) input(t *ast.Type, v any, depth int) (any, error) {
	if v == nil {
		return nil, nil
	}
	if depth > maxInputDepth {
		return nil, schema.Errorf(schema.BadRequest, "input nested deeper than %d", maxInputDepth)
	}
	if t.Elem != nil {
		in := graphql.CoerceList(v)
		out := make([]any, len(in))
		for i := range in {
			var err error
			if out[i], err = b.input(t.Elem, in[i], depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	def := b.schema.Types[t.NamedType]
	fields, ok := v.(map[string]any)
	if def == nil || def.Kind != ast.InputObject || !ok {
		return v, nil
	}
	out := make(map[string]any, len(fields))
	for k, f := range fields {
		out[k] = f
	}
	for _, f := range def.Fields {
		w, present := out[f.Name]
		if !present {
			if f.DefaultValue == nil {
				continue
			}
			var err error
			if w, err = f.DefaultValue.Value(nil); err != nil {
				return nil, err
			}
		}
		w, err := b.input(f.Type, w, depth+1)
		if err != nil {
			return nil, err
		}
		out[f.Name] = w
	}
	return out, nil
}
