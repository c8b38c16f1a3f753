package engine

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// table is every field of the schema, bound. It never changes after bind.
type table struct {
	objects   map[string]*object
	abstracts map[string]*abstract
}

// binder fills a table.
type binder struct {
	table
	schema    *ast.Schema
	opts      Options
	codecs    map[string][]*codec      // by SDL name, in order of preference
	given     map[string]*codec        // those of Options among them
	resolvers map[string]reflect.Value // by object: the resolver interface, addressed
	queue     []*object                // objects whose Go type is known and whose fields are not
	inputs    map[inputKey]*inputStruct
	runtime   map[string]bool // directives that the generated executor runs
	errs      []error
}

func bind(es graphql.ExecutableSchema, root any, opts Options) (*table, error) {
	b := &binder{
		table:     table{objects: map[string]*object{}, abstracts: map[string]*abstract{}},
		schema:    es.Schema(),
		opts:      opts,
		codecs:    builtins(),
		given:     map[string]*codec{},
		resolvers: map[string]reflect.Value{},
		inputs:    map[inputKey]*inputStruct{},
		runtime:   runtimeDirectives(es),
	}
	if b.schema.Query == nil {
		return nil, errors.New("engine: the schema has no query type")
	}
	for name, s := range opts.Scalars {
		c, err := s.ready()
		if err != nil {
			b.fail("scalar %s: %w", name, err)
			continue
		}
		b.given[name] = c
		b.codecs[name] = append([]*codec{c}, b.codecs[name]...)
	}
	b.findResolvers(reflect.ValueOf(root))
	b.knownTypes()
	b.visit(b.schema.Query, map[string]bool{})
	for len(b.queue) > 0 {
		o := b.queue[0]
		b.queue = b.queue[1:]
		b.bindObject(o)
	}
	b.members()
	if len(b.errs) > 0 {
		slices.SortFunc(b.errs, func(x, y error) int { return strings.Compare(x.Error(), y.Error()) })
		return nil, fmt.Errorf("engine: %w", errors.Join(b.errs...))
	}
	return &b.table, nil
}

func (b *binder) fail(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

// findResolvers takes from the resolver root the resolvers of each object. The
// generated interfaces say exactly which fields have one.
func (b *binder) findResolvers(root reflect.Value) {
	if !root.IsValid() {
		b.fail("resolver root is nil")
		return
	}
	for i := range root.NumMethod() {
		m := root.Method(i)
		if m.Type().NumIn() != 0 || m.Type().NumOut() != 1 || m.Type().Out(0).Kind() != reflect.Interface {
			continue
		}
		for name, def := range b.schema.Types {
			if def.Kind == ast.Object && sameName(name, root.Type().Method(i).Name) {
				b.resolvers[name] = m.Call(nil)[0]
			}
		}
	}
}

// knownTypes notes the Go types that are known before any field is looked at:
// those of Options, and the parents that resolvers take.
func (b *binder) knownTypes() {
	for name, v := range b.opts.Types {
		t := reflect.TypeOf(v)
		switch def := b.schema.Types[name]; {
		case def == nil || def.Kind != ast.Object:
			b.fail("Options.Types: the schema has no object %s", name)
		case t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct:
			b.fail("Options.Types: %s must be a nil pointer to a struct, not %v", name, t)
		default:
			b.objectOf(name, t.Elem(), "Options.Types")
		}
	}
	for name, r := range b.resolvers {
		if name == b.schema.Query.Name || name == rootName(b.schema.Mutation) || name == rootName(b.schema.Subscription) {
			continue
		}
		for i := range r.Type().NumMethod() {
			in := r.Type().Method(i).Type
			if in.NumIn() < 2 {
				continue
			}
			t := in.In(1)
			if t.Kind() == reflect.Slice {
				t = t.Elem()
			}
			if t.Kind() == reflect.Pointer {
				t = t.Elem()
			}
			if t.Kind() == reflect.Struct {
				b.objectOf(name, t, "its resolver")
				break
			}
		}
	}
}

func rootName(d *ast.Definition) string {
	if d == nil {
		return ""
	}
	return d.Name
}

// objectOf returns the object with its Go type noted; a second, different type
// is an error.
func (b *binder) objectOf(name string, t reflect.Type, where string) *object {
	o := b.objects[name]
	if o == nil {
		o = &object{name: name, fields: map[string]*field{}}
		b.objects[name] = o
	}
	switch {
	case t == nil || o.goType == t:
	case o.goType == nil:
		o.goType = t
		b.queue = append(b.queue, o)
	default:
		b.fail("%s: %s is %s here and %s elsewhere", where, name, t, o.goType)
	}
	return o
}

// visit walks the types that queries can reach, so that one nobody gave a Go
// type for is named.
func (b *binder) visit(def *ast.Definition, seen map[string]bool) {
	if def == nil || seen[def.Name] || def.BuiltIn && strings.HasPrefix(def.Name, "__") {
		return
	}
	seen[def.Name] = true
	switch def.Kind {
	case ast.Object:
		o := b.objectOf(def.Name, nil, "")
		if def == b.schema.Query {
			b.queue = append(b.queue, o)
		}
	case ast.Interface, ast.Union:
		b.abstracts[def.Name] = &abstract{name: def.Name, byType: map[reflect.Type]*object{}}
		for _, d := range b.schema.PossibleTypes[def.Name] {
			b.visit(d, seen)
		}
	}
	for _, f := range def.Fields {
		b.visit(b.schema.Types[f.Type.Name()], seen)
	}
}

// members resolves interfaces and unions, now that the objects are known.
func (b *binder) members() {
	for name, o := range b.objects {
		if o.goType == nil && name != b.schema.Query.Name {
			b.fail("type %s: no resolver returns or takes it, give its Go type in Options.Types", name)
		}
	}
	for name, a := range b.abstracts {
		for _, d := range b.schema.PossibleTypes[name] {
			o := b.objects[d.Name]
			if o == nil || o.goType == nil {
				continue
			}
			if other := a.byType[o.goType]; other != nil {
				b.fail("type %s: its members %s and %s have the same Go type %s", name, other.name, o.name, o.goType)
			}
			a.byType[o.goType] = o
		}
	}
}

// runtimeDirectives returns the directives that the generated executor has a
// function for: the fields of its DirectiveRoot. An executable schema that is
// wrapped in another type hides them, and then there is nothing to check.
func runtimeDirectives(es graphql.ExecutableSchema) map[string]bool {
	found := map[string]bool{}
	v := reflect.Indirect(reflect.ValueOf(es))
	if v.Kind() != reflect.Struct {
		return found
	}
	d := v.FieldByName("Directives")
	if !d.IsValid() || d.Kind() != reflect.Struct {
		return found
	}
	for i := range d.NumField() {
		found[foldName(d.Type().Field(i).Name)] = true
	}
	return found
}

// checkDirectives refuses what only the generated executor would do: a check
// that is silently left out is worse than a server that does not start.
func (b *binder) checkDirectives(where string, list ast.DirectiveList) {
	for _, d := range list {
		if b.runtime[foldName(d.Name)] {
			b.fail("%s: the engine does not run the directive @%s", where, d.Name)
		}
	}
}

// foldName makes names comparable the way gqlgen binds them.
func foldName(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }

func sameName(a, b string) bool { return foldName(a) == foldName(b) }
